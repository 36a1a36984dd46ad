import pytest
from hypothesis import given
from hypothesis import strategies as st

from language.courtesies import is_courtesy
from language.finglish import to_persian
from language.normalise import normalise


class TestIsCourtesy:
    @pytest.mark.parametrize(
        "text",
        [
            *(
                "سلام",
                "سلاااام!",
                "سلام، خوبی؟",
                "سلام وقتتون بخیر",
                "وقت‌تان به‌خیر",
                "سلام، خسته نباشید",
                "با سلام و احترام",
            ),
            *("ممنونم", "مرسی، خداحافظ", "دستتون درد نکنه", "سلام 👋", "دست شما درد نکنه، سایه‌تون مستدام"),
            *("hi", "Hello!", "hi there", "Good morning", "thanks a lot", "bye"),
        ],
    )
    def test_finds_what_only_greets_thanks_or_takes_leave(self, text):
        assert is_courtesy(normalise(text))

    @pytest.mark.parametrize("text", ["salam", "salam, khubi?", "khaste nabashid", "mersi"])
    def test_finds_it_in_finglish_that_was_read(self, text):
        assert is_courtesy(normalise(to_persian(text)))

    @pytest.mark.parametrize(
        "text",
        [
            *("سلام، گواهی می‌دین؟", "چطوری ثبت‌نام کنم؟", "بیمهٔ سلامت", "وقت کلاس", "ممنون ولی حل نشد", "شب"),
            *("hi, where is my order?", "hello kitty", "thanks, and the invoice?", "hit", "", "👋", "۱۲۳"),
        ],
    )
    def test_leaves_what_names_a_matter(self, text):
        assert not is_courtesy(normalise(text))

    @pytest.mark.parametrize("text", ["bye " * 500 + "x", "سلام " * 500 + "x", "thank you so much " * 300 + "x"])
    def test_is_not_led_astray_by_a_long_row_of_them(self, text):
        assert not is_courtesy(text)

    @given(st.text())
    def test_takes_any_text(self, text):
        assert is_courtesy(text) in (True, False)
