"""Days as they are typed and shown."""

from datetime import date

import pytest

from web.knowledge.days import read_day, write_day

DAY = date(2026, 11, 23)


class TestReadDay:
    @pytest.mark.parametrize("text", ["۱۴۰۵/۰۹/۰۲", "1405/9/2", "١٤٠٥-٠٩-٠٢", "2026-11-23", " 2026/11/23 "])
    def test_understands_both_calendars_in_any_digits(self, text: str) -> None:
        assert read_day(text) == DAY

    def test_nothing_typed_is_no_day(self) -> None:
        assert read_day("  ") is None

    @pytest.mark.parametrize("text", ["1405/13/01", "2026-02-30", "yesterday", "1405", "0000/01/01", "9999/99/99"])
    def test_refuses_what_is_no_day(self, text: str) -> None:
        with pytest.raises(ValueError):
            read_day(text)


class TestWriteDay:
    @pytest.mark.parametrize(("language", "text"), [("fa", "۱۴۰۵/۰۹/۰۲"), ("en", "2026-11-23")])
    def test_is_read_as_the_same_day(self, language: str, text: str) -> None:
        assert write_day(DAY, language) == text
        assert read_day(text) == DAY

    @pytest.mark.parametrize("day", [date(1, 1, 1), date(9999, 12, 31)])
    def test_a_day_that_has_no_jalali_date_is_written_as_it_is(self, day: date) -> None:
        assert write_day(day, "fa") == day.isoformat()
