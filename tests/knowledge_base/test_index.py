import pytest

from knowledge_base.index import ExactIndex, GraphIndex, GrowingIndex
from tests.knowledge_base.vector_index_contract import DIMENSION, VectorIndexContract, unit_vectors


class TestExactIndex(VectorIndexContract):
    @pytest.fixture
    def index(self):
        return ExactIndex(DIMENSION)


class TestGraphIndex(VectorIndexContract):
    @pytest.fixture
    def index(self):
        return GraphIndex(DIMENSION)


class TestGrowingIndex(VectorIndexContract):
    @pytest.fixture
    def index(self):
        return GrowingIndex(DIMENSION, exact_limit=150)

    def test_turns_into_a_graph_when_it_outgrows_exact_search(self, index):
        vectors = unit_vectors(200)
        index.add(range(150), vectors[:150])
        assert index.is_exact

        index.add(range(150, 200), vectors[150:])

        assert not index.is_exact
        assert [index.search(vector, 1)[0].tolist() for vector in vectors] == [[one] for one in range(200)]
