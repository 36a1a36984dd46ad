import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.mood import Sentiment, SentimentLabel, Signal
from sentiment.nonsense import is_nonsense
from sentiment.reader import NO_MOOD, MoodReader


class Articles:
    """The words of a small knowledge base."""

    def sounding(self, consonants):
        return []

    def count(self, word):
        return int(word == "furnished")


class Hearing:
    """A model that hears all signals in everything, as sure of each as it is told."""

    def __init__(self, sure):
        self.mood = Sentiment(
            SentimentLabel.negative,
            -0.9,
            {SentimentLabel.negative: 1.0},
            dict.fromkeys(Signal, sure),
            frozenset(Signal),
        )

    def predict(self, vector, text):
        return self.mood


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
        assert MoodReader(Hearing(1.0)).read(None, "ضصثق") is NO_MOOD

    def test_says_of_other_texts_what_the_model_says(self):
        furious = Hearing(1.0)

        assert MoodReader(furious).read(None, "خیلی بدید") is furious.mood

    def test_hears_no_anger_and_no_distress_of_which_no_word_speaks_unless_the_model_is_sure(self):
        doubts = {Signal.anger, Signal.abuse, Signal.vulnerable}

        assert not MoodReader(Hearing(0.26)).read(None, "ساده تر بگو").signals & doubts
        assert MoodReader(Hearing(0.9)).read(None, "ساده تر بگو").signals >= doubts

    def test_hears_them_where_a_word_does(self):
        unsure = MoodReader(Hearing(0.26))

        assert unsure.read(None, "این چه وضعشه").signals >= {Signal.anger, Signal.abuse}
        assert Signal.vulnerable in unsure.read(None, "مادرم از دنیا رفت").signals
