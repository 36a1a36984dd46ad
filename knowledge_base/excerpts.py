"""The part of an article that answers a question, short enough for a chat."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from knowledge_base.lexical import terms
from knowledge_base.passages import BULLET, PassageText
from knowledge_base.question import matching_form

MAX_CHARACTERS = 480
# What the words of a passage count for beside its standardised likeness in meaning, when the answering one is chosen.
WORDS_WEIGHT = 3.0
# Articles answer their question first and go into detail after: what each place further down costs.
PLACE_COST = 0.2
# Two passages so near to each other in fitness are both shown, where they are not longer than this together.
NEAR = 0.75
MOST_TOGETHER = 600
# Passages and sentences whose matching form is kept, since finding it takes long: 2 MB at the most.
FORMS_KEPT = 1_000
# A line, or a sentence within one.
PIECE = re.compile(r"[^\n]+?(?:[.!?؟…](?=\s)|$)", re.MULTILINE)
LINE = re.compile(r"[^\n]+")
# "Name: value", as passages write the rows of tables.
ROW = re.compile(r"(?![•\d])[^\n:]{1,80}: \S.*")
ITEM = re.compile(rf"{BULLET}|\d+\. ")
BETWEEN_COLUMNS = " · "
# Fewer lines with a colon are no table.
ROWS_AT_LEAST = 3
CUT = "…"
QUESTION_MARKS = ("?", "؟")
# A text that begins so answers, or goes on with, what only its heading says.
LEANING = re.compile(
    r"(?:نه|بله|خیر|پس|این|آن|اینها|آنها|چون|تا|بعد|از|برای|no|yes|then|it|its|this|that|these|those|they|because|"
    r"until|after|from|for)\b",
    re.IGNORECASE,
)

Weigh = Callable[[str], float]


def _alike(_term: str) -> float:
    return 1.0


@dataclass(frozen=True)
class Wanted:
    """What is looked for in the passages of an article: the terms of each wording, with what each is worth."""

    wordings: Sequence[Mapping[str, float]]

    def share_in(self, text: str) -> float:
        """How much of what is wanted a text holds, on average over the wordings."""
        held = _terms(text)
        shares = [_share(worth, held) for worth in self.wordings]
        return sum(shares) / len(shares) if shares else 0.0


def wanted(wordings: Sequence[str], *, title: str = "", weigh: Weigh = _alike) -> Wanted:
    """What wordings of a question look for in an article; every passage is about what its title says."""
    said = _terms(title)
    return Wanted([{term: weigh(term) for term in _terms(one) - said} for one in wordings])


def answering_part(wanted: Wanted, passages: Sequence[PassageText], likeness: Sequence[float]) -> str | None:
    """What answers, of an article's passages in order with their likeness in meaning; none without any.

    Two passages where it is not clear which of them answers and both are short.
    """
    if not passages:
        return None
    fitness = [
        like + WORDS_WEIGHT * wanted.share_in("\n".join((*one.headings, one.text))) - PLACE_COST * place
        for place, (one, like) in enumerate(zip(passages, likeness, strict=True))
    ]
    best, *others = sorted(range(len(passages)), key=lambda place: -fitness[place])
    near = [passages[place] for place in (best, *others[:1]) if fitness[best] - fitness[place] <= NEAR]
    together = "\n\n".join(map(_under_heading, near))
    if len(near) > 1 and len(together) <= MOST_TOGETHER:
        return together
    part = _excerpt(near[0].text, wanted)
    return _under_heading(near[0], part) if _needs_heading(near[0], part) else part


def excerpt(text: str, question: str) -> str:
    """The sentences around the one nearest to the question; the whole text where it is short."""
    return _excerpt(text, wanted([question]))


def opening(summary: str, passages: Sequence[str]) -> str:
    """What an article says in short: its summary, and its first passage where that fits beside it."""
    first = passages[0] if passages else ""
    room = MAX_CHARACTERS - len(summary)
    return f"{summary}\n\n{first}".strip() if len(first) <= room else summary or excerpt(first, "")


def _share(worth: Mapping[str, float], held: frozenset[str]) -> float:
    total = sum(worth.values())
    return sum(weight for term, weight in worth.items() if term in held) / total if total else 0.0


def _terms(text: str) -> frozenset[str]:
    """The words and 4-grams of a text as written."""
    return frozenset(terms(_kept_form(text)))


@lru_cache(FORMS_KEPT)
def _kept_form(text: str) -> str:
    return matching_form(text)


def _needs_heading(passage: PassageText, part: str) -> bool:
    """Whether a text cannot be understood without the heading above it: an answer to it, a list, rows of a table."""
    asks = bool(passage.headings) and passage.headings[-1].endswith(QUESTION_MARKS)
    first = part.partition("\n")[0]
    return asks or bool(ITEM.match(part) or LEANING.match(part) or ROW.fullmatch(first))


def _under_heading(passage: PassageText, part: str | None = None) -> str:
    return "\n".join((*passage.headings[-1:], passage.text if part is None else part))


def _excerpt(text: str, wanted: Wanted) -> str:
    if len(text) <= MAX_CHARACTERS:
        return text
    pieces = list(_pieces(text))
    first = last = _nearest([text[start:end] for start, end in pieces], wanted)
    while True:
        # What follows a sentence explains it more often than what precedes it.
        if last + 1 < len(pieces) and pieces[last + 1][1] - pieces[first][0] <= MAX_CHARACTERS:
            last += 1
        elif first > 0 and pieces[last][1] - pieces[first - 1][0] <= MAX_CHARACTERS:
            first -= 1
        else:
            break
    whole = text[pieces[first][0] : pieces[last][1]].strip()
    part = _some_rows(whole, wanted) if _is_table(whole) else _beginning(whole)
    opening = f"{CUT} " if first > 0 else ""
    return f"{opening}{part}{f' {CUT}' if last + 1 < len(pieces) or part != whole else ''}"


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """Where the sentences of a text begin and end; a table is one piece."""
    lines = [match.span() for match in LINE.finditer(text)]
    for is_row, group in groupby(lines, key=lambda line: bool(ROW.fullmatch(text, *line))):
        run = list(group)
        start, end = run[0][0], run[-1][1]
        if is_row and len(run) >= ROWS_AT_LEAST:
            yield start, end
        else:
            yield from (match.span() for match in PIECE.finditer(text, start, end))


def _is_table(text: str) -> bool:
    lines = text.splitlines()
    return len(lines) >= ROWS_AT_LEAST and all(ROW.fullmatch(line) for line in lines)


def _some_rows(table: str, wanted: Wanted) -> str:
    """The names of the columns and the rows that are wanted, as many as there is room for, in their order."""
    rows = table.splitlines()
    if len(table) <= MAX_CHARACTERS:
        return table
    header = rows[:1] if BETWEEN_COLUMNS not in rows[0] else []
    others = range(len(header), len(rows))
    shares = {place: wanted.share_in(rows[place]) for place in others}
    named = [place for place in others if shares[place] > 0] or list(others)
    kept: list[int] = []
    room = MAX_CHARACTERS - sum(map(len, header))
    for place in sorted(named, key=lambda place: -shares[place]):
        if len(rows[place]) < room:
            kept.append(place)
            room -= len(rows[place]) + 1
    return "\n".join([*header, *(rows[place] for place in sorted(kept))]) or _beginning(table)


def _beginning(text: str) -> str:
    """As many whole words as there is room for."""
    if len(text) <= MAX_CHARACTERS:
        return text
    words = text[: MAX_CHARACTERS + 1].rpartition(" ")[0].rstrip()
    return words or text[:MAX_CHARACTERS]


def _nearest(pieces: Sequence[str], wanted: Wanted) -> int:
    scores = [wanted.share_in(piece) for piece in pieces]
    return scores.index(max(scores))
