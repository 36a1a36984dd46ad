"""Numbers and times as readers write them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from web.dates import city_of, decimal, show_date, show_moment

TEHRAN, BERLIN = ZoneInfo("Asia/Tehran"), ZoneInfo("Europe/Berlin")


class TestDecimal:
    @pytest.mark.parametrize(
        ("value", "places", "language", "written"),
        [(7.94, 1, "fa", "۷٫۹"), (7.94, 1, "en", "7.9"), (40.4, 0, "fa", "۴۰"), (-0.25, 2, "fa", "-۰٫۲۵")],
    )
    def test_has_the_sign_and_the_digits_of_the_language(
        self, value: float, places: int, language: str, written: str
    ) -> None:
        assert decimal(value, places, language) == written


class TestShowMoment:
    @pytest.mark.parametrize(
        ("language", "zone", "written"),
        [
            ("fa", TEHRAN, "۳ آذر ۱۴۰۵، ۰۰:۳۰"),
            ("en", TEHRAN, "24 November 2026, 00:30"),
            ("fa", BERLIN, "۲ آذر ۱۴۰۵، ۲۲:۰۰"),
            ("en", BERLIN, "23 November 2026, 22:00"),
        ],
    )
    def test_is_by_the_clock_of_the_firm_in_either_language(self, language: str, zone: ZoneInfo, written: str) -> None:
        assert show_moment(datetime(2026, 11, 23, 21, 0, tzinfo=UTC), language, zone) == written

    @pytest.mark.parametrize(
        ("at", "written"),
        [(datetime(1, 1, 1, tzinfo=UTC), "1 January 1"), (datetime(9999, 12, 31, tzinfo=UTC), "31 December 9999")],
    )
    def test_a_day_without_a_jalali_date_is_written_in_the_other_calendar(self, at: datetime, written: str) -> None:
        assert show_date(at, "fa", TEHRAN) == written


class TestCityOf:
    @pytest.mark.parametrize(
        ("zone", "language", "city"),
        [("Asia/Tehran", "fa", "تهران"), ("America/New_York", "en", "New York"), ("UTC", "fa", "UTC")],
    )
    def test_is_named_in_the_language_of_the_reader(self, zone: str, language: str, city: str) -> None:
        assert city_of(ZoneInfo(zone), language) == city
