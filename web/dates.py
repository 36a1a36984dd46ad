"""Times and numbers as the reader writes them: Jalali dates and Persian digits for Persian."""

from datetime import UTC, datetime, timedelta, timezone

import jdatetime

from core.digits import digits

# Iran has had no daylight saving time since 2022.
TEHRAN = timezone(timedelta(hours=3, minutes=30))
_JALALI_MONTHS = (
    "فروردین",
    "اردیبهشت",
    "خرداد",
    "تیر",
    "مرداد",
    "شهریور",
    "مهر",
    "آبان",
    "آذر",
    "دی",
    "بهمن",
    "اسفند",
)


def decimal(value: float, places: int, language: str) -> str:
    """`۷٫۹` or `7.9`; of no places, a whole number."""
    written = digits(f"{value:.{places}f}", language)
    return written.replace(".", "٫") if language == "fa" else written


def show_date(at: datetime, language: str) -> str:
    """`۲ آذر ۱۴۰۵` or `23 November 2026`."""
    local = _local(at, language)
    if language != "fa":
        return f"{local.day} {local:%B %Y}"
    day = jdatetime.date.fromgregorian(date=local.date())
    return digits(f"{day.day} {_JALALI_MONTHS[day.month - 1]} {day.year}", language)


def show_time(at: datetime, language: str) -> str:
    """Hours and minutes."""
    return digits(f"{_local(at, language):%H:%M}", language)


def show_moment(at: datetime, language: str) -> str:
    """Date and time together."""
    comma = "،" if language == "fa" else ","
    return f"{show_date(at, language)}{comma} {show_time(at, language)}"


def _local(at: datetime, language: str) -> datetime:
    return at.astimezone(TEHRAN if language == "fa" else UTC)
