"""An article's vectors and passages, between memory and the database."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from knowledge_base.embedder import EmbeddedArticle
from knowledge_base.list_search import findable
from knowledge_base.models import Article, Passage, QuestionVariant
from knowledge_base.passages import PassageText

Floats = NDArray[np.float32]


def to_bytes(vector: Floats) -> bytes:
    """As a vector column holds it."""
    return np.ascontiguousarray(vector, "<f4").tobytes()


def from_bytes(stored: bytes) -> Floats:
    """The vector that a column holds."""
    return np.frombuffer(stored, "<f4").astype(np.float32)


def readable(passage: Passage) -> PassageText:
    """A stored passage as it was cut."""
    return PassageText(tuple(passage.headings), passage.text)


def ask_also(article: Article, questions: Sequence[str]) -> None:
    """Make these the article's question variants in this order, keeping the rows of those that stay."""
    kept = {variant.text: variant for variant in article.variants}
    article.variants = [kept.get(text) or QuestionVariant(text=text) for text in dict.fromkeys(questions)]
    for position, variant in enumerate(article.variants):
        variant.position = position


def findable_of(article: Article) -> str:
    """What its list is searched for, its variants loaded."""
    return findable(article.slug, article.title, article.summary, article.body, article.questions)


def store(embedded: EmbeddedArticle, article: Article, *, encoder: str) -> None:
    """Put an article's vectors and passages into its rows; its variants are those that were embedded."""
    article.vector = to_bytes(embedded.title_vector)
    article.encoder = encoder
    for variant, vector in zip(article.variants, embedded.question_vectors, strict=True):
        variant.vector = to_bytes(vector)
    # Rows are changed in place: the database would see a new passage 0 before the old one is gone.
    rows = list(article.passages[: len(embedded.passages)])
    rows += [Passage(position=position) for position in range(len(rows), len(embedded.passages))]
    for row, passage, vector in zip(rows, embedded.passages, embedded.passage_vectors, strict=True):
        row.headings, row.text = list(passage.headings), passage.text
        row.vector, row.encoder = to_bytes(vector), encoder
    article.passages = rows
