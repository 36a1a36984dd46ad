"""Persian words with how often they occur, and which of them a spelling in Latin letters may stand for.

    python -m language.vocabulary        # count the words of the support questions anew

The words that ship are those of the training businesses under `data/support_questions`, so that what is kept apart for
measuring stays unseen. Whoever knows what is talked of adds words of their own: names are in no list.
"""

from __future__ import annotations

import math
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Protocol

from language.latin_words import spelling_key
from language.normalise import normalise
from language.support_questions import KEPT_APART, read_groups

WORDS_FILE = Path(__file__).with_name("persian_vocabulary.tsv")
# A word seen once is as often a slip of the pen as a word.
FEWEST = 2
_WORD = re.compile("[\u0621-\u064a\u066e-\u06d3]{2,}")

# Each letter's sounds in the keys of `spelling_key`, where kh is x, gh is q, and oo and ee are u and i.
_SOUNDS = {
    **{"ا": "a", "آ": "a", "ب": "b", "پ": "p", "ت": "t", "ث": "s", "ج": "j", "چ": "ç", "ح": "h", "خ": "x", "د": "d"},
    **{"ذ": "z", "ر": "r", "ز": "z", "ژ": "ž", "س": "s", "ش": "š", "ص": "s", "ض": "z", "ط": "t", "ظ": "z", "غ": "q"},
    **{"ف": "f", "ق": "q", "ک": "k", "گ": "g", "ل": "l", "م": "m", "ن": "n", "و": "vuo", "ه": "h", "ی": "yie"},
    **{"ع": "a", "ئ": "yie", "ء": ""},
}
_TWO_LETTERS = (("ch", "ç"), ("sh", "š"), ("zh", "ž"))
_SHORT_VOWELS = "aeo"
_LONG_VOWELS = "iu"
# What may be missing on one side or the other, and how much that speaks against a word.
_MISSING_LETTER = {"ا": 1.0, "آ": 1.5, "و": 0.9, "ی": 0.9, "ه": 0.6, "ع": 0.2, "ئ": 0.3, "ء": 0.0}
_EXTRA_SOUND = {"e": 0.25, "o": 0.25, "a": 0.35, "i": 1.0, "u": 1.0, "y": 0.5, "h": 0.8}
# A last -e or -a is a letter, "is" or the ezafe, but no short vowel inside the word.
_EXTRA_END = 1.2
_LIKELY_SOUND = {"و": "uv", "ی": "iy", "ئ": "iy"}
_UNLIKELY_SOUND = 0.4
_AT_WORD_END = 0.15
# Beyond this, letter by letter is the better guess.
WORST_FIT = 2.0
_COMMON_WORD_WEIGHT = 0.25
# What is talked of here counts for more than what is talked of anywhere.
_OWN_WORD_COUNTS = 3
_NEVER = math.inf


class Words(Protocol):
    """Persian words that may be meant, beside those that ship."""

    def sounding(self, consonants: str) -> Iterable[tuple[str, int]]:
        """The words with these consonants (as `consonants_of` gives them), and how often each occurs."""
        ...

    def count(self, word: str) -> int:
        """How often a word occurs, in its matching form (`language.normalise`) and whatever its letters."""
        ...


def likeliest_word(spelling: str, own: Words | None = None) -> tuple[str, float] | None:
    """The word that a Latin spelling most likely stands for, and how badly it fits (0 is perfectly); None beyond 2."""
    sounds = _sounds(spelling)
    if len(sounds) < 2:
        return None
    fits = [_likeliest_shipped(sounds)]
    if own:
        fits.append(_likeliest(sounds, ((word, _OWN_WORD_COUNTS * n) for word, n in own.sounding(_consonants(sounds)))))
    likeliest = min((fit for fit in fits if fit), default=None)
    return likeliest[1:] if likeliest else None


def count(word: str) -> int:
    """How often a Persian word occurs among those that ship."""
    return _counts().get(word, 0)


def consonants_of(word: str) -> str:
    """By what a Persian word is looked up: its consonants as they sound."""
    return _consonants("".join(_SOUNDS.get(letter, "")[:1] for letter in word))


def is_persian_word(text: str) -> bool:
    """Whether this is one word in Persian letters, of two letters or more."""
    return _WORD.fullmatch(text) is not None


@lru_cache(maxsize=4096)
def _likeliest_shipped(sounds: str) -> tuple[float, str, float] | None:
    return _likeliest(sounds, ((word, _counts()[word]) for word in _by_consonants().get(_consonants(sounds), ())))


def _likeliest(sounds: str, words: Iterable[tuple[str, int]]) -> tuple[float, str, float] | None:
    """How unlikely the likeliest of these words is, the word, and how badly it fits."""
    fits = ((_misfit(sounds, word), word, count) for word, count in words)
    return min(
        (
            (misfit - _COMMON_WORD_WEIGHT * math.log(count), word, misfit)
            for misfit, word, count in fits
            if misfit <= WORST_FIT
        ),
        default=None,
    )


def _sounds(spelling: str) -> str:
    key = spelling_key(spelling)
    for letters, sound in _TWO_LETTERS:
        key = key.replace(letters, sound)
    return key.replace("c", "k")


def _consonants(sounds: str) -> str:
    """What both scripts always write: without vowels, and without v, y and h, which may be vowels in Persian."""
    return "".join(sound for sound in sounds if sound not in "aeiouvyh")


def _misfit(sounds: str, word: str) -> float:
    """The least that has to be left out or read unusually for the sounds to be the word's (an edit distance)."""
    extra = [_EXTRA_SOUND.get(sound, _NEVER) for sound in sounds]
    if sounds[-1:] in ("e", "a"):
        extra[-1] = _EXTRA_END
    costs = list(accumulate(extra, initial=0.0))
    for place, letter in enumerate(word):
        is_last = place == len(word) - 1
        missing = _MISSING_LETTER.get(letter, _NEVER)
        above, costs = costs, [costs[0] + missing]
        for position, sound in enumerate(sounds):
            reading = above[position] + _reading(letter, sound, at_end=is_last and position == len(sounds) - 1)
            costs.append(min(reading, above[position + 1] + missing, costs[-1] + extra[position]))
    return costs[-1]


def _reading(letter: str, sound: str, *, at_end: bool) -> float:
    if letter == "ه" and at_end and sound in "ea":
        return _AT_WORD_END
    if letter == "ا" and sound in "eo":
        return _UNLIKELY_SOUND
    if sound not in _SOUNDS.get(letter, ""):
        return _NEVER
    return _UNLIKELY_SOUND if sound not in _LIKELY_SOUND.get(letter, sound) else 0.0


@lru_cache(maxsize=1)
def _counts() -> dict[str, int]:
    lines = WORDS_FILE.read_text(encoding="utf-8").splitlines()
    return {word: int(count) for word, _, count in (line.partition("\t") for line in lines)}


@lru_cache(maxsize=1)
def _by_consonants() -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for word in _counts():
        found[consonants_of(word)].append(word)
    return dict(found)


def main() -> int:
    """Write the words and their counts, the commonest first."""
    groups = [group for group in read_groups() if group.business not in KEPT_APART]
    texts = [text for group in groups for text in (group.formal, group.answer, *group.informal)]
    counts = Counter(word for text in texts for word in _WORD.findall(normalise(text)))
    lines = [f"{word}\t{count}" for word, count in counts.most_common() if count >= FEWEST]
    WORDS_FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(lines)} words are in {WORDS_FILE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
