"""What is said about one message: its label, its score and its signals."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SentimentLabel(StrEnum):
    """The colour of a message. A calm report of a problem is neutral."""

    negative = "negative"
    neutral = "neutral"
    positive = "positive"


class Signal(StrEnum):
    """What policy treats apart from mere displeasure; a message may carry several or none."""

    anger = "anger"
    abuse = "abuse"
    churn_threat = "churn_threat"
    legal_threat = "legal_threat"
    vulnerable = "vulnerable"
    misunderstood = "misunderstood"


@dataclass(frozen=True)
class Sentiment:
    """The mood of one message.

    `probabilities` are calibrated and sum to one; `score` is the positive one minus the negative one, in [-1, 1].
    `signal_probabilities` are independent of each other and of the label; `signals` are those that count as present.
    """

    label: SentimentLabel
    score: float
    probabilities: dict[SentimentLabel, float]
    signal_probabilities: dict[Signal, float]
    signals: frozenset[Signal]
