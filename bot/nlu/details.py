"""Order numbers, found by spaCy's matcher, and the dates and amounts of money beside them."""

from collections.abc import Iterator
from typing import Any

import spacy
from spacy.matcher import Matcher
from spacy.tokens import Doc
from spacy.util import filter_spans

from bot.identifiers import Identifier
from bot.names import Entities
from bot.nlu.amounts import find_amounts
from bot.nlu.dates import find_dates
from bot.nlu.words import words_of

# A sign that is in no date and no amount.
_TAKEN = "|"

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
_NUMBER = {"TEXT": {"REGEX": r"^(?:[a-z]{1,4}-?)?\d{3,12}$"}}
_PATTERNS: list[list[dict[str, Any]]] = [
    [{"LOWER": {"IN": _ORDER}}, *[{"LOWER": {"IN": _NAMING}, "OP": "?"}] * 3, _NUMBER],
    [{"LOWER": {"IN": ["ord", "order"]}}, {"TEXT": {"IN": ["-", "–"]}}, _NUMBER],
]


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
        document = Doc(self._vocabulary, words=[word.text for word in words])
        for span in filter_spans(self._matcher(document, as_spans=True)):
            value = span[-1].text.upper()
            yield Identifier(Entities.ORDER_NUMBER, value, words[span.start].start, words[span.end - 1].end)
            words[span.start : span.end] = [word._replace(text=_TAKEN) for word in words[span.start : span.end]]
        # What is an order's number or a date's year is no part of an amount.
        for start, end, date in list(find_dates(words)):
            yield date
            words[start:end] = [word._replace(text=_TAKEN) for word in words[start:end]]
        yield from find_amounts(words)
