import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.nonsense import is_nonsense
from sentiment.reader import NO_MOOD, MoodReader


class Articles:
    """The words of a small knowledge base."""

    def sounding(self, consonants):
        return []

    def count(self, word):
        return int(word == "furnished")


class Furious:
    """A model that hears an insult in everything."""

    def predict(self, vector, text):
        return "insult"


class TestIsNonsense:
    @pytest.mark.parametrize("text", ["asdkjh", "ASDKJH?", "fghfgh sdfjk", "ضصثق", "شسیبشسیب!!!", "xzcv xzcv!!!"])
    def test_finds_random_keys(self, text):
        assert is_nonsense(text)

    @pytest.mark.parametrize(
        "text",
        [
            *("افتضاحه", "کثافت دروغگو", "کلاهبردارید همتون", "ممنونم", "عالییییه"),
            *("this is awful", "moron", "awesome!", "wtf", "eat sh*t", "stupid stupid stupid!!!"),
            *("kesafat", "bishoor", "nemidooonam", "pooolamoooo bedin", "khastam"),
        ],
    )
    def test_leaves_what_people_say_in_any_spelling_to_the_model(self, text):
        assert not is_nonsense(text)

    @pytest.mark.parametrize("text", ["😡😡😡", "asdkjh 😡", "👍", "!!!", "۰۹۱۲۱۲۳۴۵۶۷", "?", ""])
    def test_leaves_signs_that_are_no_words_to_the_model(self, text):
        assert not is_nonsense(text)

    def test_knows_the_words_of_ones_own_articles(self):
        assert is_nonsense("furnished")
        assert not is_nonsense("furnished", Articles())

    @given(st.text())
    def test_takes_any_text(self, text):
        assert is_nonsense(text) in (True, False)


class TestMoodReader:
    def test_hears_no_mood_in_random_keys_whatever_the_model_says(self):
        assert MoodReader(Furious()).read(None, "ضصثق") is NO_MOOD

    def test_says_of_other_texts_what_the_model_says(self):
        assert MoodReader(Furious()).read(None, "خیلی بدید") == "insult"
