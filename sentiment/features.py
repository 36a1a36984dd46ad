"""Surface and lexical features of a message: what the vector of its meaning smooths away.

Punctuation, elongation, capitals, emoji, and counts of words from the lexicon with negation taken into account; English
negation turns what follows, Persian negation mostly what precedes (the verb stands last). The choice follows Hutto and
Gilbert, "VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media Text" (ICWSM 2014).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sentiment.lexicon import Lexicon, shipped_lexicon, words_of

_READ_CHARACTERS = 2_000  # As much as the encoder reads of a query.
_NEGATION_REACH = 3  # words
_ELONGATION = re.compile(r"([^\W\d_])\1{2,}")
_CAPITALS = re.compile(r"\b[A-Z]{2,}\b")
_LATIN_WORD = re.compile(r"\b[A-Za-z]{2,}\b")
_SENTENCE_END = re.compile(r"[.!?؟\n]+")


@dataclass(frozen=True)
class Features:
    """One number for each feature, each between about -2 and 4; the order of the fields is the order in the model."""

    exclamations: float
    repeated_question_marks: float
    asks: float
    elongations: float
    capitals: float
    length: float
    emoji_positive: float
    emoji_negative: float
    emoji_angry: float
    positive: float
    negative: float
    negated_positive: float
    negated_negative: float
    balance: float
    closing_balance: float
    mixed: float
    wry: float
    negations: float
    contrast: float
    intensifiers: float
    thanks: float
    anger: float
    abuse: float
    churn_threat: float
    legal_threat: float
    vulnerable: float
    misunderstood: float

    def as_array(self) -> NDArray[np.float32]:
        return np.array(astuple(self), dtype=np.float32)


FEATURE_NAMES = tuple(field.name for field in fields(Features))


@dataclass(frozen=True)
class Polarity:
    """How many words of each colour a text holds, negation taken into account."""

    positive: int = 0
    negative: int = 0
    negated_positive: int = 0
    negated_negative: int = 0

    @property
    def balance(self) -> float:
        """Positive minus negative; a negated word counts for the other side, at half weight."""
        turned = 0.5 * (self.negated_negative - self.negated_positive)
        # A negated positive is a complaint ("not good"); a negated negative is faint praise ("no problem").
        return self.positive - self.negative + turned


def features_of(text: str) -> Features:
    """The features of a text. Takes any str; what lies beyond the first 2,000 characters is not read."""
    return features_and_phrases_of(text)[0]


def features_and_phrases_of(text: str) -> tuple[Features, frozenset[str]]:
    """The features of a text, and each of its words and pairs of neighbouring words, as the lexicon has words."""
    text = text[:_READ_CHARACTERS]
    words = words_of(text)
    return _features_of(text, words, shipped_lexicon()), frozenset([*words, *map(" ".join, pairwise(words))])


def _features_of(text: str, words: Sequence[str], lexicon: Lexicon) -> Features:
    polarity = polarity_of(words, lexicon)
    size = math.sqrt(len(words) + 4)
    is_praise = polarity.positive > 0 or lexicon["thanks"].count(words) > 0
    return Features(
        exclamations=_damped(text.count("!")),
        repeated_question_marks=_damped(max(0, text.count("?") + text.count("؟") - 1)),
        asks=float("?" in text or "؟" in text),
        elongations=_damped(len(_ELONGATION.findall(text))),
        capitals=_share_of_capitals(text),
        length=math.log1p(len(words)),
        emoji_positive=_damped(_count_emoji(text, lexicon.emoji["emoji_positive"])),
        emoji_negative=_damped(_count_emoji(text, lexicon.emoji["emoji_negative"])),
        emoji_angry=_damped(_count_emoji(text, lexicon.emoji["emoji_angry"])),
        positive=_damped(polarity.positive),
        negative=_damped(polarity.negative),
        negated_positive=_damped(polarity.negated_positive),
        negated_negative=_damped(polarity.negated_negative),
        balance=polarity.balance * 2 / size,
        closing_balance=math.tanh(polarity_of(_closing_words(text, words, lexicon), lexicon).balance),
        mixed=float(polarity.positive > 0 and polarity.negative > 0),
        # "Wonderful, and only three weeks late": praise beside waiting or failure is seldom meant.
        wry=float(is_praise and lexicon["waiting"].count(words) > 0),
        negations=_damped(lexicon["negation_before"].count(words) + lexicon["negation_after"].count(words)),
        contrast=float(lexicon["contrast"].count(words) > 0),
        intensifiers=_damped(lexicon["intensifier"].count(words)),
        thanks=_damped(lexicon["thanks"].count(words)),
        anger=_damped(lexicon["anger"].count(words)),
        abuse=_damped(lexicon["abuse"].count(words)),
        churn_threat=_damped(lexicon["churn_threat"].count(words)),
        legal_threat=_damped(lexicon["legal_threat"].count(words)),
        vulnerable=_damped(lexicon["vulnerable"].count(words)),
        misunderstood=_damped(lexicon["misunderstood"].count(words)),
    )


def polarity_of(words: Sequence[str], lexicon: Lexicon) -> Polarity:
    """Count the coloured words and phrases, and which of the words stand under a negation."""
    counts = {
        "positive": lexicon["positive"].count_phrases(words),
        "negative": lexicon["negative"].count_phrases(words),
        "negated_positive": 0,
        "negated_negative": 0,
    }
    for place, word in enumerate(words):
        for colour in ("positive", "negative"):
            if lexicon[colour].holds(word):
                counts[f"negated_{colour}" if _is_negated(words, place, lexicon) else colour] += 1
                break
    return Polarity(**counts)


def _is_negated(words: Sequence[str], place: int, lexicon: Lexicon) -> bool:
    before = words[max(0, place - _NEGATION_REACH) : place]
    after = words[place + 1 : place + 1 + _NEGATION_REACH]
    return any(word in lexicon["negation_before"].words for word in before) or any(
        word in lexicon["negation_after"].words for word in after
    )


def _closing_words(text: str, words: Sequence[str], lexicon: Lexicon) -> Sequence[str]:
    """What the text ends on: the words after the last "but", else those of the last sentence."""
    for place in range(len(words) - 2, -1, -1):
        if words[place] in lexicon["contrast"].words:
            return words[place + 1 :]
    sentences = [sentence for sentence in _SENTENCE_END.split(text) if sentence.strip()]
    return words_of(sentences[-1]) if len(sentences) > 1 else words


def _share_of_capitals(text: str) -> float:
    """Share of Latin words in capitals; one word or an abbreviation alone is not shouting."""
    words = len(_LATIN_WORD.findall(text))
    capitals = len(_CAPITALS.findall(text))
    return capitals / words if words >= 2 and capitals >= 2 else 0.0


def _count_emoji(text: str, emoji: frozenset[str]) -> int:
    return sum(character in emoji for character in text)


def _damped(count: int) -> float:
    return math.log1p(count)
