"""A plain lexicon as a model: what can be had without an encoder and without training. The model must beat it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sentiment.features import Features, features_of
from sentiment.mood import Sentiment, SentimentLabel, Signal

_NEUTRAL_EVIDENCE = 0.5  # A balance beyond it, to either side, outweighs neutral.


class LexiconModel:
    """Counts good against bad words. Needs no vector and no weights, and so serves tests, too."""

    def predict(self, vector: NDArray[np.float32] | None, text: str) -> Sentiment:
        """The mood by words alone; the vector is not looked at."""
        features = features_of(text)
        evidence = np.exp([-2 * features.balance, _NEUTRAL_EVIDENCE, 2 * features.balance])
        probabilities = dict(zip(SentimentLabel, (evidence / evidence.sum()).tolist(), strict=True))
        signal_probabilities = {signal: _heard(features, signal) for signal in Signal}
        return Sentiment(
            label=max(probabilities, key=probabilities.__getitem__),
            score=probabilities[SentimentLabel.positive] - probabilities[SentimentLabel.negative],
            probabilities=probabilities,
            signal_probabilities=signal_probabilities,
            signals=frozenset(signal for signal, probability in signal_probabilities.items() if probability >= 0.5),
        )


def _heard(features: Features, signal: Signal) -> float:
    """One word of the signal's group makes it likely."""
    count: float = getattr(features, signal.value)
    return float(1 - 0.3 ** (count / np.log(2)))
