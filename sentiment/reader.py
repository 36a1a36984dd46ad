"""Reading the mood of messages as they come in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from language.vocabulary import Words
from sentiment.model import MoodModel
from sentiment.mood import Sentiment, SentimentLabel, Signal
from sentiment.nonsense import is_nonsense

# The mood of random keys.
NO_MOOD = Sentiment(
    label=SentimentLabel.neutral,
    score=0.0,
    probabilities={label: float(label is SentimentLabel.neutral) for label in SentimentLabel},
    signal_probabilities=dict.fromkeys(Signal, 0.0),
    signals=frozenset(),
)


class MoodReader:
    """Tells the mood of a contact's message; the same message always gets the same answer."""

    def __init__(self, model: MoodModel) -> None:
        self._model = model

    def read(self, vector: NDArray[np.float32], text: str, own: Words | None = None) -> Sentiment:
        """The mood of a message from its vector of kind "query" and its text as written.

        What holds no word that anybody knows, those of `own` included, has no mood.
        """
        return NO_MOOD if is_nonsense(text, own) else self._model.predict(vector, text)
