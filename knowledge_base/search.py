"""The searchable knowledge base in memory: published articles' vectors and words, and how a question is ranked."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from knowledge_base.addresses import article_url
from knowledge_base.confidence import Calibration
from knowledge_base.enums import Band
from knowledge_base.field import Arrays, Field, joined, part
from knowledge_base.lexical import LexicalIndex, LexicalScores, terms
from knowledge_base.projection import Projection
from knowledge_base.question import Question, matching_form, phrasing_of
from knowledge_base.ranking import FEATURES, Candidate, Ranker, Standing, evened_out
from knowledge_base.reranking import SHORTLIST, Reranker, reordered
from language.normalise import normalise
from language.spelling import knows_a_word

# How many passages, titles and variants by meaning, and passages and articles by words, are looked at more closely.
BREADTH = 32
# The standardised score of the best passage of an article that has none.
LOWEST = -3.0
# Cosines of a question and an article that has nothing to do with it seldom lie above this with our encoder.
LOW_COSINE = 0.43
# The confidence where a question is, word for word, one that an editor wrote for a single topic.
VERBATIM = 0.99
# Titles less likely than this to hold the answer are offered only of what has something to do with the articles.
LIKELY = 0.5
# An article that covers less of a question than this shares no more with it than a few letters.
SHARES_WORDS = 0.1

FIELDS = ("titles", "variants", "passages")

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
    updated_at: datetime | None = None
    # False where this encoder has not read it yet. Then it has no vectors, and is found by the words of these.
    is_embedded: bool = True
    passages_unread: Sequence[str] = ()
    variants_unread: Sequence[str] = ()


class Edition(NamedTuple):
    """A state of an article: where two are equal, search has the same of both."""

    version: int
    # Versions alone are counted anew in another database.
    updated_at: datetime | None
    is_embedded: bool


@dataclass(frozen=True)
class Entry:
    """What stays in memory of an article beside vectors and words."""

    id: int
    slug: str
    language: str
    title: str
    version: int
    # Title and variants in their matching form, without the mark at their end.
    phrasings: frozenset[str] = frozenset()
    updated_at: datetime | None = None
    is_embedded: bool = True
    # What a reranker reads, in the order of their vectors; empty where there is no reranker.
    passages: tuple[str, ...] = ()

    @property
    def edition(self) -> Edition:
        return Edition(self.version, self.updated_at, self.is_embedded)

    @property
    def url(self) -> str:
        return article_url(self.slug, self.language)


@dataclass(frozen=True)
class Shortlist:
    """What may answer a question, as the small model orders it, with all that it takes to settle the order."""

    question: Question
    candidates: list[Candidate]
    # The topics of the candidates.
    topics: Sequence[str]
    # The only topic for which an editor wrote the question word for word.
    said: str | None
    # What a reranker reads of each; empty where there is no reranker.
    texts: Sequence[str] = ()


@dataclass(frozen=True)
class Ranking:
    """A question's candidates, best first, with the confidence in the first."""

    candidates: list[Candidate] = field(default_factory=list)
    confidence: float = 0.0
    # The topic of the first.
    topic: str | None = None


class SearchIndex:
    """Articles in; rankings out. Every change is visible to the next question."""

    def __init__(
        self,
        dimension: int,
        *,
        ranker: Ranker,
        calibration: Calibration,
        projection: Projection | None = None,
        reranker: Reranker | None = None,
    ) -> None:
        self.ranker = ranker
        # Settles the order where there is one; then the calibration must be its own.
        self.reranker = reranker
        self.calibration = calibration
        self.projection = projection
        # What readers said of articles, in tenths; those that nobody voted on are left out.
        self.helpful: Mapping[int, int] = {}
        self._entries: dict[int, Entry] = {}
        self._topics: dict[str, dict[str, int]] = {}
        # Titles and variants word for word, with the topics that have them.
        self._phrasings: dict[str, set[str]] = {}
        self.titles = Field(dimension)
        self.variants = Field(dimension)
        self.passages = Field(dimension)
        # By article id: all its text as one document; its title, summary and variants as another.
        self.words = LexicalIndex()
        self.asked = LexicalIndex()
        # Counts changes; held while one is made, so that another thread can take the state.
        self._changes = 0
        self._changing = Lock()

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def fields(self) -> tuple[Field, Field, Field]:
        """Where its vectors are."""
        return self.titles, self.variants, self.passages

    def versions(self) -> dict[int, int]:
        """Which version of which article is searched."""
        return {entry.id: entry.version for entry in self._entries.values()}

    def editions(self) -> dict[int, Edition]:
        """Which state of which article is searched."""
        return {entry.id: entry.edition for entry in self._entries.values()}

    def entry(self, article_id: int) -> Entry | None:
        """What is known of a searched article."""
        return self._entries.get(article_id)

    def translation(self, article_id: int, language: str) -> Entry | None:
        """The same topic in a language, which may be the article itself."""
        entry = self._entries.get(article_id)
        sibling = self._topics.get(entry.slug, {}).get(language) if entry else None
        return self._entries.get(sibling) if sibling is not None else None

    def is_taken(self, slug: str, language: str) -> bool:
        """Whether an article with this address is searched."""
        return language in self._topics.get(slug, {})

    def put(self, article: SearchableArticle) -> None:
        """Search an article, in place of what its id had before."""
        with self._changing:
            self._remove(article.id)
            self._put(article)

    def remove(self, article_id: int) -> None:
        """Search an article no longer; an unknown id is no error."""
        with self._changing:
            self._remove(article_id)

    def _put(self, article: SearchableArticle) -> None:
        self._changes += 1
        variants = [matching_form(one) for one in (*(one.text for one in article.variants), *article.variants_unread)]
        passages = (*(one.text for one in article.passages), *article.passages_unread)
        self._enter(
            Entry(
                article.id,
                article.slug,
                article.language,
                article.title,
                article.version,
                frozenset(map(phrasing_of, [normalise(article.title), *variants])) - {""},
                article.updated_at,
                article.is_embedded,
                passages if self.reranker else (),
            )
        )
        if article.vector is not None:
            title = article.vector[None]
            title = self.projection.titles(title) if self.projection else title
            self.titles.put(article.id, article.language, [article.id], title)
        if article.variants:
            vectors = self._projected(np.stack([variant.vector for variant in article.variants]))
            self.variants.put(article.id, article.language, [variant.id for variant in article.variants], vectors)
        if article.passages:
            vectors = np.stack([passage.vector for passage in article.passages])
            self.passages.put(article.id, article.language, [passage.id for passage in article.passages], vectors)
        self.words.add(article.id, normalise("\n".join([article.title, *passages])))
        self.asked.add(article.id, "\n".join([normalise(f"{article.title}\n{article.summary}"), *variants]))

    def _enter(self, entry: Entry) -> None:
        self._entries[entry.id] = entry
        for phrasing in entry.phrasings:
            self._phrasings.setdefault(phrasing, set()).add(entry.slug)
        self._topics.setdefault(entry.slug, {})[entry.language] = entry.id

    def _remove(self, article_id: int) -> None:
        entry = self._entries.pop(article_id, None)
        if entry is None:
            return
        self._changes += 1
        self._topics[entry.slug].pop(entry.language, None)
        if not self._topics[entry.slug]:
            del self._topics[entry.slug]
        self._forget_phrasings(entry)
        self.words.remove(article_id)
        self.asked.remove(article_id)
        for store in self.fields:
            store.remove(article_id)

    def _forget_phrasings(self, entry: Entry) -> None:
        kept = {
            phrasing for one in self._topics.get(entry.slug, {}).values() for phrasing in self._entries[one].phrasings
        }
        for phrasing in entry.phrasings - kept:
            self._phrasings[phrasing].discard(entry.slug)
            if not self._phrasings[phrasing]:
                del self._phrasings[phrasing]

    def state(self) -> Arrays | None:
        """Everything, as arrays that `restore` takes; none where the index was changed meanwhile.

        May run in another thread: a change waits for the part that is being taken, and no longer.
        """
        begun, taken = self._changes, {}
        for name, take in self._parts():
            with self._changing:
                if self._changes != begun:
                    return None
                taken[name] = take()
        return joined(taken)

    def restore(self, arrays: Arrays) -> None:
        """Be as the index was that these arrays were taken of."""
        for entry in _entries(arrays["entries/lines"]):
            self._enter(entry)
        for name, store in zip(FIELDS, self.fields, strict=True):
            store.restore(part(arrays, name))
        for name, words in (("words", self.words), ("asked", self.asked)):
            words.restore(part(arrays, name))

    def _parts(self) -> Iterator[tuple[str, Callable[[], Arrays]]]:
        yield "entries", lambda: {"lines": _lines(self._entries.values())}
        yield from ((name, store.state) for name, store in zip(FIELDS, self.fields, strict=True))
        yield from (("words", self.words.state), ("asked", self.asked.state))

    def rank(self, question: Question) -> Ranking:
        """Order what may answer the question and say how sure the first is.

        With a reranker this takes long: where others wait, `settle` the `shortlist` in another thread.
        """
        return self.settle(self.shortlist(question))

    def shortlist(self, question: Question) -> Shortlist:
        """What may answer the question, in a few milliseconds."""
        said = self._phrasings.get(phrasing_of(question.matching), set())
        only = next(iter(said)) if len(said) == 1 and not question.joined else None
        candidates = evened_out(self.candidates(question), self._standing)
        candidates.sort(key=lambda one: self._entries[one.article_id].slug != only)
        if self.reranker:
            candidates = candidates[:SHORTLIST]
        ids = [one.article_id for one in candidates]
        texts = self.nearest_texts(question, ids) if self.reranker else []
        return Shortlist(question, candidates, [self._entries[one].slug for one in ids], only, texts)

    def settle(self, shortlist: Shortlist) -> Ranking:
        """The order of a shortlist, and how sure the first is. Reads nothing that a change of the articles changes."""
        candidates = shortlist.candidates
        topics = {one.article_id: topic for one, topic in zip(candidates, shortlist.topics, strict=True)}
        if self.reranker:
            candidates = reordered(candidates, self.reranker.scores(shortlist.question.wording, shortlist.texts))
            candidates.sort(key=lambda one: topics[one.article_id] != shortlist.said)
        confidence = self.calibration.probability(candidates)
        confidence = confidence if shortlist.said is None else max(VERBATIM, confidence)
        return Ranking(candidates, confidence, topics[candidates[0].article_id] if candidates else None)

    def band(self, question: Question, ranking: Ranking) -> Band:
        """What to do with a question whose ranking this is.

        Something always comes nearest to "سلام", "asdkjh" or "۱۲۳۴". What names nothing is answered only where an
        editor wrote it. Where nobody knows a word of a question and no article shares parts of words with it, its
        titles are offered only if they are likelier right than wrong; then it may be of a language that the encoder
        knows and we do not.
        """
        if question.names_nothing and ranking.confidence < VERBATIM:
            return Band.decline
        band = self.calibration.band(ranking.confidence)
        if band is not Band.offer or ranking.confidence >= LIKELY:
            return band
        means_something = knows_a_word(question.wording, self.words) or _shares_words(ranking)
        return band if means_something else Band.decline

    def nearest_texts(self, question: Question, article_ids: Sequence[int]) -> list[str]:
        """Of each article the passage that is nearest to a question, under its title; there must be a reranker."""
        return [self._nearest_text(question, self._entries[one]) for one in article_ids]

    def _nearest_text(self, question: Question, entry: Entry) -> str:
        near = list(self.likeness(question, entry.id).values())
        if not entry.passages:
            return entry.title
        return entry.passages[int(np.argmax(near)) if near else 0]

    def _standing(self, article_id: int) -> Standing:
        changed_at = self._entries[article_id].updated_at
        helpful = self.helpful.get(article_id, Standing().helpful)
        return Standing(helpful, changed_at.timestamp() if changed_at else 0.0)

    def is_phrasing(self, matching: str) -> bool:
        """Whether an editor wrote this, word for word, as a title or as another way to ask."""
        return phrasing_of(matching) in self._phrasings

    def candidates(self, question: Question) -> list[Candidate]:
        """Every topic looked at more closely, best first, by its article in the question's language if there is one."""
        query_terms = list(terms(question.wording))
        words, asked = self.words.score(query_terms), self.asked.score(query_terms)
        projected = self._projected(question.vector)
        found = self._found(question, projected, words, asked)
        topics = list(dict.fromkeys(self._entries[one].slug for one in found))
        articles = [one for topic in topics for one in self._topics[topic].values()]
        rows = self._features(question, projected, articles, words, asked)
        starts = np.cumsum([0, *(len(self._topics[topic]) for topic in topics)])[:-1]
        # A translation speaks for its topic: what is found in one language counts for the page in the other.
        features = np.maximum.reduceat(rows, starts, axis=0) if len(rows) else rows
        return self.ranker.rank([self._answering(topic, question.language) for topic in topics], features)

    def likeness(self, question: Question, article_id: int) -> dict[int, float]:
        """How near each passage of an article is to a question, standardised, by passage id."""
        found = self.passages.compare(question.vector, [article_id])
        return dict(zip(self.passages.entries(article_id), found.standardised.tolist(), strict=True))

    def _answering(self, topic: str, language: str) -> int:
        """The topic's article in this language, else in another."""
        articles = self._topics[topic]
        return articles[language] if language in articles else next(iter(articles.values()))

    def _found(
        self, question: Question, projected: Floats, words: LexicalScores, asked: LexicalScores
    ) -> Iterable[int]:
        yield from self.passages.nearest(question.vector, BREADTH)
        for store in (self.titles, self.variants):
            yield from store.nearest(projected, BREADTH)
        yield from words.top(BREADTH)
        yield from asked.top(BREADTH)

    def _features(
        self,
        question: Question,
        projected: Floats,
        articles: Sequence[int],
        words: LexicalScores,
        asked: LexicalScores,
    ) -> Floats:
        """A row of FEATURES per article."""
        passages = self.passages.compare(question.vector, articles)
        titles = self.titles.compare(projected, articles)
        variants = self.variants.compare(projected, articles)
        columns: dict[str, ArrayLike] = {
            "dense": np.maximum(passages.best(absent=LOWEST), LOWEST),
            "cosine": 10 * np.maximum(passages.best_raw(absent=0.0) - LOW_COSINE, 0.0),
            "title": titles.best(absent=0.0),
            "variant": np.maximum(variants.best(absent=0.0), 0.0),
            "lexical": np.log1p(np.maximum(words.standardised(articles), 0.0)),
            "coverage": words.coverage(articles),
            "asked": asked.coverage(articles),
            "language": [self._entries[one].language == question.language for one in articles],
        }
        return np.column_stack([np.asarray(columns[name], np.float32) for name in FEATURES])

    def _projected(self, questions: Floats) -> Floats:
        return self.projection.questions(questions) if self.projection else questions


def _shares_words(ranking: Ranking) -> bool:
    return any(max(one.features["coverage"], one.features["asked"]) >= SHARES_WORDS for one in ranking.candidates)


def _lines(entries: Iterable[Entry]) -> NDArray[np.uint8]:
    """Entries as lines of JSON, in the order of their ids."""
    lines = (
        json.dumps(asdict(one) | {"phrasings": sorted(one.phrasings)}, default=datetime.isoformat)
        for one in sorted(entries, key=lambda one: one.id)
    )
    return np.frombuffer("\n".join(lines).encode(), np.uint8)


def _entries(lines: NDArray[Any]) -> Iterator[Entry]:
    """The entries that `_lines` wrote."""
    for line in lines.tobytes().decode().splitlines():
        entry = json.loads(line)
        changed_at = entry["updated_at"]
        entry["updated_at"] = datetime.fromisoformat(changed_at) if changed_at else None
        sets = {"phrasings": frozenset(entry["phrasings"]), "passages": tuple(entry["passages"])}
        yield Entry(**entry | sets)
