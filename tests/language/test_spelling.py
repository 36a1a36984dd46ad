import pytest
from hypothesis import given
from hypothesis import strategies as st

from language.detection import Language
from language.reading import text_for_encoder
from language.spelling import corrected


class Articles:
    """The words of a small knowledge base."""

    words = ("گارانتی", "فیزیوتراپی", "بارسلونا", "membrane")

    def sounding(self, consonants):
        return []

    def count(self, word):
        return int(word in self.words)


@pytest.fixture
def own():
    return Articles()


class TestCorrected:
    @pytest.mark.parametrize(
        ("typed", "meant"),
        [
            ("گاراتنی دارین؟", "گارانتی دارین؟"),
            ("فیزیوترپی کجاست", "فیزیوتراپی کجاست"),
            ("بارسسلونا", "بارسلونا"),
            ("جلسه فیضیوتراپی", "جلسه فیزیوتراپی"),
            ("change the membarne", "change the membrane"),
        ],
    )
    def test_reads_a_slip_as_the_word_that_was_meant(self, typed, meant, own):
        assert corrected(typed, own) == meant

    @pytest.mark.parametrize(
        "text",
        [
            "گارانتی دارین؟",
            # An ending of a known word, not a letter too many.
            "گارانتیم",
            # Unknown, and like nothing that is known.
            "شترمرغ پرواز می‌کند",
            # Too short to tell.
            "کفش",
            "membarne@example.com",
            "https://membarne.ir",
            "",
        ],
    )
    def test_leaves_everything_else_alone(self, text, own):
        assert corrected(text, own) == text

    def test_knows_arabic_letters_for_the_same_word(self, own):
        assert corrected("گارانتي", own) == "گارانتي"

    @given(st.text(max_size=200))
    def test_takes_anything(self, text):
        corrected(text, Articles())


class TestTextForEncoder:
    def test_mends_slips_where_the_words_in_use_are_known(self, own):
        assert text_for_encoder("گاراتنی", Language.fa, own) == "گارانتی"

    def test_leaves_the_text_alone_where_they_are_not(self):
        assert text_for_encoder("گاراتنی", Language.fa) == "گاراتنی"
