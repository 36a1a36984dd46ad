"""How frustrated a contact is after their last messages: pure functions over what is known of each.

Each message adds causes; a cause fades with every later message of the contact, and sooner after thanks or success.
What is left of the causes is joined like independent chances ("noisy or": Pearl, "Probabilistic Reasoning in
Intelligent Systems", 1988), so the level stays in [0, 1] and every part of it can be named.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import yaml
from numpy.typing import NDArray

from language.normalise import normalise
from sentiment.evidence import shows_ill_feeling
from sentiment.mood import Sentiment, Signal

WEIGHTS_FILE = Path(__file__).with_name("frustration.yml")

# What an admin may change. The others hang on the encoder or on how texts are compared and stand in `frustration.yml`
# alone: a policy saved today must not hold on to a likeness that a new encoder has moved.
EDITABLE = (
    *("anger", "abuse", "legal_threat", "churn_threat", "vulnerable", "misunderstood"),
    *(
        "displeasure",
        "displeasure_from",
        "repeat",
        "not_understood",
        "waiting",
        "waiting_full_minutes",
        "low_rating",
        "low_rating_days",
        "asked_for_person",
        "relief_thanks",
        "relief_answered",
    ),
    "decay",
)

_HOSTILE = frozenset({Signal.anger, Signal.abuse, Signal.legal_threat, Signal.churn_threat})
_MINUTES_AND_DAYS = frozenset({"waiting_full_minutes", "low_rating_days"})
_QUESTION = re.compile(
    r"[?؟]|\b(?:چی|چیه|چیست|چه|چطور|چطوری|چجوری|چگونه|چرا|کی|کجا|چند|چقدر|کدوم|کدام|آیا|یعنی|chi|chie|chetor|ki|koja|chand)\b"
    r"|^(?:what|how|when|where|which|who|can|could|do|does|is|are|will|and what)\b"
)
_LEAST_NAMED = 0.02  # What is left of a cause below this is not worth a word.
_COMPARED_CHARACTERS = 1_000


class CauseCode(StrEnum):
    """Why somebody is frustrated. Signals keep their own names."""

    anger = "anger"
    abuse = "abuse"
    churn_threat = "churn_threat"
    legal_threat = "legal_threat"
    vulnerable = "vulnerable"
    misunderstood = "misunderstood"
    displeasure = "displeasure"
    repeat = "repeat"
    not_understood = "not_understood"
    waiting = "waiting"
    rated_1 = "rated_1"
    rated_2 = "rated_2"
    asked_for_person = "asked_for_person"


_LOW_RATINGS = {1: CauseCode.rated_1, 2: CauseCode.rated_2}


class WeightsUnreadable(Exception):
    """A file of weights cannot be used; the message says why."""


class WeightUnfit(ValueError):
    """A number cannot be this weight; `name` is the weight's, and `lowest` and `highest` are what it may be."""

    def __init__(self, name: str, value: object, *, lowest: float, highest: float | None) -> None:
        span = f"above {lowest:g}" if highest is None else f"from {lowest:g} to {highest:g}"
        super().__init__(f"{name} must be a number {span}, not {value!r}.")
        self.name = name
        self.lowest = lowest
        self.highest = highest


@dataclass(frozen=True)
class FrustrationWeights:
    """The numbers of `frustration.yml`, where each is explained."""

    anger: float
    abuse: float
    legal_threat: float
    churn_threat: float
    vulnerable: float
    misunderstood: float
    displeasure: float
    displeasure_from: float
    unsaid_from: float
    repeat: float
    not_understood: float
    waiting: float
    waiting_full_minutes: float
    low_rating: float
    low_rating_days: float
    asked_for_person: float
    relief_thanks: float
    relief_answered: float
    decay: float
    remembered_turns: int
    hostile_from: float
    repeat_cosine: float
    repeat_overlap: float
    repeat_words: int


@dataclass(frozen=True)
class ContactTurn:
    """One message of the contact and what came of it; `outcome` is None while it is unanswered or not the bot's.

    `rating` is what the contact had last rated, 1 to 5, where this message is the first to follow it.
    """

    score: float
    signals: frozenset[str] = frozenset()
    vector: NDArray[np.float32] | None = None
    outcome: Literal["answered", "offered", "asked", "not_understood"] | str | None = None
    thanked: bool = False
    text: str = ""
    asked_for_person: bool = False
    waited_minutes: float = 0.0
    rating: int | None = None
    rated_days_ago: float = 0.0


@dataclass(frozen=True)
class Cause:
    """What is left of one cause: its code, its weight now, and the index of the turn that brought it."""

    code: CauseCode
    weight: float
    turn: int


@dataclass(frozen=True)
class Frustration:
    """The level in [0, 1] and its causes, heaviest first."""

    level: float
    causes: tuple[Cause, ...] = ()

    def reaches(self, threshold: float) -> bool:
        """Whether a handoff policy with this threshold would act."""
        return self.level >= threshold


def load_weights(path: Path = WEIGHTS_FILE) -> FrustrationWeights:
    """Read a file of weights; raises WeightsUnreadable when a number is missing, unknown, or out of its range."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        weights = FrustrationWeights(**content)
    except (OSError, yaml.YAMLError, TypeError) as error:
        raise WeightsUnreadable(f"{path.name}: {error}") from error
    try:
        _check_all(weights)
    except WeightUnfit as error:
        raise WeightsUnreadable(f"{path.name}: {error}") from error
    return weights


def changed_weights(weights: FrustrationWeights, numbers: Mapping[str, float]) -> FrustrationWeights:
    """The weights with some numbers changed, those of EDITABLE alone; raises WeightUnfit."""
    wanted: dict[str, Any] = {name: number for name, number in numbers.items() if name in EDITABLE}
    changed = replace(weights, **wanted)
    _check_all(changed)
    return changed


def heard_signals(mood: Sentiment, weights: FrustrationWeights) -> frozenset[Signal]:
    """The signals of a message that count: anger, abuse and threats do not where nothing else in it is negative."""
    return mood.signals if mood.score < -weights.hostile_from else mood.signals - _HOSTILE


def frustration(turns: Sequence[ContactTurn], weights: FrustrationWeights) -> Frustration:
    """The frustration after these messages of one contact, oldest first."""
    left: list[Cause] = []
    first = max(0, len(turns) - weights.remembered_turns)
    for place in range(first, len(turns)):
        earlier = turns[first:place]
        fading = weights.decay * (1 - _relief(turns[place], earlier, weights))
        left = [replace(cause, weight=cause.weight * fading) for cause in left]
        left += _causes_of(turns[place], place, earlier, weights)
    named = sorted((cause for cause in left if cause.weight >= _LEAST_NAMED), key=lambda cause: -cause.weight)
    return Frustration(level=1 - math.prod(1 - cause.weight for cause in left), causes=tuple(named))


def is_repeat(turn: ContactTurn, earlier: ContactTurn, weights: FrustrationWeights) -> bool:
    """Whether a message says again what an earlier one said, in the same words or in others."""
    if min(_word_count(turn.text), _word_count(earlier.text)) < weights.repeat_words:
        return False
    if _overlap(turn.text, earlier.text) >= weights.repeat_overlap:
        return True
    if turn.vector is None or earlier.vector is None:
        return False
    return float(turn.vector @ earlier.vector) >= weights.repeat_cosine


def _causes_of(
    turn: ContactTurn, place: int, earlier: Sequence[ContactTurn], weights: FrustrationWeights
) -> list[Cause]:
    """The causes that one message brings, at full weight."""
    found: dict[CauseCode, float] = {
        CauseCode(signal.value): getattr(weights, signal.value) for signal in Signal if signal.value in turn.signals
    }
    found[CauseCode.displeasure] = weights.displeasure * _displeasure(turn, weights)
    found[CauseCode.waiting] = weights.waiting * min(1.0, max(0.0, turn.waited_minutes) / weights.waiting_full_minutes)
    if turn.rating in _LOW_RATINGS:
        found[_LOW_RATINGS[turn.rating]] = weights.low_rating * _freshness(turn.rated_days_ago, weights)
    if not _is_pleased(turn) and _repeats_any(turn, earlier, weights):
        found[CauseCode.repeat] = weights.repeat
    if turn.outcome == "not_understood":
        found[CauseCode.not_understood] = weights.not_understood
    if turn.asked_for_person:
        found[CauseCode.asked_for_person] = weights.asked_for_person
    return [Cause(code, weight, place) for code, weight in found.items() if weight > 0]


def _displeasure(turn: ContactTurn, weights: FrustrationWeights) -> float:
    """How far the score is below what a calm report of a problem may have, from 0 to 1.

    What shows no ill feeling in its words may be lower still, and a plain question as low as it likes.
    """
    begins = weights.displeasure_from
    if turn.text and not turn.signals and not shows_ill_feeling(turn.text):
        begins = 1.0 if _QUESTION.search(normalise(turn.text)) else max(begins, weights.unsaid_from)
    span = 1 - begins
    # An admin may set it to 1, below which no score is: then nothing is displeasure.
    return max(0.0, -turn.score - begins) / span if span else 0.0


def _freshness(days_ago: float, weights: FrustrationWeights) -> float:
    """How much a rating still weighs after so many days, from 1 down to 0."""
    return max(0.0, 1 - max(0.0, days_ago) / weights.low_rating_days)


def _relief(turn: ContactTurn, earlier: Sequence[ContactTurn], weights: FrustrationWeights) -> float:
    """The share of what was there before that this message takes away."""
    if _is_pleased(turn):
        return weights.relief_thanks
    answered = bool(earlier) and earlier[-1].outcome == "answered"
    content = turn.score > -weights.displeasure_from and not turn.signals
    return weights.relief_answered if answered and content and not _repeats_any(turn, earlier, weights) else 0.0


def _is_pleased(turn: ContactTurn) -> bool:
    return turn.thanked or (turn.score >= 0.5 and not turn.signals)


def _repeats_any(turn: ContactTurn, earlier: Sequence[ContactTurn], weights: FrustrationWeights) -> bool:
    """Whether it was said before, and not because the bot asked for it: a form asks again until it has an answer."""
    if earlier and earlier[-1].outcome == "asked":
        return False
    return any(is_repeat(turn, one, weights) for one in earlier)


def _word_count(text: str) -> int:
    return len(text.split())


def _overlap(text: str, other: str) -> float:
    """The share of letters-in-fours that two texts have in common (Jaccard)."""
    grams, others = _grams(text), _grams(other)
    return len(grams & others) / len(grams | others) if grams and others else 0.0


@lru_cache(maxsize=1024)
def _grams(text: str) -> frozenset[str]:
    line = normalise(text[:_COMPARED_CHARACTERS])
    return frozenset(line[start : start + 4] for start in range(len(line) - 3))


def _check_all(weights: FrustrationWeights) -> None:
    for field in fields(weights):
        _check(field.name, getattr(weights, field.name))


def _check(name: str, value: Any) -> None:
    """Shares lie in [0, 1]; counts, minutes and days are positive."""
    whole = name in ("remembered_turns", "repeat_words")
    counted = whole or name in _MINUTES_AND_DAYS
    is_number = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
    if not (is_number and _fits(value, counted=counted)):
        raise WeightUnfit(name, value, lowest=0, highest=None if counted else 1)


def _fits(number: float, *, counted: bool) -> bool:
    return math.isfinite(number) and (number > 0 if counted else 0 <= number <= 1)
