import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from language.normalise import normalise, safe_text, same_letters

ANY_TEXT = st.text(st.characters(exclude_categories=[]))


class TestNormalise:
    @pytest.mark.parametrize(
        ("written", "matched"),
        [
            ("كي مي رسد؟", "کی می رسد?"),
            ("أحمد إيمان", "احمد ایمان"),
            ("آیا", "آیا"),
            ("ا\u0653یا", "آیا"),
            ("دورۀ آموزشی", "دوره آموزشی"),
            ("دورهٔ آموزشی", "دوره آموزشی"),
            ("۱۲۳ و ٤٥٦", "123 و 456"),
            ("سـلـام", "سلام"),
            ("مُحَمَّد", "محمد"),
            ("می‌شود", "می شود"),
            ("سلاااااام", "سلام"),
            ("عالیییی!!!!", "عالی!"),
            ("  two \n\t words ", "two words"),
            ("\u202eCRM\u202c", "crm"),
            ("ﺳﻼﻡ", "سلام"),
            ("Ｆｕｌｌ", "full"),
            ("cafe\u0301", "café"),
            ("pleaseee", "please"),
            ("sooo good", "so good"),
            ("heeello", "heello"),
            ("www.site.ir", "www.site.ir"),
            ("1000000", "1000000"),
            ("a\0b", "a b"),
            ("\ud800ok", "ok"),
        ],
    )
    def test_brings_spellings_to_one_form(self, written, matched):
        assert normalise(written) == matched

    @given(ANY_TEXT)
    @example("İİ")
    @example("a\u0640\u0301")
    @example("ه\u0640\u0654")
    def test_takes_anything_and_changes_nothing_the_second_time(self, text):
        once = normalise(text)

        assert normalise(once) == once

    @given(ANY_TEXT)
    def test_leaves_nothing_that_a_tokenizer_refuses(self, text):
        normalise(text).encode("utf-8")

    def test_takes_long_runs_of_marks(self):
        assert len(normalise("\u0315\u0316" * 50_000)) <= 100_000


class TestSafeText:
    @pytest.mark.parametrize("text", ["سلام می‌شود كي", "\u202eRTL", "<script>alert(1)</script>", "😀", "", " \n "])
    def test_leaves_as_written_what_can_be_stored(self, text):
        assert safe_text(text) == text

    def test_removes_nul(self):
        assert safe_text("a\0b") == "ab"

    def test_replaces_a_lone_surrogate_and_joins_two_halves(self):
        assert safe_text("a\ud800b \ud83d\ude00") == "a\ufffdb 😀"

    @given(ANY_TEXT)
    def test_makes_any_text_storable(self, text):
        stored = safe_text(text)

        assert json.loads(json.dumps(stored).encode("utf-8")) == stored
        assert stored.encode("utf-8").decode("utf-8") == stored
        assert "\0" not in stored


class TestSameLetters:
    def test_knows_the_letters_and_digits_of_an_arabic_keyboard(self) -> None:
        assert same_letters("فاكتور مي‌خوام، ۱۲٣؟") == "فاکتور می‌خوام، 123؟"

    @given(ANY_TEXT)
    def test_moves_nothing(self, text: str) -> None:
        assert len(same_letters(text)) == len(text)
