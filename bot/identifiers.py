"""Find ticket numbers, e-mail addresses and phone numbers in a message, whatever digits it is written in.

Standard library and `language` only: the entity extractor (3.10) and the actions (3.11) share it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bot.names import Entities
from language.contact_details import find_emails, find_phones, folded_numbers

# `\b` is no help here: Persian letters are word characters too, and people write «تیکتHM-12» without a space.
_TICKET_NUMBER: Final = re.compile(r"(?<![A-Za-z0-9])hm\s?[-_]?\s?(\d{1,9})(?!\d)", re.IGNORECASE)

_TICKET_WORD: Final = re.compile(r"تیکت|\bti(?:c|k|ck)et|\bhm\b", re.IGNORECASE)
_NUMBER_ALONE: Final = re.compile(
    r"\W*(?:(?:همون|همین|اون|این|شماره\S*|تیکت\S*|پیگیری|وضعیت|کد|اینه|اون یکی|it'?s|it is|number|no|the|that|one|is"
    r"|ticket|status|of|track|follow up|shomare\w*|peygiri|vaziat|hamun)"
    r"[\s:#]+){0,4}(\d{1,9})(?:\s+(?:است|هست|هستش|بود|رو|لطفا|please|e))*\W*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Identifier:
    """One finding: its entity, its canonical value, and where it stands in the text as written."""

    entity: str
    value: str
    start: int
    end: int


def find_identifiers(text: str) -> Iterator[Identifier]:
    """All identifiers in a text, with offsets into the text as given."""
    for match in _TICKET_NUMBER.finditer(folded_numbers(text)):
        yield Identifier(Entities.TICKET_NUMBER, f"HM-{match[1]}", match.start(), match.end())
    for found in find_emails(text):
        yield Identifier(Entities.EMAIL, *found)
    for found in find_phones(text):
        yield Identifier(Entities.PHONE, *found)


def find_ticket_number(text: str) -> str | None:
    """The first ticket number in a text, in canonical form."""
    return next((found.value for found in find_identifiers(text) if found.entity == Entities.TICKET_NUMBER), None)


def names_ticket(text: str) -> bool:
    """Whether a text speaks of a ticket."""
    return bool(_TICKET_WORD.search(folded_numbers(text)))


def number_alone(text: str) -> "int | None":
    """The number of a message that says no more: «۱۰۲۳», "it's 1023"."""
    alone = _NUMBER_ALONE.fullmatch(folded_numbers(text[:100]))
    return int(alone[1]) if alone else None
