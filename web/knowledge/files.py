"""Bringing articles in from files, and taking them out."""

from contextlib import suppress
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from core.http import RowId
from crm.agents.auth import KnowledgeEditor
from crm.models import Agent
from knowledge_base.csv_files import ImportRefused, Refused, write_rows
from knowledge_base.enums import Change, GapState
from knowledge_base.importing import ArticleImports, ImportBegun, check_file
from knowledge_base.models import ImportRow
from knowledge_base.service import KnowledgeService
from web.knowledge import words
from web.knowledge.comparison import compare
from web.knowledge.pages import HOME, knowledge_page
from web.knowledge_access import KnowledgeDep, KnowledgeReadDep, NamesDep, UploadDep
from web.templating import language_of
from web.translation import translate

router = APIRouter(include_in_schema=False)

PATH = f"{HOME}/files"
# Of each kind of an import's rows.
ROWS_SHOWN = 200
ROW_COLUMNS = ("change", "file", "line", "slug", "language", "title", "fields", "reason", "detail")


@router.get("/files")
async def show_files(request: Request, agent: KnowledgeEditor, knowledge: KnowledgeReadDep) -> Response:
    """Where files go in and out, and the imports that were."""
    return await _show(request, agent, knowledge)


@router.post("/files")
async def check_import(
    request: Request, agent: KnowledgeEditor, upload: UploadDep, reading: KnowledgeReadDep, knowledge: KnowledgeDep
) -> Response:
    """Look through a file; nothing is changed until the editor has seen what would be."""
    try:
        checked = await check_file(reading, upload.file, name=upload.name, publish_new=upload.publish_new)
    except ImportRefused as refusal:
        return await _show(request, agent, reading, refused=refusal.refused, status=422)
    kept = await ArticleImports(knowledge).keep(checked, by=agent.name)
    return RedirectResponse(f"{PATH}/{kept.id}", status_code=303)


@router.get("/files/{import_id:int}")
async def show_import(
    request: Request, import_id: RowId, agent: KnowledgeEditor, knowledge: KnowledgeReadDep
) -> Response:
    """What an import would change, does, or has changed."""
    found = await ArticleImports(knowledge).get(import_id)
    counts = await knowledge.imports.counts(import_id)
    rows = {change: await knowledge.imports.rows(import_id, change, limit=ROWS_SHOWN) for change in Change}
    return knowledge_page(
        request,
        "import.html",
        agent,
        open_gaps=await knowledge.gaps.count(GapState.open),
        found=found,
        counts=counts,
        rows=rows,
        articles=await knowledge.articles.at_addresses({row.slug for one in rows.values() for row in one if row.slug}),
        done=await knowledge.imports.count_done(import_id),
        total=sum(counts.values()),
    )


@router.get("/files/{import_id:int}/rows/{row_id:int}")
async def show_row(
    request: Request, import_id: RowId, row_id: RowId, agent: KnowledgeEditor, knowledge: KnowledgeReadDep
) -> Response:
    """An article as it is beside what an import would make of it."""
    found = await ArticleImports(knowledge).would_change(import_id, row_id)
    return knowledge_page(
        request,
        "import_row.html",
        agent,
        open_gaps=await knowledge.gaps.count(GapState.open),
        found=found,
        comparison=compare(found.before, found.after, language=language_of(request)),
    )


@router.get("/files/{import_id:int}/rows.csv")
async def export_rows(
    request: Request, import_id: RowId, _agent: KnowledgeEditor, knowledge: KnowledgeReadDep
) -> Response:
    """Every row of an import as a table, with the reasons in the reader's words."""
    found = await ArticleImports(knowledge).get(import_id)
    rows = [_as_cells(row, language_of(request)) for row in await knowledge.imports.rows(found.id)]
    return _download(write_rows(ROW_COLUMNS, rows), f"import-{found.id}.csv", "text/csv")


def _as_cells(row: ImportRow, language: str) -> list[str]:
    reason = translate(words.REASONS[row.reason], language) if row.reason else ""
    place = [row.file, str(row.line) if row.line else "", row.slug, row.language, row.title]
    return [row.change.value, *place, ", ".join(row.fields), reason, row.detail]


@router.post("/files/{import_id:int}/begin")
async def begin_import(_agent: KnowledgeEditor, knowledge: KnowledgeDep, import_id: RowId) -> Response:
    """Make the change; whoever presses twice has done it once."""
    with suppress(ImportBegun):
        await ArticleImports(knowledge).begin(import_id)
    return RedirectResponse(f"{PATH}/{import_id}", status_code=303)


@router.get("/files/articles.zip")
async def export_folder(_agent: KnowledgeEditor, knowledge: KnowledgeReadDep, people: NamesDep) -> Response:
    """Every article as Markdown with front matter, the categories, and tables of what became of the articles."""
    return _download(await ArticleImports(knowledge).write_zip(people=people), "articles.zip", "application/zip")


@router.get("/files/articles.csv")
async def export_table(_agent: KnowledgeEditor, knowledge: KnowledgeReadDep) -> Response:
    """Every article as a row of a table."""
    return _download(await ArticleImports(knowledge).write_table(), "articles.csv", "text/csv")


def _download(content: bytes, name: str, media_type: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)


async def _show(
    request: Request, agent: Agent, knowledge: KnowledgeService, *, refused: Refused | None = None, status: int = 200
) -> Response:
    context: dict[str, Any] = {"refused": [refused] if refused else [], "imports": await knowledge.imports.latest()}
    return knowledge_page(
        request, "files.html", agent, status=status, open_gaps=await knowledge.gaps.count(GapState.open), **context
    )
