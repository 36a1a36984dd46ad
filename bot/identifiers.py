"""Find ticket numbers, e-mail addresses and phone numbers in a message, whatever digits it is written in.

Standard library only: the entity extractor (3.10) and the ticket form's validation (3.11) share it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bot.names import Entities

_LATIN_DIGITS: Final = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "0123456789" * 2)
_DASHES: Final = str.maketrans("‐‑‒–—−ـ", "-------")

# `\b` is no help here: Persian letters are word characters too, and people write «تیکتHM-12» without a space.
_TICKET_NUMBER: Final = re.compile(r"(?<![A-Za-z0-9])hm\s?[-_]?\s?(\d{1,9})(?!\d)", re.IGNORECASE)
_EMAIL: Final = re.compile(
    r"(?<![a-z0-9_.%+-])[a-z0-9._%+-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}(?![a-z0-9-])", re.IGNORECASE
)
# A mobile (09..., +989...) or a landline with its area code (021...).
_PHONE: Final = re.compile(
    r"(?<!\d)\(?(?:(?:\+|00)98[-\s()]{0,2}(?:0[-\s()]{0,2})?|0)([1-9](?:[-\s()]{0,2}\d){9})(?!\d)"
)
# Of another country: 8 to 15 digits, and a plus that no price has.
_FOREIGN_PHONE: Final = re.compile(r"(?<![\d+])\+(?!98)([1-9](?:[-\s().]{0,2}\d){7,14})(?!\d)")
# Where nothing but a contact detail was asked for, what else might be an order's number is one too.
_BARE_PHONE: Final = re.compile(r"(?<!\d)(?:98[-\s]?)?(9(?:[-\s]?\d){9})(?!\d)")
_BARE_FOREIGN_PHONE: Final = re.compile(r"(?<!\d)00(?!98)([1-9](?:[-\s().]{0,2}\d){7,14})(?!\d)")


# "4 out of 5": the five is the scale, not the rating.
_OUT_OF_FIVE: Final = re.compile(r"(?:\bout of|\baz|از|/)\s*5(?!\d)", re.IGNORECASE)


# "5 stars? Not at all", «۵ ستاره نبود»: but not "1, as you did not help", which says why.
_DENIED_RATING: Final = re.compile(
    r"[1-5](?!\d)(?:\s+(?!چون|چرا|زیرا|که|ولی|because|since|as|but)[^\s.،,؛;!?؟\d]+){0,3}\s*[?؟]?[\s،,]*"
    r"(?:(?<!\w)(?:نبود\w*|نیست\w*|نمی[\u200c ]?(?:د|ده)م|نه|اصلاً? نه|ابداً?|nabud|nist|nemidam)(?!\w)"
    r"|\b(?:not at all|no way|not really|hardly|isn'?t|wasn'?t|it (?:is|was) not|nope|never|as if|yeah,? right)\b)"
    r"|\b(?:not|never|won'?t give(?: you)?|don'?t give(?: you)?|no)\s+(?:a\s+|even\s+)?[1-5](?!\d)"
    r"|(?<!\w)نه\s+[1-5](?!\d)",
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
    # Both translations map one character to one character, so offsets hold.
    folded = text.translate(_LATIN_DIGITS).translate(_DASHES)
    for match in _TICKET_NUMBER.finditer(folded):
        yield Identifier(Entities.TICKET_NUMBER, f"HM-{match[1]}", match.start(), match.end())
    for match in _EMAIL.finditer(folded):
        yield Identifier(Entities.EMAIL, match[0].lower(), match.start(), match.end())
    for match in _PHONE.finditer(folded):
        yield Identifier(Entities.PHONE, "0" + _digits_of(match), match.start(), match.end())
    for match in _FOREIGN_PHONE.finditer(folded):
        yield Identifier(Entities.PHONE, "+" + _digits_of(match), match.start(), match.end())


def find_ticket_number(text: str) -> str | None:
    """The first ticket number in a text, in canonical form."""
    return next((found.value for found in find_identifiers(text) if found.entity == Entities.TICKET_NUMBER), None)


def find_contact_detail(text: str) -> str | None:
    """The first e-mail address or phone number in a text, in canonical form."""
    wanted = (Entities.EMAIL, Entities.PHONE)
    named = next((found.value for found in find_identifiers(text) if found.entity in wanted), None)
    return named or _find_bare_phone(text)


def _find_bare_phone(text: str) -> str | None:
    """A mobile without its zero or plus, or a number of another country with its two zeros."""
    folded = text.translate(_LATIN_DIGITS).translate(_DASHES)
    if mobile := _BARE_PHONE.search(folded):
        return "0" + _digits_of(mobile)
    foreign = _BARE_FOREIGN_PHONE.search(folded)
    return "+" + _digits_of(foreign) if foreign else None


def _digits_of(match: re.Match[str]) -> str:
    return re.sub(r"\D", "", match[1])


def find_rating(text: str) -> int | None:
    """The one number from 1 to 5 in a text; nothing if there is none, several different ones, or one that is denied."""
    folded = _OUT_OF_FIVE.sub(" ", text.translate(_LATIN_DIGITS))
    if _DENIED_RATING.search(folded):
        return None
    # A number of more than nine digits falls apart into several, none of them a rating.
    numbers = {int(number) for number in re.findall(r"\d{1,9}", folded)}
    return next((number for number in numbers if 1 <= number <= 5), None) if len(numbers) == 1 else None
