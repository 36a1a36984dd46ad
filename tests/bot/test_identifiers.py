"""Finding ticket numbers, addresses and phone numbers in what people write."""

import pytest

from bot.identifiers import find_identifiers


class TestFindIdentifiers:
    @pytest.mark.parametrize(
        ("text", "entity", "value"),
        [
            ("HM-1042", "ticket_number", "HM-1042"),
            ("وضعیت تیکتhm-1042چیه", "ticket_number", "HM-1042"),
            ("تیکت HM-۱۰۴۲", "ticket_number", "HM-1042"),
            ("hm 1042", "ticket_number", "HM-1042"),
            ("HM–1042", "ticket_number", "HM-1042"),
            ("ایمیلم Sara.K@Example.co.ir است", "email", "sara.k@example.co.ir"),
            ("ایمیل:sara@example.com.", "email", "sara@example.com"),
            ("۰۹۱۲۱۲۳۴۵۶۷", "phone", "09121234567"),
            ("٠٩١٢١٢٣٤٥٦٧", "phone", "09121234567"),
            ("+98 912 123 4567", "phone", "09121234567"),
            ("00989121234567", "phone", "09121234567"),
            ("0912-123-4567", "phone", "09121234567"),
            ("021 8877 6655", "phone", "02188776655"),
            ("(021) 88776655", "phone", "02188776655"),
            ("(۰۲۱) ۸۸۷۷-۶۶۵۵", "phone", "02188776655"),
            ("+98 (21) 8877 6655", "phone", "02188776655"),
            ("+98 (0)912 123 4567", "phone", "09121234567"),
            ("+1 415 555 2671", "phone", "+14155552671"),
            ("+1 (415) 555-2671", "phone", "+14155552671"),
            ("+۴۹ ۳۰ ۱۲۳۴۵۶", "phone", "+4930123456"),
            ("ایمیلمsara@example.comاست", "email", "sara@example.com"),
            ("HM - 1042", "ticket_number", "HM-1042"),
            ("HM_1042", "ticket_number", "HM-1042"),
        ],
    )
    def test_gives_the_canonical_value(self, text: str, entity: str, value: str) -> None:
        assert [(found.entity, found.value) for found in find_identifiers(text)] == [(entity, value)]

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "   ",
            "CRM-1042",
            "HMM 12",
            "a@b",
            "@example.com",
            "1234567890123456",
            "قیمت 4800000 تومان",
            "۱۲:۳۰",
            "+500000 تومان",
        ],
    )
    def test_leaves_alone_what_only_looks_like_one(self, text: str) -> None:
        assert list(find_identifiers(text)) == []

    def test_points_at_the_text_as_it_was_written(self) -> None:
        text = "تیکت HM-۱۰۴۲ و ۰۹۱۲۱۲۳۴۵۶۷"

        assert [text[found.start : found.end] for found in find_identifiers(text)] == ["HM-۱۰۴۲", "۰۹۱۲۱۲۳۴۵۶۷"]

    def test_reads_a_hostile_text_without_losing_its_way(self) -> None:
        text = "a@" * 50_000 + "0" * 50_000 + "hm-" * 10_000 + "+1 (" * 10_000 + "+98 (0) " * 10_000

        assert list(find_identifiers(text)) == []
