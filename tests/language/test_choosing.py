"""Hearing which of several things is meant by its place."""

import pytest

from language.choosing import LAST, chosen_place


class TestChosenPlace:
    @pytest.mark.parametrize(
        ("text", "place"),
        [
            ("the second one", 2),
            ("The first one, please.", 1),
            ("what about the third one?", 3),
            ("2nd", 2),
            ("option 2", 2),
            ("#1", 1),
            ("the last one", LAST),
            ("the last one again please", LAST),
            ("اولی", 1),
            ("همون دومی رو بگو", 2),
            ("اولی چی؟", 1),
            ("گزینهٔ ۲", 2),
            ("مورد سوم لطفاً", 3),
            ("دومی‌ش", 2),
            ("آخری", LAST),
            ("dovomi ro bego", 2),
        ],
    )
    def test_is_heard_where_nothing_else_is_said(self, text: str, place: int) -> None:
        assert chosen_place(text) == place

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "2",
            "first of all, hello",
            "بار اوله که میام",
            "اول سلام",
            "قسط اولی که دادم دو بار کم شد",
            "the second one is broken",
            "last payment",
            "تیکت ۵",
            "the " * 5_000,
        ],
    )
    def test_is_none_where_more_is_said_or_something_else(self, text: str) -> None:
        assert chosen_place(text) is None
