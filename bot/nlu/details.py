"""Order numbers, found by spaCy's matcher, and the dates and amounts of money beside them."""

import re
from collections.abc import Iterator
from typing import Any

import spacy
from spacy.matcher import Matcher
from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from bot.identifiers import Identifier
from bot.names import Entities
from bot.nlu.amounts import find_amounts, is_money
from bot.nlu.dates import find_dates, spaced_date
from bot.nlu.words import Word, words_of

# A sign that is in no date and no amount.
_TAKEN = "|"

# How a word stands in the lists: without half-spaces and vowel signs, which people put in or leave out.
_MARKS = re.compile("[\u064b-\u0655\u200c]")

# Of a purchase people tell the price and the year as readily as its number.
_PURCHASE = ["خرید", "خریدم", "خریدمون", "purchase", "kharid", "kharidam"]
_ORDER = [
    *_PURCHASE,
    "سفارش",
    "سفارشم",
    "سفارشی",
    "سفارشمون",
    "order",
    "orders",
    "sefaresh",
    "sefareshe",
    "sefaresham",
]
# After these a number is one, whatever follows it.
_NUMBERING = ["شماره", "شمارهی", "شمارم", "شمارهاش", "کد", "number", "no", "id", "shomare", "shomareye", "#"]
_NAMING = [*_NUMBERING, "is", "به", "من", "man", ".", ":", "ی", "(", "[", "«", '"', "“"]
_NUMBER = {"TEXT": {"REGEX": r"^(?:[a-z]{1,4}-?)?\d{3,12}$"}}
_PATTERNS: list[list[dict[str, Any]]] = [
    [{"LOWER": {"IN": _ORDER}}, *[{"LOWER": {"IN": _NAMING}, "OP": "?"}] * 4, _NUMBER],
    [{"LOWER": {"IN": ["ord", "order"]}}, {"TEXT": {"IN": ["-", "–"]}}, _NUMBER],
]

# «سفارش ۱۰۰ عددی», "order 100 units"
_COUNTED = re.compile(
    r"عدد(?:ی|تا)?|تایی|نفر(?:ه|ی)?|کاربر(?:ه|ی)?|جلد(?:ی)?|بسته(?:ای)?|دونه(?:ای)?|دستگاه|درصد(?:ی)?|%"
    r"|units?|pcs|pieces?|boxes|copies|packs|packages|people|persons|users|seats|licen[cs]es|percent|adad|nafar"
)
# «سفارش ۱۰۰ تا»; but «سفارش ۱۲۳۴۵ تا الان نیومده».
_UP_TO = frozenset({"تا", "ta"})
_LONGEST_COUNT = 4
_UNTIL = re.compile("الان|حالا|امروز|امشب|دیروز|فردا|این|کنون|اکنون|کی|ساعت|آخر|alan|hala|emroo?z|emruz|farda|key")
_YEAR = re.compile(r"1[34]\d\d|20\d\d")


class DetailFinder:
    """Finds what an agent would ask for: `12345`, `AB-1234`, `450000 toman`, `1404/07/12`, `12 مهر`, `2025-10-04`."""

    def __init__(self) -> None:
        self._vocabulary = spacy.blank("xx").vocab
        self._matcher = Matcher(self._vocabulary)
        self._matcher.add(Entities.ORDER_NUMBER, _PATTERNS)

    def find(self, text: str) -> Iterator[Identifier]:
        """The details in a text, with offsets into the text as given."""
        words = words_of(text)
        if not words:
            return
        document = Doc(self._vocabulary, words=[_MARKS.sub("", word.text) or word.text for word in words])
        spans = [span for span in self._matcher(document, as_spans=True) if not _is_something_else(span, words)]
        for span in filter_spans(spans):
            value = span[-1].text.upper()
            yield Identifier(Entities.ORDER_NUMBER, value, words[span.start].start, words[span.end - 1].end)
            words[span.start : span.end] = [word._replace(text=_TAKEN) for word in words[span.start : span.end]]
        # What is an order's number or a date's year is no part of an amount.
        for start, end, date in list(find_dates(words)):
            yield date
            words[start:end] = [word._replace(text=_TAKEN) for word in words[start:end]]
        yield from find_amounts(words)


def _is_something_else(span: Span, words: list[Word]) -> bool:
    """Whether the number after an order is a price, a count, a date or a year."""
    number = span[-1].text
    said = [token.text for token in span.doc[max(span.start - 1, 0) : span.end]]
    if not number.isdecimal() or not set(said).isdisjoint(_NUMBERING):
        return False
    is_year = span[0].text in _PURCHASE and len(span) == 2 and bool(_YEAR.fullmatch(number))
    is_date = spaced_date(words, span.end - 1) is not None
    return is_year or is_date or _is_counting(number, words[span.end : span.end + 2])


def _is_counting(number: str, following: list[Word]) -> bool:
    next_one, then = [*(word.text for word in following), "", ""][:2]
    if next_one in _UP_TO:
        return len(number) <= _LONGEST_COUNT and not _UNTIL.fullmatch(then)
    return bool(following) and (is_money(following[0]) or bool(_COUNTED.fullmatch(next_one)))
