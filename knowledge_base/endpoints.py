"""`/api/v1/knowledge`: answers for programs, articles for editors."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, time
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, status
from fastapi.responses import Response

from core.errors import InvalidInput
from core.http import Limit, Offset, RowId
from knowledge_base.answering import Answer, Found, VectorUnfit
from knowledge_base.categories import Categories
from knowledge_base.csv_files import ImportRefused, Refused, decoded
from knowledge_base.enums import ArticleStatus, Change, GapState, RunCause
from knowledge_base.importing import ArticleImports, check_file
from knowledge_base.models import (
    Article,
    ArticleImport,
    ArticleMove,
    ArticleVersion,
    Category,
    Expectation,
    Gap,
    ImportRow,
    RegressionRun,
)
from knowledge_base.ordering import Order
from knowledge_base.precision import OperatingPointNow, Precision
from knowledge_base.regression import ExpectationsRead, RegressionSet
from knowledge_base.repository import NOBODY, Uses, Votes, Wanted
from knowledge_base.schemas import (
    AnswerDoubt,
    AnswerLanguage,
    AnswerRead,
    ArticleChoice,
    ArticleCreate,
    ArticlePage,
    ArticleRead,
    ArticleSave,
    ArticleSchedule,
    ArticleSummary,
    CategoryCreate,
    CategoryRead,
    CategorySave,
    ExpectationCreate,
    ExpectationRead,
    ExpectationsReadReport,
    FoundRead,
    GapRead,
    GapUpdate,
    ImportCategoryRead,
    ImportRead,
    ImportRowRead,
    MoveRead,
    OperatingPointChoose,
    OperatingPointRead,
    QuestionAsk,
    RunRead,
    TableRead,
    UsageRead,
    VersionRead,
    WarningsRead,
)
from knowledge_base.service import KnowledgeService, as_draft
from knowledge_base.trial import Trial, Unsaved, Warnings
from knowledge_base.uploads import FORM, Upload, read_upload
from language.vectors import VectorUnreadable, from_base64


class FileUnfit(InvalidInput):
    """Nothing of this can be used."""

    def __init__(self, refused: Refused) -> None:
        of_what = refused.detail or refused.file
        super().__init__(f"Nothing of this can be used: {of_what}" if of_what else None)
        # What it would be in a report on rows.
        self.code = refused.reason.value


# Of each kind of an import's rows, how many are shown.
ROWS_SHOWN = 200


def create_router(
    *,
    program: Callable[..., Any],
    editor: Callable[..., Any],
    admin: Callable[..., Any],
    knowledge: Callable[..., Any],
    reading: Callable[..., Any],
    people: Callable[..., Any],
) -> APIRouter:
    """The routes, given who may use them and how a request gets its service.

    `program`, `editor` and `admin` are dependencies that refuse everybody else; the latter two give somebody with an
    `id` and a `name`.
    `knowledge` and `reading` give a `KnowledgeService` in a transaction and in a session that only reads.
    `people` gives the names of those who look after articles, by their ids.
    """
    router = APIRouter(prefix="/knowledge", tags=["knowledge"])
    _add_answers(router, program=program, knowledge=knowledge, reading=reading)
    _add_articles(router, editor=editor, knowledge=knowledge, reading=reading)
    _add_gaps(router, editor=editor, knowledge=knowledge, reading=reading)
    _add_regression(router, editor=editor, knowledge=knowledge, reading=reading)
    _add_files(router, editor=editor, knowledge=knowledge, reading=reading, people=people)
    _add_operating_point(router, admin=admin, knowledge=knowledge, reading=reading)
    return router


def _add_answers(
    router: APIRouter, *, program: Callable[..., Any], knowledge: Callable[..., Any], reading: Callable[..., Any]
) -> None:
    @router.post("/answers", response_model=FoundRead, dependencies=[Depends(program)])
    async def answer_question(
        body: QuestionAsk, service: KnowledgeService = Depends(knowledge, scope="function")
    ) -> Found:
        """Answer a question, offer titles, or decline; see `band`."""
        try:
            vector = from_base64(body.vector, dimension=service.live.embedder.dimension) if body.vector else None
        except VectorUnreadable as error:
            raise VectorUnfit from error
        return await service.answer(
            body.question,
            language=body.language,
            vector=vector,
            conversation_id=body.conversation_id,
            message_id=body.message_id,
        )

    @router.post("/doubts", status_code=status.HTTP_204_NO_CONTENT, dependencies=[Depends(program)])
    async def doubt_answer(body: AnswerDoubt, service: KnowledgeService = Depends(knowledge, scope="function")) -> None:
        """Keep the question of the answer that a contact read last as one whose answer did not help."""
        await service.doubted(body.conversation_id)

    @router.get("/articles/{article_id}/answer", response_model=AnswerRead, dependencies=[Depends(program)])
    async def answer_from_article(
        article_id: RowId,
        language: AnswerLanguage,
        service: KnowledgeService = Depends(reading, scope="function"),
    ) -> Answer:
        """What an article says in short, for a contact who chose its title."""
        return await service.answer_from(article_id, language=language)

    @router.post("/articles/{article_id}/answer", response_model=AnswerRead, dependencies=[Depends(program)])
    async def choose_article(
        article_id: RowId, body: ArticleChoice, service: KnowledgeService = Depends(knowledge, scope="function")
    ) -> Answer:
        """The same, and that the contact chose it is counted."""
        return await service.choose(
            article_id, language=body.language, conversation_id=body.conversation_id, message_id=body.message_id
        )


def _add_articles(
    router: APIRouter, *, editor: Callable[..., Any], knowledge: Callable[..., Any], reading: Callable[..., Any]
) -> None:
    in_transaction = Depends(knowledge, scope="function")
    only_reading = Depends(reading, scope="function")
    for_editors = [Depends(editor)]

    @router.get("/categories", response_model=list[CategoryRead], dependencies=for_editors)
    async def list_categories(service: KnowledgeService = only_reading) -> Sequence[Category]:
        """Every category in the order in which they are shown."""
        return await service.categories.all()

    @router.post(
        "/categories", response_model=CategoryRead, status_code=status.HTTP_201_CREATED, dependencies=for_editors
    )
    async def add_category(body: CategoryCreate, service: KnowledgeService = in_transaction) -> Category:
        """Add a category after the others; 409 `category_exists` where there is one with this slug."""
        return await Categories(service).add(body)

    @router.put("/categories/{slug}", response_model=CategoryRead, dependencies=for_editors)
    async def save_category(slug: str, body: CategorySave, service: KnowledgeService = in_transaction) -> Category:
        """Give a category other names, or another place in the order."""
        return await Categories(service).save(slug, body)

    @router.get("/articles", response_model=ArticlePage, dependencies=for_editors)
    async def list_articles(
        service: KnowledgeService = only_reading,
        q: Annotated[str, Query(max_length=200)] = "",
        language: AnswerLanguage | None = None,
        status: ArticleStatus | None = None,
        category: str | None = None,
        due_by: date | None = None,
        untouched_since: date | None = None,
        unused_since: date | None = None,
        owner: Annotated[int | None, Query(ge=NOBODY, le=2**31 - 1)] = None,
        helped_less_than: Annotated[float | None, Query(ge=0, le=1)] = None,
        order: Order = Order.updated,
        descending: bool = True,
        limit: Limit = 50,
        offset: Offset = 0,
    ) -> ArticlePage:
        """Articles, last changed first unless another order is asked for.

        Every word of `q` must be in title, address, summary, text or a variant.
        `due_by` leaves those that should have been reviewed by this day, `untouched_since` (besides them) those that
        nobody has changed, reviewed or means to review since, `unused_since` those that contacts could have seen since
        and none was shown, `owner` those that somebody looks after (0: that nobody does), and `helped_less_than` those
        that helped less than this share of the readers who said so.
        """
        wanted = Wanted(
            words=q,
            language=language,
            category=category,
            due_by=due_by,
            untouched_since=_begin_of(untouched_since),
            unused_since=_begin_of(unused_since),
            owner_id=owner,
            helped_less_than=helped_less_than,
        )
        articles, total = await service.articles.listed(
            wanted, status=status, order=order, descending=descending, limit=limit, offset=offset
        )
        return ArticlePage(articles=[ArticleSummary.model_validate(one) for one in articles], total=total)

    @router.post("/articles", response_model=ArticleRead, status_code=status.HTTP_201_CREATED)
    async def create_article(
        body: ArticleCreate, service: KnowledgeService = in_transaction, by: Any = Depends(editor)
    ) -> Article:
        """Write a new article, as a draft that you look after."""
        return await service.create(body, by=by.name, owner_id=by.id)

    @router.get("/articles/{article_id}", response_model=ArticleRead, dependencies=for_editors)
    async def get_article(article_id: RowId, service: KnowledgeService = only_reading) -> Article:
        """One article as it stands."""
        return await service.get(article_id)

    @router.put("/articles/{article_id}", response_model=ArticleRead)
    async def save_article(
        article_id: RowId, body: ArticleSave, service: KnowledgeService = in_transaction, by: Any = Depends(editor)
    ) -> Article:
        """Save a change; 409 `article_changed` where somebody saved meanwhile, and the status stays what it is.

        Who names the `status` that they saw gets 409 `published_meanwhile` where their text would go live unseen.
        Another `slug` moves the article and its translation; where contacts knew the old address, it leads there.
        """
        return await service.save(article_id, body, version=body.version, slug=body.slug, by=by.name, seen=body.status)

    @router.post("/articles/{article_id}/publish", response_model=ArticleRead)
    async def publish_article(
        article_id: RowId, service: KnowledgeService = in_transaction, by: Any = Depends(editor)
    ) -> Article:
        """Let those whom it is for find it."""
        return await service.publish(article_id, by=by.name)

    @router.post("/articles/{article_id}/schedule", response_model=ArticleRead)
    async def schedule_article(
        article_id: RowId,
        body: ArticleSchedule,
        service: KnowledgeService = in_transaction,
        by: Any = Depends(editor),
    ) -> Article:
        """Let it be published at a time that is still to come."""
        return await service.schedule(article_id, at=body.at, by=by.name)

    @router.post("/articles/{article_id}/review", response_model=ArticleRead)
    async def submit_article(
        article_id: RowId, service: KnowledgeService = in_transaction, by: Any = Depends(editor)
    ) -> Article:
        """Ask the others to look at it before it is published."""
        return await service.submit(article_id, by=by.name)

    @router.post("/articles/{article_id}/draft", response_model=ArticleRead)
    async def return_article_to_draft(
        article_id: RowId, service: KnowledgeService = in_transaction, by: Any = Depends(editor)
    ) -> Article:
        """Take it up again, and call off the time it was to be published at."""
        return await service.return_to_draft(article_id, by=by.name)

    @router.post("/articles/{article_id}/archive", response_model=ArticleRead)
    async def archive_article(
        article_id: RowId, service: KnowledgeService = in_transaction, by: Any = Depends(editor)
    ) -> Article:
        """Take it away from contacts."""
        return await service.archive(article_id, by=by.name)

    @router.get("/articles/{article_id}/warnings", response_model=WarningsRead, dependencies=for_editors)
    async def warn_of_article(article_id: RowId, service: KnowledgeService = only_reading) -> Warnings:
        """What its text gets in the way of as it stands, or would as soon as it is published.

        Publishing, saving and importing do not ask: look here before, or at the regression runs after.
        """
        article = await service.get(article_id)
        unsaved = Unsaved(as_draft(article), article.slug, article.language, article.id)
        return await Trial(service).warnings(unsaved)

    @router.get("/articles/{article_id}/versions", response_model=list[VersionRead], dependencies=for_editors)
    async def list_versions(article_id: RowId, service: KnowledgeService = only_reading) -> Sequence[ArticleVersion]:
        """Everything that was saved of it, latest first."""
        await service.get(article_id)
        return await service.articles.versions(article_id)

    @router.get("/articles/{article_id}/usage", response_model=UsageRead, dependencies=for_editors)
    async def get_usage(article_id: RowId, service: KnowledgeService = only_reading) -> UsageRead:
        """How often contacts were shown it, chose it and needed a person after it, and how readers voted."""
        await service.get(article_id)
        uses = (await service.uses.counts([article_id])).get(article_id, Uses())
        votes = (await service.votes.counts([article_id])).get(article_id, Votes())
        return UsageRead(**asdict(uses), **asdict(votes))

    @router.get("/articles/{article_id}/moves", response_model=list[MoveRead], dependencies=for_editors)
    async def list_moves(article_id: RowId, service: KnowledgeService = only_reading) -> Sequence[ArticleMove]:
        """Who brought it to which status and when, latest first."""
        await service.get(article_id)
        return await service.articles.moves(article_id)


def _add_gaps(
    router: APIRouter, *, editor: Callable[..., Any], knowledge: Callable[..., Any], reading: Callable[..., Any]
) -> None:
    @router.get("/gaps", response_model=list[GapRead], dependencies=[Depends(editor)])
    async def list_gaps(
        service: KnowledgeService = Depends(reading, scope="function"),
        state: GapState = GapState.open,
        limit: Limit = 100,
        offset: Offset = 0,
    ) -> Sequence[Gap]:
        """Questions that had no sure answer, latest first."""
        return await service.gaps.in_state(state, limit=limit, offset=offset)

    @router.patch("/gaps/{gap_id}", response_model=GapRead, dependencies=[Depends(editor)])
    async def change_gap(
        gap_id: RowId, body: GapUpdate, service: KnowledgeService = Depends(knowledge, scope="function")
    ) -> Gap:
        """Dismiss a question, mark it answered, or open it again."""
        return await service.settle(gap_id, body.state)


def _add_regression(
    router: APIRouter, *, editor: Callable[..., Any], knowledge: Callable[..., Any], reading: Callable[..., Any]
) -> None:
    in_transaction = Depends(knowledge, scope="function")
    only_reading = Depends(reading, scope="function")
    for_editors = [Depends(editor)]

    @router.get("/expectations", response_model=list[ExpectationRead], dependencies=for_editors)
    async def list_expectations(service: KnowledgeService = only_reading) -> Sequence[Expectation]:
        """The questions of the regression set, latest first."""
        return await service.regression.all()

    @router.post("/expectations", response_model=ExpectationRead, status_code=status.HTTP_201_CREATED)
    async def add_expectation(
        body: ExpectationCreate, service: KnowledgeService = in_transaction, by: Any = Depends(editor)
    ) -> Expectation:
        """Expect an article to answer a question; what is expected of it already is changed."""
        return await RegressionSet(service).add(body.question, body.article_id, by=by.name)

    @router.post("/expectations/import", response_model=ExpectationsReadReport)
    async def read_expectations(
        body: TableRead, service: KnowledgeService = in_transaction, by: Any = Depends(editor)
    ) -> ExpectationsRead:
        """Take in a table with the columns `question`, `article` (its address) and, if there is one, `language`."""
        try:
            return await RegressionSet(service).read(decoded(body.csv.encode()), by=by.name)
        except ImportRefused as error:
            raise FileUnfit(error.refused) from error

    @router.get("/expectations/export", dependencies=for_editors)
    async def write_expectations(service: KnowledgeService = only_reading) -> Response:
        """The regression set as such a table."""
        return Response(await RegressionSet(service).write(), media_type="text/csv")

    @router.delete("/expectations/{expectation_id}", status_code=status.HTTP_204_NO_CONTENT, dependencies=for_editors)
    async def remove_expectation(expectation_id: RowId, service: KnowledgeService = in_transaction) -> None:
        """Expect this no longer."""
        await RegressionSet(service).remove(expectation_id)

    @router.get("/regression-runs", response_model=list[RunRead], dependencies=for_editors)
    async def list_runs(service: KnowledgeService = only_reading, limit: Limit = 20) -> Sequence[RegressionRun]:
        """When the regression set was asked, and what had changed, latest first."""
        return await service.regression.runs(limit=limit)

    @router.post("/regression-runs", status_code=status.HTTP_202_ACCEPTED, dependencies=for_editors)
    async def want_run(service: KnowledgeService = in_transaction) -> None:
        """Let the regression set be asked in the background."""
        await service.want_regression(RunCause.wanted)


def _add_files(
    router: APIRouter,
    *,
    editor: Callable[..., Any],
    knowledge: Callable[..., Any],
    reading: Callable[..., Any],
    people: Callable[..., Any],
) -> None:
    in_transaction = Depends(knowledge, scope="function")
    only_reading = Depends(reading, scope="function")
    for_editors = [Depends(editor)]

    async def editors_upload(request: Request, _by: Any = Depends(editor)) -> Upload:
        return await read_upload(request)

    # The file first: no transaction is to wait until it is here.
    @router.post("/imports", response_model=ImportRead, status_code=status.HTTP_201_CREATED, openapi_extra=FORM)
    async def check_import(
        upload: Annotated[Upload, Depends(editors_upload)],
        reading: KnowledgeService = only_reading,
        service: KnowledgeService = in_transaction,
        by: Any = Depends(editor),
    ) -> ImportRead:
        """What a zip of Markdown, a table (CSV) or a web page (HTML) would change; nothing is changed yet.

        A file of which nothing can be used is refused with 422, its code the reason: `not_text`, `zip_broken`, …
        `publish_new` publishes new articles of which the file says no status; without it they are drafts.
        """
        try:
            checked = await check_file(reading, upload.file, name=upload.name, publish_new=upload.publish_new)
        except ImportRefused as error:
            raise FileUnfit(error.refused) from error
        return await _shown(service, await ArticleImports(service).keep(checked, by=by.name))

    @router.get("/imports/{import_id}", response_model=ImportRead, dependencies=for_editors)
    async def get_import(import_id: RowId, service: KnowledgeService = only_reading) -> ImportRead:
        """How far an import has come."""
        return await _shown(service, await ArticleImports(service).get(import_id))

    @router.get("/imports/{import_id}/rows", response_model=list[ImportRowRead], dependencies=for_editors)
    async def list_import_rows(
        import_id: RowId,
        service: KnowledgeService = only_reading,
        change: Change | None = None,
        limit: Limit = 100,
        offset: Offset = 0,
    ) -> Sequence[ImportRow]:
        """Everything that an import would change, has changed or refused, in the file's order."""
        await ArticleImports(service).get(import_id)
        return await service.imports.rows(import_id, change, limit=limit, offset=offset)

    @router.post(
        "/imports/{import_id}/begin",
        response_model=ImportRead,
        status_code=status.HTTP_202_ACCEPTED,
        dependencies=for_editors,
    )
    async def begin_import(import_id: RowId, service: KnowledgeService = in_transaction) -> ImportRead:
        """Make the change, in the background; 409 `import_begun` where it has begun."""
        return await _shown(service, await ArticleImports(service).begin(import_id))

    @router.get("/export.zip", dependencies=for_editors)
    async def export_folder(
        service: KnowledgeService = only_reading, names: dict[int, str] = Depends(people, scope="function")
    ) -> Response:
        """Every article as Markdown with front matter, the categories, and tables of what became of the articles."""
        return Response(await ArticleImports(service).write_zip(people=names), media_type="application/zip")

    @router.get("/export.csv", dependencies=for_editors)
    async def export_table(service: KnowledgeService = only_reading) -> Response:
        """Every article as a row of a table."""
        return Response(await ArticleImports(service).write_table(), media_type="text/csv")


def _add_operating_point(
    router: APIRouter, *, admin: Callable[..., Any], knowledge: Callable[..., Any], reading: Callable[..., Any]
) -> None:
    @router.get("/operating-point", response_model=OperatingPointRead, dependencies=[Depends(admin)])
    async def get_operating_point(
        service: KnowledgeService = Depends(reading, scope="function"),
    ) -> OperatingPointNow:
        """From which confidence on the bot answers and offers, and what comes of it."""
        return Precision(service).now()

    @router.put("/operating-point", response_model=OperatingPointRead)
    async def choose_operating_point(
        body: OperatingPointChoose,
        service: KnowledgeService = Depends(knowledge, scope="function"),
        by: Any = Depends(admin),
    ) -> OperatingPointNow:
        """Answer so that at most this share of the answers is wrong."""
        await Precision(service).choose(body.wrong, by=by.name)
        return Precision(service).at(body.wrong)


def _begin_of(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), UTC) if day else None


async def _shown(service: KnowledgeService, one: ArticleImport) -> ImportRead:
    counts = await service.imports.counts(one.id)
    rows = [
        ImportRowRead.model_validate(row)
        for change in (Change.refused, Change.new, Change.changed)
        for row in await service.imports.rows(one.id, change, limit=ROWS_SHOWN)
    ]
    done, total = await service.imports.count_done(one.id), sum(counts.values())
    return ImportRead(
        id=one.id,
        file_name=one.file_name,
        state=one.state,
        counts=counts,
        done=done,
        total=total,
        rows=rows,
        categories=[ImportCategoryRead.model_validate(each) for each in one.categories],
    )
