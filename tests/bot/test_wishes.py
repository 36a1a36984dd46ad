"""Several wishes in one message."""

import pytest

from bot.wishes import find_wishes


class TestFindWishes:
    @pytest.mark.parametrize(
        ("text", "wishes"),
        [
            ("سفارشم رو لغو کنید و پولم رو پس بدید", ["cancel_purchase", "request_refund"]),
            ("please send me the invoice and tell me where my parcel is", ["order_status", "request_invoice"]),
            ("وصلم کن به اپراتور، سفارشم هم نرسیده", ["talk_to_person", "order_status"]),
        ],
    )
    def test_gives_the_more_urgent_first(self, text: str, wishes: list[str]) -> None:
        assert find_wishes(text) == wishes

    @pytest.mark.parametrize(
        "text",
        ["", "سلام، پولم رو کی پس می‌دید؟", "hello, I was charged twice", "پول از حسابم کم شده ولی ثبت‌نامم انجام نشده"],
    )
    def test_finds_no_several_where_there_is_one(self, text: str) -> None:
        assert len(find_wishes(text)) < 2

    @pytest.mark.parametrize(
        "text",
        [
            "add to my ticket that my order never came and I want a refund",
            "به تیکتم اضافه کن که پولم رو پس ندادید و سفارشم نرسیده",
        ],
    )
    def test_takes_a_note_for_no_wishes(self, text: str) -> None:
        assert find_wishes(text) == []

    def test_takes_no_refusal_for_a_wish(self) -> None:
        assert find_wishes("I don't want to cancel my order, I just want to change my address") == ["change_details"]

    def test_reads_a_hostile_text_without_losing_its_way(self) -> None:
        assert find_wishes("پول " * 50_000 + "و " * 50_000) == []
