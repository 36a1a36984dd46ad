"""Questions with known answers, asked of a knowledge base that does not know the very question."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from knowledge_base.article_files import ArticleFile, FrontMatter
from knowledge_base.confidence import SIGNALS, Calibration, Thresholds
from knowledge_base.embedder import ArticleText, Embedder
from knowledge_base.projection import Projection
from knowledge_base.question import Question, answer_language, matching_form
from knowledge_base.ranking import FEATURES, Candidate, Ranker
from knowledge_base.reranking import Reranker
from knowledge_base.search import SearchableArticle, SearchablePassage, SearchableVariant, SearchIndex
from language.support_questions import Group

Floats = NDArray[np.float32]

# Before anything is learned, every feature counts alike.
UNTRAINED = Ranker(dict.fromkeys(FEATURES, 1.0))
UNCALIBRATED = Calibration(dict.fromkeys(SIGNALS, 0.0), 0.0, Thresholds(answer=1.0, offer=1.0))


class Kind(StrEnum):
    """How a question relates to what the knowledge base holds."""

    unseen = "unseen"
    unanswerable = "unanswerable"


@dataclass(frozen=True)
class Example:
    """One question and the candidates found for it; `relevant` says which answer it, `topic` what it is about."""

    text: str
    topic: str
    kind: Kind
    candidates: Sequence[Candidate]
    relevant: NDArray[np.bool_]
    topics: Sequence[str]
    # What a reranker reads of each; empty where there is no reranker.
    texts: Sequence[str] = ()

    @property
    def features(self) -> NDArray[np.float64]:
        """A row per candidate."""
        return np.array([[one.features[name] for name in FEATURES] for one in self.candidates])


def as_articles(groups: Iterable[Group]) -> Iterator[ArticleFile]:
    """A business's parallel questions as its knowledge base: the formal one is the title, the others are variants."""
    for group in groups:
        front = FrontMatter(
            title=group.formal,
            category=group.business,
            slug=group.id.replace("_", "-"),
            language="fa",
            questions=[*group.informal, group.finglish, group.english],
        )
        yield ArticleFile(front, group.answer)


def searchable(files: Iterable[ArticleFile], embedder: Embedder) -> list[SearchableArticle]:
    """Articles from files as search takes them, with ids of their own."""
    articles: list[SearchableArticle] = []
    next_id = 0
    for file in files:
        front = file.front
        embedded = embedder.embed_now(ArticleText(front.title, front.summary, file.body, front.questions))
        ids = range(next_id, next_id + len(embedded.passages) + len(front.questions))
        next_id += len(ids)
        passages = [
            SearchablePassage(one, passage.embedded(front.title), vector)
            for one, passage, vector in zip(ids, embedded.passages, embedded.passage_vectors, strict=False)
        ]
        variants = [
            SearchableVariant(one, text, vector)
            for one, text, vector in zip(ids[len(passages) :], front.questions, embedded.question_vectors, strict=True)
        ]
        articles.append(
            SearchableArticle(
                len(articles),
                front.slug,
                front.language,
                front.title,
                1,
                embedded.title_vector,
                front.summary,
                passages,
                variants,
            )
        )
    return articles


def fill(
    articles: Iterable[SearchableArticle],
    dimension: int,
    *,
    projection: Projection | None = None,
    reranker: Reranker | None = None,
) -> SearchIndex:
    """An index of these articles whose candidates are ordered by nothing learned."""
    index = SearchIndex(dimension, ranker=UNTRAINED, calibration=UNCALIBRATED, projection=projection, reranker=reranker)
    for article in articles:
        index.put(article)
    return index


def without_variants(article: SearchableArticle) -> SearchableArticle:
    """As it is before anybody has thought of other ways to ask."""
    return replace(article, variants=())


def plain(article: SearchableArticle) -> SearchableArticle:
    """As a text that came without title or summary."""
    return replace(article, variants=(), vector=None, title="", summary="")


def leave_one_out(
    articles: Sequence[SearchableArticle],
    asked: Sequence[SearchableArticle],
    *,
    projection: Projection,
    reranker: Reranker | None = None,
) -> Iterator[Example]:
    """Ask every variant in `asked` of `articles` without that variant, and once more without its whole topic."""
    index = fill(articles, len(projection.matrix), projection=projection, reranker=reranker)
    for article, source in zip(articles, asked, strict=True):
        topic = [one for one in articles if one.slug == article.slug]
        for variant in source.variants:
            index.put(replace(article, variants=[one for one in article.variants if one.id != variant.id]))
            yield _example(index, variant, article, Kind.unseen)
        for one in topic:
            index.remove(one.id)
        for variant in source.variants:
            yield _example(index, variant, article, Kind.unanswerable)
        for one in topic:
            index.put(one)


def ask_off_topic(
    articles: Sequence[SearchableArticle],
    questions: Sequence[str],
    vectors: Floats,
    *,
    projection: Projection,
    reranker: Reranker | None = None,
) -> Iterator[Example]:
    """Ask what no article is about."""
    index = fill(articles, len(projection.matrix), projection=projection, reranker=reranker)
    nowhere = SearchableArticle(-1, "", "fa", "", 0, None)
    for text, vector in zip(questions, vectors, strict=True):
        yield _example(index, SearchableVariant(-1, text, vector), replace(nowhere, slug=text), Kind.unanswerable)


def _example(index: SearchIndex, variant: SearchableVariant, article: SearchableArticle, kind: Kind) -> Example:
    language = answer_language(variant.text, preferred=article.language)
    question = Question(matching_form(variant.text), variant.vector, language)
    candidates = index.candidates(question)
    entries = [index.entry(one.article_id) for one in candidates]
    topics = [entry.slug if entry else "" for entry in entries]
    relevant = np.array([topic == article.slug for topic in topics])
    texts = index.nearest_texts(question, [one.article_id for one in candidates]) if index.reranker else ()
    return Example(variant.text, article.slug, kind, candidates, relevant, topics, texts)
