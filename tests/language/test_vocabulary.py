import pytest

from language.vocabulary import likeliest_word


class TestLikeliestWord:
    @pytest.mark.parametrize(
        ("spelling", "word"),
        [
            ("mojavez", "مجوز"),
            ("sandogh", "صندوق"),
            ("tabaghe", "طبقه"),
            ("azmayesh", "آزمایش"),
            ("ketabkhane", "کتابخانه"),
            ("parvandeh", "پرونده"),
        ],
    )
    def test_finds_the_word_whose_short_vowels_are_not_written(self, spelling, word):
        found = likeliest_word(spelling)

        assert found is not None
        assert found[0] == word

    def test_says_how_well_it_fits(self):
        good, poor = likeliest_word("gooshi"), likeliest_word("gooshia")

        assert good is not None
        assert good[1] < (poor[1] if poor else 2)

    @pytest.mark.parametrize("spelling", ["", "x", "qwrtpsd", "سلام", "zzzzzzzzzzzz"])
    def test_finds_nothing_where_nothing_fits(self, spelling):
        assert likeliest_word(spelling) is None
