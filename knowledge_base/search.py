"""The searchable knowledge base in memory: every published article's vectors and words, and how a question is ranked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from knowledge_base.confidence import Calibration
from knowledge_base.field import Field
from knowledge_base.lexical import LexicalIndex, LexicalScores, terms
from knowledge_base.question import Question, matching_form
from knowledge_base.ranking import FEATURES, Candidate, Ranker

# How many passages, titles and variants by meaning, and passages and articles by words, are looked at more closely.
BREADTH = 32
# The standardised score of the best passage of an article that has none.
LOWEST = -3.0

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class SearchablePassage:
    """A passage as it is searched: what the encoder read, and its vector."""

    id: int
    text: str
    vector: Floats


@dataclass(frozen=True)
class SearchableVariant:
    """Another way to ask, with its vector."""

    id: int
    text: str
    vector: Floats


@dataclass(frozen=True)
class SearchableArticle:
    """All that search needs to know of a published article."""

    id: int
    slug: str
    language: str
    title: str
    version: int
    # Null where there is no title to compare with.
    vector: Floats | None
    summary: str = ""
    passages: Sequence[SearchablePassage] = ()
    variants: Sequence[SearchableVariant] = ()


@dataclass(frozen=True)
class Entry:
    """What stays in memory of an article beside vectors and words."""

    id: int
    slug: str
    language: str
    title: str
    version: int

    @property
    def url(self) -> str:
        return f"/help/{self.language}/{self.slug}"


@dataclass(frozen=True)
class Ranking:
    """A question's candidates, best first, one per topic, with the confidence in the first."""

    candidates: list[Candidate] = field(default_factory=list)
    confidence: float = 0.0


class SearchIndex:
    """Articles in; rankings out. Every change is visible to the next question."""

    def __init__(self, dimension: int, *, ranker: Ranker, calibration: Calibration) -> None:
        self.ranker = ranker
        self.calibration = calibration
        self._entries: dict[int, Entry] = {}
        self._topics: dict[str, dict[str, int]] = {}
        self.titles = Field(dimension)
        self.variants = Field(dimension)
        self.passages = Field(dimension)
        # By article id: all its text as one document; its title, summary and variants as another.
        self.words = LexicalIndex()
        self.asked = LexicalIndex()

    def __len__(self) -> int:
        return len(self._entries)

    def versions(self) -> dict[int, int]:
        """Which version of which article is searched."""
        return {entry.id: entry.version for entry in self._entries.values()}

    def entry(self, article_id: int) -> Entry | None:
        """What is known of a searched article."""
        return self._entries.get(article_id)

    def translation(self, article_id: int, language: str) -> Entry | None:
        """The same topic in a language, which may be the article itself."""
        entry = self._entries.get(article_id)
        sibling = self._topics.get(entry.slug, {}).get(language) if entry else None
        return self._entries.get(sibling) if sibling is not None else None

    def put(self, article: SearchableArticle) -> None:
        """Search an article, in place of what its id had before."""
        self.remove(article.id)
        self._entries[article.id] = Entry(article.id, article.slug, article.language, article.title, article.version)
        self._topics.setdefault(article.slug, {})[article.language] = article.id
        if article.vector is not None:
            self.titles.put(article.id, article.language, [article.id], article.vector[None])
        for store, parts in ((self.variants, article.variants), (self.passages, article.passages)):
            if parts:
                vectors = np.stack([part.vector for part in parts])
                store.put(article.id, article.language, [part.id for part in parts], vectors)
        self.words.add(article.id, matching_form("\n".join([article.title, *(one.text for one in article.passages)])))
        asked = "\n".join([article.title, article.summary, *(variant.text for variant in article.variants)])
        self.asked.add(article.id, matching_form(asked))

    def remove(self, article_id: int) -> None:
        """Search an article no longer; an unknown id is no error."""
        entry = self._entries.pop(article_id, None)
        if entry is None:
            return
        self._topics[entry.slug].pop(entry.language, None)
        if not self._topics[entry.slug]:
            del self._topics[entry.slug]
        self.words.remove(article_id)
        self.asked.remove(article_id)
        for store in (self.titles, self.variants, self.passages):
            store.remove(article_id)

    def rank(self, question: Question) -> Ranking:
        """Order what may answer the question and say how sure the first is."""
        candidates = self._one_per_topic(self.candidates(question))
        return Ranking(candidates, self.calibration.probability(candidates))

    def candidates(self, question: Question) -> list[Candidate]:
        """Every article looked at more closely, best first."""
        query_terms = list(terms(question.matching))
        words, asked = self.words.score(query_terms), self.asked.score(query_terms)
        found = list(dict.fromkeys(self._found(question, words, asked)))
        passages, features = self._features(question, found, words, asked)
        return self.ranker.rank(found, passages, features)

    def _found(self, question: Question, words: LexicalScores, asked: LexicalScores) -> Iterable[int]:
        for store in (self.passages, self.titles, self.variants):
            yield from store.nearest(question.vector, BREADTH)
        yield from words.top(BREADTH)
        yield from asked.top(BREADTH)

    def _features(
        self, question: Question, found: Sequence[int], words: LexicalScores, asked: LexicalScores
    ) -> tuple[list[int | None], Floats]:
        """The best passage of each article, and its row of FEATURES."""
        passages = self.passages.standardised(question.vector, found)
        titles = self.titles.standardised(question.vector, found)
        variants = self.variants.standardised(question.vector, found)
        columns = {
            "dense": [scores.max(initial=LOWEST) for scores in passages],
            "title": [scores.max() if len(scores) else 0.0 for scores in titles],
            "variant": [scores.max(initial=0.0) for scores in variants],
            "lexical": np.log1p(np.maximum(words.standardised(found), 0.0)),
            "coverage": words.coverage(found),
            "asked": asked.coverage(found),
            "language": [self._entries[one].language == question.language for one in found],
        }
        best = [
            self.passages.entries(one)[int(scores.argmax())] if len(scores) else None
            for one, scores in zip(found, passages, strict=True)
        ]
        return best, np.column_stack([columns[name] for name in FEATURES]).astype(np.float32)

    def _one_per_topic(self, candidates: Iterable[Candidate]) -> list[Candidate]:
        """The better of an article and its translations."""
        topics: dict[str, Candidate] = {}
        for candidate in candidates:
            topics.setdefault(self._entries[candidate.article_id].slug, candidate)
        return list(topics.values())
