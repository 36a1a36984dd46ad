"""Takes what all questions have in common out of their vectors, so that register no longer beats meaning.

Soft whitening: subtract the mean and shrink the directions along which everything varies (Su et al. 2021, "Whitening
Sentence Representations for Better Semantics and Faster Retrieval"; Mu and Viswanath 2018, "All-but-the-Top"), here
only as far as a floor, since 384 dimensions are many for a few hundred texts. Titles and question variants, short and
much alike in register, gain from it; passages do not, and stay as the encoder made them.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

PROJECTION_FILE = Path(__file__).parent / "weights" / "projection.npz"
# As a share of the largest variance: directions with less are left as they are.
FLOOR = 0.1


@dataclass(frozen=True)
class Projection:
    """Questions and titles are centred each on their own mean, then turned by one matrix to unit length."""

    encoder: str
    question_mean: Floats
    title_mean: Floats
    matrix: Floats

    def questions(self, vectors: Floats) -> Floats:
        """Rows of questions, projected."""
        return _unit((vectors - self.question_mean) @ self.matrix)

    def titles(self, vectors: Floats) -> Floats:
        """Rows of titles, projected."""
        return _unit((vectors - self.title_mean) @ self.matrix)

    @classmethod
    def learn(cls, questions: Floats, titles: Floats, *, encoder: str) -> "Projection":
        """From samples of both, at least one of each."""
        question_mean, title_mean = questions.mean(axis=0), titles.mean(axis=0)
        centred = np.vstack([questions - question_mean, titles - title_mean]).astype(np.float64)
        variances, directions = np.linalg.eigh(centred.T @ centred / len(centred))
        variances = np.maximum(variances, 0.0)
        matrix = (directions * (variances + FLOOR * variances[-1]) ** -0.5) @ directions.T
        return cls(encoder, question_mean, title_mean, (matrix / np.abs(matrix).max()).astype(np.float32))

    @classmethod
    def load(cls, path: Path = PROJECTION_FILE) -> "Projection":
        with np.load(path) as stored:
            arrays = {name: stored[name].astype(np.float32) for name in ("question_mean", "title_mean", "matrix")}
            return cls(str(stored["encoder"]), **arrays)

    def save(self, path: Path = PROJECTION_FILE) -> None:
        """Half precision is plenty and halves the file."""
        arrays = {name: getattr(self, name).astype(np.float16) for name in ("question_mean", "title_mean", "matrix")}
        np.savez(path, encoder=np.array(self.encoder), **arrays)


def _unit(rows: NDArray[np.floating]) -> Floats:
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    unit: Floats = (rows / np.maximum(lengths, 1e-9)).astype(np.float32)
    return unit
