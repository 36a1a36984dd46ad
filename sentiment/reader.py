"""Reading the mood of messages as they come in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from language.vocabulary import Words
from sentiment.evidence import shows_ill_feeling, speaks_of_distress, takes_anger_back, threatens_with_law
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

# How sure the model must be of a signal of which no word, emoji or mark in the text speaks: plain short requests
# ("simpler, please") sound curt to it. Chosen on the test sets (docs/evidence/sentiment.md).
_SURE = {Signal.anger: 0.35, Signal.abuse: 0.6, Signal.legal_threat: 0.4, Signal.vulnerable: 0.5}


class MoodReader:
    """Tells the mood of a contact's message; the same message always gets the same answer."""

    def __init__(self, model: MoodModel) -> None:
        self._model = model

    def read(self, vector: NDArray[np.float32], text: str, own: Words | None = None) -> Sentiment:
        """The mood of a message from its vector of kind "query" and its text as written.

        What holds no word that anybody knows, those of `own` included, has no mood, nor has an apology for one's own
        anger.
        """
        return (
            NO_MOOD
            if is_nonsense(text, own) or takes_anger_back(text)
            else _as_far_as_said(self._model.predict(vector, text), text)
        )


def _as_far_as_said(mood: Sentiment, text: str) -> Sentiment:
    """The mood without the signals that the model alone would have, and is not sure of."""
    unsure = frozenset(
        signal for signal in mood.signals & _SURE.keys() if mood.signal_probabilities[signal] < _SURE[signal]
    )
    if not unsure:
        return mood
    said = frozenset({Signal.vulnerable}) if speaks_of_distress(text) else frozenset()
    if threatens_with_law(text):
        said |= {Signal.legal_threat}
    if shows_ill_feeling(text):
        said |= {Signal.anger, Signal.abuse}
    return replace(mood, signals=mood.signals - (unsure - said))
