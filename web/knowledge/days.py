"""Days as editors type them: Jalali for readers of Persian, and either calendar understood."""

import re
from datetime import date

import jdatetime

from web.dates import digits

# No Jalali year reaches this far, and no article was reviewed before it in the other calendar.
FIRST_GREGORIAN_YEAR = 1700
_DAY = re.compile(r"(\d{4})\s*[/.-]\s*(\d{1,2})\s*[/.-]\s*(\d{1,2})")


def write_day(day: date | None, language: str) -> str:
    """`۱۴۰۵/۰۹/۰۲` or `2026-11-23`; empty for no day."""
    if day is None:
        return ""
    if language != "fa":
        return day.isoformat()
    return digits(f"{jdatetime.date.fromgregorian(date=day):%Y/%m/%d}", language)


def read_day(text: str) -> date | None:
    """The day that was typed, in any digits; none for an empty text.

    Raises:
        ValueError: this is no day
    """
    if not text.strip():
        return None
    match = _DAY.fullmatch(text.strip())
    if match is None:
        raise ValueError("not a day")
    year, month, day = map(int, match.groups())
    if year >= FIRST_GREGORIAN_YEAR:
        return date(year, month, day)
    gregorian: date = jdatetime.date(year, month, day).togregorian()
    return gregorian
