"""What every reranker promises, and the simplest one that keeps it."""

import threading

import numpy as np
import pytest

from language.normalise import normalise

TEXTS = ["the cat sat on the mat", "money back", "the money comes back in ten days"]


class RerankerContract:
    """Give a fixture `reranker`."""

    def test_gives_a_number_per_text(self, reranker):
        scores = reranker.scores("money", TEXTS)

        assert scores.shape == (len(TEXTS),)
        assert scores.dtype == np.float32
        assert reranker.scores("money", []).shape == (0,)

    def test_a_number_depends_on_its_pair_alone(self, reranker):
        together = reranker.scores("money back", TEXTS)
        alone = [reranker.scores("money back", [text])[0] for text in TEXTS]

        assert together == pytest.approx(alone, abs=1e-4)

    @pytest.mark.parametrize("text", ["", "🙂", "\x00", "\ud800", "money " * 5_000, "پول\u200cم"])
    def test_takes_any_text(self, reranker, text):
        assert np.isfinite(reranker.scores(text, [text, "money"])).all()

    def test_has_a_name(self, reranker):
        assert reranker.fingerprint


class CountingReranker:
    """Counts the words that a text shares with the question."""

    fingerprint = "counting-1"

    def __init__(self):
        # The threads that it was asked in, and what it has read.
        self.threads = set()
        self.texts = []

    def scores(self, question, texts):
        self.threads.add(threading.get_ident())
        self.texts += texts
        asked = set(question.split())
        return np.array([len(asked & set(normalise(text).split())) for text in texts], np.float32)
