"""From what was found to an order: features of each candidate article, weighted by a small learned model."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

# What is known of a candidate; the comment says where it comes from and its usual range.
FEATURES = (
    "dense",  # best passage, standardised: about 0 for any passage, 3 and more for a good one
    "cosine",  # best passage, not standardised: 0 to 2, low where nothing here is about the question
    "title",  # the title, standardised
    "variant",  # best question variant, standardised, never below 0: a variant can help its article and not hurt it
    "lexical",  # BM25 of the whole text, standardised, as a logarithm since its tail is long
    "coverage",  # share of what BM25 could have matched in the whole text, 0 to 1
    "asked",  # the same in title, summary and variants
    "language",  # 1 where the article is in the question's language
)


@dataclass(frozen=True)
class Candidate:
    """An article that may answer, with why."""

    article_id: int
    features: Mapping[str, float]
    score: float


# Where scores are no further apart than this, the odds are about the same, and what was learned says little of which of
# them answers. It is too little for the confidence, which was learned from the scores, to be off.
EVEN = 0.2
# So many votes of each kind are taken for given, so that the first reader does not decide.
PRIOR_VOTES = 5


class Standing(NamedTuple):
    """What use has shown of an article: first what readers said of it, then how fresh it is."""

    # The share of helpful votes in tenths, 5 without any.
    helpful: int = 5
    # Seconds since 1970; 0 where it is not known.
    changed_at: float = 0.0


def helpful_tenths(yes: int, no: int) -> int:
    """What these votes come to."""
    return round(10 * (yes + PRIOR_VOTES) / (yes + no + 2 * PRIOR_VOTES))


def evened_out(candidates: Sequence[Candidate], standing: Callable[[int], Standing]) -> list[Candidate]:
    """Candidates, best first, those that score as well as the first in the order of their standing."""
    even = [one for one in candidates if candidates[0].score - one.score <= EVEN]
    even.sort(key=lambda one: standing(one.article_id), reverse=True)
    return [*even, *candidates[len(even) :]]


@dataclass(frozen=True)
class Ranker:
    """Orders candidates by a weighted sum of their features."""

    weights: Mapping[str, float]

    def rank(self, article_ids: Sequence[int], features: Floats) -> list[Candidate]:
        """Candidates, best first; `features` has a row per article and a column per name in FEATURES."""
        scores = features @ np.array([self.weights[name] for name in FEATURES], np.float32)
        order = np.argsort(-scores, kind="stable")
        return [
            Candidate(article_ids[row], dict(zip(FEATURES, values, strict=True)), score)
            for row, values, score in zip(order.tolist(), features[order].tolist(), scores[order].tolist(), strict=True)
        ]
