"""How sure we may be that the first candidate answers the question.

A logistic model over how the ranking looks (Platt 1999 scaling, with more than one input), so that 0.9 means right nine
times in ten. Raw cosines of E5 are bunched between 0.75 and 0.90 and say nothing by themselves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log

from knowledge_base.enums import Band
from knowledge_base.ranking import Candidate

# What the calibration sees of a ranking.
SIGNALS = (
    "score",  # the winner's
    "margin",  # to the next article of another topic
    "share",  # log of the winner's softmax share among the candidates
    "dense",
    "cosine",
    "title",
    "variant",
    "coverage",
    "asked",
    "agreement",  # 1 where the winner also has the best passage by meaning, and 1 more where by words
)


@dataclass(frozen=True)
class Thresholds:
    """From which confidence on an answer is given, and from which on titles are offered."""

    answer: float
    offer: float


@dataclass(frozen=True)
class Calibration:
    """Signals to the probability that the winner is right."""

    weights: Mapping[str, float]
    bias: float
    thresholds: Thresholds

    def probability(self, candidates: Sequence[Candidate]) -> float:
        """The answer confidence for candidates in their order; 0 where there is none."""
        if not candidates:
            return 0.0
        values = signals(candidates)
        logit = self.bias + sum(self.weights[name] * values[name] for name in SIGNALS)
        return 1 / (1 + exp(-max(-30.0, min(30.0, logit))))

    def band(self, probability: float) -> Band:
        """What to do at this confidence."""
        if probability >= self.thresholds.answer:
            return Band.answer
        return Band.offer if probability >= self.thresholds.offer else Band.decline


def signals(candidates: Sequence[Candidate]) -> dict[str, float]:
    """How a ranking looks; one candidate per topic, best first, at least one."""
    winner = candidates[0]
    features = winner.features
    second = candidates[1].score if len(candidates) > 1 else 0.0
    total = sum(exp(other.score - winner.score) for other in candidates)
    agreement = sum(features[name] >= max(one.features[name] for one in candidates) for name in ("dense", "lexical"))
    return {
        "score": winner.score,
        "margin": winner.score - second,
        "share": -log(total),
        "agreement": float(agreement),
        **{name: features[name] for name in ("dense", "cosine", "title", "variant", "coverage", "asked")},
    }
