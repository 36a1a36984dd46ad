"""The knowledge base's shapes in the API."""

from datetime import UTC, date, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from knowledge_base.enums import (
    ArticleStatus,
    Band,
    Change,
    GapCause,
    GapState,
    ImportState,
    Reason,
    RunCause,
    Verdict,
    Visibility,
)
from language.normalise import safe_text

AnswerLanguage = Literal["fa", "en"]
QUESTION_CHARACTERS = 100_000
BODY_CHARACTERS = 200_000


def _storable(value: object) -> object:
    return safe_text(value) if isinstance(value, str) else value


def _storable_line(value: object) -> object:
    return " ".join(safe_text(value).split()) if isinstance(value, str) else value


Line = Annotated[str, BeforeValidator(_storable_line)]
Prose = Annotated[str, BeforeValidator(_storable)]


# An article's place on the site, the same in each of its languages.
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=120)]


# Every calendar here can write these days, with hours to spare for any time zone, and the years of the Jalali calendar
# that people write lie before them all: one that was typed where the Gregorian is wanted does not pass for it.
FIRST_DAY, LAST_DAY = date(1700, 1, 1), date(8999, 12, 31)
Day = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]
_FIRST_MOMENT, _LAST_MOMENT = (datetime(one.year, one.month, one.day, tzinfo=UTC) for one in (FIRST_DAY, LAST_DAY))
Moment = Annotated[AwareDatetime, Field(ge=_FIRST_MOMENT, le=_LAST_MOMENT)]


class _Read(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class QuestionAsk(BaseModel):
    """A contact's question; `vector` is its query vector in base64, where it is known already."""

    question: Annotated[Prose, Field(min_length=1, max_length=QUESTION_CHARACTERS)]
    language: AnswerLanguage
    vector: str | None = None
    conversation_id: Annotated[str, Field(max_length=32)] | None = None
    message_id: Annotated[str, Field(max_length=64)] | None = None


class ArticleChoice(BaseModel):
    """A contact's choice of an offered article."""

    language: AnswerLanguage
    conversation_id: Annotated[str, Field(max_length=32)] | None = None
    message_id: Annotated[str, Field(max_length=64)] | None = None


class AnswerDoubt(BaseModel):
    """The conversation whose contact says that the last answer did not help."""

    conversation_id: Annotated[str, Field(min_length=1, max_length=32)]


class AnswerRead(_Read):
    """The part of an article that answers."""

    article_id: int
    title: str
    url: str
    text: str
    language: str
    updated_at: datetime
    # True where there is no article in the language that was asked for.
    other_language: bool


class OfferRead(_Read):
    """An article that may be meant."""

    article_id: int
    title: str
    url: str


class FoundRead(_Read):
    """What the knowledge base has on a question."""

    band: Band
    confidence: float
    answer: AnswerRead | None
    offers: list[OfferRead]
    # Where a question without a sure answer was kept.
    gap_id: int | None


class ArticleDraft(BaseModel):
    """What an editor writes."""

    title: Annotated[Line, Field(min_length=1, max_length=300)]
    summary: Annotated[Line, Field(max_length=1_000)] = ""
    body: Annotated[Prose, Field(max_length=BODY_CHARACTERS)] = ""
    category: str | None = None
    questions: Annotated[list[Annotated[Line, Field(min_length=1, max_length=500)]], Field(max_length=200)] = []
    reviewed_on: Day | None = None
    review_due_on: Day | None = None
    # None leaves it as it is, so that who does not know of it shows nobody what is not for them; a new one is public.
    visibility: Visibility | None = None


class ArticleCreate(ArticleDraft):
    """A new page; one slug in two languages makes a pair of translations."""

    slug: Slug
    language: AnswerLanguage


class ArticleSave(ArticleDraft):
    """A change of the version that the editor saw."""

    version: int
    # Another address; the translation goes along. None leaves it where it is.
    slug: Slug | None = None
    # The status that the editor saw: where it was published meanwhile, nothing is saved. None where it is not known.
    # It is not set by this: publishing and the other moves have addresses of their own.
    status: ArticleStatus | None = None


class ArticleSummary(_Read):
    """An article in a list."""

    id: int
    slug: str
    language: str
    title: str
    summary: str
    url: str
    status: ArticleStatus
    visibility: Visibility
    category: Annotated[str | None, BeforeValidator(lambda category: getattr(category, "slug", category))]
    # Who looks after it, by their id; null for nobody.
    owner_id: int | None
    version: int
    updated_at: datetime
    reviewed_on: date | None
    review_due_on: date | None


class ArticleRead(ArticleSummary):
    """An article to read or edit."""

    body: str
    questions: list[str]
    created_at: datetime
    # When it was first published, or is to be.
    published_at: datetime | None


class ArticleSchedule(BaseModel):
    """When to publish an article."""

    at: AwareDatetime


class ArticlePage(BaseModel):
    """A part of a list, and how long the whole is."""

    articles: list[ArticleSummary]
    total: int


class VersionRead(_Read):
    """An article as it was saved once."""

    number: int
    title: str
    summary: str
    body: str
    questions: list[str]
    # Null in versions from before it was kept, and so is what follows.
    slug: str | None
    category: str | None
    visibility: Visibility | None
    reviewed_on: date | None
    review_due_on: date | None
    saved_by: str
    saved_at: datetime


class UsageRead(BaseModel):
    """What became of an article: before contacts, and with the readers of the help centre."""

    # As an answer or as an offered title.
    shown: int
    chosen: int
    led_to_handoff: int
    helpful: int
    unhelpful: int


class MoveRead(_Read):
    """An article that came to another status; `moved_by` is empty where it was published by itself."""

    status: ArticleStatus
    moved_by: str
    moved_at: datetime


class OverlapRead(_Read):
    """Another article that a text gets in the way of."""

    article_id: int
    title: str
    # The text's own questions that the other article answers now, and ways to ask for the other that it would take.
    answered: list[str]
    taken: list[str]
    is_duplicate: bool


class BrokenRead(_Read):
    """A question of the regression set that would not be answered any more by the article that should."""

    question: str
    article_id: int
    title: str


class WarningsRead(_Read):
    """What an article gets in the way of."""

    overlaps: list[OverlapRead]
    broken: list[BrokenRead]


class CategoryRead(_Read):
    slug: str
    name_fa: str
    name_en: str
    position: int


class CategorySave(BaseModel):
    """A category as contacts read it in each language."""

    name_fa: Annotated[Line, Field(min_length=1, max_length=200)]
    name_en: Annotated[Line, Field(min_length=1, max_length=200)]
    # Its place among the others, from 0; whatever is more than there are puts it last. None leaves it where it is.
    position: Annotated[int, Field(ge=0, le=1_000_000)] | None = None


class CategoryCreate(BaseModel):
    """A new category."""

    slug: Slug
    name_fa: Annotated[Line, Field(min_length=1, max_length=200)]
    name_en: Annotated[Line, Field(min_length=1, max_length=200)]


class OfferOfGap(_Read):
    """The article that came nearest."""

    id: int
    title: str
    url: str


class GapRead(_Read):
    """A question that had no sure answer."""

    id: int
    question: str
    language: str
    conversation_id: str | None
    band: Band
    confidence: float
    best_article: OfferOfGap | None
    state: GapState
    cause: GapCause
    created_at: datetime


class GapUpdate(BaseModel):
    state: GapState


class ExpectationCreate(BaseModel):
    """A question, and the article that should answer it."""

    question: Annotated[Line, Field(min_length=1, max_length=500)]
    article_id: Annotated[int, Field(ge=1, le=2**31 - 1)]


class ExpectationRead(_Read):
    """A question of the regression set, and what became of it when it was asked last."""

    id: int
    question: str
    language: str
    article: OfferOfGap
    verdict: Verdict | None
    confidence: float | None
    # What answered, or came nearest.
    found: OfferOfGap | None
    added_by: str
    added_at: datetime


class TableRead(BaseModel):
    """A table as text, its first line naming the columns."""

    csv: Annotated[str, Field(max_length=1_000_000)]


class RefusedRead(_Read):
    """What of an import was refused, and why; `line` is 0 where the whole file is meant."""

    file: str
    line: int
    reason: Reason
    detail: str


class ExpectationsReadReport(_Read):
    """What became of the rows of a table."""

    added: int
    changed: int
    same: int
    refused: list[RefusedRead]


class RunRead(_Read):
    """The regression set asked once; `finished_at` is null while it is not done."""

    id: int
    cause: RunCause
    article: OfferOfGap | None
    wanted_at: datetime
    finished_at: datetime | None
    asked: int
    passed: int
    # The ids of the questions that were answered as they should the time before, and the other way about.
    broken: list[int]
    mended: list[int]


class ImportRowRead(_Read):
    """One article of an import, or what stands there and is none."""

    file: str
    line: int
    slug: str
    language: str
    title: str
    change: Change
    fields: list[str]
    reason: Reason | None
    detail: str
    is_done: bool


class CategoryBefore(BaseModel):
    """What a category was called when a file was looked through, and where it stood."""

    name_fa: str
    name_en: str
    position: int


class ImportCategoryRead(BaseModel):
    """A category that an import would change: what the file says of it, and what it was `before`."""

    slug: str
    name_fa: str
    name_en: str
    # Null where the file names none: it stays where it is, and a new one comes last.
    position: int | None = None
    # Null for a new one.
    before: CategoryBefore | None = None


class ImportRead(BaseModel):
    """An import: what it would change, and how far it has come."""

    id: int
    file_name: str
    state: ImportState
    counts: dict[Change, int]
    done: int
    total: int
    # Those that are new, changed or refused; at most 200 of each: `counts` tell how many there are, `/rows` has all.
    rows: list[ImportRowRead]
    categories: list[ImportCategoryRead]


class OperatingPointChoose(BaseModel):
    """The share of the given answers that may be wrong, such as 0.05; null for what the ranker was trained for."""

    wrong: Annotated[float, Field(allow_inf_nan=False)] | None


class ReachedRead(_Read):
    """What comes of answering from a confidence on, as the questions held out in training say."""

    confidence: float
    # Of the answers given, and of all questions.
    wrong: float
    answered: float


class ThresholdsRead(_Read):
    answer: float
    offer: float


class OperatingPointRead(_Read):
    """Where the bot answers, and what comes of it; `reached` is null where that is not known."""

    wrong_wanted: float | None
    thresholds: ThresholdsRead
    reached: ReachedRead | None
