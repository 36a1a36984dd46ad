"""The lexicon of feeling: words and phrases in groups, matched on the normalised form of a text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml

from language.detection import Language, detect
from language.finglish import is_known, to_persian
from language.normalise import normalise

LEXICON_FILE = Path(__file__).with_name("lexicon.yml")

# A letter or digit run with inner apostrophes: "don't" is one word.
_WORD = re.compile(r"\w+(?:'\w+)*")
# The normalised form has a space for the half-space; these prefixes are joined to their word, however they were typed.
_DETACHED_PREFIX = re.compile(r"\b(ن?می|بی) (?=\w)")
_ENDINGS = (
    *("هاتون", "هامون", "هاشون", "ترین", "های", "هاش", "هام", "تون", "مون", "شون", "ها", "تر", "ست", "اش", "ام"),
    *("اید", "اند", "یم", "ید", "ند", "ا", "ه", "س", "ی", "م", "ش", "ن", "و"),
    *("ing", "ed", "ly", "es", "s", "d", "ha", "a", "e"),
)
_SHORTEST_STEM = 3  # Shorter ones collide: "بده" (give) is not "بد" (bad).


@dataclass(frozen=True)
class WordGroup:
    """Words found by look-up and phrases found as written."""

    words: frozenset[str]
    phrases: tuple[str, ...]

    def holds(self, token: str) -> bool:
        """Whether the token, or the token without one common ending, is a word of the group."""
        return token in self.words or any(stem in self.words for stem in stems_of(token))

    def count_phrases(self, tokens: Sequence[str]) -> int:
        """How often phrases of the group stand in the tokens; the last word of a phrase may go on."""
        line = f" {' '.join(tokens)}"
        return sum(line.count(phrase) for phrase in self.phrases)

    def count(self, tokens: Sequence[str]) -> int:
        """How many words and phrases of the group stand in the tokens."""
        return sum(map(self.holds, tokens)) + self.count_phrases(tokens)


@dataclass(frozen=True)
class Lexicon:
    """All groups by name, and the emoji of each mood."""

    groups: dict[str, WordGroup]
    emoji: dict[str, frozenset[str]]

    def __getitem__(self, group: str) -> WordGroup:
        return self.groups[group]

    @classmethod
    def read(cls, path: Path) -> Lexicon:
        """Read a lexicon file: `words` and `phrases` of each group, a string of characters for each `emoji_` group."""
        content: dict[str, dict[str, Any] | str] = yaml.safe_load(path.read_text(encoding="utf-8"))
        return cls(
            groups={name: _read_group(group) for name, group in content.items() if isinstance(group, dict)},
            emoji={name: frozenset(group) for name, group in content.items() if isinstance(group, str)},
        )


@cache
def shipped_lexicon() -> Lexicon:
    """The lexicon that the shipped model was trained with, read once."""
    return Lexicon.read(LEXICON_FILE)


def words_of(text: str) -> list[str]:
    """The words of a text as the lexicon has them: Finglish in Persian letters, prefixes joined to their verbs.

    A Finglish word that is spelt out for want of a known one stands at the end as typed, too: insults are often such.
    """
    if detect(text).language is not Language.finglish:
        return typed_words_of(text)
    return typed_words_of(to_persian(text)) + [word for word in typed_words_of(text) if not is_known(word)]


def typed_words_of(text: str) -> list[str]:
    """The words of a text in the letters they were typed in, prefixes joined to their verbs."""
    return _WORD.findall(_DETACHED_PREFIX.sub(r"\1", normalise(text)))


@lru_cache(maxsize=4096)
def stems_of(token: str) -> tuple[str, ...]:
    """The token without each common Persian or English ending that it has."""
    return tuple(
        token.removesuffix(ending)
        for ending in _ENDINGS
        if token.endswith(ending) and len(token) - len(ending) >= _SHORTEST_STEM
    )


def _read_group(group: dict[str, Any]) -> WordGroup:
    # Not `words_of`: the Finglish entries are for what it leaves in Latin letters.
    entries = [typed_words_of(entry) for entry in [*group["words"].split(), *group.get("phrases", [])]]
    return WordGroup(
        # "خوش‌طعم" is one word in the file and two after normalising: it is looked for as a phrase.
        words=frozenset(entry[0] for entry in entries if len(entry) == 1),
        phrases=tuple(sorted({f" {' '.join(entry)}" for entry in entries if len(entry) > 1})),
    )
