"""Answering from the knowledge base, and editing it."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from statistics import fmean

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import Clock
from core.errors import Conflict, InvalidInput, NotFound
from core.unit_of_work import announce
from knowledge_base.embedder import ArticleText, EmbeddedArticle
from knowledge_base.enums import ArticleStatus, Band, GapCause, GapState, RunCause, UseKind, Visibility
from knowledge_base.excerpts import Wanted, answering_part, opening, wanted
from knowledge_base.follow_up import has_no_subject, is_follow_up
from knowledge_base.live_index import LiveIndex
from knowledge_base.models import (
    Article,
    ArticleMove,
    ArticleUse,
    ArticleVersion,
    ArticleVote,
    Category,
    Gap,
    RegressionRun,
)
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
from knowledge_base.schemas import ArticleCreate, ArticleDraft
from knowledge_base.search import Entry, Ranking, SearchIndex
from knowledge_base.storage import ask_also, findable_of, readable, store, to_bytes
from knowledge_base.transitions import check
from language.spelling import knows_a_word

OFFERS = 3
# From which share of a question's words on an article is shown to a reader for its words alone.
WORDS_THERE = 0.5
# From which chance of being right on it is shown for its meaning: a glance at a title costs less than a wrong offer.
WORTH_A_GLANCE = 0.1
# How far ahead an article can be published.
LATEST = timedelta(days=3_650)
# Where a follow-up's best article scores no more than this above the one that was just read, that one is meant.
AS_LIKELY = 1.0
# A person who is brought in within this time of an answer is brought in because of it.
ANSWER_COUNTS_FOR = timedelta(minutes=30)

# Tells the worker that an import is to be done.
IMPORT_TOPIC = "import"
# Tells the worker that the regression set is to be asked.
REGRESSION_TOPIC = "regression"

Floats = NDArray[np.float32]


class ArticleNotFound(NotFound):
    """There is no such article."""

    code = "article_not_found"


class CategoryNotFound(NotFound):
    """There is no such category."""

    code = "category_not_found"


class TimeUnfit(InvalidInput):
    """The time to publish at must be still to come, within ten years."""

    code = "time_unfit"


class GapNotFound(NotFound):
    """There is no such question."""

    code = "gap_not_found"


class AddressTaken(Conflict):
    """There is an article with this address in this language already."""

    code = "address_taken"


class QuestionBlank(InvalidInput):
    """The question has no words."""

    code = "question_blank"


class VectorUnfit(InvalidInput):
    """The vector is not one of this encoder's."""

    code = "vector_unfit"


class ArticleChanged(Conflict):
    """Somebody saved this article meanwhile; compare both texts and save again."""

    code = "article_changed"

    def __init__(self, *, yours: ArticleDraft, theirs: ArticleDraft, version: int) -> None:
        super().__init__()
        self.yours = yours
        self.theirs = theirs
        # The version to name when saving again.
        self.version = version


class PublishedMeanwhile(ArticleChanged):
    """This article was published meanwhile; look at it and save again."""

    code = "published_meanwhile"


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


class KnowledgeService:
    """The knowledge base within the caller's transaction."""

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

    def _is_worth_a_glance(self, asked: Question, ranking: Ranking) -> bool:
        return ranking.confidence >= WORTH_A_GLANCE and knows_a_word(asked.wording, self.live.search.words)

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

    def _offered(self, search: SearchIndex, ranking: Ranking, count: int) -> list[Offer]:
        entries = _entries(search, ranking, count)
        return [_offer(entry, is_public=self.live.search.entry(entry.id) is not None) for entry in entries]

    def offers(self, ranking: Ranking, count: int = OFFERS) -> list[Offer]:
        """The first articles of a ranking by title."""
        return [_offer(entry) for entry in _entries(self.live.search, ranking, count)]

    async def create(self, draft: ArticleCreate, *, by: str = "", owner_id: int | None = None) -> Article:
        """Write a new article; nobody sees it until it is published."""
        embedded = await self.live.embedder.embed(text_of(draft))
        if await self.articles.by_address(draft.slug, draft.language):
            raise AddressTaken
        category = await self._category(draft.category)
        article = Article(
            slug=draft.slug,
            language=draft.language,
            status=ArticleStatus.draft,
            visibility=Visibility.public,
            version=0,
            owner_id=owner_id,
            created_at=self.clock.now(),
            variants=[],
            passages=[],
        )
        self.session.add(article)
        await self._write(article, draft, category, embedded, by=by)
        return article

    async def save(
        self,
        article_id: int,
        draft: ArticleDraft,
        *,
        version: int,
        slug: str | None = None,
        by: str = "",
        seen: ArticleStatus | None = None,
        then: ArticleStatus | None = None,
    ) -> Article:
        """Save a change of the version that the editor saw; what is published is searchable as the transaction commits.

        `slug` is another address for it and its translation; where contacts knew the old one, it leads to the new one.
        `seen` is the status that the editor saw, where that is known; `then` is what the article is to become next.
        The status itself stays what it is.

        Raises:
            AddressTaken: nothing is saved.
            ArticleChanged: somebody saved meanwhile, or it was published; nothing is lost, the error holds both texts.
            StatusChangeRefused: it cannot become `then`; nothing is saved.
        """
        embedded = await self.live.embedder.embed(text_of(draft))
        article = await self._for_change(article_id)
        if article.version != version:
            raise ArticleChanged(yours=draft, theirs=as_draft(article), version=article.version)
        # What was typed into a draft must not go to contacts because its time has come meanwhile.
        if article.status is ArticleStatus.published and seen not in (None, ArticleStatus.published):
            raise PublishedMeanwhile(yours=draft, theirs=as_draft(article), version=article.version)
        check(article.status, then or article.status)
        category = await self._category(draft.category)
        if slug and slug != article.slug:
            await self._move_to(slug, article, by=by)
        await self._write(article, draft, category, embedded, by=by)
        await self._meet_contacts(article)
        self.live.follow(self.session, article)
        if article.status is ArticleStatus.published:
            await self.want_regression(RunCause.published, article_id=article.id)
        return article

    async def publish(self, article_id: int, *, by: str = "") -> Article:
        """Let those whom it is for find an article, whatever was planned; safe to call twice."""
        article = await self._for_change(article_id)
        now = self.clock.now()
        article.published_at = min(article.published_at or now, now)
        await self._move(article, ArticleStatus.published, by=by)
        await self._meet_contacts(article)
        return article

    async def schedule(self, article_id: int, *, at: datetime, by: str = "") -> Article:
        """Let an article be published at this time; until then it is a draft, or in review.

        Raises:
            TimeUnfit
            StatusChangeRefused: it is published already.
        """
        self.check_time(at)
        article = await self._for_change(article_id)
        if article.status is not ArticleStatus.in_review:
            await self._move(article, ArticleStatus.draft, by=by)
        article.published_at = at.astimezone(UTC)
        await self.session.flush()
        return article

    def check_time(self, at: datetime) -> None:
        """Refuse a time that nothing can be published at.

        Raises:
            TimeUnfit
        """
        now = self.clock.now()
        if not now < at < now + LATEST:
            raise TimeUnfit

    async def publish_if_due(self, article_id: int) -> None:
        """Publish an article whose time has come; nothing where somebody was quicker, or thought better of it."""
        article = await self._for_change(article_id)
        if article.publishes_at and article.publishes_at <= self.clock.now():
            await self.publish(article_id)

    async def submit(self, article_id: int, *, by: str = "") -> Article:
        """Ask the others to look at an article before it is published; safe to call twice."""
        return await self._move(await self._for_change(article_id), ArticleStatus.in_review, by=by)

    async def return_to_draft(self, article_id: int, *, by: str = "") -> Article:
        """Take an article up again; whatever time it was to be published at is called off."""
        article = await self._for_change(article_id)
        await self._move(article, ArticleStatus.draft, by=by)
        article.published_at = None
        await self.session.flush()
        return article

    async def archive(self, article_id: int, *, by: str = "") -> Article:
        """Take an article away from contacts and keep it for editors; safe to call twice."""
        article = await self._for_change(article_id)
        if article.publishes_at:
            article.published_at = None
        return await self._move(article, ArticleStatus.archived, by=by)

    async def give_to(self, article_id: int, owner_id: int | None) -> Article:
        """Let somebody look after an article; none for nobody. Its text and when it was changed stay as they are."""
        article = await self._existing(article_id)
        article.owner_id = owner_id
        await self.session.flush()
        return article

    async def get(self, article_id: int) -> Article:
        """An article with its category and variants.

        Raises:
            ArticleNotFound
        """
        return await self._existing(article_id)

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

    async def settle(self, gap_id: int, state: GapState) -> Gap:
        """Say what has become of a question without a sure answer."""
        gap = await self.gaps.get(gap_id)
        if gap is None:
            raise GapNotFound
        gap.state = state
        await self.session.flush()
        return gap

    async def settle_answered(self, article: Article) -> None:
        """The questions that an article was to answer are answered, where contacts may see it."""
        if article.is_public:
            await self.gaps.settle_answered_by(article.id)

    async def _meet_contacts(self, article: Article) -> None:
        """What follows from contacts seeing an article where it is; nothing while they do not."""
        if article.is_public:
            await self.articles.claim_address(article.slug, article.language)
            await self.settle_answered(article)

    async def want_regression(self, cause: RunCause, *, article_id: int | None = None) -> RegressionRun | None:
        """Let the regression set be asked as soon as this transaction has committed; none where it is empty."""
        run = await self.regression.want(cause, article_id=article_id, at=self.clock.now())
        if run:
            announce(self.session, REGRESSION_TOPIC, {"run_id": run.id})
        return run

    async def free_slug(self, wanted: str) -> str:
        """This address, or one like it that no article has in any language."""
        taken = await self.articles.slugs_like(wanted)
        return next(one for one in _numbered(wanted) if one not in taken)

    async def _keep_voted_down(self, question: str, article: Article, mark: str) -> None:
        if await self.gaps.of_message(mark):
            return
        vector = await self.live.embedder.embed_question(question, own=self.live)
        asked = await self.read_question(question, language=article.language, vector=vector)
        candidate = Ranking(confidence=(await self.live.rank(asked)).confidence)
        gap = await self._keep_gap(question, asked, candidate, Band.answer, None, mark)
        gap.cause, gap.best_article_id = GapCause.voted_down, article.id
        await self.session.flush()

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
        """Count what a contact is shown, once a message."""
        if message_id and await self.uses.counted(message_id):
            return
        if found.answer:
            use = self._use(found.answer.article_id, UseKind.answered, conversation_id, message_id)
            use.question, use.language, use.confidence = question, asked.language, found.confidence
            use.vector, use.encoder = to_bytes(asked.vector), self.live.embedder.fingerprint
        for offer in found.offers:
            self._use(offer.article_id, UseKind.offered, conversation_id, message_id)
        await self.session.flush()

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

    def wanted(self, asked: Question, title: str) -> Wanted:
        """What is looked for in an article of this title; what was asked last counts twice."""
        return wanted([one.wording for one in _halves(asked)], title=title, weigh=self.live.search.words.weight)

    def likeness(self, asked: Question, article_id: int, passage_ids: Sequence[int]) -> list[float]:
        """How near passages of an article are to a question in meaning; what was asked last counts twice."""
        near = [self.live.search.likeness(one, article_id) for one in _halves(asked)]
        return [fmean(one.get(passage_id, 0.0) for one in near) for passage_id in passage_ids]

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

    async def _write(
        self, article: Article, draft: ArticleDraft, category: Category | None, embedded: EmbeddedArticle, *, by: str
    ) -> None:
        """Put the draft into the article as its next version."""
        article.category = category
        article.title, article.summary, article.body = draft.title, draft.summary, draft.body
        article.reviewed_on, article.review_due_on = draft.reviewed_on, draft.review_due_on
        article.visibility = draft.visibility or article.visibility
        article.updated_at = self.clock.now()
        article.version += 1
        ask_also(article, draft.questions)
        article.findable = findable_of(article)
        store(embedded, article, encoder=self.live.embedder.fingerprint)
        await self.session.flush()
        await self._keep_version(article, by=by)

    async def _keep_version(self, article: Article, *, by: str) -> None:
        """Put the article as it is now among its versions."""
        self.session.add(
            ArticleVersion(
                article_id=article.id,
                number=article.version,
                title=article.title,
                summary=article.summary,
                body=article.body,
                questions=article.questions,
                slug=article.slug,
                category=article.category.slug if article.category else None,
                visibility=article.visibility,
                reviewed_on=article.reviewed_on,
                review_due_on=article.review_due_on,
                saved_by=by,
                saved_at=self.clock.now(),
            )
        )
        await self.session.flush()

    async def _move_to(self, slug: str, article: Article, *, by: str) -> None:
        """Give an article another address, and its translation with it: one slug is what makes them a pair.

        Raises:
            AddressTaken
        """
        translations = await self.articles.translations_for_change(article)
        for one in (article, *translations):
            if await self.articles.by_address(slug, one.language):
                raise AddressTaken
        for one in (article, *translations):
            await self.articles.leave_address(one)
            one.slug = slug
            one.findable = findable_of(one)
        for one in translations:
            # Other processes look at the version to see whether they search what is there.
            one.version += 1
            await self._keep_version(one, by=by)
            await self._meet_contacts(one)
            self.live.follow(self.session, one)

    async def _move(self, article: Article, status: ArticleStatus, *, by: str) -> Article:
        check(article.status, status)
        if status is not article.status:
            now = self.clock.now()
            self.session.add(ArticleMove(article_id=article.id, status=status, moved_by=by, moved_at=now))
        is_or_was_published = ArticleStatus.published in (article.status, status)
        article.status = status
        article.updated_at = self.clock.now()
        await self.session.flush()
        self.live.follow(self.session, article)
        if is_or_was_published:
            await self.want_regression(RunCause.published, article_id=article.id)
        return article

    async def _category(self, slug: str | None) -> Category | None:
        if slug is None:
            return None
        category = await self.categories.by_slug(slug)
        if category is None:
            raise CategoryNotFound
        return category

    async def _existing(self, article_id: int) -> Article:
        article = await self.articles.get(article_id)
        if article is None:
            raise ArticleNotFound
        return article

    async def _for_change(self, article_id: int) -> Article:
        article = await self.articles.for_change(article_id)
        if article is None:
            raise ArticleNotFound
        return article


def as_draft(article: Article) -> ArticleDraft:
    """An article as an editor would write it again, its category and variants loaded."""
    return ArticleDraft.model_construct(
        title=article.title,
        summary=article.summary,
        body=article.body,
        category=article.category.slug if article.category else None,
        questions=article.questions,
        reviewed_on=article.reviewed_on,
        review_due_on=article.review_due_on,
        visibility=article.visibility,
    )


def text_of(draft: ArticleDraft) -> ArticleText:
    """What the embedder reads of a draft."""
    return ArticleText(draft.title, draft.summary, draft.body, list(dict.fromkeys(draft.questions)))


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


def _numbered(slug: str) -> Iterator[str]:
    yield slug
    yield from (f"{slug}-{number}" for number in itertools.count(2))


def _entries(search: SearchIndex, ranking: Ranking, count: int) -> list[Entry]:
    found = (search.entry(one.article_id) for one in ranking.candidates[:count])
    return [entry for entry in found if entry]


def _offer(entry: Entry, *, is_public: bool = True) -> Offer:
    return Offer(entry.id, entry.title, entry.url, is_public)
