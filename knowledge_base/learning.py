"""Learning from use: what contacts asked in vain becomes articles, and articles are judged by what they did."""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from knowledge_base.answering import Offer
from knowledge_base.enums import ArticleStatus, GapState
from knowledge_base.gap_groups import SAME_PROJECTED, SAME_RAW, KeptQuestion, QuestionGroup, group_questions
from knowledge_base.models import Article, ArticleUse, Gap
from knowledge_base.question import matching_form, phrasing_of
from knowledge_base.schemas import BODY_CHARACTERS, ArticleCreate, ArticleDraft
from knowledge_base.search import Floats
from knowledge_base.service import GapNotFound, KnowledgeService, as_draft
from knowledge_base.storage import from_bytes
from knowledge_base.trial import Trial, Unsaved, Warnings

# What a question says without what tells who asked it: articles are read by everybody.
Impersonal = Callable[[Gap], str]

# More questions than this are not grouped: the latest are.
MOST_GROUPED = 10_000
# How many of a group's wordings become variants.
MOST_VARIANTS = 20
VARIANT_CHARACTERS = 500
TITLE_CHARACTERS = 300
# The most variants that an article may have.
ALL_VARIANTS = 200
# Of the questions that contacts asked, how many of the latest are compared with an article's, and how many are shown.
MOST_COMPARED = 1_000
MOST_ASKED_LIKE = 8


@dataclass(frozen=True)
class GapGroup:
    """A group with its rows, as editors see it."""

    group: QuestionGroup
    # Latest first.
    gaps: Sequence[Gap]

    @property
    def typical(self) -> Gap:
        return next(gap for gap in self.gaps if gap.id == self.group.typical.id)

    @property
    def draft(self) -> Article | None:
        """The article that is to answer them; none while nobody has begun one, or it is archived."""
        return next((gap.answer for gap in self.gaps if gap.answer and _is_kept(gap.answer)), None)


class Learning:
    """Learns within the caller's session."""

    def __init__(self, knowledge: KnowledgeService) -> None:
        self._knowledge = knowledge

    async def groups(self, state: GapState) -> list[GapGroup]:
        """The questions in a state by meaning, those asked most this week first."""
        gaps = {gap.id: gap for gap in await self._knowledge.gaps.with_vectors(state, limit=MOST_GROUPED)}
        now = self._knowledge.clock.now()
        questions = [_kept(gap) for gap in gaps.values()]
        # Comparing thousands of questions takes a second or two.
        groups = await asyncio.to_thread(group_questions, questions, now=now, project=self._projected)
        return [GapGroup(group, [gaps[one.id] for one in group.questions]) for group in groups]

    def near(self, gap: Gap, count: int) -> list[Offer]:
        """The published articles that come nearest to a question."""
        if gap.vector is None or gap.encoder != self._knowledge.live.embedder.fingerprint:
            return []
        vector = from_bytes(gap.vector)
        return self._knowledge.suggest_at_once(gap.question, vector, language=gap.language, count=count)

    async def asked_like(self, article_id: int, *, count: int = MOST_ASKED_LIKE) -> list[str]:
        """Real questions that may be other ways to ask for an article, nearest first; none that it has already.

        They are the latest open ones that mean the same or came nearest to it, and those that it answered.

        Raises:
            ArticleNotFound
        """
        article = await self._knowledge.get(article_id)
        own = [article.title, *article.questions]
        topic = (await self._knowledge.articles.at_addresses({article.slug})).values()
        gaps = await self._knowledge.gaps.with_vectors(GapState.open, limit=MOST_COMPARED)
        uses = await self._knowledge.uses.answered_from(article_id, limit=MOST_COMPARED)
        encoder = self._knowledge.live.embedder.fingerprint
        kept: list[Gap | ArticleUse] = [*gaps, *uses]
        asked = [one for one in kept if one.vector and one.encoder == encoder]
        nearness, same = await self._nearness([from_bytes(one.vector) for one in asked if one.vector], own)
        fitting = [
            (near, one.question)
            for near, one in zip(nearness, asked, strict=True)
            # A question of two messages is no way to ask.
            if one.question and "\n" not in one.question
            if isinstance(one, ArticleUse) or one.best_article_id in topic or near >= same
        ]
        fitting.sort(key=lambda pair: -pair[0])
        known = {phrasing_of(matching_form(one)) for one in own}
        nearest = wordings([question for _near, question in fitting], limit=count + len(known))
        return [one for one in nearest if phrasing_of(matching_form(one)) not in known][:count]

    async def _nearness(self, asked: Sequence[Floats], own: Sequence[str]) -> tuple[list[float], float]:
        """How near each question is to any of an article's own, and from where on they mean the same."""
        if not asked:
            return [], SAME_RAW
        embedder = self._knowledge.live.embedder
        questions, ours = np.stack(asked), await asyncio.to_thread(embedder.variants, own)
        projected = self._projected(embedder.fingerprint, np.concatenate([questions, ours]))
        if projected is not None:
            questions, ours = projected[: len(questions)], projected[len(questions) :]
        near: list[float] = (questions @ ours.T).max(axis=1).tolist()
        return near, SAME_RAW if projected is None else SAME_PROJECTED

    async def start_article(
        self, gap_ids: Sequence[int], *, typical: int, asked: Impersonal, by: str, owner_id: int | None = None
    ) -> Article:
        """A draft that asks these questions; they are settled when it is published. Where one is to answer any of them
        already, that one as it is.

        Raises:
            GapNotFound
        """
        gaps = await self._gaps(gap_ids)
        if begun := await self._begun(gap_ids):
            return begun
        title = next((gap for gap in gaps if gap.id == typical), gaps[0])
        draft = ArticleCreate(
            slug=await self._free_slug(title, asked(title)),
            language="fa" if title.language == "fa" else "en",
            title=_line(asked(title), TITLE_CHARACTERS),
            questions=wordings([asked(gap) for gap in gaps]),
        )
        article = await self._knowledge.create(draft, by=by, owner_id=owner_id)
        await self._answered_by(article, gaps)
        return article

    async def start_from_answers(
        self,
        questions: Sequence[str],
        answers: Sequence[str],
        *,
        language: str,
        slug: str,
        by: str,
        owner_id: int | None = None,
    ) -> Article:
        """A draft of what was asked, in one or more wordings, and answered; the one that is at this address already,
        where there is one.
        """
        if there := await self._knowledge.articles.by_address(slug, language):
            return there
        title, *others = questions
        draft = ArticleCreate(
            slug=slug,
            language="fa" if language == "fa" else "en",
            title=title[:TITLE_CHARACTERS].strip(),
            questions=others,
            body="\n\n".join(answers)[:BODY_CHARACTERS],
        )
        return await self._knowledge.create(draft, by=by, owner_id=owner_id)

    async def add_to(self, article_id: int, gap_ids: Sequence[int], *, asked: Impersonal, by: str) -> Article:
        """Make these questions variants of an article, and settle them where it is published.

        Raises:
            GapNotFound, ArticleNotFound
        """
        gaps = await self._gaps(gap_ids)
        article = await self._knowledge.get(article_id)
        draft = _asking_also(article, [asked(gap) for gap in gaps])
        if draft.questions != article.questions:
            article = await self._knowledge.save(article_id, draft, version=article.version, by=by, seen=article.status)
        await self._answered_by(article, gaps)
        return article

    async def warnings_of_adding(self, article_id: int, gap_ids: Sequence[int], *, asked: Impersonal) -> Warnings:
        """What an article would get in the way of with these questions and does not without; nothing while contacts do
        not read it.

        Raises:
            GapNotFound, ArticleNotFound
        """
        gaps = await self._gaps(gap_ids)
        article = await self._knowledge.get(article_id)
        if not article.is_public:
            return Warnings()
        trial, also = Trial(self._knowledge), _asking_also(article, [asked(gap) for gap in gaps])
        as_it_is = Unsaved(as_draft(article), article.slug, article.language, article.id)
        warnings = await trial.warnings(replace(as_it_is, draft=also))
        if not warnings.overlaps:
            return warnings
        present = {one.article_id: one for one in await trial.overlaps(as_it_is)}
        added = [one.besides(present.get(one.article_id)) for one in warnings.overlaps]
        return Warnings([one for one in added if one], warnings.broken)

    async def settle(self, gap_ids: Sequence[int], state: GapState) -> None:
        """Say what has become of questions; those that nobody has heard of change nothing."""
        for gap in await self._knowledge.gaps.some(gap_ids):
            gap.come_to(state)
        await self._knowledge.session.flush()

    async def _answered_by(self, article: Article, gaps: Sequence[Gap]) -> None:
        for gap in gaps:
            gap.answer_id = article.id
        await self._knowledge.session.flush()
        await self._knowledge.settle_answered(article)

    async def _begun(self, gap_ids: Sequence[int]) -> Article | None:
        """The article that is to answer these questions; whoever begins one at the same time waits for this one."""
        gaps = await self._knowledge.gaps.some_for_change(gap_ids)
        found = await self._knowledge.articles.some([gap.answer_id for gap in gaps if gap.answer_id])
        return next((one for one in found if _is_kept(one)), None)

    async def _gaps(self, gap_ids: Sequence[int]) -> Sequence[Gap]:
        gaps = await self._knowledge.gaps.some(gap_ids)
        if not gaps:
            raise GapNotFound
        return gaps

    async def _free_slug(self, gap: Gap, question: str) -> str:
        """An address that nobody has; the editor gives it a better one by writing the article anew."""
        words = re.findall(r"[a-z0-9]+", question.lower())[:6]
        first = "-".join(words)[:60].strip("-") if gap.language == "en" and words else f"question-{gap.id}"
        return await self._knowledge.free_slug(first)

    def _projected(self, encoder: str, vectors: Floats) -> Floats | None:
        projection = self._knowledge.live.search.projection
        return projection.questions(vectors) if projection and projection.encoder == encoder else None


def _is_kept(article: Article) -> bool:
    return article.status is not ArticleStatus.archived


def _asking_also(article: Article, questions: Sequence[str]) -> ArticleDraft:
    """The article with those of these questions as variants that it has not yet."""
    draft = as_draft(article)
    asked = {matching_form(one) for one in [article.title, *draft.questions]}
    new = [one for one in wordings(questions) if matching_form(one) not in asked]
    return draft.model_copy(update={"questions": [*draft.questions, *new][:ALL_VARIANTS]})


def wordings(questions: Sequence[str], *, limit: int = MOST_VARIANTS) -> list[str]:
    """Different ways to ask, in their order, as variants hold them; what differs in spelling or mark is the same."""
    different: dict[str, str] = {}
    for question in questions:
        line = _line(question, VARIANT_CHARACTERS)
        if phrasing := phrasing_of(matching_form(line)):
            different.setdefault(phrasing, line)
    return list(different.values())[:limit]


def _line(text: str, characters: int) -> str:
    return " ".join(text.split())[:characters].strip()


def _kept(gap: Gap) -> KeptQuestion:
    return KeptQuestion(
        gap.id,
        gap.language,
        matching_form(gap.question),
        gap.encoder,
        from_bytes(gap.vector) if gap.vector else None,
        gap.created_at,
    )
