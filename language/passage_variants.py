"""General passages as they are met on the web: cut out, run together as lists, typed anyhow."""

from __future__ import annotations

import random
import re

_SENTENCE_END = re.compile(r"(?<=[.؟!؛])\s+")
_PART = re.compile(r"[،؛]|(?<=\s)و(?=\s)")
_LATIN_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹", "0123456789")
_MOST_SENTENCES = 3
_FEWEST_WORDS = 8
_MOST_WORDS = 60
_NUMBERINGS = ("{}- ", "{} – ", "{}) ", "• ", "- ")

# How often each is done to a passage.
_SENTENCES_TAKEN = 0.35
_WORDS_TAKEN = 0.1
_SENTENCES_LISTED = 0.12
_PARTS_LISTED = 0.07
_HALF_SPACES_LEFT_OUT = 0.35
_DIGITS_IN_LATIN = 0.15
_COMMAS_LEFT_OUT = 0.1
_SPACES_LEFT_OUT = 0.08


def as_on_the_web(passage: str, chance: random.Random) -> str:
    """The passage or a piece of it, otherwise set and typed; the same state of `chance` gives the same."""
    pieces = _listed(_cut_out(passage, chance), chance)
    return _typed(" ".join(pieces), chance)


def _cut_out(passage: str, chance: random.Random) -> list[str]:
    sentences = [one for one in _SENTENCE_END.split(passage) if one]
    draw = chance.random()
    if draw < _SENTENCES_TAKEN:
        count = chance.randint(1, min(_MOST_SENTENCES, len(sentences)))
        first = chance.randrange(len(sentences) - count + 1)
        return sentences[first : first + count]
    if draw < _SENTENCES_TAKEN + _WORDS_TAKEN:
        words = passage.split()
        first = chance.randrange(len(words) // 2 + 1)
        return [" ".join(words[first : first + chance.randint(_FEWEST_WORDS, _MOST_WORDS)])]
    return sentences


def _listed(sentences: list[str], chance: random.Random) -> list[str]:
    draw, numbering = chance.random(), chance.choice(_NUMBERINGS)
    if draw >= _SENTENCES_LISTED + _PARTS_LISTED:
        return sentences
    if draw < _SENTENCES_LISTED:
        entries = [one.rstrip(".") for one in sentences]
    else:
        entries = [part.strip() for one in sentences for part in _PART.split(one) if part.strip()]
    return [numbering.format(number) + one for number, one in enumerate(entries, 1)]


def _typed(text: str, chance: random.Random) -> str:
    if chance.random() < _HALF_SPACES_LEFT_OUT:
        text = text.replace("\u200c", chance.choice((" ", "")))
    if chance.random() < _DIGITS_IN_LATIN:
        text = text.translate(_LATIN_DIGITS)
    if chance.random() < _COMMAS_LEFT_OUT:
        text = re.sub("[،؛:«»()]", "", text)
    if chance.random() < _SPACES_LEFT_OUT:
        text = text.replace(". ", ".").replace("، ", "،")
    return text
