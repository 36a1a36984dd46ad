"""The knowledge base in SQL."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, delete, exists, func, or_, select, union, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer, joinedload, load_only, selectinload, undefer

from knowledge_base.enums import ArticleStatus, Change, GapCause, GapState, ImportState, RunCause, UseKind, Visibility
from knowledge_base.list_search import wordings
from knowledge_base.models import (
    Article,
    ArticleImport,
    ArticleMove,
    ArticleUse,
    ArticleVersion,
    ArticleVote,
    Category,
    Expectation,
    FormerAddress,
    Gap,
    ImportRow,
    OperatingPointChoice,
    Passage,
    RegressionRun,
)
from knowledge_base.ordering import Order, alphabetical, helpful_share, ordered, use_count
from knowledge_base.ranking import helpful_tenths
from knowledge_base.search import Edition

_WITH_VECTORS = (undefer(Article.vector), selectinload(Article.variants), selectinload(Article.passages))
# What contacts may see.
_PUBLIC = (Article.status == ArticleStatus.published, Article.visibility == Visibility.public)
_EXPECTED = (joinedload(Expectation.article), joinedload(Expectation.found))
# Of the runs of the regression set, how many are kept.
KEPT_RUNS = 200
# And of imports.
KEPT_IMPORTS = 20
# The owner of what nobody looks after: rows begin with 1.
NOBODY = 0
_SHOWN = (joinedload(Article.category), selectinload(Article.variants))


@dataclass(frozen=True)
class Wanted:
    """Which articles to list; what is not given leaves none out."""

    # Every word must be in the title, address, summary, text or one of the variants.
    words: str = ""
    language: str | None = None
    category: str | None = None
    # Those that should have been reviewed by this day.
    due_by: date | None = None
    # Those that nobody has changed or reviewed since, nor means to review later; besides those due, where both are
    # asked for.
    untouched_since: datetime | None = None
    # Those that contacts could have seen since, and none was shown.
    unused_since: datetime | None = None
    # Those that somebody looks after; NOBODY for those that nobody does.
    owner_id: int | None = None
    # Those that helped less than this share of the readers who said so.
    helped_less_than: float | None = None


# What every answer asks is put together once: building a statement costs as much as running it.
_ALONE = select(Article).where(Article.id == bindparam("article_id")).execution_options(populate_existing=True)
_PASSAGES = (
    select(Passage)
    .where(Passage.article_id == bindparam("article_id"))
    .options(defer(Passage.vector))
    .order_by(Passage.position)
)
_COUNTED = select(ArticleUse.id).where(ArticleUse.message_id == bindparam("message_id")).limit(1)


@dataclass(frozen=True)
class PublicAddress:
    """Where contacts may see an article."""

    slug: str
    language: str
    updated_at: datetime


class ArticleRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def get(self, article_id: int) -> Article | None:
        """An article with its category and variants."""
        return await self.session.get(Article, article_id, options=_SHOWN, populate_existing=True)

    async def alone(self, article_id: int) -> Article | None:
        """An article without any of its parts."""
        return (await self.session.scalars(_ALONE, {"article_id": article_id})).one_or_none()

    async def by_address(self, slug: str, language: str) -> Article | None:
        """The article of a public address."""
        statement = select(Article).where(Article.slug == slug, Article.language == language).options(*_SHOWN)
        return (await self.session.scalars(statement)).one_or_none()

    async def public_at(self, slug: str, language: str) -> Article | None:
        """The article that contacts see at this address, or are led on to since it has moved."""
        for found in (self.by_address, self._moved_from):
            article = await found(slug, language)
            if article and article.is_public:
                return article
        return None

    async def _moved_from(self, slug: str, language: str) -> Article | None:
        """The article that was at this address before it moved, unless another one was published there since."""
        statement = select(Article).join(FormerAddress, FormerAddress.article_id == Article.id).options(*_SHOWN)
        former = (FormerAddress.slug == slug, FormerAddress.language == language)
        return (await self.session.scalars(statement.where(*former))).one_or_none()

    async def leave_address(self, article: Article) -> None:
        """Let the address where contacts may have known an article lead to wherever it goes."""
        published = (ArticleMove.article_id == article.id, ArticleMove.status == ArticleStatus.published)
        # Who takes it back to a draft takes the day of its publication away.
        if article.was_published or await self.session.scalar(select(exists().where(*published))):
            former = FormerAddress(slug=article.slug, language=article.language, article_id=article.id)
            await self.session.merge(former)

    async def claim_address(self, slug: str, language: str) -> None:
        """Let an address lead nowhere else: contacts see an article there."""
        former = (FormerAddress.slug == slug, FormerAddress.language == language)
        await self.session.execute(delete(FormerAddress).where(*former))

    async def translations_for_change(self, article: Article) -> Sequence[Article]:
        """The same page in other languages, with all its parts, locked until the transaction ends."""
        statement = select(Article.id).where(Article.slug == article.slug, Article.id != article.id)
        found = [await self.for_change(one) for one in (await self.session.scalars(statement)).all()]
        return [one for one in found if one]

    async def public_languages(self, slug: str) -> Sequence[str]:
        """The languages in which contacts may see a page of this slug."""
        statement = select(Article.language).where(Article.slug == slug, *_PUBLIC)
        return (await self.session.scalars(statement.order_by(Article.language.desc()))).all()

    async def public_addresses(self, *, limit: int) -> list[PublicAddress]:
        """Every article that contacts may see, by its address."""
        statement = select(Article.slug, Article.language, Article.updated_at).where(*_PUBLIC)
        rows = await self.session.execute(statement.order_by(Article.slug, Article.language.desc()).limit(limit))
        return [PublicAddress(*row) for row in rows]

    async def some(self, article_ids: Collection[int]) -> Sequence[Article]:
        """Those of these articles that there are, with categories and variants."""
        return (await self.session.scalars(select(Article).where(Article.id.in_(article_ids)).options(*_SHOWN))).all()

    async def all_ids(self) -> Sequence[int]:
        """Every article there is, in the order of the addresses."""
        return (await self.session.scalars(select(Article.id).order_by(Article.slug, Article.language.desc()))).all()

    async def addresses(self) -> dict[int, tuple[str, str]]:
        """Slug and language of every article there is by its id, in the order of the addresses."""
        statement = select(Article.id, Article.slug, Article.language)
        rows = await self.session.execute(statement.order_by(Article.slug, Article.language.desc()))
        return {found: (slug, language) for found, slug, language in rows}

    async def for_change(self, article_id: int) -> Article | None:
        """An article with all its parts, locked until the transaction ends."""
        statement = (
            select(Article)
            .where(Article.id == article_id)
            .options(*_WITH_VECTORS, joinedload(Article.category))
            .with_for_update(of=Article)
            .execution_options(populate_existing=True)
        )
        return (await self.session.scalars(statement)).one_or_none()

    async def with_vectors(self, article_ids: Sequence[int]) -> Sequence[Article]:
        """Articles with all that search needs."""
        statement = select(Article).where(Article.id.in_(article_ids)).options(*_WITH_VECTORS)
        return (await self.session.scalars(statement)).all()

    async def published_editions(
        self, *, encoder: str, visible_to: Collection[Visibility] = tuple(Visibility)
    ) -> dict[int, Edition]:
        """The edition of every published article, as this encoder would search it."""
        statement = select(Article.id, Article.version, Article.updated_at, Article.encoder).where(
            Article.status == ArticleStatus.published, Article.visibility.in_(visible_to)
        )
        rows = await self.session.execute(statement)
        return {found: Edition(version, updated_at, made_by == encoder) for found, version, updated_at, made_by in rows}

    async def due(self, now: datetime) -> Sequence[int]:
        """The articles that were to be published by now and are not."""
        statement = select(Article.id).where(
            Article.status.in_((ArticleStatus.draft, ArticleStatus.in_review)), Article.published_at <= now
        )
        return (await self.session.scalars(statement.order_by(Article.published_at))).all()

    async def published_with_another_encoder(self, encoder: str) -> Sequence[int]:
        """The published articles without vectors of this encoder."""
        return (await self.session.scalars(_published_with_another(encoder))).all()

    async def count_with_another_encoder(self, encoder: str) -> int:
        """How many published articles have no vectors of this encoder."""
        return await self._count(_published_with_another(encoder))

    async def passages_of(self, article_id: int) -> Sequence[Passage]:
        """An article's passages in order."""
        return (await self.session.scalars(_PASSAGES, {"article_id": article_id})).all()

    async def listed(
        self,
        wanted: Wanted,
        *,
        status: ArticleStatus | None = None,
        order: Order = Order.updated,
        descending: bool = True,
        limit: int = 100,
        offset: int = 0,
    ) -> tuple[Sequence[Article], int]:
        """One page of the articles that fit, in this order, and how many fit altogether."""
        fitting = _fitting(wanted)
        if status:
            fitting = fitting.where(Article.status == status)
        page = ordered(fitting, order, descending=descending).limit(limit).offset(offset)
        articles = (await self.session.scalars(page.options(*_SHOWN))).all()
        return articles, await self._count(fitting)

    async def count_by_status(self, wanted: Wanted) -> dict[ArticleStatus, int]:
        """How many articles fit, by their status."""
        fitting = _fitting(wanted).subquery()
        statement = select(fitting.c.status, func.count()).group_by(fitting.c.status)
        return dict((await self.session.execute(statement)).all())

    async def at_addresses(self, slugs: Collection[str]) -> dict[tuple[str, str], int]:
        """The ids of the articles that have these slugs, by slug and language."""
        statement = select(Article.slug, Article.language, Article.id).where(Article.slug.in_(slugs))
        return {(slug, language): found for slug, language, found in await self.session.execute(statement)}

    async def slugs_like(self, slug: str) -> frozenset[str]:
        """The addresses that begin like this one and are in use, or lead on to where an article has moved."""
        present, former = (
            select(kind.slug).where(kind.slug.startswith(slug, autoescape=True)) for kind in (Article, FormerAddress)
        )
        return frozenset((await self.session.scalars(union(present, former))).all())

    async def headings(self, *, language: str) -> Sequence[Article]:
        """Every article in one language that contacts may see, by title, without its text."""
        statement = select(Article).where(Article.language == language, *_PUBLIC)
        shown = load_only(Article.slug, Article.language, Article.title, Article.summary, Article.category_id)
        return (await self.session.scalars(statement.options(shown).order_by(alphabetical(Article.title)))).all()

    async def beside(self, article: Article, *, limit: int) -> Sequence[Article]:
        """Others of its category and language that contacts may see, without their texts.

        Those that came before contacts most often, and by title where that is equal.
        """
        others = (Article.category_id == article.category_id, Article.language == article.language)
        statement = select(Article).where(*others, Article.id != article.id, *_PUBLIC)
        page = statement.order_by(use_count().desc(), alphabetical(Article.title)).limit(limit)
        shown = load_only(Article.slug, Article.language, Article.title)
        return (await self.session.scalars(page.options(shown))).all()

    async def versions(self, article_id: int) -> Sequence[ArticleVersion]:
        """Everything that was saved of an article, latest first."""
        statement = select(ArticleVersion).where(ArticleVersion.article_id == article_id)
        return (await self.session.scalars(statement.order_by(ArticleVersion.number.desc()))).all()

    async def versions_of(self, article_ids: Collection[int]) -> Sequence[ArticleVersion]:
        """Everything that was saved of these articles, each one's first version first."""
        statement = select(ArticleVersion).where(ArticleVersion.article_id.in_(article_ids))
        return (await self.session.scalars(statement.order_by(ArticleVersion.number))).all()

    async def moves_of(self, article_ids: Collection[int]) -> Sequence[ArticleMove]:
        """Every change of status of these articles, each one's first first."""
        statement = select(ArticleMove).where(ArticleMove.article_id.in_(article_ids))
        return (await self.session.scalars(statement.order_by(ArticleMove.id))).all()

    async def owners(self, article_ids: Collection[int]) -> dict[int, int]:
        """The ids of those who look after these articles; what nobody does is left out."""
        statement = select(Article.id, Article.owner_id).where(Article.id.in_(article_ids))
        return {found: owner for found, owner in await self.session.execute(statement) if owner is not None}

    async def moves(self, article_id: int) -> Sequence[ArticleMove]:
        """Every change of an article's status, latest first."""
        statement = select(ArticleMove).where(ArticleMove.article_id == article_id)
        return (await self.session.scalars(statement.order_by(ArticleMove.id.desc()))).all()

    async def _count(self, statement: Select[Any]) -> int:
        return await self.session.scalar(select(func.count()).select_from(statement.subquery())) or 0


def _published_with_another(encoder: str) -> Select[int]:
    """The ids of the published articles without vectors of this encoder."""
    return select(Article.id).where(
        Article.status == ArticleStatus.published, func.coalesce(Article.encoder, "") != encoder
    )


def _fitting(wanted: Wanted) -> Select[Article]:
    fitting = select(Article)
    if ways := wordings(wanted.words):
        found = [and_(*(Article.findable.contains(part, autoescape=True) for part in parts)) for parts in ways]
        fitting = fitting.where(or_(*found))
    if wanted.language:
        fitting = fitting.where(Article.language == wanted.language)
    if wanted.category:
        fitting = fitting.where(Article.category.has(Category.slug == wanted.category))
    if wanted.due_by or wanted.untouched_since:
        fitting = fitting.where(or_(*_old(wanted)))
    if wanted.unused_since:
        fitting = fitting.where(*_unused(wanted.unused_since))
    if wanted.owner_id is not None:
        fitting = fitting.where(Article.owner_id.is_not_distinct_from(wanted.owner_id or None))
    if wanted.helped_less_than is not None:
        fitting = fitting.where(helpful_share() < wanted.helped_less_than)
    return fitting


def _old(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.due_by:
        yield Article.review_due_on <= wanted.due_by
    if since := wanted.untouched_since:
        yield and_(
            Article.status != ArticleStatus.archived,
            Article.review_due_on.is_(None),
            Article.updated_at < since,
            or_(Article.reviewed_on.is_(None), Article.reviewed_on < since.date()),
        )


def _unused(since: datetime) -> Iterator[ColumnElement[bool]]:
    yield from _PUBLIC
    yield Article.published_at < since
    yield ~exists().where(ArticleUse.article_id == Article.id, ArticleUse.used_at >= since)


@dataclass(frozen=True)
class Votes:
    """How many readers an article helped, and how many it did not."""

    helpful: int = 0
    unhelpful: int = 0


class VoteRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def of(self, reader: str, article_id: int) -> bool | None:
        """What a reader said of an article; none for nothing."""
        return await self.session.scalar(select(ArticleVote.helpful).where(*_vote_of(reader, article_id)))

    async def cast(self, vote: ArticleVote) -> None:
        """Keep a vote in place of what the same reader said before."""
        if await self._change(vote):
            return
        try:
            async with self.session.begin_nested():
                self.session.add(vote)
        except IntegrityError:
            # The same reader in another request, between the two statements.
            await self._change(vote)

    async def counts(self, article_ids: Collection[int]) -> dict[int, Votes]:
        """The votes on these articles; those without any are left out."""
        found = await self.session.execute(_tally().where(ArticleVote.article_id.in_(article_ids)))
        return {article_id: Votes(yes, no) for article_id, yes, no in found}

    async def helpful_tenths(self) -> dict[int, int]:
        """What the votes on each article come to; those without any are left out."""
        found = await self.session.execute(_tally())
        return {article_id: helpful_tenths(yes, no) for article_id, yes, no in found}

    async def _change(self, vote: ArticleVote) -> bool:
        """Whether there was a vote to change."""
        statement = update(ArticleVote).where(*_vote_of(vote.reader, vote.article_id))
        changed = statement.values(helpful=vote.helpful, voted_at=vote.voted_at).returning(ArticleVote.id)
        return await self.session.scalar(changed) is not None


def _tally() -> Select[int, Any, int]:
    """Every article that readers voted on, with how many it helped and how many it did not."""
    helpful = func.sum(case((ArticleVote.helpful, 1), else_=0))
    return select(ArticleVote.article_id, helpful, func.count() - helpful).group_by(ArticleVote.article_id)


def _vote_of(reader: str, article_id: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return ArticleVote.reader == reader, ArticleVote.article_id == article_id


@dataclass(frozen=True)
class Uses:
    """What became of an article before contacts."""

    # As an answer or as an offered title.
    shown: int = 0
    chosen: int = 0
    led_to_handoff: int = 0


class UseRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def counted(self, message_id: str) -> bool:
        """Whether this message's uses are counted already."""
        return await self.session.scalar(_COUNTED, {"message_id": message_id}) is not None

    async def counts(self, article_ids: Collection[int]) -> dict[int, Uses]:
        """What became of these articles; those that never came before anybody are left out."""
        chosen = func.sum(case((ArticleUse.kind == UseKind.chosen, 1), else_=0))
        handed_off = func.sum(case((ArticleUse.led_to_handoff, 1), else_=0))
        statement = select(ArticleUse.article_id, func.count() - chosen, chosen, handed_off)
        statement = statement.where(ArticleUse.article_id.in_(article_ids)).group_by(ArticleUse.article_id)
        return {found: Uses(*numbers) for found, *numbers in await self.session.execute(statement)}

    async def last_read(self, conversation_id: str, *, since: datetime) -> ArticleUse | None:
        """What a contact read last of all articles, since then, with its vector."""
        statement = select(ArticleUse).where(
            ArticleUse.conversation_id == conversation_id,
            ArticleUse.kind.in_((UseKind.answered, UseKind.chosen)),
            ArticleUse.used_at >= since,
        )
        statement = statement.options(undefer(ArticleUse.vector)).order_by(ArticleUse.id.desc()).limit(1)
        return (await self.session.scalars(statement)).one_or_none()

    async def answered_from(self, article_id: int, *, limit: int) -> Sequence[ArticleUse]:
        """The latest questions that an article answered, no person being brought in after it, with their vectors."""
        statement = select(ArticleUse).where(
            ArticleUse.article_id == article_id, ArticleUse.kind == UseKind.answered, ~ArticleUse.led_to_handoff
        )
        statement = statement.options(undefer(ArticleUse.vector)).order_by(ArticleUse.id.desc()).limit(limit)
        return (await self.session.scalars(statement)).all()


class CategoryRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def all(self) -> Sequence[Category]:
        """Every category in the order in which they are shown."""
        return (await self.session.scalars(select(Category).order_by(Category.position, Category.id))).all()

    async def by_slug(self, slug: str) -> Category | None:
        return (await self.session.scalars(select(Category).where(Category.slug == slug))).one_or_none()


class GapRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def get(self, gap_id: int) -> Gap | None:
        return await self.session.get(Gap, gap_id, options=[joinedload(Gap.best_article)])

    async def some(self, gap_ids: Collection[int]) -> Sequence[Gap]:
        """Those of these gaps that there are, latest first."""
        return (await self.session.scalars(select(Gap).where(Gap.id.in_(gap_ids)).order_by(Gap.id.desc()))).all()

    async def some_for_change(self, gap_ids: Collection[int]) -> Sequence[Gap]:
        """Those of these gaps that there are, as they are now, locked until the transaction ends."""
        statement = select(Gap).where(Gap.id.in_(gap_ids)).order_by(Gap.id).with_for_update()
        return (await self.session.scalars(statement.execution_options(populate_existing=True))).all()

    async def with_vectors(self, state: GapState, *, limit: int) -> Sequence[Gap]:
        """The latest gaps in a state, with all that grouping and showing them needs."""
        statement = select(Gap).where(Gap.state == state)
        statement = statement.options(joinedload(Gap.best_article), joinedload(Gap.answer))
        return (await self.session.scalars(statement.order_by(Gap.id.desc()).limit(limit))).all()

    async def settle_answered_by(self, article_id: int) -> None:
        """The open questions that this article was to answer are answered."""
        waiting = (Gap.answer_id == article_id, Gap.state == GapState.open)
        await self.session.execute(update(Gap).where(*waiting).values(state=GapState.answered))

    async def withdraw(self, message_id: str) -> None:
        """Keep an open question no longer that was voted down, and now is not."""
        voted = (Gap.message_id == message_id, Gap.cause == GapCause.voted_down, Gap.state == GapState.open)
        await self.session.execute(delete(Gap).where(*voted))

    async def of_message(self, message_id: str) -> Gap | None:
        """The gap that a message left."""
        return (await self.session.scalars(select(Gap).where(Gap.message_id == message_id))).one_or_none()

    async def of_answer(self, use: ArticleUse) -> Gap | None:
        """The gap of an answer that did not help: its message's, or the same conversation's since, asking the same."""
        if use.message_id:
            return await self.of_message(use.message_id)
        statement = select(Gap).where(
            Gap.conversation_id == use.conversation_id,
            Gap.question == use.question,
            Gap.best_article_id == use.article_id,
            Gap.created_at >= use.used_at,
        )
        return (await self.session.scalars(statement.limit(1))).one_or_none()

    async def in_state(self, state: GapState, *, limit: int = 100, offset: int = 0) -> Sequence[Gap]:
        """Gaps, latest first."""
        statement = select(Gap).where(Gap.state == state).options(joinedload(Gap.best_article))
        return (await self.session.scalars(statement.order_by(Gap.id.desc()).limit(limit).offset(offset))).all()

    async def all(self) -> Sequence[Gap]:
        """Every gap with its articles and without its vector, first asked first."""
        shown = (joinedload(Gap.best_article), joinedload(Gap.answer), defer(Gap.vector))
        return (await self.session.scalars(select(Gap).options(*shown).order_by(Gap.id))).all()

    async def count(self, state: GapState) -> int:
        """How many are in a state."""
        return await self.session.scalar(select(func.count()).select_from(Gap).where(Gap.state == state)) or 0


class OperatingPointRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def latest(self) -> OperatingPointChoice | None:
        """The choice in force."""
        statement = select(OperatingPointChoice).order_by(OperatingPointChoice.id.desc()).limit(1)
        return (await self.session.scalars(statement)).one_or_none()


class RegressionRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def get(self, expectation_id: int) -> Expectation | None:
        """An expectation with its articles."""
        return await self.session.get(Expectation, expectation_id, options=_EXPECTED, populate_existing=True)

    async def all(self) -> Sequence[Expectation]:
        """The whole set with its articles, latest first."""
        return (
            await self.session.scalars(select(Expectation).options(*_EXPECTED).order_by(Expectation.id.desc()))
        ).all()

    async def by_matching(self, matching: str) -> Expectation | None:
        """The expectation of this question, with its articles."""
        statement = select(Expectation).where(Expectation.matching == matching).options(*_EXPECTED)
        return (await self.session.scalars(statement)).one_or_none()

    async def count(self) -> int:
        """How many questions there are."""
        return await self.session.scalar(select(func.count()).select_from(Expectation)) or 0

    async def remove(self, expectation_id: int) -> None:
        """Drop one; an unknown id is no error."""
        await self.session.execute(delete(Expectation).where(Expectation.id == expectation_id))

    async def runs(self, *, limit: int) -> Sequence[RegressionRun]:
        """Runs with what was published, latest first."""
        statement = select(RegressionRun).options(joinedload(RegressionRun.article)).order_by(RegressionRun.id.desc())
        return (await self.session.scalars(statement.limit(limit))).all()

    async def after_change(self, article: Article) -> RegressionRun | None:
        """The run that was the first to ask after an article's last change, or is about to.

        It was wanted for the article, or waited already when that was changed.
        """
        statement = select(RegressionRun).where(
            or_(RegressionRun.started_at.is_(None), RegressionRun.started_at >= article.updated_at),
            or_(RegressionRun.article_id == article.id, RegressionRun.wanted_at <= article.updated_at),
        )
        return (await self.session.scalars(statement.order_by(RegressionRun.id).limit(1))).one_or_none()

    async def questions(self, expectation_ids: Collection[int]) -> dict[int, str]:
        """The questions of those of these expectations that there still are."""
        statement = select(Expectation.id, Expectation.question).where(Expectation.id.in_(expectation_ids))
        return dict((await self.session.execute(statement)).all())

    async def want(self, cause: RunCause, *, article_id: int | None, at: datetime) -> RegressionRun | None:
        """A run that nobody has begun: the one that waits, or a new one; none where there is nothing to ask."""
        if not await self.session.scalar(select(Expectation.id).limit(1)):
            return None
        statement = select(RegressionRun).where(RegressionRun.started_at.is_(None))
        if waiting := (await self.session.scalars(statement.limit(1))).one_or_none():
            return waiting
        run = RegressionRun(cause=cause, article_id=article_id, wanted_at=at, asked=0, passed=0, broken=[], mended=[])
        self.session.add(run)
        await self.session.flush()
        return run

    async def waiting(self, *, lost_before: datetime) -> Sequence[int]:
        """The runs that nobody has begun, or whose process was lost."""
        return (await self.session.scalars(select(RegressionRun.id).where(*_free(lost_before)))).all()

    async def begin(self, run_id: int, *, at: datetime, lost_before: datetime) -> bool:
        """Take a run for this process; false where somebody else has it, or it is done."""
        statement = update(RegressionRun).where(RegressionRun.id == run_id, *_free(lost_before))
        taken = statement.values(started_at=at).returning(RegressionRun.id)
        return await self.session.scalar(taken) is not None

    async def forget_old_runs(self) -> None:
        """Keep the latest runs alone."""
        kept = select(RegressionRun.id).order_by(RegressionRun.id.desc()).limit(KEPT_RUNS)
        await self.session.execute(delete(RegressionRun).where(RegressionRun.id.not_in(kept)))


def _free(lost_before: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    unheld = or_(RegressionRun.started_at.is_(None), RegressionRun.started_at < lost_before)
    return RegressionRun.finished_at.is_(None), unheld


class ImportRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def get(self, import_id: int) -> ArticleImport | None:
        return await self.session.get(ArticleImport, import_id, populate_existing=True)

    async def latest(self) -> Sequence[ArticleImport]:
        """The imports that are kept, latest first."""
        return (await self.session.scalars(select(ArticleImport).order_by(ArticleImport.id.desc()))).all()

    async def counts(self, import_id: int) -> dict[Change, int]:
        """How many rows there are of each kind."""
        statement = select(ImportRow.change, func.count()).where(ImportRow.import_id == import_id)
        return dict((await self.session.execute(statement.group_by(ImportRow.change))).all())

    async def count_done(self, import_id: int) -> int:
        """How many rows need nothing more."""
        statement = select(func.count()).select_from(ImportRow)
        done = statement.where(ImportRow.import_id == import_id, ImportRow.is_done)
        return await self.session.scalar(done) or 0

    async def rows(
        self, import_id: int, change: Change | None = None, *, limit: int | None = None, offset: int = 0
    ) -> Sequence[ImportRow]:
        """The rows in their order; those of one kind, where it is given."""
        statement = select(ImportRow).where(ImportRow.import_id == import_id)
        if change:
            statement = statement.where(ImportRow.change == change)
        page = statement.order_by(ImportRow.position).limit(limit).offset(offset)
        return (await self.session.scalars(page)).all()

    async def row(self, import_id: int, row_id: int) -> ImportRow | None:
        """One row with its content."""
        statement = select(ImportRow).where(ImportRow.import_id == import_id, ImportRow.id == row_id)
        return (await self.session.scalars(statement.options(undefer(ImportRow.content)))).one_or_none()

    async def next_row(self, import_id: int) -> ImportRow | None:
        """The first row that is not done, with its content."""
        statement = select(ImportRow).where(ImportRow.import_id == import_id, ~ImportRow.is_done)
        first = statement.options(undefer(ImportRow.content)).order_by(ImportRow.position).limit(1)
        return (await self.session.scalars(first)).one_or_none()

    async def running(self, *, lost_before: datetime) -> Sequence[int]:
        """The imports that have begun and nobody is at."""
        return (await self.session.scalars(select(ArticleImport.id).where(*_not_held(lost_before)))).all()

    async def take(self, import_id: int, *, at: datetime, lost_before: datetime) -> bool:
        """Take an import for this process; false where somebody else has it, or it is done."""
        statement = update(ArticleImport).where(ArticleImport.id == import_id, *_not_held(lost_before))
        taken = statement.values(taken_at=at).returning(ArticleImport.id)
        return await self.session.scalar(taken) is not None

    async def forget_old(self) -> None:
        """Keep the latest imports alone, and whatever runs."""
        kept = select(ArticleImport.id).order_by(ArticleImport.id.desc()).limit(KEPT_IMPORTS)
        old = (ArticleImport.id.not_in(kept), ArticleImport.state != ImportState.running)
        await self.session.execute(delete(ArticleImport).where(*old))


def _not_held(lost_before: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    unheld = or_(ArticleImport.taken_at.is_(None), ArticleImport.taken_at < lost_before)
    return ArticleImport.state == ImportState.running, unheld
