"""What the editor's form sends, and what becomes of it."""

from datetime import date, datetime, tzinfo
from enum import StrEnum
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from knowledge_base.enums import ArticleStatus, Visibility
from knowledge_base.models import Article, ArticleVersion
from knowledge_base.repository import NOBODY
from knowledge_base.schemas import ArticleCreate, ArticleDraft, Slug
from knowledge_base.service import as_draft
from web.knowledge.days import read_day, read_moment, write_day, write_moment

Draft = TypeVar("Draft", bound=ArticleDraft)
Owner = Annotated[int, Field(ge=NOBODY, le=2**31 - 1)]


class Action(StrEnum):
    """What an editor's button does besides keeping the text."""

    save = "save"
    # Whatever test questions it breaks.
    save_anyway = "save_anyway"
    publish = "publish"
    # Whatever other articles it gets in the way of.
    publish_anyway = "publish_anyway"
    schedule = "schedule"
    schedule_anyway = "schedule_anyway"
    review = "review"
    draft = "draft"
    archive = "archive"
    # Whatever test questions are not answered any more.
    archive_anyway = "archive_anyway"
    preview = "preview"

    @property
    def status(self) -> ArticleStatus | None:
        """What an article becomes by it; none where it stays what it is."""
        return _STATUSES.get(self)


_STATUSES = {
    Action.publish: ArticleStatus.published,
    Action.publish_anyway: ArticleStatus.published,
    # Until its time comes.
    Action.schedule: ArticleStatus.draft,
    Action.schedule_anyway: ArticleStatus.draft,
    Action.review: ArticleStatus.in_review,
    Action.draft: ArticleStatus.draft,
    Action.archive: ArticleStatus.archived,
    Action.archive_anyway: ArticleStatus.archived,
}


class FormUnfit(Exception):
    """The form cannot be saved; `problems` says why, by field."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__(problems)
        self.problems = problems


class ArticleForm(BaseModel):
    """An article as it stands in the form: whatever was typed, whether it can be saved or not."""

    title: str = ""
    slug: str = ""
    language: str = ""
    category: str = ""
    summary: str = ""
    body: str = ""
    # One a line.
    questions: str = ""
    reviewed: str = ""
    review_due: str = ""
    visibility: str = Visibility.public.value
    # When to publish, for who schedules it.
    publish_at: str = ""
    # Who is to look after it, by their id; `NOBODY` for nobody, none leaves it as it is.
    owner: Owner | None = None
    # And who did when the editor saw it; where both are the same, nobody chose anew.
    owner_seen: Owner | None = None
    # The version that the editor saw.
    version: int = 0
    # And its status; none for a new article.
    status: ArticleStatus | None = None
    action: Action = Action.save

    @classmethod
    def of(cls, article: Article, *, reader: str, zone: tzinfo, draft: ArticleDraft | None = None) -> Self:
        """An article to edit, or a draft of it, in a page of the reader's language."""
        text = draft or as_draft(article)
        return cls(
            title=text.title,
            slug=article.slug,
            language=article.language,
            category=text.category or "",
            summary=text.summary,
            body=text.body,
            questions="\n".join(text.questions),
            reviewed=write_day(text.reviewed_on, reader),
            review_due=write_day(text.review_due_on, reader),
            visibility=(text.visibility or article.visibility).value,
            publish_at=write_moment(article.publishes_at, reader, zone),
            owner=article.owner_id or NOBODY,
            owner_seen=article.owner_id or NOBODY,
            version=article.version,
            status=article.status,
        )

    def on_top_of(self, article: Article, *, version: int) -> Self:
        """The same to be saved over what is there by now; looked after by whom it is now, unless that was chosen."""
        present = article.owner_id or NOBODY
        chosen = present if self.owner == self.owner_seen else self.owner
        seen = {"version": version, "status": article.status, "owner_seen": present}
        return self.model_copy(update={**seen, "owner": chosen})

    def draft(self) -> ArticleDraft:
        """The text to save.

        Raises:
            FormUnfit
        """
        return self._validated(ArticleDraft)

    def new_article(self) -> ArticleCreate:
        """The article to create.

        Raises:
            FormUnfit
        """
        return self._validated(ArticleCreate, slug=self.slug.strip(), language=self.language)

    def address(self) -> str:
        """The slug that was typed.

        Raises:
            FormUnfit
        """
        try:
            return TypeAdapter[str](Slug).validate_python(self.slug.strip())
        except ValidationError as error:
            raise FormUnfit({"slug": "slug"}) from error

    def moment(self, zone: tzinfo) -> datetime:
        """When to publish, typed by the clock of this zone.

        Raises:
            FormUnfit
        """
        try:
            return read_moment(self.publish_at, zone)
        except ValueError as error:
            raise FormUnfit({"publish_at": "publish_at"}) from error

    def _validated(self, kind: type[Draft], **address: str) -> Draft:
        days, problems = self._days()
        try:
            draft = kind.model_validate({**self._content(), **days, **address})
        except ValidationError as error:
            problems |= {str(one["loc"][0]): str(one["loc"][0]) for one in error.errors()}
        if problems:
            raise FormUnfit(problems)
        return draft

    def _days(self) -> tuple[dict[str, date | None], dict[str, str]]:
        """The days that were typed, and which of them are none."""
        days: dict[str, date | None] = {}
        problems: dict[str, str] = {}
        for field, text in (("reviewed_on", self.reviewed), ("review_due_on", self.review_due)):
            try:
                days[field] = read_day(text)
            except ValueError:
                problems[field] = field
        return days, problems

    def _content(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "summary": self.summary,
            # Browsers send every line's end as CR LF.
            "body": self.body.replace("\r\n", "\n"),
            "category": self.category or None,
            "questions": list(
                dict.fromkeys(" ".join(line.split()) for line in self.questions.splitlines() if line.strip())
            ),
            "visibility": self.visibility,
        }


def as_saved(version: ArticleVersion, article: Article) -> ArticleDraft:
    """A version with all that it holds; what was not kept then is what it is now."""
    text = restored(version, article)
    if version.slug is None:
        return text
    kept = {name: getattr(version, name) for name in ("category", "visibility", "reviewed_on", "review_due_on")}
    return text.model_copy(update=kept)


def restored(version: ArticleVersion, article: Article) -> ArticleDraft:
    """An earlier text as a draft, under what is the article's at present: bringing it back opens nothing to anybody."""
    earlier = {"title": version.title, "summary": version.summary, "body": version.body, "questions": version.questions}
    return as_draft(article).model_copy(update=earlier)
