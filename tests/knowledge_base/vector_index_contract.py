"""What every vector index promises; inherit and give the fixture `index`, empty, of dimension DIMENSION."""

import numpy as np
import pytest

from knowledge_base.index import VectorIndex

DIMENSION = 16


def unit_vectors(count: int, *, seed: int = 1) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((count, DIMENSION)).astype(np.float32)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    # Such as half precision holds exactly.
    return unit.astype(np.float16).astype(np.float32)


def brute_force(query: np.ndarray, ids: np.ndarray, vectors: np.ndarray, count: int) -> list[int]:
    return ids[np.argsort(-(vectors @ query), kind="stable")[:count]].tolist()


def near(query: np.ndarray, *, count: int, seed: int = 3) -> np.ndarray:
    """So many different vectors that are nearer to this one than any others are."""
    rows = query + 0.1 * unit_vectors(count, seed=seed)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit.astype(np.float16).astype(np.float32)


class VectorIndexContract:
    @pytest.fixture
    def index(self) -> VectorIndex:
        raise NotImplementedError

    @pytest.fixture
    def empty(self, index):
        """Makes an index of the same kind from arrays."""
        return lambda arrays: type(index).restored(DIMENSION, arrays)

    def test_finds_nothing_in_an_empty_index(self, index):
        ids, scores = index.search(unit_vectors(1)[0], 5)

        assert len(ids) == len(scores) == 0

    def test_finds_the_same_as_brute_force_however_it_was_filled(self, index):
        vectors, ids = unit_vectors(300), np.arange(1000, 1300)
        for start in range(0, 300, 70):
            index.add(ids[start : start + 70], vectors[start : start + 70])

        for query in unit_vectors(20, seed=2):
            found, scores = index.search(query, 7)
            assert found.tolist() == brute_force(query, ids, vectors, 7)
            assert np.allclose(scores, np.sort(vectors @ query)[::-1][:7], atol=1e-5)

    def test_gives_all_there_are_when_asked_for_more(self, index):
        index.add([3, 5], unit_vectors(2))

        ids, _ = index.search(unit_vectors(1)[0], 10)

        assert sorted(ids.tolist()) == [3, 5]

    def test_never_finds_what_was_removed(self, index):
        vectors, ids = unit_vectors(100), np.arange(100)
        index.add(ids, vectors)

        index.remove([*range(0, 100, 2), 7777])

        assert len(index) == 50
        found, _ = index.search(vectors[4], 100)
        assert found.tolist() == brute_force(vectors[4], ids[1::2], vectors[1::2], 100)

    def test_replaces_the_vector_of_a_known_id(self, index):
        vectors = unit_vectors(10)
        index.add(range(9), vectors[:9])

        index.add([4], vectors[9:])

        assert len(index) == 9
        assert index.search(vectors[9], 1)[0].tolist() == [4]
        assert np.allclose(index.vectors([4, 0]), [vectors[9], vectors[0]], atol=1e-5)

    def test_still_finds_what_is_near_an_article_that_was_put_back_or_saved_many_times(self, index, empty):
        vectors, ids = unit_vectors(1_500), np.arange(1_500)
        index.add(ids, vectors)
        own, query = ids[:10], vectors[0].copy()
        own_vectors, drift = near(query, count=10), near(query, count=1_000, seed=4)
        vectors[:10] = own_vectors

        for _ in range(100):
            index.add(own, own_vectors)
            index.remove(own)
            index.add(own, own_vectors)
        put_back = index.search(query, 32)[0].tolist()
        for start in range(0, 1_000, 10):
            index.add(own, drift[start : start + 10])
        saved = index.search(query, 32)[0].tolist()

        assert put_back == brute_force(query, ids, vectors, 32)
        vectors[:10] = drift[-10:]
        assert saved == brute_force(query, ids, vectors, 32)
        assert empty(index.state()).search(query, 32)[0].tolist() == saved

    def test_can_be_emptied_and_filled_again(self, index):
        vectors = unit_vectors(20)
        index.add(range(20), vectors)
        index.remove(range(20))

        index.add([1], vectors[:1])

        assert index.search(vectors[0], 5)[0].tolist() == [1]

    def test_is_the_same_again_from_its_arrays(self, index, empty):
        vectors = unit_vectors(50)
        index.add(range(50), vectors)
        index.remove(range(0, 50, 3))

        restored = empty(index.state())

        assert len(restored) == len(index)
        for query in unit_vectors(5, seed=2):
            assert restored.search(query, 9)[0].tolist() == index.search(query, 9)[0].tolist()
        restored.add([3], vectors[3:4])
        assert restored.search(vectors[3], 1)[0].tolist() == [3]
