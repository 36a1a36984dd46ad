"""General passages as the web has them: pieces of what was written, in other typing, and nothing else."""

import random

import pytest

from language.passage_variants import as_on_the_web

PASSAGE = (
    "دماوند بلندترین کوه ایران است. این کوه ۵۶۱۰ متر بلندی دارد، در شمال ایران است و از تهران دیده می\u200cشود. "
    "آتشفشان آن خاموش نیست؛ بخار گوگرد هنوز از دهانه بیرون می\u200cآید. کوهنوردان در تابستان بالا می\u200cروند."
)


def variants(passage, count=300):
    return [as_on_the_web(passage, random.Random(seed)) for seed in range(count)]


def words(text):
    """The words by their letters alone."""
    return "".join(letter if letter.isalpha() else " " for letter in text.replace("\u200c", "")).split()


class TestAsOnTheWeb:
    def test_gives_the_same_for_the_same_chance(self):
        assert variants(PASSAGE) == variants(PASSAGE)

    def test_is_whole_at_times_and_a_piece_at_others(self):
        lengths = {len(words(one)) for one in variants(PASSAGE)}

        assert min(lengths) < 10
        assert max(lengths) >= len(words(PASSAGE))

    def test_numbers_sentences_and_parts_of_them_at_times(self):
        assert any("1- " in one and "2- " in one for one in variants(PASSAGE))

    def test_adds_no_word(self):
        known = set("".join(words(PASSAGE)))

        assert all(set("".join(words(one))) <= known for one in variants(PASSAGE))

    def test_types_half_spaces_and_digits_in_several_ways(self):
        typed = " ".join(variants(PASSAGE))

        assert {way for way in ("می\u200cشود", "می شود", "میشود", "۵۶۱۰", "5610") if way in typed} == {
            "می\u200cشود",
            "می شود",
            "میشود",
            "۵۶۱۰",
            "5610",
        }

    @pytest.mark.parametrize("passage", ["سلام", "یک جمله بی نقطه", "One. Two. Three.", "، ؛"])
    def test_takes_what_is_short_too(self, passage):
        assert all(isinstance(one, str) for one in variants(passage))
