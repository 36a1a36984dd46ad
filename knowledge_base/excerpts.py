"""The part of an article that answers a question, short enough for a chat."""

import re
from collections.abc import Sequence, Set
from functools import lru_cache

from knowledge_base.lexical import terms
from knowledge_base.question import matching_form

MAX_CHARACTERS = 480
# What the words of a passage count for beside its standardised likeness in meaning, when the answering one is chosen.
WORDS_WEIGHT = 3.0
# Articles answer their question first and go into detail after: what each place further down costs.
PLACE_COST = 0.3
# Passages and sentences whose matching form is kept, since finding it takes long: 2 MB at the most.
FORMS_KEPT = 1_000
# A line, or a sentence within one.
PIECE = re.compile(r"[^\n]+?(?:[.!?؟…](?=\s)|$)", re.MULTILINE)
CUT = "…"


def answering_part(question: str, passages: Sequence[str], likeness: Sequence[float]) -> str | None:
    """What answers a question, of an article's passages in order with their likeness in meaning; none without any."""
    asked = _terms(question)
    fitness = [
        like + WORDS_WEIGHT * overlap(asked, text) - PLACE_COST * place
        for place, (text, like) in enumerate(zip(passages, likeness, strict=True))
    ]
    return _excerpt(passages[fitness.index(max(fitness))], asked) if fitness else None


def excerpt(text: str, question: str) -> str:
    """The sentences around the one nearest to the question; the whole text where it is short."""
    return _excerpt(text, _terms(question))


def opening(summary: str, passages: Sequence[str]) -> str:
    """What an article says in short: its summary, and its first passage where that fits beside it."""
    first = passages[0] if passages else ""
    room = MAX_CHARACTERS - len(summary)
    return f"{summary}\n\n{first}".strip() if len(first) <= room else summary or excerpt(first, "")


def overlap(asked: Set[str], text: str) -> float:
    """The share of a question's terms that a text holds."""
    return len(asked & _terms(text)) / len(asked) if asked else 0.0


def _terms(text: str) -> Set[str]:
    """The words and 4-grams of a text as written."""
    return set(terms(_kept_form(text)))


@lru_cache(FORMS_KEPT)
def _kept_form(text: str) -> str:
    return matching_form(text)


def _excerpt(text: str, asked: Set[str]) -> str:
    if len(text) <= MAX_CHARACTERS:
        return text
    pieces = [match.span() for match in PIECE.finditer(text)]
    first = last = _nearest([text[start:end] for start, end in pieces], asked)
    while True:
        # What follows a sentence explains it more often than what precedes it.
        if last + 1 < len(pieces) and pieces[last + 1][1] - pieces[first][0] <= MAX_CHARACTERS:
            last += 1
        elif first > 0 and pieces[last][1] - pieces[first - 1][0] <= MAX_CHARACTERS:
            first -= 1
        else:
            break
    whole = text[pieces[first][0] : pieces[last][1]].strip()
    part = _beginning(whole)
    opening = f"{CUT} " if first > 0 else ""
    return f"{opening}{part}{f' {CUT}' if last + 1 < len(pieces) or part != whole else ''}"


def _beginning(text: str) -> str:
    """As many whole words as there is room for."""
    if len(text) <= MAX_CHARACTERS:
        return text
    words = text[: MAX_CHARACTERS + 1].rpartition(" ")[0].rstrip()
    return words or text[:MAX_CHARACTERS]


def _nearest(pieces: Sequence[str], asked: Set[str]) -> int:
    scores = [overlap(asked, piece) for piece in pieces]
    return scores.index(max(scores))
