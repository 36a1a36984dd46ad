"""The sentiment model: linear heads over a message's vector and its features, in numpy alone.

Three heads share a softmax for the label; each signal has a head and a sigmoid of its own. The weights are one JSON
file that can be read in review: of each head its bias and its weights for each named feature, for the vector, and for
words and pairs of words, the most telling first.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sentiment.features import FEATURE_NAMES, features_and_phrases_of
from sentiment.mood import Sentiment, SentimentLabel, Signal

WEIGHTS_FOLDER = Path(__file__).with_name("weights")
WEIGHTS_FILE = "sentiment.json"

Numbers = NDArray[np.float64]


class SentimentModelError(Exception):
    """The weights cannot be used; the message says what to do."""


class MoodModel(Protocol):
    """What tells the mood of one message from its vector and its text."""

    def predict(self, vector: NDArray[np.float32], text: str) -> Sentiment: ...


@dataclass(frozen=True)
class Head:
    """One linear head: what it adds to its logit for each dimension of the vector, each feature and each phrase."""

    bias: float
    features: Numbers
    vector: Numbers
    phrases: Mapping[str, float]
    threshold: float = 0.5  # For a signal: from which probability it counts as present.


@dataclass(frozen=True)
class SentimentModel:
    """A trained model; `encoder` is the fingerprint of the encoder whose vectors it reads."""

    encoder: str
    labels: Mapping[SentimentLabel, Head]
    signals: Mapping[Signal, Head]

    @cached_property
    def _stacked(self) -> tuple[Numbers, Numbers]:
        """All heads as one matrix and one row of biases, labels first."""
        heads = [*self.labels.values(), *self.signals.values()]
        matrix = np.stack([np.concatenate([head.vector, head.features]) for head in heads])
        return matrix, np.array([head.bias for head in heads])

    @cached_property
    def _phrases(self) -> tuple[dict[str, int], Numbers]:
        """The row of each phrase that any head knows, and what it adds to all of them, labels first."""
        heads = [*self.labels.values(), *self.signals.values()]
        rows = {phrase: row for row, phrase in enumerate(sorted({phrase for head in heads for phrase in head.phrases}))}
        table = np.zeros((len(rows), len(heads)))
        for column, head in enumerate(heads):
            for phrase, weight in head.phrases.items():
                table[rows[phrase], column] = weight
        return rows, table

    @classmethod
    def load(cls, folder: Path = WEIGHTS_FOLDER, *, encoder: str) -> SentimentModel:
        """Read the weights in a folder; refuses, with SentimentModelError, those made with another encoder."""
        path = folder / WEIGHTS_FILE
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            made_with = content["encoder"]
            if made_with == encoder and content["feature_names"] == list(FEATURE_NAMES):
                return cls(
                    encoder=made_with,
                    labels={label: _read(content[label]) for label in SentimentLabel},
                    signals={signal: _read(content[signal]) for signal in Signal},
                )
        except FileNotFoundError as error:
            raise SentimentModelError(f"There are no sentiment weights at {path}. {_REMEDY}") from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SentimentModelError(f"The sentiment weights at {path} are damaged ({error!r}). {_REMEDY}") from error
        if made_with != encoder:
            reason = f"were made with the encoder {made_with}, and the encoder in use is {encoder}"
        else:
            reason = "were made with other features than the code has"
        raise SentimentModelError(f"The sentiment weights at {path} {reason}. {_REMEDY}")

    def save(self, folder: Path) -> None:
        """Write the weights, whole or not at all: an interrupted run leaves the old ones."""
        content = {
            "encoder": self.encoder,
            "feature_names": list(FEATURE_NAMES),
            **{label.value: _written(head) for label, head in self.labels.items()},
            **{signal.value: _written(head) for signal, head in self.signals.items()},
        }
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = folder / f"{WEIGHTS_FILE}.unfinished"
        unfinished.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        unfinished.replace(folder / WEIGHTS_FILE)

    def predict(self, vector: NDArray[np.float32], text: str) -> Sentiment:
        """The mood of a message, given its vector of kind "query" and its text as written."""
        matrix, biases = self._stacked
        rows, table = self._phrases
        features, phrases = features_and_phrases_of(text)
        known = [rows[phrase] for phrase in phrases if phrase in rows]
        return self._sentiment_of(
            matrix @ np.concatenate([vector, features.as_array()]) + table[known].sum(axis=0) + biases
        )

    def _sentiment_of(self, logits: Numbers) -> Sentiment:
        count = len(self.labels)
        exponentials = np.exp(logits[:count] - logits[:count].max())
        probabilities = dict(zip(self.labels, (exponentials / exponentials.sum()).tolist(), strict=True))
        of_signals = 1 / (1 + np.exp(-np.clip(logits[count:], -30, 30)))
        signal_probabilities = dict(zip(self.signals, of_signals.tolist(), strict=True))
        return Sentiment(
            label=max(probabilities, key=probabilities.__getitem__),
            score=probabilities[SentimentLabel.positive] - probabilities[SentimentLabel.negative],
            probabilities=probabilities,
            signal_probabilities=signal_probabilities,
            signals=frozenset(
                name for name, value in signal_probabilities.items() if value >= self.signals[name].threshold
            ),
        )


_REMEDY = "Train them anew: `./hamyar train sentiment`."


def _read(written: dict[str, Any]) -> Head:
    return Head(
        bias=float(written["bias"]),
        features=np.array([written["features"].get(name, 0.0) for name in FEATURE_NAMES]),
        vector=np.array([float(number) for number in written["vector"].split()]),
        phrases={phrase: float(weight) for phrase, weight in written["phrases"].items()},
        threshold=float(written["threshold"]),
    )


def _written(head: Head) -> dict[str, Any]:
    features = zip(FEATURE_NAMES, head.features.tolist(), strict=True)
    phrases = sorted(head.phrases.items(), key=lambda entry: (-abs(entry[1]), entry[0]))
    return {
        "threshold": round(head.threshold, 3),
        "bias": round(head.bias, 4),
        "features": {name: round(weight, 4) for name, weight in features if weight},
        # One line for the whole vector, so that a retraining shows as a few changed lines.
        "vector": " ".join(f"{weight:.3f}" for weight in head.vector),
        "phrases": {phrase: round(weight, 2) for phrase, weight in phrases},
    }
