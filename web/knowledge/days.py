"""Days and times as editors type them: Jalali for readers of Persian, and either calendar understood."""

import re
from datetime import date, datetime, time, tzinfo

import jdatetime

from core.digits import digits
from knowledge_base.schemas import FIRST_DAY
from web.dates import jalali

_MOMENT = re.compile(r"(?P<day>.*\S)\s+(?P<hour>\d{1,2}):(?P<minute>\d{2})")
_DAY = re.compile(r"(\d{4})\s*[/.-]\s*(\d{1,2})\s*[/.-]\s*(\d{1,2})")


def write_day(day: date | None, language: str) -> str:
    """`۱۴۰۵/۰۹/۰۲` or `2026-11-23`; empty for no day."""
    if day is None:
        return ""
    written = jalali(day) if language == "fa" else None
    return digits(f"{written:%Y/%m/%d}", language) if written else day.isoformat()


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
    if year >= FIRST_DAY.year:
        return date(year, month, day)
    gregorian: date = jdatetime.date(year, month, day).togregorian()
    return gregorian


def write_moment(at: datetime | None, language: str, zone: tzinfo) -> str:
    """`۱۴۰۵/۰۹/۰۲ ۰۸:۳۰` or `2026-11-23 08:30`; empty for none."""
    if at is None:
        return ""
    local = at.astimezone(zone)
    return f"{write_day(local.date(), language)} {digits(f'{local:%H:%M}', language)}"


def read_moment(text: str, zone: tzinfo) -> datetime:
    """The time that was typed, by the clock of this zone.

    Raises:
        ValueError: this is no day with a time
    """
    match = _MOMENT.fullmatch(text.strip())
    day = read_day(match["day"]) if match else None
    if match is None or day is None:
        raise ValueError("not a time")
    return datetime.combine(day, time(int(match["hour"]), int(match["minute"])), zone)
