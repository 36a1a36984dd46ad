"""Hears in plain words that a life may be in danger: few ways to say so, and none that is left to a model to weigh."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sentiment.lexicon import typed_words_of, words_of
from sentiment.patterns import Patterns

DANGER_FILE = Path(__file__).with_name("danger.yml")
# Not a signal of the model, which has no say in it; it is kept with the signals of a message.
DANGER = "danger"
# As much as a contact may write at once.
_READ_CHARACTERS = 10_000


@cache
def _dangers() -> Patterns:
    return Patterns.read(DANGER_FILE, meant="danger")


def is_in_danger(text: str) -> bool:
    """Whether somebody speaks of killing or harming themselves, or of a life in danger. Takes any str.

    It is a net for what is said plainly, in Persian, English and Finglish; never rely on it to notice everybody.
    """
    text = text[:_READ_CHARACTERS]
    # As typed as well: Finglish that stands in a Persian message, or that is spelt as nobody spells it.
    lines = {" ".join(words_of(text)), " ".join(typed_words_of(text))}
    return any(map(_dangers().stand_in, lines))
