"""Editing the knowledge base."""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from core.errors import Conflict, InvalidInput, NotFound
from core.unit_of_work import announce
from knowledge_base.answering import Answering, ArticleNotFound
from knowledge_base.embedder import ArticleText, EmbeddedArticle
from knowledge_base.enums import ArticleStatus, GapState, RunCause, Visibility
from knowledge_base.models import Article, ArticleMove, ArticleVersion, Category, Gap, RegressionRun
from knowledge_base.schemas import ArticleCreate, ArticleDraft
from knowledge_base.storage import ask_also, findable_of, store
from knowledge_base.transitions import check

# How far ahead an article can be published.
LATEST = timedelta(days=3_650)

# Tells the worker that an import is to be done.
IMPORT_TOPIC = "import"
# Tells the worker that the regression set is to be asked.
REGRESSION_TOPIC = "regression"


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


class KnowledgeService(Answering):
    """The knowledge base within the caller's transaction."""

    async def get(self, article_id: int) -> Article:
        """An article with its category and variants.

        Raises:
            ArticleNotFound
        """
        return await self._existing(article_id)

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

    async def settle(self, gap_id: int, state: GapState) -> Gap:
        """Say what has become of a question without a sure answer."""
        gap = await self.gaps.get(gap_id)
        if gap is None:
            raise GapNotFound
        gap.come_to(state)
        await self.session.flush()
        return gap

    async def settle_answered(self, article: Article) -> None:
        """The questions that an article was to answer are answered, where contacts may see it."""
        if article.is_public:
            await self.gaps.settle_answered_by(article.id)

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

    async def _meet_contacts(self, article: Article) -> None:
        """What follows from contacts seeing an article where it is; nothing while they do not."""
        if article.is_public:
            await self.articles.claim_address(article.slug, article.language)
            await self.settle_answered(article)

    async def _category(self, slug: str | None) -> Category | None:
        if slug is None:
            return None
        category = await self.categories.by_slug(slug)
        if category is None:
            raise CategoryNotFound
        return category

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


def _numbered(slug: str) -> Iterator[str]:
    yield slug
    yield from (f"{slug}-{number}" for number in itertools.count(2))
