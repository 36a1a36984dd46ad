"""Reading the mood of messages as they come in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sentiment.model import MoodModel
from sentiment.mood import Sentiment


class MoodReader:
    """Tells the mood of a contact's message; the same message always gets the same answer."""

    def __init__(self, model: MoodModel) -> None:
        self._model = model

    def read(self, vector: NDArray[np.float32], text: str) -> Sentiment:
        """The mood of a message from its vector of kind "query" and its text as written."""
        return self._model.predict(vector, text)
