import numpy as np
import pytest

from knowledge_base.field import Field, Moments
from tests.knowledge_base.vector_index_contract import DIMENSION, unit_vectors


class TestMoments:
    def test_tells_mean_and_deviation_without_comparing_each_vector(self):
        vectors, query = unit_vectors(200), unit_vectors(1, seed=3)[0]
        moments = Moments(DIMENSION)
        moments.add(vectors)
        moments.add(unit_vectors(30, seed=4))
        moments.add(unit_vectors(30, seed=4), sign=-1)

        mean, square = moments.of(query)

        assert mean == pytest.approx((vectors @ query).mean(), abs=1e-5)
        assert square == pytest.approx(np.square(vectors @ query).mean(), abs=1e-5)


class TestCompare:
    def test_standardises_within_a_language(self):
        field = Field(DIMENSION)
        persian, english = unit_vectors(50), unit_vectors(50, seed=5) * np.float32(0.5)
        for number in range(50):
            field.put(number, "fa", [number], persian[number : number + 1])
            field.put(100 + number, "en", [100 + number], english[number : number + 1])
        query = unit_vectors(1, seed=6)[0]

        scores = field.compare(query, range(100, 150)).standardised

        assert np.mean(scores) == pytest.approx(0, abs=0.1)
        assert np.std(scores) == pytest.approx(1, abs=0.25)

    def test_knows_nothing_of_a_removed_article(self):
        field = Field(DIMENSION)
        field.put(1, "fa", [10, 11], unit_vectors(2))
        field.remove(1)

        found = field.compare(unit_vectors(1)[0], [1])

        assert len(found.raw) == 0
        assert field.nearest(unit_vectors(1)[0], 5) == []

    def test_gives_each_article_its_best_entry(self):
        field = Field(DIMENSION)
        vectors = unit_vectors(3)
        field.put(1, "fa", [10, 11], vectors[:2])
        field.put(3, "fa", [12], vectors[2:])

        best = field.compare(vectors[1], [1, 2, 3]).best_raw(absent=-9.0)

        assert best == pytest.approx([1.0, -9.0, vectors[2] @ vectors[1]], abs=1e-3)
