"""Slips of the finger: a word that nobody knows, one slip away from a known one, is read as that.

What is known are the words that ship and those of whoever is asked. The encoder knows a word by its pieces, which a
slip breaks: PersianQA's and ParsiNLU's questions lost 2 and 11 points of recall@1 by two letters changed over in one of
their words. Good enough to search by, never to show.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from language.latin_words import english_words, is_loanword
from language.normalise import normalise
from language.vocabulary import Words, count

# Shorter words have too many neighbours, and what is longer is no word.
_WORD = re.compile("[\u0621-\u064a\u066e-\u06d3]{5,30}|(?<![\\w@/.#-])[A-Za-z]{5,30}(?![\\w@/.#-])")
# A letter by itself says nothing.
_WORD_OR_NUMBER = re.compile(r"\w{2,}")
_PERSIAN_LETTERS = "ابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهیآئ"
_LATIN_LETTERS = "abcdefghijklmnopqrstuvwxyz"
# Letters that sound alike and are taken for each other.
_SAME_SOUND = ("زذضظ", "سصث", "تط", "هح", "قغ", "اآع", "یئ")
_ALIKE = {letter: group.replace(letter, "") for group in _SAME_SOUND for letter in group}


def corrected(text: str, own: Words) -> str:
    """The text with unknown words read as known ones that are one slip away; a text without slips passes unchanged.

    A slip is two letters changed over, one taken for another of the same sound, one missing or one too many; the
    latter not at either end, where a letter is a prefix or a suffix. Takes any str.
    """
    return _WORD.sub(lambda match: _likeliest(match[0], own), text)


def knows_a_word(text: str, own: Words | None = None) -> bool:
    """Whether anybody knows a word of a text in its matching form."""
    return any(_known(word, own) for word in _WORD_OR_NUMBER.findall(text))


def _likeliest(written: str, own: Words) -> str:
    word = normalise(written)
    if _known(word, own):
        return written
    slips = ((unlikely, -known, meant) for meant, unlikely in _one_slip_away(word) if (known := _known(meant, own)))
    return min(slips, default=(0, 0, written))[2]


def _known(word: str, own: Words | None) -> int:
    """How well known a word is; 0 for one that nobody knows."""
    return (own.count(word) if own else 0) + count(word) + (word in english_words() or is_loanword(word))


def _one_slip_away(word: str) -> Iterator[tuple[str, int]]:
    """What may have been meant, with 1 for what is less likely."""
    for at in range(len(word) - 1):
        yield word[:at] + word[at + 1] + word[at] + word[at + 2 :], 0
    for at, letter in enumerate(word):
        yield from ((word[:at] + alike + word[at + 1 :], 0) for alike in _ALIKE.get(letter, ""))
    letters = _LATIN_LETTERS if word.isascii() else _PERSIAN_LETTERS
    for at in range(1, len(word)):
        yield from ((word[:at] + missing + word[at:], 1) for missing in letters)
    for at in range(1, len(word) - 1):
        yield word[:at] + word[at + 1 :], 1
