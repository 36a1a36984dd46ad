"""Vectors of one kind (titles, question variants or passages), with scores that can be compared between kinds.

In this vector space register beats meaning: an informal question lies nearer to anybody's informal phrasing than to
its own formal title. So a raw cosine never competes with one from another field. It is standardised by what the same
question scores against the whole field in that language: the Z-norm of speaker verification (Auckenthaler et al.
2000, "Score Normalization for Text-Independent Speaker Verification Systems"). Mean and variance follow from the
field's first two moments, kept up to date at every change, so that no question has to be compared with every vector.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge_base.index import GrowingIndex

Floats = NDArray[np.float32]
Ids = NDArray[np.int64]
Arrays = Mapping[str, NDArray[Any]]

# A language with few entries is judged as if it had this many more like those of the whole field.
BORROWED = 8.0
# Entries that a question likes alike differ by at least this much; keeps small fields from seeing much in little.
MIN_DEVIATION = 0.02
# Vectors that change the moments in one go.
COUNTED_AT_ONCE = 1_000
COUNTED_IN_THIS_THREAD = 32


class Moments:
    """Count, sum and sum of outer products of some vectors.

    Changes are counted in together, as soon as somebody asks or many have come: one by one, the products alone would
    make filling an index take as long as embedding its texts.
    """

    def __init__(self, dimension: int) -> None:
        self.count = 0
        self._total = np.zeros(dimension)
        self._products = np.zeros((dimension, dimension))
        # Vectors that are to be counted in, or out with sign -1.
        self._waiting: list[tuple[int, Floats]] = []
        self._rows_waiting = 0
        # The products over the count, in the precision of a question; made anew after a change.
        self._mean_products: Floats | None = None
        # Another thread may take the state while a question is asked, and both count what waits.
        self._counting = Lock()

    def add(self, vectors: Floats, *, sign: int = 1) -> None:
        """Count vectors in, or out with sign -1."""
        self.count += sign * len(vectors)
        self._waiting.append((sign, vectors))
        self._rows_waiting += len(vectors)
        self._mean_products = None
        if self._rows_waiting >= COUNTED_AT_ONCE:
            with self._counting:
                self._count_waiting()

    def of(self, query: Floats) -> tuple[float, float]:
        """Mean and mean square of the query's inner products with all the vectors."""
        count = max(1, self.count)
        if self._mean_products is None:
            with self._counting:
                self._count_waiting()
                self._mean_products = (self._products / count).astype(np.float32)
        return float(query @ self._total) / count, float(query @ (self._mean_products @ query))

    def state(self) -> Arrays:
        """Everything, as arrays that `restored` takes."""
        with self._counting:
            self._count_waiting()
        return {"count": np.array(self.count), "total": self._total.copy(), "products": self._products.copy()}

    @classmethod
    def restored(cls, arrays: Arrays) -> "Moments":
        """As they were when these arrays were taken."""
        moments = cls(len(arrays["total"]))
        moments.count = int(arrays["count"])
        moments._total, moments._products = arrays["total"], arrays["products"]
        return moments

    def _count_waiting(self) -> None:
        if not self._waiting:
            return
        rows = np.concatenate([vectors for _, vectors in self._waiting]).astype(np.float64)
        signs = np.repeat([sign for sign, _ in self._waiting], [len(vectors) for _, vectors in self._waiting])
        signed = rows * signs[:, None]
        self._total += signed.sum(axis=0)
        # For a few rows BLAS wakes other threads and waits for them: on a busy machine, longer than the work takes.
        few = len(rows) <= COUNTED_IN_THIS_THREAD
        self._products += np.einsum("ij,ik->jk", signed, rows) if few else signed.T @ rows
        self._waiting, self._rows_waiting = [], 0


def joined(parts: Mapping[str, Arrays]) -> dict[str, NDArray[Any]]:
    """The arrays of several parts in one mapping."""
    return {f"{name}/{key}": array for name, arrays in parts.items() for key, array in arrays.items()}


def part(arrays: Arrays, name: str) -> Arrays:
    """The arrays of one part, out of what `joined` gave."""
    return {key.removeprefix(f"{name}/"): array for key, array in arrays.items() if key.startswith(f"{name}/")}


@dataclass(frozen=True)
class _Entries:
    language: str
    ids: tuple[int, ...]


_NONE = _Entries("", ())


@dataclass(frozen=True)
class Likeness:
    """A question beside the entries of some articles, one article's after the other's.

    Inner products, the same standardised, and how many entries each article has.
    """

    raw: Floats
    standardised: Floats
    counts: Ids

    def best_raw(self, *, absent: float) -> Floats:
        """Each article's highest inner product; `absent` for one without entries."""
        return self._best(self.raw, absent)

    def best(self, *, absent: float) -> Floats:
        """Each article's highest standardised score; `absent` for one without entries."""
        return self._best(self.standardised, absent)

    def _best(self, scores: Floats, absent: float) -> Floats:
        best = np.full(len(self.counts), absent, np.float32)
        present = self.counts > 0
        if present.any():
            starts = np.cumsum(self.counts) - self.counts
            best[present] = np.maximum.reduceat(scores, starts[present])
        return best


class Field:
    """Entries by id, owned by articles; an article's entries are put and removed together."""

    def __init__(self, dimension: int) -> None:
        self._dimension = dimension
        self.index = GrowingIndex(dimension)
        self._entries: dict[int, _Entries] = {}
        self._owners: dict[int, int] = {}
        self._moments: dict[str, Moments] = {}

    def __len__(self) -> int:
        return len(self.index)

    def put(self, article_id: int, language: str, ids: Sequence[int], vectors: Floats) -> None:
        """Store an article's entries in place of those it had."""
        self.remove(article_id)
        if not len(ids):
            return
        self.index.add(ids, vectors)
        self._entries[article_id] = _Entries(language, tuple(ids))
        self._owners.update(dict.fromkeys(ids, article_id))
        self._moments.setdefault(language, Moments(self._dimension)).add(vectors)

    def remove(self, article_id: int) -> None:
        """Forget an article's entries."""
        entries = self._entries.pop(article_id, None)
        if entries is None:
            return
        self._moments[entries.language].add(self.index.vectors(entries.ids), sign=-1)
        self.index.remove(entries.ids)
        for one in entries.ids:
            del self._owners[one]

    def nearest(self, query: Floats, count: int) -> list[int]:
        """The articles of the nearest entries, best first, each once."""
        if not len(self):
            return []
        ids, _ = self.index.search(query, count)
        return list(dict.fromkeys(self._owners[int(one)] for one in ids))

    def entries(self, article_id: int) -> tuple[int, ...]:
        """The ids of an article's entries."""
        entries = self._entries.get(article_id)
        return entries.ids if entries else ()

    def compare(self, query: Floats, article_ids: Sequence[int]) -> Likeness:
        """How the articles' entries compare with a question, in the order of `article_ids` and `entries`."""
        found = [self._entries.get(one, _NONE) for one in article_ids]
        every = list(chain.from_iterable(entries.ids for entries in found))
        raw = self.index.vectors(every) @ query if every else np.zeros(0, np.float32)
        norms = {_NONE.language: (0.0, 1.0), **(self._norms(query) if every else {})}
        counts = np.array([len(entries.ids) for entries in found], np.int64)
        means, deviations = np.repeat(_pairs([norms[entries.language] for entries in found]), counts, axis=0).T
        return Likeness(raw, (raw - means) / deviations, counts)

    @property
    def wants_rebuilding(self) -> bool:
        """Whether its vectors should be put into a new graph; see `GrowingIndex.rebuild`."""
        return self.index.wants_rebuilding

    def rebuild(self) -> Iterator[Callable[[], None]]:
        """The steps to a new graph of its vectors."""
        return self.index.rebuild()

    def state(self) -> Arrays:
        """Everything, as arrays that `restore` takes."""
        languages = sorted(self._moments)
        entries = self._entries.values()
        arrays = {
            "articles": np.fromiter(self._entries, np.int64, len(entries)),
            "languages": np.array([languages.index(one.language) for one in entries], np.int64),
            "counts": np.array([len(one.ids) for one in entries], np.int64),
            "entries": np.array(list(chain.from_iterable(one.ids for one in entries)), np.int64),
            "names": np.array(languages, dtype=np.str_),
        }
        parts = {f"moments.{name}": moments.state() for name, moments in self._moments.items()}
        return arrays | joined({**parts, "index": self.index.state()})

    def restore(self, arrays: Arrays) -> None:
        """Be as the field was that these arrays were taken of."""
        languages = arrays["names"].tolist()
        ids = arrays["entries"].tolist()
        ends = np.cumsum(arrays["counts"]).tolist()
        self._entries, start = {}, 0
        for article_id, language, end in zip(
            arrays["articles"].tolist(), arrays["languages"].tolist(), ends, strict=True
        ):
            self._entries[article_id] = _Entries(languages[language], tuple(ids[start:end]))
            start = end
        self._owners = {one: article_id for article_id, entries in self._entries.items() for one in entries.ids}
        self._moments = {name: Moments.restored(part(arrays, f"moments.{name}")) for name in languages}
        self.index.restore(part(arrays, "index"))

    def _norms(self, query: Floats) -> dict[str, tuple[float, float]]:
        """Mean and standard deviation of what a question scores against each language's entries."""
        found = {language: (moments.count, *moments.of(query)) for language, moments in self._moments.items()}
        count = max(1, sum(own for own, _, _ in found.values()))
        everyone = (
            sum(own * mean for own, mean, _ in found.values()) / count,
            sum(own * square for own, _, square in found.values()) / count,
        )
        return {language: _norm(*own, everyone) for language, own in found.items()}


def _pairs(several: Sequence[tuple[float, float]]) -> Floats:
    return np.array(several, np.float32).reshape(-1, 2)


def _norm(count: int, mean: float, square: float, everyone: tuple[float, float]) -> tuple[float, float]:
    """Mean and standard deviation of a language, with what a small one borrows of the whole field."""
    share = count / (count + BORROWED)
    mean, square = (
        share * own + (1 - share) * all_together for own, all_together in zip((mean, square), everyone, strict=True)
    )
    return mean, max(square - mean**2, MIN_DEVIATION**2) ** 0.5
