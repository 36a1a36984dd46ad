"""Order numbers and dates, found by spaCy's matcher, and amounts of money."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import spacy
from spacy.matcher import Matcher
from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from bot.identifiers import Identifier
from bot.names import Entities
from bot.nlu.amounts import find_amounts
from bot.nlu.words import words_of

# A sign that is in no amount.
_TAKEN = "|"

_JALALI = ["فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند"]
_FINGLISH = [
    "farvardin",
    "ordibehesht",
    "khordad",
    "tir",
    "mordad",
    "shahrivar",
    "mehr",
    "aban",
    "azar",
    "dey",
    "bahman",
    "esfand",
]
_ENGLISH = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_PERSIAN_GREGORIAN = [
    "ژانویه",
    "فوریه",
    "مارس",
    "آوریل",
    "مه",
    "ژوئن",
    "ژوئیه",
    "اوت",
    "سپتامبر",
    "اکتبر",
    "نوامبر",
    "دسامبر",
]
_JALALI_MONTHS = {name: month for names in (_JALALI, _FINGLISH) for month, name in enumerate(names, 1)}
_GREGORIAN_MONTHS = {name: month for names in (_ENGLISH, _PERSIAN_GREGORIAN) for month, name in enumerate(names, 1)}
_GREGORIAN_MONTHS |= {name[:3]: month for month, name in enumerate(_ENGLISH, 1)} | {"sept": 9}
_MONTHS = [*_JALALI_MONTHS, *_GREGORIAN_MONTHS]

_DAY = {"TEXT": {"REGEX": r"^\d{1,2}$"}}
_YEAR = {"TEXT": {"REGEX": r"^\d{4}$"}}
_ORDER = [
    "سفارش",
    "سفارشم",
    "سفارشی",
    "سفارشمون",
    "خرید",
    "خریدم",
    "order",
    "orders",
    "purchase",
    "sefaresh",
    "sefaresham",
]
_NAMING = [
    "شماره",
    "شمارهٔ",
    "شماره‌ی",
    "شمارم",
    "شماره‌اش",
    "کد",
    "number",
    "no",
    "id",
    "is",
    "shomare",
    "به",
    ".",
    ":",
    "#",
    "ی",
]

_PATTERNS: dict[str, list[list[dict[str, Any]]]] = {
    Entities.ORDER_NUMBER: [
        [{"LOWER": {"IN": _ORDER}}, *[{"LOWER": {"IN": _NAMING}, "OP": "?"}] * 3, {"TEXT": {"REGEX": r"^\d{3,12}$"}}],
        [{"LOWER": {"IN": ["ord", "order"]}}, {"TEXT": {"IN": ["-", "–"]}}, {"TEXT": {"REGEX": r"^\d{3,12}$"}}],
    ],
    Entities.DATE: [
        [{"TEXT": {"REGEX": r"^\d{1,4}[/-]\d{1,2}[/-]\d{1,4}$"}}],
        [_DAY, {"LOWER": {"IN": ["ام", "اُم", "م", "th", "st", "nd", "rd"]}, "OP": "?"}, {"LOWER": "of", "OP": "?"},
         {"LOWER": {"IN": _MONTHS}}, {"LOWER": {"IN": ["ماه", "سال", ","]}, "OP": "?"}, {**_YEAR, "OP": "?"}],
        [{"LOWER": {"IN": [*_GREGORIAN_MONTHS]}}, _DAY, {"LOWER": {"IN": ["th", "st", "nd", "rd"]}, "OP": "?"},
         {"TEXT": ",", "OP": "?"}, {**_YEAR, "OP": "?"}],
    ],
}  # fmt: skip


class DetailFinder:
    """Finds what an agent would ask for: `12345`, `450000 toman`, `1404/07/12`, `12 مهر`, `2025-10-04`.

    A Jalali date is written with strokes, a Gregorian one with hyphens; a date without a year keeps its month's name.
    """

    def __init__(self) -> None:
        self._vocabulary = spacy.blank("xx").vocab
        self._matcher = Matcher(self._vocabulary)
        for entity, patterns in _PATTERNS.items():
            self._matcher.add(entity, patterns)

    def find(self, text: str) -> Iterator[Identifier]:
        """The details in a text, with offsets into the text as given."""
        words = words_of(text)
        if not words:
            return
        document = Doc(self._vocabulary, words=[word.text for word in words])
        for span in filter_spans(self._matcher(document, as_spans=True)):
            value = _READERS[span.label_](span)
            if value:
                yield Identifier(span.label_, value, words[span.start].start, words[span.end - 1].end)
                # What is an order's number or a date's year is no part of an amount.
                words[span.start : span.end] = [word._replace(text=_TAKEN) for word in words[span.start : span.end]]
        yield from find_amounts(words)


def _order_number(span: Span) -> str:
    return str(span[-1].text)


def _date(span: Span) -> "str | None":
    words = [token.lower_ for token in span]
    if len(words) == 1:
        return _numeric_date(words[0])
    month = next(word for word in words if word in _MONTHS)
    numbers = [int(word) for word in words if word.isdigit()]
    day, year = numbers[0], numbers[1] if len(numbers) > 1 else None
    if month in _JALALI_MONTHS:
        if year:
            return _jalali(year, _JALALI_MONTHS[month], day)
        return f"{day} {_JALALI[_JALALI_MONTHS[month] - 1]}" if 1 <= day <= 31 else None
    if year:
        return _gregorian(year, _GREGORIAN_MONTHS[month], day)
    return f"{day} {_ENGLISH[_GREGORIAN_MONTHS[month] - 1].capitalize()}" if 1 <= day <= 31 else None


def _numeric_date(word: str) -> "str | None":
    first, month, last = (int(number) for number in re.split("[/-]", word))
    year, day = (first, last) if first > 31 else (last, first)
    return _jalali(year, month, day) if year < 1500 else _gregorian(year, month, day)


def _jalali(year: int, month: int, day: int) -> "str | None":
    # The last day of Esfand in a year that is no leap year is let pass.
    is_one = 1300 <= year < 1500 and 1 <= month <= 12 and 1 <= day <= (31 if month <= 6 else 30)
    return f"{year}/{month:02}/{day:02}" if is_one else None


def _gregorian(year: int, month: int, day: int) -> "str | None":
    is_one = 1900 <= year < 2100 and 1 <= month <= 12 and 1 <= day <= 31
    return f"{year}-{month:02}-{day:02}" if is_one else None


_READERS: "dict[str, Callable[[Span], str | None]]" = {
    Entities.ORDER_NUMBER: _order_number,
    Entities.DATE: _date,
}
