import pytest

from knowledge_base.index import ExactIndex, GraphIndex, GrowingIndex
from tests.knowledge_base.vector_index_contract import DIMENSION, VectorIndexContract, near, unit_vectors


class TestExactIndex(VectorIndexContract):
    @pytest.fixture
    def index(self):
        return ExactIndex(DIMENSION)


class TestGraphIndex(VectorIndexContract):
    @pytest.fixture
    def index(self):
        return GraphIndex(DIMENSION)

    def test_takes_back_a_node_that_it_has_forgotten(self, index):
        vectors = unit_vectors(50)
        index.add(range(50), vectors)

        for _ in range(20):
            index.remove(range(10))
            index.add(range(10), vectors[:10])

        assert index.forgotten == 0
        assert index.search(vectors[3], 1)[0].tolist() == [3]

    def test_takes_back_a_node_for_another_id_and_after_a_restart(self, index, empty):
        vectors = unit_vectors(50)
        index.add(range(50), vectors)
        index.remove(range(10))

        restored = empty(index.state())
        restored.add(range(100, 110), vectors[:10])

        assert restored.forgotten == 0
        assert restored.search(vectors[3], 1)[0].tolist() == [103]


class TestGrowingIndex(VectorIndexContract):
    @pytest.fixture
    def index(self):
        return GrowingIndex(DIMENSION, exact_limit=150)

    @pytest.fixture
    def empty(self):
        def restored(arrays):
            index = GrowingIndex(DIMENSION, exact_limit=150)
            index.restore(arrays)
            return index

        return restored

    def test_turns_into_a_graph_when_it_has_outgrown_exact_search(self, index):
        vectors = unit_vectors(200)
        index.add(range(150), vectors[:150])
        assert not index.wants_rebuilding

        index.add(range(150, 200), vectors[150:])
        assert index.wants_rebuilding
        rebuild(index)

        assert not index.is_exact
        assert not index.wants_rebuilding
        assert [index.search(vector, 1)[0].tolist() for vector in vectors] == [[one] for one in range(200)]

    def test_can_be_searched_and_changed_while_its_graph_is_built(self, index, monkeypatch):
        monkeypatch.setattr("knowledge_base.index.BUILT_AT_ONCE", 50)
        vectors = unit_vectors(203)
        index.add(range(200), vectors[:200])
        steps = index.rebuild()
        for step in (next(steps), next(steps)):
            step()

        index.remove([10, 190])
        index.add([20, 180, 500], vectors[200:])
        assert index.search(vectors[202], 1)[0].tolist() == [500]
        for step in steps:
            step()

        assert not index.is_exact
        assert len(index) == 199
        assert [index.search(one, 1)[0].tolist() for one in vectors[200:]] == [[20], [180], [500]]
        assert not {10, 190} & {*index.search(vectors[10], 199)[0].tolist()}

    def test_wants_a_new_graph_when_too_much_of_it_is_forgotten(self, index):
        vectors = unit_vectors(200)
        index.add(range(200), vectors)
        rebuild(index)

        index.remove(range(60))
        assert index.wants_rebuilding
        rebuild(index)

        assert not index.wants_rebuilding
        assert index.search(vectors[100], 1)[0].tolist() == [100]

    def test_wants_a_new_graph_when_what_is_forgotten_crowds_around_a_question(self, index, monkeypatch):
        monkeypatch.setattr("knowledge_base.index.CROWDED_BREADTH", 256)
        vectors = unit_vectors(2_000)
        index.add(range(2_000), vectors)
        rebuild(index)
        crowd = near(vectors[0], count=300)
        for start in range(0, 300, 10):
            index.add(range(10), crowd[start : start + 10])
        assert not index.wants_rebuilding

        index.search(vectors[0], 32)
        assert index.wants_rebuilding
        rebuild(index)

        index.search(vectors[0], 32)
        assert not index.wants_rebuilding

    def test_a_rebuilding_that_is_given_up_changes_nothing(self, index):
        vectors = unit_vectors(200)
        index.add(range(200), vectors)
        steps = index.rebuild()
        next(steps)

        steps.close()

        assert index.is_exact
        assert index.search(vectors[7], 1)[0].tolist() == [7]


def rebuild(index):
    for step in index.rebuild():
        step()
