"""The lines of a ticket that say what its contact mentioned."""

from pathlib import Path

import pytest

from crm.tickets.details import with_details
from crm.tickets.schemas import TicketDetails
from crm.wording import Wording

WORDING = Wording.load(Path("domain.yml"))


def line(language: str, **details: str) -> str:
    return with_details("", TicketDetails.model_validate(details), WORDING, language)


class TestWithDetails:
    @pytest.mark.parametrize(
        ("amount", "persian", "english"),
        [
            ("450000 toman", "مبلغ: ۴۵۰٬۰۰۰ تومان", "Amount: 450,000 toman"),
            ("500 rial", "مبلغ: ۵۰۰ ریال", "Amount: 500 rial"),
            ("1299.99 euro", "مبلغ: ۱٬۲۹۹٫۹۹ یورو", "Amount: 1,299.99 euros"),
            ("1,299.99 euro", "مبلغ: ۱٬۲۹۹٫۹۹ یورو", "Amount: 1,299.99 euros"),
            (".,. euro", "مبلغ: ٫٬٫ یورو", "Amount: .,. euros"),
        ],
    )
    def test_writes_amounts_as_the_contact_would(self, amount: str, persian: str, english: str) -> None:
        assert (line("fa", amount=amount), line("en", amount=amount)) == (persian, english)

    @pytest.mark.parametrize(
        ("date", "persian"),
        [
            ("12 مهر", "۱۲ مهر"),
            ("1404/07/12", "۱۲ مهر ۱۴۰۴"),
            ("4 October", "۴ اکتبر"),
            ("2025-10-04", "۴ اکتبر ۲۰۲۵"),
            ("2025-13-04", "۲۰۲۵-۱۳-۰۴"),
            ("yesterday", "yesterday"),
        ],
    )
    def test_writes_dates_in_persian_with_the_months_names(self, date: str, persian: str) -> None:
        assert line("fa", date=date) == f"تاریخ: {persian}"
        assert line("en", date=date) == f"Date: {date}"

    def test_leaves_what_agents_copy_as_it_is(self) -> None:
        assert line("fa", order_number="AB-1234") == "شمارهٔ سفارش: AB-1234"
        assert line("fa", order_number="77341", product="CRM 2") == "شمارهٔ سفارش: 77341\nمحصول یا خدمت: CRM 2"

    def test_adds_nothing_where_nothing_was_mentioned(self) -> None:
        assert with_details("y", TicketDetails(), WORDING, "fa") == "y"
