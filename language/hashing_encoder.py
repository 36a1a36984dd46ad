"""A TextEncoder without a model, for tests and for a machine where the model is missing.

Texts that share character sequences get near vectors; of meaning it knows nothing.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from language.encoder import Kind, Vectors, readable

_GRAM_SIZES = (3, 4, 5)


class HashingEncoder:
    """Hashes a text's character n-grams, word by word, into signed buckets (Weinberger et al. 2009, feature hashing).

    Queries and passages are read alike, so a passage that repeats a question is its nearest neighbour.
    """

    def __init__(self, dimension: int = 384) -> None:
        self.dimension = dimension
        self.fingerprint = f"hashing-{dimension}-1"

    def encode(self, texts: Sequence[str], *, kind: Kind) -> Vectors:
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for gram in _grams(readable(text, kind)):
                # crc32, because Python's own hash of a str differs from process to process.
                code = zlib.crc32(gram.encode("utf-8"))
                vectors[row, code % self.dimension] += 1.0 if code & 0x80000000 else -1.0
            length = np.linalg.norm(vectors[row])
            if length > 0:
                vectors[row] /= length
        return vectors


def _grams(text: str) -> list[str]:
    words = [f" {word} " for word in text.split()]
    return words + [
        word[start : start + size] for word in words for size in _GRAM_SIZES for start in range(len(word) - size + 1)
    ]
