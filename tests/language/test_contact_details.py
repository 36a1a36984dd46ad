"""Finding how somebody can be reached in what they write."""

import pytest

from language.contact_details import find_contact_detail


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

    def test_takes_no_bare_figures_where_none_was_asked_for(self) -> None:
        assert find_contact_detail("سفارش 9121234567", is_asked_for=False) is None
        assert find_contact_detail("زنگ بزنید ۰۹۱۲۱۲۳۴۵۶۷", is_asked_for=False) == "09121234567"
