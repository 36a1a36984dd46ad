"""What a complaint is about, as far as an apology can name it: found by the words of `problems.yml`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sentiment.lexicon import Lexicon, words_of

PROBLEMS_FILE = Path(__file__).with_name("problems.yml")
# The group of words that are none of any problem's.
NEVER = "never"


@cache
def _problems() -> Lexicon:
    return Lexicon.read(PROBLEMS_FILE)


def problem_of(text: str) -> str | None:
    """The problem that most words of the text speak of, the first in the file among equals; `None` for another one."""
    problems = dict(_problems().groups)
    never = problems.pop(NEVER).words
    words = words_of(text)
    telling = [word for word in words if word not in never]
    counts = {name: sum(map(group.holds, telling)) + group.count_phrases(words) for name, group in problems.items()}
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] else None
