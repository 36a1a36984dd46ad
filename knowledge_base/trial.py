"""Trying out a text before anybody else sees it: what the bot would say with it, and whose questions it would take."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from knowledge_base.addresses import article_url
from knowledge_base.answering import Answer, Found
from knowledge_base.embedder import EmbeddedArticle
from knowledge_base.enums import Band, Visibility
from knowledge_base.excerpts import answering_part
from knowledge_base.models import Expectation
from knowledge_base.pretence import instead
from knowledge_base.question import Question, as_question, matching_form
from knowledge_base.schemas import ArticleDraft
from knowledge_base.search import LIKELY, Ranking, SearchableArticle, SearchablePassage, SearchableVariant
from knowledge_base.service import KnowledgeService, text_of
from knowledge_base.storage import from_bytes

# How many candidates of a ranking are explained.
EXPLAINED = 5
# Of the draft's questions, how many are asked.
MOST_ASKED = 30
# Of other articles, how many are looked at, and how many of their variants altogether.
RIVALS = 8
RIVAL_VARIANTS = 16
# Rankings in one go: others wait for no more than a few milliseconds.
AT_ONCE = 4
# An article that answers at least this share of a draft's questions is one on the same thing.
DUPLICATE_SHARE = 0.5
# The article id of a text that was never saved: rows begin with 1.
NEW = 0
# Ids of its passages and variants, which no row has.
UNSAVED = 2**48

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Unsaved:
    """A text as it would stand in the knowledge base; `article_id` is none for one that was never saved."""

    draft: ArticleDraft
    slug: str
    language: str
    article_id: int | None = None

    @property
    def is_public(self) -> bool:
        """Whether the bot may answer from it."""
        return self.draft.visibility is not Visibility.agents


@dataclass(frozen=True)
class Explained:
    """A candidate article, with its score and what it comes from."""

    article_id: int
    title: str
    language: str
    score: float
    features: Mapping[str, float]


@dataclass(frozen=True)
class Attempt:
    """What the bot would say, and which articles it chose from, best first."""

    found: Found
    candidates: list[Explained]


@dataclass(frozen=True)
class Overlap:
    """Another article that a text gets in the way of."""

    article_id: int
    title: str
    language: str
    # The text's own questions that the other article answers now.
    answered: list[str]
    # The other's ways to ask: to the likes of them the bot would answer with the text instead.
    taken: list[str]
    is_duplicate: bool

    def besides(self, other: "Overlap | None") -> "Overlap | None":
        """What of it another overlap with the same article has not; none where that is nothing."""
        if other is None:
            return self
        answered = [one for one in self.answered if one not in other.answered]
        taken = [one for one in self.taken if one not in other.taken]
        is_duplicate = self.is_duplicate and not other.is_duplicate
        return replace(self, answered=answered, taken=taken, is_duplicate=is_duplicate) if answered or taken else None


@dataclass(frozen=True)
class Broken:
    """A question of the regression set that a text would keep from being answered as it should."""

    question: str
    language: str
    # The article that should answer, and does now.
    article_id: int
    title: str


@dataclass(frozen=True)
class Warnings:
    """What a text would get in the way of."""

    overlaps: list[Overlap] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.overlaps or self.broken)


@dataclass(frozen=True)
class _Asked:
    """A text that is asked, as search takes it."""

    text: str
    question: Question


class Trial:
    """Tries things out within the caller's session, and leaves everything as it was."""

    def __init__(self, knowledge: KnowledgeService) -> None:
        self._knowledge = knowledge
        self._search = knowledge.live.search

    async def ask(self, text: str, *, language: str) -> Attempt:
        """What the bot would say now.

        Raises:
            QuestionBlank
        """
        asked = await self._knowledge.read_question(text, language=language)
        ranking = await self._knowledge.live.rank(asked)
        return Attempt(await self._knowledge.found_by(ranking, asked), self._explained(ranking))

    async def ask_with(self, unsaved: Unsaved, text: str, *, language: str) -> Attempt:
        """What the bot would say if this text were published.

        Raises:
            QuestionBlank
        """
        asked = await self._knowledge.read_question(text, language=language)
        embedded = await self._knowledge.live.embedder.embed(text_of(unsaved.draft))
        trial = await self._as_searched(unsaved, embedded)
        saved = await self._stored([trial.id])
        put = [trial] if unsaved.is_public else []
        with instead(self._search, of=saved, put=put):
            shortlist = self._search.shortlist(asked)
        ranking = await self._knowledge.live.settle(shortlist)
        with instead(self._search, of=saved, put=put):
            candidates, offers = self._explained(ranking), self._knowledge.offers(ranking)
            likeness = self._search.likeness(asked, trial.id)
            band, answer = self._search.band(asked, ranking), None
        if band is Band.answer and _first(ranking) != trial.id:
            return Attempt(await self._knowledge.found_by(ranking, asked), candidates)
        if band is Band.answer:
            # Where somebody saved the article at this very moment, theirs was searched, and none of these is known.
            near = [likeness.get(one.id, 0.0) for one in trial.passages]
            part = answering_part(self._knowledge.wanted(asked, trial.title), embedded.passages, near)
            answer = self._answer(trial, unsaved.draft.summary if part is None else part, language=language)
        offers = offers if band is Band.offer else []
        return Attempt(Found(band, ranking.confidence, answer=answer, offers=offers), candidates)

    async def overlaps(self, unsaved: Unsaved) -> list[Overlap]:
        """The articles in the same language that answer this text's questions now, or would lose theirs to it.

        What is likelier right than wrong counts as an answer, however sure the bot has to be to give it.
        """
        if not unsaved.is_public:
            return []
        embedded = await self._knowledge.live.embedder.embed(text_of(unsaved.draft))
        trial = await self._as_searched(unsaved, embedded)
        asked = await self._questions(unsaved, embedded)
        topic = (await self._knowledge.articles.at_addresses({trial.slug})).values()
        own = await self._stored({trial.id, *topic})
        rankings = await self._rank([one.question for one in asked], of=own, put=[])
        answered: dict[int, list[str]] = {}
        for one, ranking in zip(asked, rankings, strict=True):
            if ranking.confidence >= LIKELY:
                answered.setdefault(ranking.candidates[0].article_id, []).append(one.text)
        taken = await self._taken(trial, asked, self._nearest(rankings, trial.language))
        return self._overlaps(trial.language, answered, taken, len(asked))

    async def broken(self, unsaved: Unsaved) -> list[Broken]:
        """The questions of the regression set that are answered as they should now, and would not be with this text."""
        if not await self._knowledge.regression.count():
            return []
        embedded = await self._knowledge.live.embedder.embed(text_of(unsaved.draft))
        trial = await self._as_searched(unsaved, embedded)
        return await self._broken(trial.id, put=[trial] if unsaved.is_public else [])

    async def broken_without(self, article_id: int) -> list[Broken]:
        """Those that would not be answered as they should if contacts could not read this article any more."""
        return await self._broken(article_id, put=[])

    async def warnings(self, unsaved: Unsaved) -> Warnings:
        """All that this text would get in the way of, once contacts read it."""
        return Warnings(await self.overlaps(unsaved), await self.broken(unsaved))

    async def _broken(self, article_id: int, *, put: Sequence[SearchableArticle]) -> list[Broken]:
        """What is answered as it should now, and would not be with others in an article's place."""
        expectations = await self._knowledge.regression.all()
        saved = await self._stored([article_id])
        questions = [await self._expected_question(one) for one in expectations]
        rankings = await self._rank(questions, of=saved, put=put)
        broken: list[Broken] = []
        for one, question, ranking in zip(expectations, questions, rankings, strict=True):
            if self._is_met(one, ranking):
                continue
            await asyncio.sleep(0)
            if self._is_met(one, await self._knowledge.live.rank(question)):
                broken.append(Broken(one.question, one.language, one.article_id, one.article.title))
        return broken

    async def _expected_question(self, expectation: Expectation) -> Question:
        live = self._knowledge.live
        if expectation.vector and expectation.encoder == live.embedder.fingerprint:
            vector = from_bytes(expectation.vector)
        else:
            vector = await live.embedder.embed_question(expectation.question, own=live)
        return as_question(expectation.question, vector, expectation.language, own=live)

    def _is_met(self, expectation: Expectation, ranking: Ranking) -> bool:
        """Whether an answer from the expected topic is given."""
        is_given = self._search.calibration.band(ranking.confidence) is Band.answer
        return is_given and ranking.topic == expectation.article.slug

    async def _taken(
        self, trial: SearchableArticle, asked: Sequence[_Asked], rival_ids: Sequence[int]
    ) -> dict[int, list[str]]:
        """The rivals' variants to whose likes the trial would answer, by rival.

        A variant is asked with itself left out: word for word, its own article always has it.
        """
        saved = await self._stored([trial.id])
        taken: dict[int, list[str]] = {}
        for rival, variant in _nearest_variants(await self._stored(rival_ids), asked):
            without = replace(rival, variants=[one for one in rival.variants if one.id != variant.id])
            question = Question(matching_form(variant.text), variant.vector, rival.language)
            await asyncio.sleep(0)
            with instead(self._search, of=[rival], put=[without]):
                shortlist = self._search.shortlist(question)
            before = await self._knowledge.live.settle(shortlist)
            if _first(before) != rival.id:
                continue
            await asyncio.sleep(0)
            with instead(self._search, of=[rival, *saved], put=[without, trial]):
                shortlist = self._search.shortlist(question)
            after = await self._knowledge.live.settle(shortlist)
            if _first(after) == trial.id and after.confidence >= LIKELY:
                taken.setdefault(rival.id, []).append(variant.text)
        return taken

    async def _rank(
        self, questions: Sequence[Question], *, of: Sequence[SearchableArticle], put: Sequence[SearchableArticle]
    ) -> list[Ranking]:
        """How these are ranked where some articles are in the place of others."""
        rankings: list[Ranking] = []
        for start in range(0, len(questions), AT_ONCE):
            with instead(self._search, of=of, put=put):
                shortlists = [self._search.shortlist(one) for one in questions[start : start + AT_ONCE]]
            rankings += [await self._knowledge.live.settle(one) for one in shortlists]
            await asyncio.sleep(0)
        return rankings

    def _nearest(self, rankings: Sequence[Ranking], language: str) -> list[int]:
        """The articles that come up most among the first."""
        found = Counter(one.article_id for ranking in rankings for one in ranking.candidates[:EXPLAINED])
        entries = (self._search.entry(one) for one, _count in found.most_common())
        return [one.id for one in entries if one and one.language == language][:RIVALS]

    def _overlaps(
        self, language: str, answered: Mapping[int, list[str]], taken: Mapping[int, list[str]], asked: int
    ) -> list[Overlap]:
        """Those worth a word: that another article answers one question of many is no harm."""
        duplicates = {one for one, questions in answered.items() if len(questions) >= DUPLICATE_SHARE * asked}
        entries = (self._search.entry(one) for one in dict.fromkeys([*duplicates, *taken]))
        return [
            Overlap(
                entry.id,
                entry.title,
                entry.language,
                answered.get(entry.id, []),
                taken.get(entry.id, []),
                is_duplicate=entry.id in duplicates,
            )
            for entry in entries
            if entry and entry.language == language
        ]

    def _explained(self, ranking: Ranking) -> list[Explained]:
        pairs = ((one, self._search.entry(one.article_id)) for one in ranking.candidates[:EXPLAINED])
        return [
            Explained(entry.id, entry.title, entry.language, one.score, one.features) for one, entry in pairs if entry
        ]

    async def _questions(self, unsaved: Unsaved, embedded: EmbeddedArticle) -> list[_Asked]:
        """The title and the variants, as contacts would ask them, each once."""
        title = await self._knowledge.live.embedder.embed_question(unsaved.draft.title)
        texts = [unsaved.draft.title, *text_of(unsaved.draft).questions][:MOST_ASKED]
        vectors = [title, *embedded.question_vectors]
        asked: dict[str, _Asked] = {}
        for text, vector in zip(texts, vectors, strict=False):
            if matching := matching_form(text):
                asked.setdefault(matching, _Asked(text, Question(matching, vector, unsaved.language)))
        return list(asked.values())

    async def _stored(self, article_ids: Sequence[int] | set[int]) -> list[SearchableArticle]:
        """Those of these articles that have been saved."""
        return [
            self._knowledge.live.searchable(one)
            for one in await self._knowledge.articles.with_vectors(list(article_ids))
        ]

    async def _as_searched(self, unsaved: Unsaved, embedded: EmbeddedArticle) -> SearchableArticle:
        """The text as search would have it."""
        article_id = NEW if unsaved.article_id is None else unsaved.article_id
        holder = await self._knowledge.articles.by_address(unsaved.slug, unsaved.language)
        is_free = holder is None or holder.id == article_id
        variants = text_of(unsaved.draft).questions
        return SearchableArticle(
            id=article_id,
            slug=unsaved.slug if is_free else "",
            language=unsaved.language,
            title=unsaved.draft.title,
            version=0,
            vector=embedded.title_vector,
            summary=unsaved.draft.summary,
            passages=[
                SearchablePassage(UNSAVED + place, one.embedded(unsaved.draft.title), vector)
                for place, (one, vector) in enumerate(zip(embedded.passages, embedded.passage_vectors, strict=True))
            ],
            variants=[
                SearchableVariant(UNSAVED + place, text, vector)
                for place, (text, vector) in enumerate(zip(variants, embedded.question_vectors, strict=True))
            ],
        )

    def _answer(self, trial: SearchableArticle, text: str, *, language: str) -> Answer:
        return Answer(
            article_id=trial.id,
            title=trial.title,
            url=article_url(trial.slug, trial.language),
            text=text,
            language=trial.language,
            updated_at=self._knowledge.clock.now(),
            other_language=trial.language != language,
        )


def _nearest_variants(
    rivals: Sequence[SearchableArticle], asked: Sequence[_Asked]
) -> list[tuple[SearchableArticle, SearchableVariant]]:
    """The rivals' variants that are nearest to any of the questions, nearest first."""
    pairs = [(rival, variant) for rival in rivals for variant in rival.variants]
    if not pairs or not asked:
        return []
    ours = np.stack([one.question.vector for one in asked])
    nearness = (np.stack([variant.vector for _rival, variant in pairs]) @ ours.T).max(axis=1)
    return [pairs[place] for place in np.argsort(-nearness, kind="stable")[:RIVAL_VARIANTS]]


def _first(ranking: Ranking) -> int | None:
    return ranking.candidates[0].article_id if ranking.candidates else None
