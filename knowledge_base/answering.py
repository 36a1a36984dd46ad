"""Answering from the knowledge base, and keeping what became of the answers."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from statistics import fmean

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import Clock
from core.errors import InvalidInput, NotFound
from knowledge_base.enums import Band, GapCause, GapState, UseKind
from knowledge_base.excerpts import Wanted, answering_part, opening, wanted
from knowledge_base.follow_up import has_no_subject, is_follow_up
from knowledge_base.live_index import LiveIndex
from knowledge_base.models import Article, ArticleUse, ArticleVote, Gap
from knowledge_base.passages import split
from knowledge_base.ports import EarlierQuestions
from knowledge_base.question import Question, as_question, matching_form
from knowledge_base.ranking import Candidate
from knowledge_base.repository import (
    ArticleRepository,
    CategoryRepository,
    GapRepository,
    ImportRepository,
    RegressionRepository,
    UseRepository,
    VoteRepository,
)
from knowledge_base.search import Entry, Ranking, SearchIndex
from knowledge_base.storage import readable, to_bytes
from language.spelling import knows_a_word

OFFERS = 3
# From which share of a question's words on an article is shown to a reader for its words alone.
WORDS_THERE = 0.5
# From which chance of being right on it is shown for its meaning: a glance at a title costs less than a wrong offer.
WORTH_A_GLANCE = 0.1
# Where a follow-up's best article scores no more than this above the one that was just read, that one is meant.
AS_LIKELY = 1.0
# A person who is brought in within this time of an answer is brought in because of it.
ANSWER_COUNTS_FOR = timedelta(minutes=30)

Floats = NDArray[np.float32]


class ArticleNotFound(NotFound):
    """There is no such article."""

    code = "article_not_found"


class QuestionBlank(InvalidInput):
    """The question has no words."""

    code = "question_blank"


class VectorUnfit(InvalidInput):
    """The vector is not one of this encoder's."""

    code = "vector_unfit"


@dataclass(frozen=True)
class Offer:
    """An article that may be meant."""

    article_id: int
    title: str
    url: str
    # False where only agents may see it.
    is_public: bool = True


@dataclass(frozen=True)
class Answer:
    """The part of an article that answers."""

    article_id: int
    title: str
    url: str
    text: str
    language: str
    updated_at: datetime
    # True where there is no article in the language that was asked for.
    other_language: bool


@dataclass(frozen=True)
class Found:
    """What the knowledge base has on a question."""

    band: Band
    confidence: float
    answer: Answer | None = None
    offers: list[Offer] = field(default_factory=list)
    gap_id: int | None = None


class Answering:
    """What contacts and readers are told, and what they say of it, within the caller's transaction."""

    def __init__(
        self, session: AsyncSession, *, live: LiveIndex, clock: Clock, earlier: EarlierQuestions | None = None
    ) -> None:
        self.session = session
        self.live = live
        self.clock = clock
        # None where nobody keeps conversations: every question then stands alone.
        self.earlier = earlier
        self.articles = ArticleRepository(session)
        self.categories = CategoryRepository(session)
        self.gaps = GapRepository(session)
        self.votes = VoteRepository(session)
        self.uses = UseRepository(session)
        self.regression = RegressionRepository(session)
        self.imports = ImportRepository(session)

    async def answer(
        self,
        question: str,
        *,
        language: str,
        vector: Floats | None = None,
        conversation_id: str | None = None,
        message_id: str | None = None,
        keep_gap: bool = True,
    ) -> Found:
        """Answer, offer the nearest titles, or decline; a question without a sure answer is kept as a gap.

        `language` is the one to answer in. The same message asked twice leaves one gap. A message of a conversation
        that is not complete by itself is understood from the question before it.
        """
        asked = await self.read_question(question, language=language, vector=vector)
        ranking = await self.live.rank(asked)
        if conversation_id and message_id and self._may_lean_on_earlier(question, asked, ranking):
            earlier = await self._earlier_question(conversation_id, message_id)
            question, asked, ranking = await self._with_earlier(earlier, question, asked, ranking, conversation_id)
        found = await self.found_by(ranking, asked)
        if not keep_gap:
            return found
        await self._count_uses(found, question, asked, conversation_id, message_id)
        if found.band is Band.answer:
            await self.session.flush()
            return found
        gap = await self._keep_gap(question, asked, ranking, found.band, conversation_id, message_id)
        return Found(found.band, found.confidence, offers=found.offers, gap_id=gap.id)

    async def read_question(self, question: str, *, language: str, vector: Floats | None = None) -> Question:
        """A question as search takes it.

        Raises:
            QuestionBlank, VectorUnfit
        """
        if not matching_form(question):
            raise QuestionBlank
        if vector is None:
            vector = await self.live.embedder.embed_question(question, own=self.live)
        elif vector.shape != (self.live.embedder.dimension,):
            raise VectorUnfit
        return as_question(question, vector, language, own=self.live)

    async def found_by(self, ranking: Ranking, asked: Question) -> Found:
        """What a ranking comes to; nothing is kept of it."""
        band = self.live.search.band(asked, ranking)
        if band is Band.answer:
            answer = await self._best_answer(ranking, asked)
            return Found(band if answer else Band.decline, ranking.confidence, answer=answer)
        return Found(band, ranking.confidence, offers=self.offers(ranking) if band is Band.offer else [])

    async def look_up(self, question: str, *, language: str, count: int = OFFERS) -> Found:
        """What a reader who searches is shown: the answer where it is sure, and the other articles that come near.

        Where the bot declines, they may be what it would not offer by itself; where even that is not likely, those
        alone are shown that have the words themselves, since who searches writes one word as often as a question.
        None come near to a greeting. Nothing is kept of it.

        Raises:
            QuestionBlank
        """
        asked = await self.read_question(question, language=language)
        ranking = await self.live.rank(asked)
        found = await self.found_by(ranking, asked)
        near = ranking.candidates[1:] if found.answer else ranking.candidates
        if asked.names_nothing:
            near = []
        elif found.band is Band.decline and not self._is_worth_a_glance(asked, ranking):
            near = [one for one in near if one.features["coverage"] >= WORDS_THERE]
        return replace(found, offers=self.offers(Ranking(near), count))

    async def answer_from(self, article_id: int, *, language: str) -> Answer:
        """What an article says in short, in this language where it can; for a contact who chose its title."""
        entry = self.live.search.translation(article_id, language) or self.live.search.entry(article_id)
        if entry is None:
            raise ArticleNotFound
        article = await self._existing(entry.id)
        # Another process may have taken it from contacts, and the index not have heard of it.
        if not article.is_public:
            raise ArticleNotFound
        passages = await self.articles.passages_of(entry.id)
        return _answer(article, in_short(article.summary, [one.text for one in passages]), language=language)

    async def choose(
        self, article_id: int, *, language: str, conversation_id: str | None = None, message_id: str | None = None
    ) -> Answer:
        """What an article says in short, for a contact who chose its title; that they did is counted."""
        answer = await self.answer_from(article_id, language=language)
        if not (message_id and await self.uses.counted(message_id)):
            self._use(answer.article_id, UseKind.chosen, conversation_id, message_id)
            await self.session.flush()
        return answer

    async def suggest(
        self, text: str, vector: Floats, *, language: str, count: int = OFFERS, for_agents: bool = False
    ) -> list[Offer]:
        """The articles nearest to what a contact wrote, best first, however sure; agents see their own too."""
        question = as_question(text, vector, language, own=self.live)
        if not question.matching:
            return []
        search = self.live.search_for_agents if for_agents else self.live.search
        ranking = await self.live.rank(question, search=search)
        return self._offered(search, ranking, count)

    def suggest_at_once(self, text: str, vector: Floats, *, language: str, count: int = OFFERS) -> list[Offer]:
        """The same for agents, in the small model's order: for pages that ask for many."""
        question = as_question(text, vector, language, own=self.live)
        if not question.matching:
            return []
        search = self.live.search_for_agents
        return self._offered(search, Ranking(search.shortlist(question).candidates), count)

    def offers(self, ranking: Ranking, count: int = OFFERS) -> list[Offer]:
        """The first articles of a ranking by title."""
        return [_offer(entry) for entry in _entries(self.live.search, ranking, count)]

    def wanted(self, asked: Question, title: str) -> Wanted:
        """What is looked for in an article of this title; what was asked last counts twice."""
        return wanted([one.wording for one in _halves(asked)], title=title, weigh=self.live.search.words.weight)

    def likeness(self, asked: Question, article_id: int, passage_ids: Sequence[int]) -> list[float]:
        """How near passages of an article are to a question in meaning; what was asked last counts twice."""
        near = [self.live.search.likeness(one, article_id) for one in _halves(asked)]
        return [fmean(one.get(passage_id, 0.0) for one in near) for passage_id in passage_ids]

    async def handed_off(self, conversation_id: str) -> None:
        """A person was brought in: the answer that the contact read last did not help, and its question is a gap."""
        use = await self.uses.last_read(conversation_id, since=self.clock.now() - ANSWER_COUNTS_FOR)
        if use is None or use.led_to_handoff:
            return
        use.led_to_handoff = True
        await self._keep_answered(use, GapCause.handed_off)

    async def doubted(self, conversation_id: str) -> None:
        """A contact said in the chat that it did not help: the question of the answer that they read last is a gap.

        Safe to call twice; nothing where they have read no answer lately.
        """
        use = await self.uses.last_read(conversation_id, since=self.clock.now() - ANSWER_COUNTS_FOR)
        if use:
            await self._keep_answered(use, GapCause.voted_down)

    async def vote(self, slug: str, language: str, *, reader: str, helpful: bool, question: str = "") -> Article:
        """Keep whether a public article helped a reader; the last word of each reader counts.

        `question` is what they had searched for: where the article did not help, it is a gap.

        Raises:
            ArticleNotFound
        """
        article = await self.articles.public_at(slug, language)
        if article is None:
            raise ArticleNotFound
        await self.votes.cast(
            ArticleVote(article_id=article.id, reader=reader, helpful=helpful, voted_at=self.clock.now())
        )
        # As long as a message's id may be, and its place in the table of gaps.
        mark = f"vote:{article.id}:{reader}"[:64]
        if helpful:
            await self.gaps.withdraw(mark)
        elif matching_form(question):
            await self._keep_voted_down(question, article, mark)
        return article

    async def _existing(self, article_id: int) -> Article:
        article = await self.articles.get(article_id)
        if article is None:
            raise ArticleNotFound
        return article

    async def _best_answer(self, ranking: Ranking, asked: Question) -> Answer | None:
        article_id = ranking.candidates[0].article_id
        article = await self.articles.alone(article_id)
        passages = await self.articles.passages_of(article_id)
        # Another process may have taken it from contacts, and the index not have heard of it.
        if article is None or not article.is_public:
            return None
        part = answering_part(
            self.wanted(asked, article.title),
            [readable(one) for one in passages],
            self.likeness(asked, article_id, [one.id for one in passages]),
        )
        return _answer(article, article.summary if part is None else part, language=asked.language)

    def _is_worth_a_glance(self, asked: Question, ranking: Ranking) -> bool:
        return ranking.confidence >= WORTH_A_GLANCE and knows_a_word(asked.wording, self.live.search.words)

    def _offered(self, search: SearchIndex, ranking: Ranking, count: int) -> list[Offer]:
        entries = _entries(search, ranking, count)
        return [_offer(entry, is_public=self.live.search.entry(entry.id) is not None) for entry in entries]

    def _may_lean_on_earlier(self, question: str, asked: Question, ranking: Ranking) -> bool:
        """Whether what came before may say more; a question that is understood by itself is never drawn back to it.

        One that names nothing at all cannot be: the price list alone answers "how much does that cost?" with certainty.
        """
        if self.live.search.is_phrasing(asked.matching):
            return False
        understood = self.live.search.calibration.band(ranking.confidence) is Band.answer
        return has_no_subject(question) if understood else is_follow_up(question)

    async def _earlier_question(self, conversation_id: str, message_id: str) -> str | None:
        """The last complete question, where nothing but answers and questions that lean on it came since."""
        texts = await self.earlier.questions_before(conversation_id, message_id) if self.earlier else ()
        return next((text for text in texts if not is_follow_up(text)), None)

    async def _with_earlier(
        self, earlier: str | None, question: str, asked: Question, ranking: Ranking, conversation_id: str
    ) -> tuple[str, Question, Ranking]:
        """The question joined to the earlier one with its ranking, where that is surer; else the question as it is."""
        if earlier is None:
            return question, asked, ranking
        text = f"{earlier}\n{question}"
        vector = await self.live.embedder.embed_question(text, own=self.live)
        # Each half in its own letters: a Finglish one may follow a Persian one.
        joined = Question(f"{matching_form(earlier, self.live)}\n{asked.wording}", vector, asked.language, last=asked)
        again = await self.live.rank(joined)
        again = self._drawn_to(await self._topic_read(conversation_id), again)
        answers = self.live.search.calibration.band(again.confidence) is Band.answer
        surer = again.confidence > ranking.confidence or (answers and has_no_subject(question))
        return (text, joined, again) if surer else (question, asked, ranking)

    async def _topic_read(self, conversation_id: str) -> str | None:
        """The topic of the article that a contact read last."""
        use = await self.uses.last_read(conversation_id, since=self.clock.now() - ANSWER_COUNTS_FOR)
        entry = self.live.search.entry(use.article_id) if use else None
        return entry.slug if entry else None

    def _drawn_to(self, topic: str | None, ranking: Ranking) -> Ranking:
        """A ranking with a topic first, where it is about as likely as the first one."""
        of_topic = [one for one in ranking.candidates if self._topic(one) == topic]
        if not of_topic or ranking.candidates[0].score - of_topic[0].score > AS_LIKELY:
            return ranking
        candidates = [of_topic[0], *(one for one in ranking.candidates if one is not of_topic[0])]
        return replace(ranking, candidates=candidates, topic=topic)

    def _topic(self, candidate: Candidate) -> str | None:
        entry = self.live.search.entry(candidate.article_id)
        return entry.slug if entry else None

    async def _count_uses(
        self, found: Found, question: str, asked: Question, conversation_id: str | None, message_id: str | None
    ) -> None:
        """Count what a contact is shown, once a message; not flushed yet."""
        if message_id and await self.uses.counted(message_id):
            return
        if found.answer:
            use = self._use(found.answer.article_id, UseKind.answered, conversation_id, message_id)
            use.question, use.language, use.confidence = question, asked.language, found.confidence
            use.vector, use.encoder = to_bytes(asked.vector), self.live.embedder.fingerprint
        for offer in found.offers:
            self._use(offer.article_id, UseKind.offered, conversation_id, message_id)

    def _use(self, article_id: int, kind: UseKind, conversation_id: str | None, message_id: str | None) -> ArticleUse:
        use = ArticleUse(
            article_id=article_id,
            kind=kind,
            conversation_id=conversation_id,
            message_id=message_id,
            used_at=self.clock.now(),
            led_to_handoff=False,
        )
        self.session.add(use)
        return use

    async def _keep_answered(self, use: ArticleUse, cause: GapCause) -> None:
        """Keep the question of an answer that did not help, once; an article that was chosen answers none."""
        if use.question and not await self.gaps.of_answer(use):
            self.session.add(
                Gap(
                    question=use.question,
                    language=use.language,
                    vector=use.vector,
                    encoder=use.encoder,
                    conversation_id=use.conversation_id,
                    message_id=use.message_id,
                    band=Band.answer,
                    confidence=use.confidence,
                    best_article_id=use.article_id,
                    state=GapState.open,
                    cause=cause,
                    created_at=self.clock.now(),
                )
            )
        await self.session.flush()

    async def _keep_voted_down(self, question: str, article: Article, mark: str) -> None:
        if await self.gaps.of_message(mark):
            return
        vector = await self.live.embedder.embed_question(question, own=self.live)
        asked = await self.read_question(question, language=article.language, vector=vector)
        candidate = Ranking(confidence=(await self.live.rank(asked)).confidence)
        gap = await self._keep_gap(question, asked, candidate, Band.answer, None, mark)
        gap.cause, gap.best_article_id = GapCause.voted_down, article.id
        await self.session.flush()

    async def _keep_gap(
        self,
        question: str,
        asked: Question,
        ranking: Ranking,
        band: Band,
        conversation_id: str | None,
        message_id: str | None,
    ) -> Gap:
        if message_id and (known := await self.gaps.of_message(message_id)):
            return known
        gap = Gap(
            question=question,
            language=asked.language,
            vector=to_bytes(asked.vector),
            encoder=self.live.embedder.fingerprint,
            conversation_id=conversation_id,
            message_id=message_id,
            band=band,
            confidence=ranking.confidence,
            best_article_id=ranking.candidates[0].article_id if ranking.candidates else None,
            state=GapState.open,
            created_at=self.clock.now(),
        )
        self.session.add(gap)
        await self.session.flush()
        return gap


def in_short(summary: str, passages: Sequence[str]) -> str:
    """What an article of these passages says to who chooses its title.

    One without a text of its own has its summary for a passage, which is said once.
    """
    is_summary_alone = list(passages) == [one.text for one in split(summary)]
    return opening(summary, [] if is_summary_alone else passages)


def _answer(article: Article, text: str, *, language: str) -> Answer:
    return Answer(
        article_id=article.id,
        title=article.title,
        url=article.url,
        text=text,
        language=article.language,
        updated_at=article.updated_at,
        other_language=article.language != language,
    )


def _halves(asked: Question) -> list[Question]:
    """A question, and what was asked last where it is two in one."""
    return [asked, asked.last] if asked.last else [asked]


def _entries(search: SearchIndex, ranking: Ranking, count: int) -> list[Entry]:
    found = (search.entry(one.article_id) for one in ranking.candidates[:count])
    return [entry for entry in found if entry]


def _offer(entry: Entry, *, is_public: bool = True) -> Offer:
    return Offer(entry.id, entry.title, entry.url, is_public)
