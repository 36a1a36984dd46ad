"""Vectors of articles: what was read once is not read again."""

import numpy as np
import pytest

from knowledge_base import embedder as module
from knowledge_base.embedder import ArticleText, Embedder
from language.hashing_encoder import HashingEncoder

BODY = "## Refunds\n\nTen working days.\n\n## Invoices\n\nBy mail."


class Reading(HashingEncoder):
    """Notes what it reads."""

    def __init__(self):
        super().__init__()
        self.texts = []

    def encode(self, texts, *, kind):
        self.texts += [(kind, text) for text in texts]
        return super().encode(texts, kind=kind)


@pytest.fixture
def encoder():
    return Reading()


def same(one, other):
    return (
        np.array_equal(one.title_vector, other.title_vector)
        and np.array_equal(one.passage_vectors, other.passage_vectors)
        and np.array_equal(one.question_vectors, other.question_vectors)
    )


class TestEmbed:
    def test_a_change_costs_what_has_changed(self, encoder):
        embedder = Embedder(encoder)
        embedder.embed_now(ArticleText("Money", "", BODY, ["when do I get it?"]))
        encoder.texts.clear()

        changed = ArticleText("Money", "", BODY.replace("By mail", "By post"), ["when do I get it?", "how long?"])
        embedded = embedder.embed_now(changed)

        assert [(kind, text[-8:]) for kind, text in encoder.texts] == [("passage", "By post."), ("query", "ow long?")]
        assert same(embedded, Embedder(HashingEncoder()).embed_now(changed))

    def test_a_question_and_a_passage_in_the_same_words_are_two_texts(self, encoder):
        Embedder(encoder).embed_now(ArticleText("Money", "", "", ["Money", "Money"]))

        assert encoder.texts == [("passage", "Money"), ("query", "Money")]

    def test_an_article_of_nothing_but_a_title_has_no_rows_beside_it(self, encoder):
        embedded = Embedder(encoder).embed_now(ArticleText("Money", "", ""))

        assert embedded.title_vector.shape == (encoder.dimension,)
        assert embedded.passage_vectors.shape == embedded.question_vectors.shape == (0, encoder.dimension)

    def test_what_was_read_long_ago_is_forgotten(self, encoder, monkeypatch):
        monkeypatch.setattr(module, "MOST_REMEMBERED", 2)
        embedder = Embedder(encoder)
        for title in ("a", "b", "a", "c", "b"):
            embedder.embed_now(ArticleText(title, "", ""))

        assert [text for _kind, text in encoder.texts] == ["a", "b", "c", "b"]
