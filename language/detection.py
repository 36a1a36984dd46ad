"""Which language a message is written in: Persian, English, Finglish (Persian in Latin letters) or something else."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from language.finglish import GOOD_FIT, is_known
from language.latin_words import LOANWORDS, english_words, is_listed, is_loanword, persian_spellings
from language.normalise import normalise
from language.vocabulary import likeliest_word


class Language(str, Enum):
    """What a text is written in. `other` is all else, and what has no words to tell by: numbers, addresses, emoji."""

    fa = "fa"
    en = "en"
    finglish = "finglish"
    other = "other"

    def __str__(self) -> str:
        return self.value


class Detection(NamedTuple):
    """A language and how sure of it we are, from 0 to 1."""

    language: Language
    confidence: float


# A message says its language early; what follows only costs time.
_MAX_CHARACTERS = 1_000
_ADDRESS = re.compile(
    r"\S{1,100}@\S+|\w{1,20}://\S+|www\.\S+|\S{0,100}[\d_#/]\S*|\b[\w-]{1,60}\.(?:com|ir|org|net|co)\b"
)
_PERSIAN_WORD = re.compile("[\u0621-\u064a\u066e-\u06d3]+")
_LATIN_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
_LETTER = re.compile(r"[^\W\d_]")
# Letters that Arabic has and Persian has not, or hardly: normalising would hide the others. Persian's own four letters.
_ARABIC_ONLY = re.compile("[ةىؤإ]|\\b(?:ال|وال)")
_PERSIAN_ONLY = re.compile("[پچژگ]")
# Weights of one word, in log-odds. Finglish is full of English words ("login nemishe") but not the other way round.
_PERSIAN_WORD_WEIGHT = 6.0
_PERSIAN_FORM_WEIGHT = 2.5
_ENGLISH_WORD_WEIGHT = 3.0
_LOANWORD_WEIGHT = 0.5
_UNKNOWN_WORD_LIMIT = 1.0
_FIT_WEIGHT = 0.5
# Below this share of known words, three words or more are neither English nor Finglish (Turkish, German, French...).
_LEAST_KNOWN_SHARE = 0.35


def detect(text: str) -> Detection:
    """The language of a message. Takes any str; a text without words is `other` with confidence 0."""
    return _detected(text[:_MAX_CHARACTERS])


# Some ten parts of a turn ask for the language of the same words.
@lru_cache(maxsize=256)
def _detected(text: str) -> Detection:
    words = _ADDRESS.sub(" ", normalise(text))
    letters = len(_LETTER.findall(words))
    if letters == 0:
        return Detection(Language.other, 0.0)
    persian_share = sum(map(len, _PERSIAN_WORD.findall(words))) / letters
    latin_words = _LATIN_WORD.findall(words)
    latin_share = sum(map(len, latin_words)) / letters
    # Persian texts are full of Latin product names, English ones have no Persian words: a third is enough.
    if persian_share >= 1 / 3:
        return _persian_or_arabic(text, persian_share)
    if latin_share >= 2 / 3:
        return _english_or_finglish(latin_words)
    return Detection(Language.other, 1 - max(persian_share, latin_share))


def _persian_or_arabic(text: str, share: float) -> Detection:
    arabic, persian = len(_ARABIC_ONLY.findall(text)), len(_PERSIAN_ONLY.findall(text))
    if arabic > 1 and persian == 0 and arabic >= len(text.split()) / 3:
        return Detection(Language.other, 0.6)
    return Detection(Language.fa, 0.5 + share / 2)


def _english_or_finglish(words: list[str]) -> Detection:
    known = sum(map(_familiarity, words))
    if len(words) > 2 and known < len(words) * _LEAST_KNOWN_SHARE:
        return Detection(Language.other, 0.5 + (1 - known / len(words)) / 4)
    score = sum(map(_finglish_evidence, words))
    confidence = 1 / (1 + math.exp(-abs(score)))
    return Detection(Language.finglish if score > 0 else Language.en, confidence if known else min(confidence, 0.6))


def _familiarity(word: str) -> float:
    """1 for a word that we know, a half for one that only looks like Persian."""
    known = _is_english(word) or is_loanword(word) or is_known(word)
    return 1.0 if known else 0.5 * _may_be_persian(word)


@lru_cache(maxsize=4096)
def _may_be_persian(word: str) -> bool:
    """Whether the spelling fits a common Persian word; many English and German ones do as well."""
    return len(word) > 2 and (found := likeliest_word(word)) is not None and found[1] <= GOOD_FIT


def _is_english(word: str) -> bool:
    return word in english_words() or word.replace("'", "") in english_words()


@lru_cache(maxsize=4096)
def _finglish_evidence(word: str) -> float:
    """Log-odds that a word is Finglish (above 0) rather than English."""
    if word in LOANWORDS:
        return -_LOANWORD_WEIGHT
    listed = is_listed(word)
    if _is_english(word):
        return 0.0 if listed else -_ENGLISH_WORD_WEIGHT  # "to", "are", "in", "man": the other words decide.
    if is_loanword(word):
        return -_LOANWORD_WEIGHT
    if listed:
        return _PERSIAN_WORD_WEIGHT
    if is_known(word):
        return _PERSIAN_FORM_WEIGHT
    odds = _trigram_odds()
    letters = sum(odds.get(gram, 0.0) for gram in _trigrams(word)) + (_FIT_WEIGHT if _may_be_persian(word) else 0.0)
    return max(-_UNKNOWN_WORD_LIMIT, min(_UNKNOWN_WORD_LIMIT, letters))


@lru_cache(maxsize=1)
def _trigram_odds() -> dict[str, float]:
    """Log-odds of each letter trigram between the two word lists (naive Bayes with add-one smoothing)."""
    finglish, english = _count(persian_spellings()), _count(english_words())
    grams = finglish.keys() | english.keys()
    shift = math.log((english.total() + len(grams)) / (finglish.total() + len(grams)))
    return {gram: math.log((finglish[gram] + 1) / (english[gram] + 1)) + shift for gram in grams}


def _count(words: Iterable[str]) -> Counter[str]:
    return Counter(gram for word in words for gram in _trigrams(word))


def _trigrams(word: str) -> list[str]:
    framed = f"^{word}$"
    return [framed[start : start + 3] for start in range(len(framed) - 2)]
