"""Where the words that somebody looked for are in a text, which is shown as it was written."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from language.normalise import same_letters

# Two lines of the list.
LENGTH = 100
# How much of the text is shown before what was found.
BEFORE = 30
# Half-space, joiner, tatweel and vowel signs, which are not looked for; few, so that no text takes long.
_BETWEEN = "[\u200c\u200d\u0640\u064b-\u0655\u0670]{0,3}"
# A letter written many times over for emphasis is found by one of them.
_LONGEST_RUN = 20
_RUN = re.compile(r"(.)\1*", re.DOTALL)


@dataclass(frozen=True)
class Piece:
    """A stretch of a text, and whether it was looked for."""

    text: str
    is_found: bool = False


def marked(text: str, parts: Sequence[str]) -> list[Piece]:
    """The whole text, in pieces; none where it has none of these normalised parts of words."""
    folded = same_letters(text)
    pieces, place = [], 0
    for match in _pattern(parts).finditer(folded):
        pieces += [Piece(text[place : match.start()]), Piece(text[match.start() : match.end()], is_found=True)]
        place = match.end()
    return [piece for piece in (*pieces, Piece(text[place:])) if piece.text] if pieces else []


def excerpt(text: str, parts: Sequence[str]) -> list[Piece]:
    """The text around the longest of what was found; nothing where it has none of the parts."""
    found = max(_pattern(parts).finditer(same_letters(text)), key=lambda match: len(match[0]), default=None)
    if found is None:
        return []
    start, end = max(0, found.start() - BEFORE), len(text)
    # Of whole words, where there are spaces.
    if start:
        start = text.find(" ", start, found.start()) + 1 or start
    if end > start + LENGTH:
        end = max(found.end(), text.rfind(" ", found.end(), start + LENGTH))
    before, after = ([Piece("…")] if cut else [] for cut in (start > 0, end < len(text)))
    return [*before, *marked(text[start:end], parts), *after]


def _pattern(parts: Sequence[str]) -> re.Pattern[str]:
    ways = (_BETWEEN.join(_written(run[0]) for run in _RUN.finditer(part)) for part in sorted(parts, key=len)[::-1])
    return re.compile("|".join(ways), re.IGNORECASE)


def _written(run: str) -> str:
    if run[0].isdecimal():
        return re.escape(run)
    return f"{re.escape(run[0])}{{{len(run)},{max(len(run), _LONGEST_RUN)}}}"
