"""Finds e-mail addresses and phone numbers in a text, whatever digits it is written in. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from language.normalise import same_letters

_DASHES: Final = str.maketrans("‐‑‒–—−ـ", "-------")
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


class Address(NamedTuple):
    """An e-mail address or a phone number in canonical form, and where it stands in the text as written."""

    value: str
    start: int
    end: int


def folded_numbers(text: str) -> str:
    """The text with Latin digits and one kind of dash, character for character."""
    return same_letters(text).translate(_DASHES)


def find_emails(text: str) -> Iterator[Address]:
    """All e-mail addresses, in lower case."""
    for match in _EMAIL.finditer(folded_numbers(text)):
        yield Address(match[0].lower(), match.start(), match.end())


def find_phones(text: str) -> Iterator[Address]:
    """All phone numbers that are surely some: `09121234567`, `+4915112345678`."""
    folded = folded_numbers(text)
    for pattern, prefix in ((_PHONE, "0"), (_FOREIGN_PHONE, "+")):
        for match in pattern.finditer(folded):
            yield Address(prefix + _digits_of(match), match.start(), match.end())


def find_contact_detail(text: str, *, is_asked_for: bool = True) -> str | None:
    """The first e-mail address or phone number in a text, in canonical form.

    Where one was asked for, ten digits that begin with a nine are a number too.
    """
    named = next((found.value for find in (find_emails, find_phones) for found in find(text)), None)
    return named or (_find_bare_phone(folded_numbers(text)) if is_asked_for else None)


def _find_bare_phone(folded: str) -> str | None:
    """A mobile without its zero or plus, or a number of another country with its two zeros."""
    if mobile := _BARE_PHONE.search(folded):
        return "0" + _digits_of(mobile)
    foreign = _BARE_FOREIGN_PHONE.search(folded)
    return "+" + _digits_of(foreign) if foreign else None


def _digits_of(match: re.Match[str]) -> str:
    return re.sub(r"\D", "", match[1])
