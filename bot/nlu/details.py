"""Order numbers, amounts of money and dates, found by spaCy's matcher."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import spacy
from spacy.matcher import Matcher
from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from bot.identifiers import Identifier
from bot.names import Entities

# The encoder reads no more of a message either.
_MAX_CHARACTERS = 2_000
# One character for one, so that offsets hold.
_FOLDED = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩يك٬٫", "0123456789" * 2 + "یک,.")
_WORD = re.compile(
    r"\d{1,4}[/-]\d{1,2}[/-]\d{1,4}(?!\d)|\d{1,3}(?:[,،]\d{3})+(?!\d)|\d+(?:\.\d+)?|[^\W\d_]+(?:[\u064b-\u0655\u200c]+[^\W\d_]*)*|\S"
)

_NUMBER_WORDS = {
    **{
        word: number for number, word in enumerate(["یک", "دو", "سه", "چهار", "پنج", "شش", "هفت", "هشت", "نه", "ده"], 1)
    },
    **{"بیست": 20, "سی": 30, "چهل": 40, "پنجاه": 50, "شصت": 60, "هفتاد": 70, "هشتاد": 80, "نود": 90, "صد": 100},
    **{"دویست": 200, "سیصد": 300, "چهارصد": 400, "پانصد": 500, "پونصد": 500, "ششصد": 600},
}
_MULTIPLIERS = {"هزار": 1_000, "میلیون": 1_000_000, "میلیارد": 1_000_000_000, "hezar": 1_000, "milion": 1_000_000}
_MULTIPLIERS |= {"thousand": 1_000, "k": 1_000, "million": 1_000_000, "m": 1_000_000}
_CURRENCIES = {
    **dict.fromkeys(
        ["تومان", "تومن", "تومنه", "تومانه", "تومنی", "تومانی", "toman", "tomans", "tooman", "tumen"], "toman"
    ),
    **dict.fromkeys(["ریال", "ریاله", "ریالی", "rial", "rials"], "rial"),
    **dict.fromkeys(["دلار", "دلاره", "دلاری", "dollar", "dollars", "usd", "$"], "dollar"),
}
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

_FIGURE = {"TEXT": {"REGEX": r"^\d{1,3}(?:[,،]\d{3})+$|^\d+(?:\.\d+)?$"}}
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
    Entities.AMOUNT: [
        [_FIGURE, {"LOWER": {"IN": [*_MULTIPLIERS]}, "OP": "?"}, {"LOWER": {"IN": [*_CURRENCIES]}}],
        [{"LOWER": {"IN": [*_NUMBER_WORDS]}}, {"LOWER": {"IN": [*_MULTIPLIERS]}}, {"LOWER": {"IN": [*_CURRENCIES]}}],
        [{"TEXT": "$"}, _FIGURE, {"LOWER": {"IN": ["k", "thousand"]}, "OP": "?"}],
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
        folded = text[:_MAX_CHARACTERS].translate(_FOLDED)
        places = [match.span() for match in _WORD.finditer(folded)]
        if not places:
            return
        document = Doc(self._vocabulary, words=[_without_surrogates(folded[start:end]) for start, end in places])
        for span in filter_spans(self._matcher(document, as_spans=True)):
            value = _READERS[span.label_](span)
            if value:
                yield Identifier(span.label_, value, places[span.start][0], places[span.end - 1][1])


def _without_surrogates(word: str) -> str:
    return word.encode("utf-8", "replace").decode("utf-8")


def _order_number(span: Span) -> str:
    return str(span[-1].text)


def _amount(span: Span) -> "str | None":
    words = [token.lower_ for token in span]
    currency = next(_CURRENCIES[word] for word in words if word in _CURRENCIES)
    number = next((_number(word) for word in words if word[0].isdigit() or word in _NUMBER_WORDS), 0.0)
    for word in words:
        number *= _MULTIPLIERS.get(word, 1)
    # Two places are enough for dollars; a whole number is written as one.
    return f"{round(number, 2):.15g} {currency}" if 0 < number < 1e15 else None


def _number(word: str) -> float:
    return float(_NUMBER_WORDS.get(word) or word.replace(",", "").replace("،", ""))


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
    Entities.AMOUNT: _amount,
    Entities.DATE: _date,
}
