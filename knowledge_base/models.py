"""Tables of the knowledge base. Vectors are little-endian float32 bytes, unit length."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Enum, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.database import Base
from knowledge_base.addresses import article_url
from knowledge_base.enums import (
    ArticleStatus,
    Band,
    Change,
    GapCause,
    GapState,
    ImportState,
    Reason,
    RunCause,
    UseKind,
    Verdict,
    Visibility,
)


def _values(kind: Any) -> list[str]:
    return [member.value for member in kind]


def _enum(kind: type[StrEnum], length: int = 16) -> Enum:
    """Stored as the value, in a column that a new member does not have to change."""
    return Enum(kind, native_enum=False, length=length, values_callable=_values, validate_strings=True)


class Category(Base):
    """A folder of articles."""

    __tablename__ = "categories"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    name_fa: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200))
    position: Mapped[int] = mapped_column(default=0)


class Article(Base):
    """A page in one language; the page with the same slug in another language is its translation."""

    __tablename__ = "articles"
    __table_args__ = (
        UniqueConstraint("slug", "language"),
        Index("ix_articles_status_language", "status", "language"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(120))
    language: Mapped[str] = mapped_column(String(8))
    category_id: Mapped[int | None] = mapped_column(ForeignKey("categories.id", ondelete="SET NULL"), index=True)
    title: Mapped[str] = mapped_column(String(300))
    summary: Mapped[str] = mapped_column(Text, default="")
    # Markdown as the editor wrote it; `render.to_html` makes it safe to show.
    body: Mapped[str] = mapped_column(Text, default="")
    # Its words as `list_search` looks for them.
    findable: Mapped[str] = mapped_column(Text, default="", server_default="", deferred=True)
    status: Mapped[ArticleStatus] = mapped_column(_enum(ArticleStatus), default=ArticleStatus.draft)
    visibility: Mapped[Visibility] = mapped_column(
        _enum(Visibility), default=Visibility.public, server_default=Visibility.public.value
    )
    # Counts saves: who saves must name the version they edited.
    version: Mapped[int] = mapped_column(default=1)
    # Of the title; null until the article is first published.
    vector: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    # Who looks after it, by their id where people are kept; none for nobody.
    owner_id: Mapped[int | None] = mapped_column(index=True)
    # The fingerprint of the encoder that made this article's vectors.
    encoder: Mapped[str | None] = mapped_column(String(80))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    # When it was first published; of a draft or an article in review, when it is to be.
    published_at: Mapped[datetime | None]
    reviewed_on: Mapped[date | None]
    # From this day on it should be looked at again.
    review_due_on: Mapped[date | None]

    category: Mapped[Category | None] = relationship(lazy="raise")
    versions: Mapped[list["ArticleVersion"]] = relationship(
        lazy="raise", order_by="ArticleVersion.number", passive_deletes=True
    )
    variants: Mapped[list["QuestionVariant"]] = relationship(
        lazy="raise",
        order_by="(QuestionVariant.position, QuestionVariant.id)",
        cascade="all, delete-orphan",
        passive_deletes=True,
    )
    passages: Mapped[list["Passage"]] = relationship(
        lazy="raise", order_by="Passage.position", cascade="all, delete-orphan", passive_deletes=True
    )

    @property
    def url(self) -> str:
        """Where the public page is, relative to the site."""
        return article_url(self.slug, self.language)

    @property
    def is_public(self) -> bool:
        """Whether contacts may see it."""
        return self.status is ArticleStatus.published and self.visibility is Visibility.public

    @property
    def publishes_at(self) -> datetime | None:
        """When it is to be published by itself; none where nobody has planned that."""
        return self.published_at if self.status in (ArticleStatus.draft, ArticleStatus.in_review) else None

    @property
    def was_published(self) -> bool:
        """Whether contacts may have seen it where it is."""
        return self.published_at is not None and self.publishes_at is None

    @property
    def questions(self) -> list[str]:
        """The other ways to ask for it, its variants loaded."""
        return [variant.text for variant in self.variants]


class FormerAddress(Base):
    """Where contacts found an article before it moved; what links there still leads to it."""

    __tablename__ = "former_addresses"

    slug: Mapped[str] = mapped_column(String(120), primary_key=True)
    language: Mapped[str] = mapped_column(String(8), primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id", ondelete="CASCADE"), index=True)


class ArticleVersion(Base):
    """An article as it was saved once."""

    __tablename__ = "article_versions"
    __table_args__ = (UniqueConstraint("article_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id", ondelete="CASCADE"))
    number: Mapped[int]
    title: Mapped[str] = mapped_column(String(300))
    summary: Mapped[str] = mapped_column(Text, default="")
    body: Mapped[str] = mapped_column(Text, default="")
    questions: Mapped[list[str]] = mapped_column(JSON, default=list)
    # Where it was, in which category, for whom, and its review; the address is null in versions from before that was
    # kept, and nothing of the rest is known of them.
    slug: Mapped[str | None] = mapped_column(String(120))
    category: Mapped[str | None] = mapped_column(String(120))
    visibility: Mapped[Visibility | None] = mapped_column(_enum(Visibility))
    reviewed_on: Mapped[date | None]
    review_due_on: Mapped[date | None]
    saved_by: Mapped[str] = mapped_column(String(120), default="")
    saved_at: Mapped[datetime]


class ArticleMove(Base):
    """An article that came to another status once."""

    __tablename__ = "article_moves"

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id", ondelete="CASCADE"), index=True)
    status: Mapped[ArticleStatus] = mapped_column(_enum(ArticleStatus))
    # Empty where its time had come.
    moved_by: Mapped[str] = mapped_column(String(120), default="")
    moved_at: Mapped[datetime]


class QuestionVariant(Base):
    """Another way to ask for an article."""

    __tablename__ = "question_variants"

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id", ondelete="CASCADE"), index=True)
    # The editor's order; what was written before it was kept stands in the order of the rows.
    position: Mapped[int] = mapped_column(default=0, server_default="0")
    text: Mapped[str] = mapped_column(Text)
    vector: Mapped[bytes | None] = mapped_column(LargeBinary)


class Passage(Base):
    """A slice of a published article, as it is embedded and searched."""

    __tablename__ = "passages"
    __table_args__ = (UniqueConstraint("article_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id", ondelete="CASCADE"))
    position: Mapped[int]
    # The headings above it, outermost first.
    headings: Mapped[list[str]] = mapped_column(JSON, default=list)
    text: Mapped[str] = mapped_column(Text)
    vector: Mapped[bytes] = mapped_column(LargeBinary)
    encoder: Mapped[str] = mapped_column(String(80))


class ArticleVote(Base):
    """Whether an article helped one reader of the help centre; the last word counts."""

    __tablename__ = "article_votes"
    __table_args__ = (UniqueConstraint("article_id", "reader"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id", ondelete="CASCADE"))
    # The digest of what the reader's cookie holds.
    reader: Mapped[str] = mapped_column(String(64))
    helpful: Mapped[bool]
    voted_at: Mapped[datetime]


class ArticleUse(Base):
    """An article that came before a contact once."""

    __tablename__ = "article_uses"
    __table_args__ = (
        Index("ix_article_uses_article_id_kind", "article_id", "kind"),
        # However often a message's turn is run, it is counted once.
        UniqueConstraint("message_id", "article_id", "kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id", ondelete="CASCADE"))
    kind: Mapped[UseKind] = mapped_column(_enum(UseKind))
    conversation_id: Mapped[str | None] = mapped_column(String(32), index=True)
    message_id: Mapped[str | None] = mapped_column(String(64))
    used_at: Mapped[datetime]
    led_to_handoff: Mapped[bool] = mapped_column(default=False)
    # Of an answer: what it becomes a gap of when a person has to be brought in after it.
    question: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(String(8))
    vector: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    encoder: Mapped[str | None] = mapped_column(String(80))
    confidence: Mapped[float | None]


class Gap(Base):
    """A question that had no sure answer, or none that helped."""

    __tablename__ = "knowledge_gaps"
    __table_args__ = (Index("ix_knowledge_gaps_state_created_at", "state", "created_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    question: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(8))
    vector: Mapped[bytes | None] = mapped_column(LargeBinary)
    # The fingerprint of the encoder that made the vector.
    encoder: Mapped[str | None] = mapped_column(String(80))
    conversation_id: Mapped[str | None] = mapped_column(String(32), index=True)
    # One message leaves at most one gap, however often its turn is run.
    message_id: Mapped[str | None] = mapped_column(String(64), unique=True)
    band: Mapped[Band] = mapped_column(_enum(Band))
    confidence: Mapped[float]
    best_article_id: Mapped[int | None] = mapped_column(ForeignKey("articles.id", ondelete="SET NULL"))
    state: Mapped[GapState] = mapped_column(_enum(GapState), default=GapState.open)
    cause: Mapped[GapCause] = mapped_column(
        _enum(GapCause), default=GapCause.declined, server_default=GapCause.declined.value
    )
    # The article that answers it, or will as soon as it is published.
    answer_id: Mapped[int | None] = mapped_column(ForeignKey("articles.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime]

    best_article: Mapped[Article | None] = relationship(lazy="raise", foreign_keys=[best_article_id])
    answer: Mapped[Article | None] = relationship(lazy="raise", foreign_keys=[answer_id])

    def come_to(self, state: GapState) -> None:
        """Be in this state; who opens it again says that its article is no answer to it."""
        if state is GapState.open and self.state is not GapState.open:
            self.answer_id = None
        self.state = state


class Expectation(Base):
    """A question of the regression set, and the article that should answer it."""

    __tablename__ = "expectations"

    id: Mapped[int] = mapped_column(primary_key=True)
    question: Mapped[str] = mapped_column(String(500))
    # The question in its matching form: equal in all but spelling is the same.
    matching: Mapped[str] = mapped_column(String(1_000), unique=True)
    language: Mapped[str] = mapped_column(String(8))
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id", ondelete="CASCADE"), index=True)
    # Of the question, and the fingerprint of the encoder that made it; null until it is asked.
    vector: Mapped[bytes | None] = mapped_column(LargeBinary)
    encoder: Mapped[str | None] = mapped_column(String(80))
    added_by: Mapped[str] = mapped_column(String(120), default="")
    added_at: Mapped[datetime]
    # What became of it when it was asked last; null until then.
    verdict: Mapped[Verdict | None] = mapped_column(_enum(Verdict))
    confidence: Mapped[float | None]
    # The article that answered, or came nearest.
    found_id: Mapped[int | None] = mapped_column(ForeignKey("articles.id", ondelete="SET NULL"))

    article: Mapped[Article] = relationship(lazy="raise", foreign_keys=[article_id])
    found: Mapped[Article | None] = relationship(lazy="raise", foreign_keys=[found_id])


class RegressionRun(Base):
    """The regression set asked once, or about to be."""

    __tablename__ = "regression_runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    cause: Mapped[RunCause] = mapped_column(_enum(RunCause))
    # What was published, or taken back; the first of several.
    article_id: Mapped[int | None] = mapped_column(ForeignKey("articles.id", ondelete="SET NULL"))
    wanted_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None] = mapped_column(index=True)
    asked: Mapped[int] = mapped_column(default=0)
    passed: Mapped[int] = mapped_column(default=0)
    # The ids of the expectations that were met the time before and are not any more, and the other way about.
    broken: Mapped[list[int]] = mapped_column(JSON, default=list)
    mended: Mapped[list[int]] = mapped_column(JSON, default=list)

    article: Mapped[Article | None] = relationship(lazy="raise")


class ArticleImport(Base):
    """A file of articles that somebody brought: first what it would change, then how far the change has come."""

    __tablename__ = "article_imports"

    id: Mapped[int] = mapped_column(primary_key=True)
    file_name: Mapped[str] = mapped_column(String(200))
    state: Mapped[ImportState] = mapped_column(_enum(ImportState))
    # What becomes of new articles of which the file does not say it.
    publish_new: Mapped[bool] = mapped_column(default=False)
    # The categories that the file would change, each as it says with what it was `before`.
    categories: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    started_by: Mapped[str] = mapped_column(String(120), default="")
    created_at: Mapped[datetime]
    # When the process that is at it did something of it last.
    taken_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    rows: Mapped[list["ImportRow"]] = relationship(
        lazy="raise", order_by="ImportRow.position", cascade="all, delete-orphan", passive_deletes=True
    )


class ImportRow(Base):
    """One article of an import, or what stands there and is none."""

    __tablename__ = "import_rows"
    __table_args__ = (UniqueConstraint("import_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("article_imports.id", ondelete="CASCADE"))
    position: Mapped[int]
    file: Mapped[str] = mapped_column(String(300))
    line: Mapped[int]
    slug: Mapped[str] = mapped_column(String(120), default="")
    language: Mapped[str] = mapped_column(String(8), default="")
    title: Mapped[str] = mapped_column(String(300), default="")
    change: Mapped[Change] = mapped_column(_enum(Change))
    # Of a changed one, which fields change.
    fields: Mapped[list[str]] = mapped_column(JSON, default=list)
    reason: Mapped[Reason | None] = mapped_column(_enum(Reason, 32))
    detail: Mapped[str] = mapped_column(Text, default="")
    # The article as the file has it, until it is in.
    content: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True), deferred=True)
    is_done: Mapped[bool] = mapped_column(default=False)


class OperatingPointChoice(Base):
    """How many of the given answers an admin lets be wrong; the latest is in force, the others tell what was before."""

    __tablename__ = "operating_points"

    id: Mapped[int] = mapped_column(primary_key=True)
    # A share; null for what the ranker was trained for.
    wrong_wanted: Mapped[float | None]
    saved_by: Mapped[str] = mapped_column(String(120), default="")
    saved_at: Mapped[datetime]
