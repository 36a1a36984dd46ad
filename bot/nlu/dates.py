"""Read dates: `1404/07/12`, `10/25/2025`, «بیست و سوم آبان», «۵ مهرماه ۱۴۰۴», "4th of October", "Oct 4, 2025".

A day that its month has not, or that can be two days (10/12/2025), is left out.
"""

import re
from calendar import monthrange
from collections.abc import Iterator
from typing import Final, NamedTuple

from bot.identifiers import Identifier
from bot.names import Entities
from bot.nlu.numbers import SMALL
from bot.nlu.words import Word

_JALALI: Final = [
    ("فروردین", "farvardin"), ("اردیبهشت", "ordibehesht"), ("خرداد", "khordad"), ("تیر", "tir"), ("مرداد", "mordad"),
    ("شهریور", "shahrivar"), ("مهر", "mehr"), ("آبان", "aban"), ("آذر", "azar"), ("دی", "dey"), ("بهمن", "bahman"),
    ("اسفند", "esfand"),
]  # fmt: skip
_GREGORIAN: Final = [
    ("january", "jan", "ژانویه"), ("february", "feb", "فوریه"), ("march", "mar", "مارس"), ("april", "apr", "آوریل"),
    ("may", "مه", "می"), ("june", "jun", "ژوئن"), ("july", "jul", "ژوئیه", "جولای"), ("august", "aug", "اوت", "آگوست"),
    ("september", "sep", "sept", "سپتامبر"), ("october", "oct", "اکتبر"), ("november", "nov", "نوامبر"),
    ("december", "dec", "دسامبر"),
]  # fmt: skip
_JALALI_MONTHS: Final = {name: month for month, names in enumerate(_JALALI, 1) for name in names}
_GREGORIAN_MONTHS: Final = {name: month for month, names in enumerate(_GREGORIAN, 1) for name in names}
# "I may 5 times", "march 5 miles", «می» of «می کنم»: months that are other words too.
_OTHER_WORDS: Final = frozenset({"may", "march", "mar", "می"})

_CARDINALS: Final = {word: number for word, number in SMALL.items() if number <= 20 or number == 30}
# fmt: off
_FIRST_TO_TWENTIETH: Final = [
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
    "twentieth",
]
# fmt: on
_ORDINALS: Final = {
    **{f"{word}م": number for word, number in _CARDINALS.items() if not word.isascii()},
    **{f"{word}om": number for word, number in _CARDINALS.items() if word.isascii()},
    **{word: number for number, word in enumerate(_FIRST_TO_TWENTIETH, 1)},
    **{"اول": 1, "سوم": 3, "سیام": 30, "aval": 1, "dovom": 2, "sevom": 3, "thirtieth": 30},
}
_TENS: Final = {"بیست": 20, "سی": 30, "bist": 20, "si": 30, "twenty": 20, "thirty": 30}
_UNITS: Final = {word: number for word, number in (_CARDINALS | _ORDINALS).items() if number < 10}
# «بیست‌و‌سوم» in one word
_JOINED: Final = re.compile("(بیست|سی)و(.+)")
_SUFFIXES: Final = frozenset({"th", "st", "nd", "rd", "ام", "اُم", "م", "om"})
_JOINTS: Final = frozenset({"of", "e", "ماه", "-e"})
_BEFORE_A_YEAR: Final = frozenset({"ماه", "سال", "mah", "sal", "sale", "-", ",", "،", "of"})
_RANGE: Final = frozenset({"تا", "الی", "یا", "to", "or", "ta", "ya", "-", "–"})
_ON: Final = frozenset({"on", "since", "from", "until", "till", "by", "before", "after", "dated", "در", "تاریخ"})
_NO_YEAR: Final = re.compile(r"(?:تومان|تومن|ریال|دلار|یورو|هزار|میلیون|toman|rial|dollar|euro|usd|[$€£]).*")

_NUMERIC: Final = re.compile(r"(\d{1,4})([/.-])(\d{1,2})\2(\d{1,4})")
_DAY: Final = re.compile(r"\d{1,2}")
_YEAR: Final = re.compile(r"\d{4}")


class _Found(NamedTuple):
    """A number, and between which words it stands."""

    number: int
    start: int
    end: int


def find_dates(words: list[Word]) -> "Iterator[tuple[int, int, Identifier]]":
    """The dates that words name, each with its first word and the one after its last.

    A Jalali date is written with strokes, a Gregorian one with hyphens; one without a year keeps its month's name.
    """
    place = 0
    while place < len(words):
        found = _numeric(words[place].text)
        spaced = None if found else spaced_date(words, place)
        start, end, value = (place, place + 1, found) if found else spaced or _named(words, place)
        if value:
            yield start, end, Identifier(Entities.DATE, value, words[start].start, words[end - 1].end)
        place = max(end, place + 1)


def spaced_date(words: list[Word], place: int) -> "tuple[int, int, str] | None":
    """The date that begins at a place, with spaces around its strokes or hyphens: «۱۴۰۴ / ۰۷ / ۱۲»."""
    if not words[place].text[0].isdecimal():
        return None
    for end in (place + 5, place + 3):
        figures, signs = words[place:end:2], {word.text for word in words[place + 1 : end : 2]}
        is_whole = end <= len(words) and len(signs) == 1 and signs <= {"/", "-"}
        value = _numeric("".join(word.text for word in words[place:end])) if is_whole else None
        if value and all(word.text[0].isdecimal() for word in figures):
            return place, end, value
    return None


def _numeric(text: str) -> "str | None":
    match = _NUMERIC.fullmatch(text)
    if match is None:
        return None
    first, month, last = int(match[1]), int(match[3]), int(match[4])
    if first > 31:
        return _jalali(first, month, last) or _gregorian(first, month, last)
    day, year = first, last
    if _jalali(year, month, day):
        return _jalali(year, month, day)
    if month > 12:
        day, month = month, day
    elif day <= 12 and day != month and match[2] != ".":
        # October 12th in one country is December 10th in another.
        return None
    return _gregorian(year, month, day)


def _named(words: list[Word], place: int) -> "tuple[int, int, str | None]":
    """The date whose month stands at a place."""
    month = re.sub("ماه$", "", words[place].text.replace("\u200c", ""))
    is_jalali = month in _JALALI_MONTHS
    if not is_jalali and month not in _GREGORIAN_MONTHS:
        return place, place, None
    day = _day_before(words, place, with_cardinals=not month.isascii() or is_jalali)
    if day is None and month in _GREGORIAN_MONTHS and month.isascii():
        day = _day_after(words, place)
    if day is None:
        return place, place, None
    end = max(day.end, place + 1)
    year = _year_after(words, end)
    end = year.end if year else end
    if _is_doubtful(words, month, day, end, has_year=year is not None):
        return day.start, end, None
    return day.start, end, _written(day.number, month, year.number if year else None, is_jalali=is_jalali)


def _day_before(words: list[Word], place: int, *, with_cardinals: bool) -> "_Found | None":
    last = place - 1
    if last > 0 and words[last].text in _JOINTS:
        last -= 1
    has_suffix = last > 0 and words[last].text in _SUFFIXES
    if has_suffix:
        last -= 1
    if last < 0:
        return None
    text = words[last].text.replace("\u200c", "")
    if _DAY.fullmatch(text):
        return _Found(int(text), last, place)
    joined = _JOINED.fullmatch(text)
    if joined and joined[2] in _UNITS:
        return _Found(_TENS[joined[1]] + _UNITS[joined[2]], last, place)
    number = _ORDINALS.get(text) or (_CARDINALS.get(text) if with_cardinals or has_suffix else None)
    if number is None:
        return None
    tens_at = last - 2 if last > 1 and words[last - 1].text in {"و", "o", "-"} else last - 1
    tens = _TENS.get(words[tens_at].text, 0) if tens_at >= 0 else 0
    if tens and number < 10:
        return _Found(tens + number, tens_at, place)
    return _Found(number, last, place)


def _day_after(words: list[Word], place: int) -> "_Found | None":
    at = place + 1
    if at < len(words) and words[at].text == ".":
        at += 1
    if at >= len(words) or not _DAY.fullmatch(words[at].text):
        return None
    end = at + 2 if at + 1 < len(words) and words[at + 1].text in _SUFFIXES else at + 1
    is_something_else = end < len(words) and words[end].text in {":", "%"}
    is_whole_month = place > 0 and words[place - 1].text in {"in", "this", "last", "every"}
    return None if is_something_else or is_whole_month else _Found(int(words[at].text), place, end)


def _year_after(words: list[Word], place: int) -> "_Found | None":
    at = place
    while at < min(place + 2, len(words)) and words[at].text in _BEFORE_A_YEAR:
        at += 1
    if at >= len(words) or not _YEAR.fullmatch(words[at].text):
        return None
    is_amount = at + 1 < len(words) and _NO_YEAR.fullmatch(words[at + 1].text)
    return None if is_amount else _Found(int(words[at].text), place, at + 1)


def _is_doubtful(words: list[Word], month: str, day: _Found, end: int, *, has_year: bool) -> bool:
    """Whether what stands around a date makes another of it."""
    further, before = ["", "", *(word.text for word in words[max(day.start - 2, 0) : day.start])][-2:]
    after = words[end].text if end < len(words) else ""
    if before in _RANGE and (further[:1].isdecimal() or further in _CARDINALS or further in _ORDINALS):
        return True
    if month == "مهر" and after == "و" and end + 1 < len(words) and words[end + 1].text.startswith("امضا"):
        return True
    if month not in _OTHER_WORDS or has_year:
        return False
    is_marked = before in _ON or any(word.text in _SUFFIXES | {"of"} for word in words[day.start : end])
    return not is_marked and bool(re.match(r"\w", after))


def _written(day: int, month: str, year: "int | None", *, is_jalali: bool) -> "str | None":
    if is_jalali:
        number = _JALALI_MONTHS[month]
        if year:
            return _jalali(year, number, day)
        return f"{day} {_JALALI[number - 1][0]}" if 1 <= day <= (31 if number <= 6 else 30) else None
    number = _GREGORIAN_MONTHS[month]
    if year:
        return _gregorian(year, number, day)
    # Any February may have been one of a leap year.
    return f"{day} {_GREGORIAN[number - 1][0].capitalize()}" if 1 <= day <= monthrange(2024, number)[1] else None


def _jalali(year: int, month: int, day: int) -> "str | None":
    if not (1300 <= year < 1500 and 1 <= month <= 12):
        return None
    # The leap years of the cycle of 33 that these two centuries keep to.
    is_leap = year % 33 in {1, 5, 9, 13, 17, 22, 26, 30}
    days = 31 if month <= 6 else 30 if month < 12 or is_leap else 29
    return f"{year}/{month:02}/{day:02}" if 1 <= day <= days else None


def _gregorian(year: int, month: int, day: int) -> "str | None":
    if not (1900 <= year < 2100 and 1 <= month <= 12):
        return None
    return f"{year}-{month:02}-{day:02}" if 1 <= day <= monthrange(year, month)[1] else None
