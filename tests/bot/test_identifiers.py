"""Finding ticket numbers, addresses and phone numbers in what people write."""

import pytest

from bot.identifiers import find_contact_detail, find_identifiers, find_rating


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


class TestFindContactDetail:
    def test_takes_an_address_or_a_number_and_no_ticket(self) -> None:
        assert find_contact_detail("HM-1 یا sara@example.com") == "sara@example.com"
        assert find_contact_detail("زنگ بزنید ۰۹۱۲۱۲۳۴۵۶۷") == "09121234567"
        assert find_contact_detail("HM-1042") is None

    @pytest.mark.parametrize(
        ("text", "number"),
        [
            ("989121234567", "09121234567"),
            ("98 912 123 4567", "09121234567"),
            ("9121234567", "09121234567"),
            ("شماره‌ام ۹۱۲۱۲۳۴۵۶۷ است", "09121234567"),
            ("(021) 88776655", "02188776655"),
            ("+1 415 555 2671", "+14155552671"),
            ("001 415 555 2671", "+14155552671"),
        ],
    )
    def test_takes_the_numbers_that_the_rest_of_the_app_takes(self, text: str, number: str) -> None:
        assert find_contact_detail(text) == number

    @pytest.mark.parametrize("text", ["912123456", "91212345678", "8121234567", "0" * 50_000])
    def test_takes_no_other_figures(self, text: str) -> None:
        assert find_contact_detail(text) is None


class TestFindRating:
    @pytest.mark.parametrize(("text", "rating"), [("5", 5), ("۴", 4), ("امتیاز ۳", 3), ("I give you 2", 2)])
    def test_takes_the_one_number(self, text: str, rating: int) -> None:
        assert find_rating(text) == rating

    @pytest.mark.parametrize("text", ["", "خوب بود", "0", "6", "10", "۱ یا ۲", "9" * 5000])
    def test_takes_nothing_else(self, text: str) -> None:
        assert find_rating(text) is None

    @pytest.mark.parametrize(
        "text",
        [
            *("پشتیبانی ۵ ستاره نبود", "۵ ستاره؟ اصلاً نه", "امتیاز ۵ نمی‌دم", "5 nabud"),
            *("5 stars? not at all", "not 5 stars", "I don't give you 5"),
        ],
    )
    def test_takes_none_that_is_denied(self, text: str) -> None:
        assert find_rating(text) is None

    @pytest.mark.parametrize(
        ("text", "rating"),
        [
            ("امتیاز ۱ میدم چون افتضاح بودین", 1),
            ("۱ میدم چون خوب نبود", 1),
            ("1, you did not help at all", 1),
            ("I give 2 because it was not solved", 2),
            ("۵ میدم، عالی بودید", 5),
        ],
    )
    def test_takes_one_whose_reason_is_a_denial(self, text: str, rating: int) -> None:
        assert find_rating(text) == rating

    @pytest.mark.parametrize(("text", "rating"), [("۴ از ۵", 4), ("2 out of 5", 2), ("5/5", 5), ("از ۵، ۳", 3)])
    def test_understands_so_many_out_of_five(self, text: str, rating: int) -> None:
        assert find_rating(text) == rating
