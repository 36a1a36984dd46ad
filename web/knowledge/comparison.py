"""Two texts of one article beside each other."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from itertools import zip_longest

from knowledge_base.enums import Visibility
from knowledge_base.schemas import ArticleDraft
from web.knowledge.days import write_day
from web.knowledge.words import VISIBILITIES
from web.translation import translate

# Beyond this many lines, those that stand everywhere are no landmarks any more: comparing each with each takes minutes.
MOST_LANDMARKS = 2_000

# Lines that share less than this are two lines, not one that was changed.
SAME_LINE = 0.5
# Comparing more words with each other takes too long: such a line is shown as changed in whole.
MOST_WORDS = 1_000
# Each with the space behind it; the half-space stands inside of words.
_WORDS = re.compile(r"(?:[\w\u200c]+|[^\w\s]|^)\s*")

FIELDS = ("title", "summary", "body", "questions", "category", "reviewed_on", "review_due_on", "visibility")


@dataclass(frozen=True)
class Part:
    """A piece of a line, and whether the line beside it has it too."""

    text: str
    same: bool


@dataclass(frozen=True)
class Row:
    """A line on each side, or none on one of them."""

    left: str | None
    right: str | None
    same: bool

    @property
    def parts(self) -> tuple[list[Part], list[Part]]:
        """Each side's line in pieces; of a line that is one on both sides, only what was changed differs."""
        if self.left is None or self.right is None:
            return _whole(self.left, self.same), _whole(self.right, self.same)
        words = _WORDS.findall(self.left), _WORDS.findall(self.right)
        matcher = SequenceMatcher(None, *words, autojunk=False)
        if self.same or max(map(len, words)) > MOST_WORDS or matcher.ratio() < SAME_LINE:
            return _whole(self.left, self.same), _whole(self.right, self.same)
        changes = matcher.get_opcodes()
        return (
            _joined(words[0], [(tag == "equal", a, b) for tag, a, b, _c, _d in changes]),
            _joined(words[1], [(tag == "equal", c, d) for tag, _a, _b, c, d in changes]),
        )


@dataclass(frozen=True)
class FieldComparison:
    """One field of both texts."""

    field: str
    rows: list[Row]

    @property
    def same(self) -> bool:
        return all(row.same for row in self.rows)


def compare(left: ArticleDraft, right: ArticleDraft, *, language: str) -> list[FieldComparison]:
    """Every field of two drafts, line by line, for a reader of this language; nothing is left out of either."""
    return [FieldComparison(name, _rows(*(_lines(one, name, language) for one in (left, right)))) for name in FIELDS]


def _rows(left: list[str], right: list[str]) -> list[Row]:
    rows: list[Row] = []
    matcher = SequenceMatcher(None, left, right, autojunk=max(len(left), len(right)) > MOST_LANDMARKS)
    for tag, a, b, c, d in matcher.get_opcodes():
        rows += [Row(one, other, tag == "equal") for one, other in zip_longest(left[a:b], right[c:d])]
    return rows


def _lines(draft: ArticleDraft, name: str, language: str) -> list[str]:
    content = getattr(draft, name)
    if isinstance(content, list):
        return content
    if isinstance(content, date):
        return [write_day(content, language)]
    if isinstance(content, Visibility):
        return [translate(VISIBILITIES[content], language)]
    return content.splitlines() if content else []


def _whole(line: str | None, same: bool) -> list[Part]:
    return [] if line is None else [Part(line, same)]


def _joined(words: Sequence[str], pieces: Sequence[tuple[bool, int, int]]) -> list[Part]:
    return [Part("".join(words[start:end]), same) for same, start, end in pieces if start < end]
