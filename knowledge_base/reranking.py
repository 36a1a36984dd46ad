"""A cross-encoder in the small model's place: it reads a question and a passage together, where the settings name one.

The small model still chooses the few that it reads. sentence-transformers and torch take seconds to import, and nobody
needs them here without the setting: they are imported as a model is opened.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge_base.ranking import Candidate
from language.normalise import normalise

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

Floats = NDArray[np.float32]

# How many candidates are read: its time grows with each.
SHORTLIST = 20


class RerankerError(Exception):
    """The cross-encoder of the settings cannot be used; the message says what to do."""


class Reranker(Protocol):
    """Says how well texts answer a question. It is slow, and takes one question at a time."""

    @property
    def fingerprint(self) -> str:
        """Names the model: confidence that was calibrated with another must never be used with it."""
        ...

    def scores(self, question: str, texts: Sequence[str]) -> Floats:
        """One finite number per text, in order: the higher, the better. It depends on the pair alone."""
        ...


class CrossEncoderReranker:
    """A sentence-transformers CrossEncoder with a single score."""

    def __init__(self, model: "CrossEncoder", *, name: str) -> None:
        self._model = model
        self.fingerprint = f"{name}-{_digest(model)}"

    @classmethod
    def open(cls, name: str) -> "CrossEncoderReranker":
        """Load a local folder, or a model of the hub by its name; raises RerankerError."""
        from safetensors import SafetensorError
        from sentence_transformers import CrossEncoder

        try:
            model = CrossEncoder(name)
        # What a folder without a model, one that is damaged, and a hub that cannot be reached come to.
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
            raise RerankerError(
                f"RERANKER_MODEL: {name} cannot be loaded ({error}). Name the folder of a sentence-transformers "
                "CrossEncoder, or leave the setting empty."
            ) from error
        if model.num_labels != 1:
            raise RerankerError(
                f"RERANKER_MODEL: {name} gives {model.num_labels} scores; name one that gives a single one"
            )
        return cls(model, name=Path(name).name)

    def scores(self, question: str, texts: Sequence[str]) -> Floats:
        from torch.nn import Identity

        if not texts:
            return np.zeros(0, np.float32)
        # Squeezed between 0 and 1, as the library gives them, the best could hardly be told apart.
        asked = normalise(question)
        pairs = [(asked, normalise(text)) for text in texts]
        found = self._model.predict(pairs, activation_fn=Identity(), show_progress_bar=False)
        return np.nan_to_num(np.asarray(found, np.float32))


def open_reranker(name: str) -> Reranker | None:
    """The model of the settings; none where they name none. Raises RerankerError."""
    return CrossEncoderReranker.open(name) if name else None


def reordered(candidates: Sequence[Candidate], scores: Floats) -> list[Candidate]:
    """Candidates with these scores in place of theirs, best first."""
    scored = [replace(one, score=score) for one, score in zip(candidates, scores.tolist(), strict=True)]
    return sorted(scored, key=lambda one: -one.score)


def _digest(model: "CrossEncoder") -> str:
    """Of its weights: another model may come to lie in the same folder."""
    import torch

    digest = hashlib.sha256()
    for name, weights in model.state_dict().items():
        digest.update(name.encode())
        digest.update(weights.cpu().contiguous().flatten().view(torch.uint8).numpy())
    return digest.hexdigest()[:16]
