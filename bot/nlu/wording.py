"""How texts are worded: runs of characters, each weighing more the fewer texts have it."""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import HashingVectorizer

_RUNS = 2**18


class Wording:
    """TF-IDF of two to five characters within words.

    Runs are hashed and not looked up, so that one which no text has had counts as the rarest. It has no column, but
    its share in the length of a row: a message in words of its own is like nothing.
    """

    def __init__(self, rarity: np.ndarray, known: np.ndarray) -> None:
        self.rarity = rarity
        self.known = known
        self._counter = HashingVectorizer(
            analyzer="char_wb", ngram_range=(2, 5), n_features=_RUNS, norm=None, alternate_sign=False
        )

    @classmethod
    def of(cls, texts: Sequence[str], background: Sequence[str]) -> "Wording":
        """A column for each run of the texts; rare is what few of them and of the background have."""
        wording = cls(np.ones(_RUNS, dtype=np.float32), np.arange(0))
        counts = wording._counter.transform([*texts, *background])
        having = np.bincount(counts.indices, minlength=_RUNS)
        wording.rarity = (np.log((1 + counts.shape[0]) / (1 + having)) + 1).astype(np.float32)
        wording.known = np.unique(counts[: len(texts)].indices)
        return wording

    def rows(self, texts: Sequence[str]) -> csr_matrix:
        """One row per text."""
        counts = self._counter.transform(texts)
        weights = (1 + np.log(counts.data.astype(np.float32))) * self.rarity[counts.indices]
        of_text = np.repeat(np.arange(len(texts)), np.diff(counts.indptr))
        lengths = np.sqrt(np.bincount(of_text, weights**2, minlength=len(texts)))
        columns = np.searchsorted(self.known, counts.indices).clip(max=len(self.known) - 1)
        is_known = self.known[columns] == counts.indices
        starts = np.concatenate([[0], np.cumsum(is_known)])[counts.indptr]
        shares = (weights / lengths[of_text]).astype(np.float32)
        return csr_matrix((shares[is_known], columns[is_known], starts), shape=(len(texts), len(self.known)))
