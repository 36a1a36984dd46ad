"""Questions by meaning."""

from datetime import timedelta

import numpy as np

from knowledge_base.gap_groups import KeptQuestion, group_questions
from tests.conftest import NOON

AXES = np.eye(4, dtype=np.float32)


def kept(number: int, *, axis: int = 0, encoder: str = "e", days: int = 0, matching: str = "") -> KeptQuestion:
    return KeptQuestion(number, "en", matching or f"q{number}", encoder, AXES[axis], NOON - timedelta(days=days))


def grouped(*questions: KeptQuestion) -> list[list[int]]:
    groups = group_questions(questions, now=NOON, project=lambda _encoder, _vectors: None)
    return [[one.id for one in group.questions] for group in groups]


class TestGroupQuestions:
    def test_puts_together_what_means_the_same(self) -> None:
        assert grouped(kept(1), kept(2, axis=1), kept(3)) == [[3, 1], [2]]

    def test_never_compares_vectors_of_different_encoders(self) -> None:
        assert grouped(kept(1), kept(2, encoder="other")) == [[2], [1]]

    def test_equal_words_need_no_vectors(self) -> None:
        without = [KeptQuestion(one, "en", "same", None, None, NOON) for one in (1, 2)]

        assert grouped(*without) == [[2, 1]]

    def test_counts_this_week_and_the_one_before(self) -> None:
        questions = [kept(1), kept(2, days=6), kept(3, days=8), kept(4, days=30)]

        (group,) = group_questions(questions, now=NOON, project=lambda _encoder, _vectors: None)

        assert (group.this_week, group.week_before, group.count) == (2, 1, 4)

    def test_gives_the_same_groups_in_any_order(self) -> None:
        generator = np.random.default_rng(5)
        vectors = generator.normal(size=(600, 8)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        questions = [KeptQuestion(n, "fa", f"q{n}", "e", vector, NOON) for n, vector in enumerate(vectors)]

        assert grouped(*questions) == grouped(*reversed(questions))
