"""Nearest vectors by inner product, through FAISS (Douze et al. 2024, "The Faiss library").

Exact up to 50,000 vectors, a graph (HNSW, Malkov and Yashunin 2018) above; `GrowingIndex` chooses by itself.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import faiss
import numpy as np
from numpy.typing import NDArray

EXACT_LIMIT = 50_000
# Neighbours per node, and how many candidates are kept while building and while searching.
HNSW_NEIGHBOURS = 32
HNSW_BUILD_BREADTH = 100
HNSW_SEARCH_BREADTH = 256
# A graph cannot forget; it is built anew, beside the one that serves, when this share of it is forgotten vectors.
MAX_FORGOTTEN = 0.2
# The same when a search had to look among more than so many vectors to find enough that are not forgotten: those of one
# article that is saved time and again lie together, and where they are thousands, some neighbours are lost behind them.
CROWDED_BREADTH = 1_024
# Vectors that go into a new graph in one step; between steps the index can be changed.
BUILT_AT_ONCE = 1_000

Floats = NDArray[np.float32]
Ids = NDArray[np.int64]
Arrays = Mapping[str, NDArray[Any]]


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

    def __contains__(self, one: int) -> bool:
        return one in self._ids

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

    def state(self) -> Arrays:
        """Everything, as arrays that `restored` takes."""
        ids = self.ids()
        return {"ids": ids, "vectors": self.vectors(ids)}

    @classmethod
    def restored(cls, dimension: int, arrays: Arrays) -> "ExactIndex":
        """As it was when these arrays were taken."""
        index = cls(dimension)
        index.add(arrays["ids"], arrays["vectors"])
        return index


class GraphIndex:
    """Walks a graph of neighbours; forgotten vectors stay in it as signposts and are never found.

    Vectors are kept in half precision, which halves the memory and costs 0.2 % of the neighbours.
    """

    def __init__(self, dimension: int) -> None:
        half: Any = faiss.ScalarQuantizer.QT_fp16
        graph = faiss.IndexHNSWSQ(dimension, half, HNSW_NEIGHBOURS, faiss.METRIC_INNER_PRODUCT)
        # Half precision has nothing to learn from vectors, but FAISS wants to be asked.
        graph.train(np.zeros((1, dimension), np.float32))
        graph.hnsw.efConstruction = HNSW_BUILD_BREADTH
        self._graph: Any = graph
        # Position in the graph to id, -1 where forgotten, and back.
        self._ids: list[int] = []
        self._positions: dict[int, int] = {}
        # Where the forgotten ones are, by what they look like: whoever brings the same vector again takes one back.
        self._forgotten: dict[bytes, list[int]] = {}
        # How far the broadest search had to look because of them.
        self._broadest = 0

    def __len__(self) -> int:
        return len(self._positions)

    def __contains__(self, one: int) -> bool:
        return one in self._positions

    @property
    def forgotten(self) -> int:
        """How many of its vectors are signposts alone."""
        return len(self._ids) - len(self._positions)

    @property
    def is_crowded(self) -> bool:
        """Whether a search had to look far beyond its forgotten vectors."""
        return self._broadest > CROWDED_BREADTH

    def add(self, ids: Sequence[int] | Ids, vectors: Floats) -> None:
        self.remove(ids)
        rows = _rows(vectors)
        new = [row for row, one in enumerate(ids) if not self._take_back(int(one), rows[row])]
        if new:
            self._graph.add(rows[new])
        for row in new:
            self._positions[int(ids[row])] = len(self._ids)
            self._ids.append(int(ids[row]))

    def remove(self, ids: Sequence[int] | Ids) -> None:
        positions = [self._positions.pop(int(one)) for one in ids if int(one) in self._positions]
        for position in positions:
            self._ids[position] = -1
        self._remember(positions)

    def search(self, query: Floats, count: int) -> tuple[Ids, Floats]:
        """As every index, and with as many that are not forgotten to choose from as if there were no others."""
        usual = max(HNSW_SEARCH_BREADTH, 2 * count)
        breadth, enough = usual, min(max(count, usual // 2), len(self))
        found = self._nearest(query, breadth)
        while len(found[0]) < enough and self.forgotten and breadth < len(self._ids):
            breadth *= 2
            found = self._nearest(query, breadth)
        if breadth > usual:
            self._broadest = max(self._broadest, breadth)
        return found[0][:count], found[1][:count]

    def vectors(self, ids: Sequence[int] | Ids) -> Floats:
        return _reconstructed(self._graph, [self._positions[int(one)] for one in ids])

    def ids(self) -> Ids:
        """The ids of everything in the index."""
        return np.fromiter(self._positions, np.int64, len(self._positions))

    def state(self) -> Arrays:
        """Everything, as arrays that `restored` takes."""
        return {"ids": np.array(self._ids, np.int64), "graph": faiss.serialize_index(self._graph)}

    @classmethod
    def restored(cls, dimension: int, arrays: Arrays) -> "GraphIndex":
        """As it was when these arrays were taken."""
        index = cls(dimension)
        index._graph = faiss.deserialize_index(arrays["graph"])
        index._ids = arrays["ids"].tolist()
        index._positions = {one: position for position, one in enumerate(index._ids) if one >= 0}
        index._remember([position for position, one in enumerate(index._ids) if one < 0])
        return index

    def _nearest(self, query: Floats, breadth: int) -> tuple[Ids, Floats]:
        """Those of so many nearest that are not forgotten."""
        self._graph.hnsw.efSearch = breadth
        scores, positions = self._graph.search(_rows(query), max(1, min(breadth, len(self._ids))))
        ids = np.array([self._ids[position] if position >= 0 else -1 for position in positions[0]], np.int64)
        return _found((scores, ids[None]), len(ids))

    def _remember(self, positions: Sequence[int]) -> None:
        """Note where these vectors are that nobody finds any more."""
        for start in range(0, len(positions), BUILT_AT_ONCE):
            part = positions[start : start + BUILT_AT_ONCE]
            for position, vector in zip(part, _reconstructed(self._graph, part), strict=True):
                self._forgotten.setdefault(_look_of(vector), []).append(position)

    def _take_back(self, one: int, vector: Floats) -> bool:
        """Give an id a forgotten node with its very vector; False where there is none."""
        look = _look_of(vector) if self._forgotten else b""
        positions = self._forgotten.get(look)
        if not positions:
            return False
        position = positions.pop()
        if not positions:
            del self._forgotten[look]
        self._ids[position], self._positions[one] = one, position
        return True


class GrowingIndex:
    """Exact while small; a graph once it has outgrown `exact_limit` and somebody has let it be rebuilt."""

    def __init__(self, dimension: int, *, exact_limit: int = EXACT_LIMIT) -> None:
        self._dimension = dimension
        self._exact_limit = exact_limit
        self._index: ExactIndex | GraphIndex = ExactIndex(dimension)
        # While a new graph is being built: what has changed since it was begun.
        self._changed: set[int] | None = None

    def __len__(self) -> int:
        return len(self._index)

    @property
    def is_exact(self) -> bool:
        """Whether every search still compares with every vector."""
        return isinstance(self._index, ExactIndex)

    @property
    def wants_rebuilding(self) -> bool:
        """Whether it has outgrown exact search, or too much of its graph is forgotten, all in all or in one place."""
        if isinstance(self._index, GraphIndex):
            too_many = self._index.forgotten > MAX_FORGOTTEN * (self._index.forgotten + len(self._index))
            return too_many or self._index.is_crowded
        return len(self._index) > self._exact_limit

    def add(self, ids: Sequence[int] | Ids, vectors: Floats) -> None:
        self._note(ids)
        self._index.add(ids, vectors)

    def remove(self, ids: Sequence[int] | Ids) -> None:
        self._note(ids)
        self._index.remove(ids)

    def search(self, query: Floats, count: int) -> tuple[Ids, Floats]:
        return self._index.search(query, count)

    def vectors(self, ids: Sequence[int] | Ids) -> Floats:
        return self._index.vectors(ids)

    def rebuild(self) -> Iterator[Callable[[], None]]:
        """The steps to a new graph, which serves after the last one.

        A step may run in another thread; meanwhile the index is searched and changed as ever, but for the last moment.
        One rebuilding at a time.
        """
        graph, self._changed = GraphIndex(self._dimension), set()
        try:
            ids = self._index.ids()
            for start in range(0, len(ids), BUILT_AT_ONCE):
                kept = [int(one) for one in ids[start : start + BUILT_AT_ONCE] if int(one) in self._index]
                yield partial(_add_in_one_thread, graph, kept, self._index.vectors(kept))
            graph.remove(list(self._changed))
            kept = [one for one in self._changed if one in self._index]
            graph.add(kept, self._index.vectors(kept))
            self._index = graph
        finally:
            self._changed = None

    def state(self) -> Arrays:
        """Everything, as arrays that `restore` takes."""
        return self._index.state()

    def restore(self, arrays: Arrays) -> None:
        """Be as the index was that these arrays were taken of."""
        kind = GraphIndex if "graph" in arrays else ExactIndex
        self._index = kind.restored(self._dimension, arrays)

    def _note(self, ids: Sequence[int] | Ids) -> None:
        if self._changed is not None:
            self._changed.update(int(one) for one in ids)


def _add_in_one_thread(graph: GraphIndex, ids: Sequence[int], vectors: Floats) -> None:
    # FAISS keeps the number for each thread by itself, and a new one would take every core.
    use_one_thread()
    graph.add(ids, vectors)


def _rows(vectors: Floats) -> Floats:
    """As FAISS wants them: a contiguous matrix."""
    return np.ascontiguousarray(np.atleast_2d(vectors), np.float32)


def _reconstructed(index: Any, ids: Sequence[int] | Ids) -> Floats:
    if not len(ids):
        return np.zeros((0, index.d), np.float32)
    vectors: Floats = index.reconstruct_batch(np.asarray(ids, np.int64))
    return vectors


def _look_of(vector: Floats) -> bytes:
    """The same for vectors that are the same in half precision."""
    return hashlib.blake2b(vector.astype(np.float16).tobytes(), digest_size=16).digest()


def _found(result: tuple[Floats, Ids], count: int) -> tuple[Ids, Floats]:
    """The first row without FAISS's padding (id -1)."""
    scores, ids = result[0][0], result[1][0]
    kept = ids >= 0
    return ids[kept][:count], scores[kept][:count]
