"""Times and numbers as the reader writes them: Jalali dates and Persian digits for Persian.

Everybody reads the clock of the firm (`zone`), whatever their language: who says "by 14:30" to a colleague means the
same moment.
"""

from datetime import date, datetime, tzinfo
from zoneinfo import ZoneInfo

import jdatetime
from babel.dates import get_timezone_location

from core.digits import digits

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


def jalali(day: date) -> jdatetime.date | None:
    """The day in the Jalali calendar; none before its first year and after the last that can be written."""
    try:
        return jdatetime.date.fromgregorian(date=day)
    except ValueError:
        return None


def show_date(at: datetime, language: str, zone: tzinfo) -> str:
    """`۲ آذر ۱۴۰۵` or `23 November 2026`."""
    local = at.astimezone(zone)
    day = jalali(local.date()) if language == "fa" else None
    if day is None:
        return f"{local.day} {local:%B %Y}"
    return digits(f"{day.day} {_JALALI_MONTHS[day.month - 1]} {day.year}", language)


def show_time(at: datetime, language: str, zone: tzinfo) -> str:
    """Hours and minutes."""
    return digits(f"{at.astimezone(zone):%H:%M}", language)


def show_moment(at: datetime, language: str, zone: tzinfo) -> str:
    """Date and time together."""
    comma = "،" if language == "fa" else ","
    return f"{show_date(at, language, zone)}{comma} {show_time(at, language, zone)}"


def city_of(zone: ZoneInfo, language: str) -> str:
    """The city whose clock it is: `تهران` or `Tehran`; `UTC` is its own name."""
    return get_timezone_location(zone, locale=language, return_city=True)
