"""Phone numbers as people look for them."""

import re

from language.normalise import normalise

_PHONE = re.compile(r"\+?[\d\s()-]+")
# How a number begins depends on who dials; what is left is one where it has so many digits.
_PREFIX = re.compile(r"^(?:00)?(?:98)?0?")
FEWEST_DIGITS = 7


def dialled_digits(words: str) -> str:
    """The digits of a phone number that are the same from wherever it is dialled; none where this is no such number."""
    words = normalise(words)
    digits = _PREFIX.sub("", re.sub(r"\D", "", words))
    return digits if _PHONE.fullmatch(words) and len(digits) >= FEWEST_DIGITS else ""
