"""Bringing articles in from files: first what would change, then the change itself, row by row in the background."""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import Clock
from core.database import is_away, is_disk_full
from core.errors import Conflict, NotFound
from core.unit_of_work import UnitOfWork, announce
from knowledge_base.answering import ArticleNotFound
from knowledge_base.article_files import ArticleFile, CategoryFile, FrontMatter, as_body, field_problem
from knowledge_base.csv_files import Refused
from knowledge_base.enums import ArticleStatus, Change, ImportState, Reason, Visibility
from knowledge_base.exporting import as_file, write_table, write_zip
from knowledge_base.import_files import MOST_ARTICLES, FileRead, Found, read_file
from knowledge_base.models import Article, ArticleImport, Category, ImportRow
from knowledge_base.records import Records
from knowledge_base.schemas import ArticleCreate, ArticleDraft
from knowledge_base.service import (
    IMPORT_TOPIC,
    AddressTaken,
    ArticleChanged,
    CategoryNotFound,
    KnowledgeService,
    TimeUnfit,
    as_draft,
)
from knowledge_base.transitions import StatusChangeRefused, check
from language.normalise import safe_text

logger = logging.getLogger(__name__)

LOOKED_UP_AT_ONCE = 500
# An import of which nothing was heard for so long was left by a process that is no more.
LOST_AFTER = timedelta(minutes=2)
# What a file says in words of its own, by the field of the draft.
_DRAFT_FIELDS = {
    **{name: name for name in ("title", "summary", "category", "questions", "visibility")},
    "reviewed": "reviewed_on",
    "review_due": "review_due_on",
}
# What a file says of a category besides its address.
_CATEGORY_FIELDS = ("name_fa", "name_en", "position")
_REASONS: dict[type[Exception], Reason] = {
    StatusChangeRefused: Reason.status_refused,
    CategoryNotFound: Reason.category_unknown,
    AddressTaken: Reason.changed_meanwhile,
    ArticleChanged: Reason.changed_meanwhile,
    ArticleNotFound: Reason.changed_meanwhile,
    TimeUnfit: Reason.field_unfit,
    ValidationError: Reason.field_unfit,
}


class ImportNotFound(NotFound):
    """There is no such import."""

    code = "import_not_found"


class ImportRowNotFound(NotFound):
    """There is no such row, or what it was to change is changed already."""

    code = "import_row_not_found"


class ImportBegun(Conflict):
    """This import has begun already."""

    code = "import_begun"


async def check_file(reading: KnowledgeService, content: bytes, *, name: str, publish_new: bool) -> ArticleImport:
    """What a file would change, as an import that nobody has kept or begun yet, and its rows.

    Raises:
        ImportRefused: nothing of it can be used.
    """
    read = await asyncio.to_thread(read_file, content, name=name)
    categories = {one.slug: one for one in await reading.categories.all()}
    articles = await _stored(reading, [one.article for one in read.articles if isinstance(one, Found)])
    known = categories.keys() | {one.slug for one in read.categories}
    plan = _Plan(articles, known, now=reading.clock.now())
    return ArticleImport(
        file_name=name[-200:],
        state=ImportState.checked,
        publish_new=publish_new,
        categories=category_changes(categories, read.categories),
        rows=plan.rows(read),
    )


@dataclass(frozen=True)
class WouldChange:
    """An article before and after a row of an import; `status` is what the file wants it to be."""

    row: ImportRow
    article: Article
    before: ArticleDraft
    after: ArticleDraft
    status: ArticleStatus | None


class ArticleImports:
    """Imports and exports within the caller's session."""

    def __init__(self, knowledge: KnowledgeService) -> None:
        self._knowledge = knowledge
        self._imports = knowledge.imports

    async def keep(self, checked: ArticleImport, *, by: str) -> ArticleImport:
        """Keep what a file would change until somebody says that it shall."""
        checked.started_by, checked.created_at = by, self._knowledge.clock.now()
        self._knowledge.session.add(checked)
        await self._knowledge.session.flush()
        await self._imports.forget_old()
        return checked

    async def get(self, import_id: int) -> ArticleImport:
        """One import.

        Raises:
            ImportNotFound
        """
        found = await self._imports.get(import_id)
        if found is None:
            raise ImportNotFound
        return found

    async def would_change(self, import_id: int, row_id: int) -> WouldChange:
        """What a row that is still to be brought in would make of its article.

        Raises:
            ImportRowNotFound
        """
        row = await self._imports.row(import_id, row_id)
        if row is None or row.change is not Change.changed or not row.content:
            raise ImportRowNotFound
        article = await self._knowledge.articles.by_address(row.slug, row.language)
        if article is None:
            raise ImportRowNotFound
        file, before = _file_of(row.content), as_draft(article)
        return WouldChange(row, article, before, _draft(file, before, article), file.front.status)

    async def begin(self, import_id: int) -> ArticleImport:
        """Let the change be made as soon as this transaction has committed.

        Raises:
            ImportNotFound, ImportBegun
        """
        found = await self.get(import_id)
        if found.state is not ImportState.checked:
            raise ImportBegun
        found.state = ImportState.running
        await self._knowledge.session.flush()
        announce(self._knowledge.session, IMPORT_TOPIC, {"import_id": found.id})
        return found

    async def write_zip(self, *, people: Mapping[int, str] | None = None) -> bytes:
        """Every article and category as a folder of Markdown, and tables of what became of the articles.

        `people` are the names of those who look after articles; without them, their numbers stand there.
        """
        files, categories = await self._files(), await self._knowledge.categories.all()
        tables = await Records(self._knowledge, people=people or {}).tables()
        return await asyncio.to_thread(write_zip, files, categories, tables=tables)

    async def write_table(self) -> bytes:
        """Every article as a row of a table."""
        return await asyncio.to_thread(write_table, await self._files())

    async def _files(self) -> list[ArticleFile]:
        ids = await self._knowledge.articles.all_ids()
        files: dict[int, ArticleFile] = {}
        for start in range(0, len(ids), LOOKED_UP_AT_ONCE):
            for article in await self._knowledge.articles.some(ids[start : start + LOOKED_UP_AT_ONCE]):
                files[article.id] = as_file(article)
        return [files[one] for one in ids if one in files]


class Importing:
    """What a worker finds and does: imports that have begun; one that a process left is taken up by the next one."""

    def __init__(
        self, work: UnitOfWork, *, open_service: Callable[[AsyncSession], KnowledgeService], clock: Clock
    ) -> None:
        self._work = work
        self._open_service = open_service
        self._clock = clock

    async def due(self) -> Sequence[str]:
        """The ids of the imports that nobody is at."""
        async with self._work.reading() as session:
            found = await self._open_service(session).imports.running(lost_before=self._lost_before())
        return [str(one) for one in found]

    async def run(self, import_id: str) -> None:
        """Make every change that is left, each in a transaction of its own."""
        async with self._work.begin() as session:
            service = self._open_service(session)
            if not await service.imports.take(int(import_id), at=self._clock.now(), lost_before=self._lost_before()):
                return
            kept = await ArticleImports(service).get(int(import_id))
            await _bring_categories(service, [CategoryFile.model_validate(one) for one in kept.categories])
        while found := await self._next_row(int(import_id)):
            await self._do(*found, kept)
        async with self._work.begin() as session:
            done = await session.get_one(ArticleImport, int(import_id))
            done.state, done.finished_at = ImportState.done, self._clock.now()

    async def _next_row(self, import_id: int) -> tuple[ImportRow, Article | None] | None:
        """What is to be done next, and the article of its address."""
        async with self._work.reading() as session:
            service = self._open_service(session)
            row = await service.imports.next_row(import_id)
            return (row, await service.articles.by_address(row.slug, row.language)) if row else None

    async def _do(self, row: ImportRow, there: Article | None, kept: ArticleImport) -> None:
        """Make one change and note it in the same transaction; what is refused, or fails, is noted instead.

        Only where the database is away is nothing noted and the error raised: the row's turn comes again.
        """
        refusal: Reason | None = None
        try:
            async with self._work.begin() as session:
                if row.content:
                    service, file = self._open_service(session), _file_of(row.content)
                    await put(service, file, there=there, by=kept.started_by, publish_new=kept.publish_new)
                await self._note(session, row)
        except tuple(_REASONS) as error:
            refusal = _REASONS[_kind(error)]
        except Exception as error:
            if is_away(error) or is_disk_full(error):
                raise
            logger.exception("Import %d: %s:%d cannot be brought in", row.import_id, row.file, row.line)
            refusal = Reason.failed
        if refusal:
            async with self._work.begin() as session:
                noted = await self._note(session, row)
                noted.change, noted.reason = Change.refused, refusal

    async def _note(self, session: AsyncSession, row: ImportRow) -> ImportRow:
        noted = await session.get_one(ImportRow, row.id)
        noted.is_done, noted.content = True, None
        (await session.get_one(ArticleImport, row.import_id)).taken_at = self._clock.now()
        return noted

    def _lost_before(self) -> datetime:
        return self._clock.now() - LOST_AFTER


async def put(
    knowledge: KnowledgeService, file: ArticleFile, *, there: Article | None, by: str, publish_new: bool = False
) -> None:
    """Make the article of a file's address, which is `there` or not yet, what the file says; the rest stays as it is.

    A new one of which the file says no status is published or stays a draft. The same file a second time changes
    nothing.

    Raises:
        ValidationError, CategoryNotFound, StatusChangeRefused, AddressTaken, ArticleChanged
    """
    # Nothing is asked of the database before the text is embedded: that would keep everybody else from writing.
    if there is None:
        await _create(knowledge, file, by=by, publish_new=publish_new)
        return
    changed = changes(there, file, now=knowledge.clock.now())
    if set(changed) - {"status", "published_at"}:
        draft = _draft(file, as_draft(there), there)
        await knowledge.save(there.id, draft, version=there.version, by=by, seen=there.status)
    if "status" in changed or "published_at" in changed:
        await _move(knowledge, there.id, file.front, file.front.status or there.status, by=by)


async def _create(knowledge: KnowledgeService, file: ArticleFile, *, by: str, publish_new: bool) -> None:
    front, now = file.front, knowledge.clock.now()
    article = await knowledge.create(_new(file), by=by)
    status = front.status or (ArticleStatus.published if publish_new else ArticleStatus.draft)
    await _move(knowledge, article.id, front, status, by=by)
    # As it was where it comes from.
    if status in (ArticleStatus.published, ArticleStatus.archived):
        article.published_at = min(front.published_at or now, now) if article.published_at else front.published_at
    article.created_at = min(front.created_at or now, now)
    article.updated_at = min(front.updated_at or now, now)
    await knowledge.session.flush()


async def _move(
    knowledge: KnowledgeService, article_id: int, front: FrontMatter, status: ArticleStatus, *, by: str
) -> None:
    moves: dict[ArticleStatus, Callable[..., Any]] = {
        ArticleStatus.draft: knowledge.return_to_draft,
        ArticleStatus.in_review: knowledge.submit,
        ArticleStatus.published: knowledge.publish,
        ArticleStatus.archived: knowledge.archive,
    }
    await moves[status](article_id, by=by)
    if _is_planned(front, status, now=knowledge.clock.now()) and front.published_at:
        await knowledge.schedule(article_id, at=front.published_at, by=by)


def changes(article: Article, file: ArticleFile, *, now: datetime) -> list[str]:
    """Which fields of a stored article a file would change, its category and variants loaded.

    Raises:
        ValidationError: the file's text cannot be an article's.
    """
    before, front = as_draft(article), file.front
    after = _draft(file, before, article)
    changed = [name for name, field in _DRAFT_FIELDS.items() if getattr(before, field) != getattr(after, field)]
    if as_body(before.body) != as_body(after.body):
        changed.append("body")
    if front.status and front.status is not article.status:
        changed.append("status")
    if _is_planned(front, front.status or article.status, now=now) and front.published_at != article.published_at:
        changed.append("published_at")
    return changed


def _is_planned(front: FrontMatter, status: ArticleStatus, *, now: datetime) -> bool:
    """Whether a file says that an article is to be published at a time that is still to come."""
    is_ahead = front.published_at is not None and front.published_at > now
    return is_ahead and status in (ArticleStatus.draft, ArticleStatus.in_review)


def _draft(file: ArticleFile, before: ArticleDraft, article: Article) -> ArticleDraft:
    """The draft with what the file says."""
    said = _said(file.front)
    content = before.model_dump() | said | ({"body": file.body} if file.says_body else {})
    content["visibility"] = said.get("visibility") or article.visibility
    content["questions"] = list(dict.fromkeys(content["questions"]))
    return ArticleDraft.model_validate(content)


def _new(file: ArticleFile) -> ArticleCreate:
    said = _said(file.front)
    address = {"slug": file.front.slug, "language": file.front.language, "body": file.body}
    visibility = said.get("visibility") or Visibility.public
    return ArticleCreate.model_validate({**said, **address, "visibility": visibility})


def _said(front: FrontMatter) -> dict[str, Any]:
    """What a file says, by the fields of the draft."""
    names = front.model_fields_set & _DRAFT_FIELDS.keys()
    return {_DRAFT_FIELDS[name]: getattr(front, name) for name in names}


async def _stored(reading: KnowledgeService, files: Sequence[ArticleFile]) -> Mapping[tuple[str, str], Article]:
    """The articles that have these files' addresses."""
    found: dict[tuple[str, str], Article] = {}
    slugs = sorted({file.front.slug for file in files})
    for start in range(0, len(slugs), LOOKED_UP_AT_ONCE):
        ids = await reading.articles.at_addresses(slugs[start : start + LOOKED_UP_AT_ONCE])
        for article in await reading.articles.some(list(ids.values())):
            found[(article.slug, article.language)] = article
    return found


def category_changes(stored: Mapping[str, Category], files: Sequence[CategoryFile]) -> list[dict[str, Any]]:
    """What a file says of the categories that it would change, each with what it is `before`: nothing for a new one.

    Its `position` is there where the file names it.
    """
    changed: list[dict[str, Any]] = []
    for file in files:
        said, there = file.model_dump(exclude_unset=True), stored.get(file.slug)
        if there is None or any(getattr(there, name) != value for name, value in said.items()):
            before = {name: getattr(there, name) for name in _CATEGORY_FIELDS} if there else None
            changed.append({**said, "before": before})
    return changed


async def _bring_categories(knowledge: KnowledgeService, categories: Sequence[CategoryFile]) -> None:
    """Make categories what a file says; of those without a place in it, a new one is the last and others stay."""
    for one in categories:
        said, every = one.model_dump(exclude_unset=True), await knowledge.categories.all()
        there = next((each for each in every if each.slug == one.slug), None)
        if there is None:
            last = max((each.position for each in every), default=-1)
            there = Category(position=last + 1)
            knowledge.session.add(there)
        for name, value in said.items():
            setattr(there, name, value)
        await knowledge.session.flush()


class _Plan:
    """What would become of the rows of a file."""

    def __init__(
        self, articles: Mapping[tuple[str, str], Article], categories: Collection[str], *, now: datetime
    ) -> None:
        self._articles = articles
        self._categories = categories
        self._now = now
        # Where an address stands in the file already.
        self._places: dict[tuple[str, str], str] = {}

    def rows(self, read: FileRead) -> list[ImportRow]:
        rows = [self._row(one) for one in read.articles[:MOST_ARTICLES]]
        if len(read.articles) > MOST_ARTICLES:
            first = read.articles[MOST_ARTICLES]
            rows.append(_refused(Refused(Reason.too_many_rows, first.file, first.line)))
        for position, row in enumerate(rows):
            row.position = position
        return rows

    def _row(self, one: Found | Refused) -> ImportRow:
        if isinstance(one, Refused):
            return _refused(one)
        front = one.article.front
        row = ImportRow(
            file=one.file[-300:],
            line=one.line,
            slug=front.slug,
            language=front.language,
            title=front.title,
            change=Change.new,
            fields=[],
            detail="",
            is_done=False,
        )
        address = (front.slug, front.language)
        if address in self._places:
            return _refuse(row, Reason.repeated, self._places[address])
        self._places[address] = f"{one.file}:{one.line}"
        if front.category and front.category not in self._categories:
            return _refuse(row, Reason.category_unknown, front.category)
        return self._compared(row, one.article, self._articles.get(address))

    def _compared(self, row: ImportRow, file: ArticleFile, article: Article | None) -> ImportRow:
        try:
            if article is None:
                _new(file)
            else:
                row.fields = changes(article, file, now=self._now)
                row.change = Change.changed if row.fields else Change.same
                check(article.status, file.front.status or article.status)
        except ValidationError as error:
            return _refuse(row, *field_problem(error))
        except StatusChangeRefused as error:
            return _refuse(row, Reason.status_refused, str(error))
        row.is_done = row.change is Change.same
        if not row.is_done:
            front = file.front.model_dump(mode="json", exclude_unset=True)
            row.content = {"front": front, "body": file.body, "says_body": file.says_body}
        return row


def _file_of(content: Mapping[str, Any]) -> ArticleFile:
    """The article of a file, as a row keeps it."""
    return ArticleFile(FrontMatter.model_validate(content["front"]), content["body"], says_body=content["says_body"])


def _refused(refused: Refused) -> ImportRow:
    row = ImportRow(
        file=refused.file[-300:], line=refused.line, slug="", language="", title="", fields=[], detail="", is_done=True
    )
    return _refuse(row, refused.reason, refused.detail)


def _refuse(row: ImportRow, reason: Reason, detail: str = "") -> ImportRow:
    row.change, row.reason, row.detail, row.is_done = Change.refused, reason, safe_text(detail)[:500], True
    return row


def _kind(error: Exception) -> type[Exception]:
    return next(kind for kind in _REASONS if isinstance(error, kind))
