"""Nearest vectors by inner product, through FAISS (Douze et al. 2024, "The Faiss library").

Exact up to 50,000 vectors, a graph (HNSW, Malkov and Yashunin 2018) above; `GrowingIndex` chooses by itself.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import faiss
import numpy as np
from numpy.typing import NDArray

EXACT_LIMIT = 50_000
# Neighbours per node, and how many candidates are kept while building and while searching.
HNSW_NEIGHBOURS = 32
HNSW_BUILD_BREADTH = 100
HNSW_SEARCH_BREADTH = 256
# A graph cannot forget; it is built anew when this share of it is forgotten vectors.
MAX_FORGOTTEN = 0.2

Floats = NDArray[np.float32]
Ids = NDArray[np.int64]


class VectorIndex(Protocol):
    """Unit vectors by id; every change is visible to the next search."""

    def __len__(self) -> int: ...

    def add(self, ids: Sequence[int] | Ids, vectors: Floats) -> None:
        """Store vectors, in place of what these ids had before."""
        ...

    def remove(self, ids: Sequence[int] | Ids) -> None:
        """Forget ids; unknown ones are no error."""
        ...

    def search(self, query: Floats, count: int) -> tuple[Ids, Floats]:
        """The ids and inner products of the nearest vectors, best first; fewer where there are fewer."""
        ...

    def vectors(self, ids: Sequence[int] | Ids) -> Floats:
        """The stored vectors of these ids, a row each; all must be stored."""
        ...


def use_one_thread() -> None:
    """Keep FAISS to one thread: a search takes less than waking a pool, and requests run side by side anyway."""
    faiss.omp_set_num_threads(1)


class ExactIndex:
    """Compares with every vector."""

    def __init__(self, dimension: int) -> None:
        self._index = faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))
        self._ids: set[int] = set()

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, ids: Sequence[int] | Ids, vectors: Floats) -> None:
        self.remove(ids)
        if len(ids):
            self._index.add_with_ids(_rows(vectors), np.asarray(ids, np.int64))
            self._ids.update(int(one) for one in ids)

    def remove(self, ids: Sequence[int] | Ids) -> None:
        known = self._ids.intersection(ids)
        if known:
            self._index.remove_ids(faiss.IDSelectorBatch(np.fromiter(known, np.int64, len(known))))
            self._ids -= known

    def search(self, query: Floats, count: int) -> tuple[Ids, Floats]:
        return _found(self._index.search(_rows(query), max(1, min(count, len(self)))), count)

    def vectors(self, ids: Sequence[int] | Ids) -> Floats:
        return _reconstructed(self._index, ids)

    def ids(self) -> Ids:
        """The ids of everything in the index."""
        return np.fromiter(self._ids, np.int64, len(self._ids))


class GraphIndex:
    """Walks a graph of neighbours; forgotten vectors stay in it as signposts and are never found."""

    def __init__(self, dimension: int) -> None:
        self._dimension = dimension
        self._start_anew()

    def _start_anew(self) -> None:
        graph = faiss.IndexHNSWFlat(self._dimension, HNSW_NEIGHBOURS, faiss.METRIC_INNER_PRODUCT)
        graph.hnsw.efConstruction = HNSW_BUILD_BREADTH
        self._graph: Any = graph
        # Position in the graph to id, -1 where forgotten, and back.
        self._ids: list[int] = []
        self._positions: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._positions)

    def add(self, ids: Sequence[int] | Ids, vectors: Floats) -> None:
        self.remove(ids)
        if len(ids):
            self._graph.add(_rows(vectors))
        for one in ids:
            self._positions[int(one)] = len(self._ids)
            self._ids.append(int(one))

    def remove(self, ids: Sequence[int] | Ids) -> None:
        for one in ids:
            position = self._positions.pop(int(one), None)
            if position is not None:
                self._ids[position] = -1
        if len(self._ids) - len(self._positions) > MAX_FORGOTTEN * len(self._ids):
            self._rebuild()

    def search(self, query: Floats, count: int) -> tuple[Ids, Floats]:
        forgotten = len(self._ids) - len(self._positions)
        wanted = max(1, min(count + forgotten, len(self._ids)))
        breadth = max(HNSW_SEARCH_BREADTH, 2 * count)
        self._graph.hnsw.efSearch = breadth
        scores, positions = self._graph.search(_rows(query), min(wanted, breadth))
        ids = np.array([self._ids[position] if position >= 0 else -1 for position in positions[0]], np.int64)
        return _found((scores, ids[None]), count)

    def vectors(self, ids: Sequence[int] | Ids) -> Floats:
        return _reconstructed(self._graph, [self._positions[int(one)] for one in ids])

    def _rebuild(self) -> None:
        ids = list(self._positions)
        vectors = self.vectors(ids)
        self._start_anew()
        self.add(ids, vectors)


class GrowingIndex:
    """Exact while small; becomes a graph when it outgrows `exact_limit`."""

    def __init__(self, dimension: int, *, exact_limit: int = EXACT_LIMIT) -> None:
        self._dimension = dimension
        self._exact_limit = exact_limit
        self._index: ExactIndex | GraphIndex = ExactIndex(dimension)

    def __len__(self) -> int:
        return len(self._index)

    @property
    def is_exact(self) -> bool:
        """Whether every search still compares with every vector."""
        return isinstance(self._index, ExactIndex)

    def add(self, ids: Sequence[int] | Ids, vectors: Floats) -> None:
        exact = self._index
        if isinstance(exact, ExactIndex) and len(exact) + len(ids) > self._exact_limit:
            graph = GraphIndex(self._dimension)
            ids_so_far = exact.ids()
            graph.add(ids_so_far, exact.vectors(ids_so_far))
            self._index = graph
        self._index.add(ids, vectors)

    def remove(self, ids: Sequence[int] | Ids) -> None:
        self._index.remove(ids)

    def search(self, query: Floats, count: int) -> tuple[Ids, Floats]:
        return self._index.search(query, count)

    def vectors(self, ids: Sequence[int] | Ids) -> Floats:
        return self._index.vectors(ids)


def _rows(vectors: Floats) -> Floats:
    """As FAISS wants them: a contiguous matrix."""
    return np.ascontiguousarray(np.atleast_2d(vectors), np.float32)


def _reconstructed(index: Any, ids: Sequence[int] | Ids) -> Floats:
    if not len(ids):
        return np.zeros((0, index.d), np.float32)
    vectors: Floats = index.reconstruct_batch(np.asarray(ids, np.int64))
    return vectors


def _found(result: tuple[Floats, Ids], count: int) -> tuple[Ids, Floats]:
    """The first row without FAISS's padding (id -1)."""
    scores, ids = result[0][0], result[1][0]
    kept = ids >= 0
    return ids[kept][:count], scores[kept][:count]
