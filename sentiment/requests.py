"""Hears a request for a person in plain words: few ways to ask, but surely meant; the bot's intents know more."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from sentiment.lexicon import words_of

REQUESTS_FILE = Path(__file__).with_name("requests.yml")
# A longer message is a story; what it asks for, if it does, is for the bot to find.
LONGEST_WORDS = 60


@dataclass(frozen=True)
class _Requests:
    never: re.Pattern[str]
    asking: re.Pattern[str]


@cache
def _requests() -> _Requests:
    content = yaml.safe_load(REQUESTS_FILE.read_text(encoding="utf-8"))
    never, asking = (
        re.compile("|".join(f"(?:{line.format(**content['parts'])})" for line in content[group]))
        for group in ("never", "asking")
    )
    return _Requests(never, asking)


def asks_for_person(text: str) -> bool:
    """Whether the text plainly asks for a person to take over."""
    words = words_of(text)
    if len(words) > LONGEST_WORDS:
        return False
    line = _requests().never.sub(" ", " ".join(words))
    return bool(_requests().asking.search(line))
