"""Two texts of one article beside each other."""

from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

from knowledge_base.schemas import ArticleDraft

# Beyond this many lines, those that stand everywhere are no landmarks any more: comparing each with each takes minutes.
MOST_LANDMARKS = 2_000

FIELDS = ("title", "summary", "body", "questions", "category", "reviewed_on", "review_due_on", "visibility")


@dataclass(frozen=True)
class Row:
    """A line on each side, or none on one of them."""

    left: str | None
    right: str | None
    same: bool


@dataclass(frozen=True)
class FieldComparison:
    """One field of both texts."""

    field: str
    rows: list[Row]

    @property
    def same(self) -> bool:
        return all(row.same for row in self.rows)


def compare(left: ArticleDraft, right: ArticleDraft) -> list[FieldComparison]:
    """Every field of two drafts, line by line; nothing is left out of either."""
    return [FieldComparison(name, _rows(_lines(left, name), _lines(right, name))) for name in FIELDS]


def _rows(left: list[str], right: list[str]) -> list[Row]:
    rows: list[Row] = []
    matcher = SequenceMatcher(None, left, right, autojunk=max(len(left), len(right)) > MOST_LANDMARKS)
    for tag, a, b, c, d in matcher.get_opcodes():
        rows += [Row(one, other, tag == "equal") for one, other in zip_longest(left[a:b], right[c:d])]
    return rows


def _lines(draft: ArticleDraft, name: str) -> list[str]:
    content = getattr(draft, name)
    if isinstance(content, list):
        return content
    return str(content).splitlines() if content else []
