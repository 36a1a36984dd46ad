"""A message's words as details are looked for in it: one kind of digits and letters, each at its original place."""

import re
from typing import NamedTuple

# The encoder reads no more of a message either.
_MAX_CHARACTERS = 2_000
# One character for one, so that offsets hold.
_FOLDED = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩يك٬٫", "0123456789" * 2 + "یک,.")
# A figure keeps its separators: half of `1.299,99` would be an amount that nobody named.
_WORD = re.compile(
    r"(?<![^\W\d_])(?!(?:usd|eur|gbp|irr|irt|hm|ord|order)-?\d)[a-z]{1,4}-?\d{3,12}(?![a-z\d])"
    r"|\d{1,4}-\d{1,2}-\d{1,4}(?!\d)|\d{1,4}(?:[.,،/']\d+)+|\d+(?:\.\d+)?"
    r"|[^\W\d_]+(?:[\u064b-\u0655\u200c]+[^\W\d_]*)*|\S",
    re.IGNORECASE,
)


class Word(NamedTuple):
    """One word in small letters, and where it stands in the text as written."""

    text: str
    start: int
    end: int


def words_of(text: str) -> list[Word]:
    """The words, figures and signs of a text."""
    folded = text[:_MAX_CHARACTERS].translate(_FOLDED)
    # A lone surrogate is nothing that spaCy could take.
    return [
        Word(match[0].encode("utf-8", "replace").decode("utf-8").lower(), match.start(), match.end())
        for match in _WORD.finditer(folded)
    ]
