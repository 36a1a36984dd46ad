"""Hears a request for a person in plain words: few ways to ask, but surely meant; the bot's intents know more."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sentiment.lexicon import words_of
from sentiment.patterns import Patterns

REQUESTS_FILE = Path(__file__).with_name("requests.yml")
# A longer message is a story; what it asks for, if it does, is for the bot to find.
LONGEST_WORDS = 60


@cache
def _requests() -> Patterns:
    return Patterns.read(REQUESTS_FILE, meant="asking")


def asks_for_person(text: str) -> bool:
    """Whether the text plainly asks for a person to take over."""
    words = words_of(text)
    if len(words) > LONGEST_WORDS:
        return False
    return _requests().stand_in(" ".join(words))
