"""The test questions: what an article should answer, whether it does, and what has changed since the last time."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, Field

from core.http import RowId
from crm.agents.auth import KnowledgeEditor
from crm.models import Agent
from knowledge_base.answering import ArticleNotFound, QuestionBlank
from knowledge_base.csv_files import ImportRefused, decoded
from knowledge_base.enums import GapState, RunCause, Verdict
from knowledge_base.question import answer_language
from knowledge_base.regression import (
    QUESTION_CHARACTERS,
    ExpectationsRead,
    QuestionTooLong,
    RegressionSet,
    TooManyExpectations,
)
from knowledge_base.service import KnowledgeService
from web.desk.pages import fragment, is_htmx
from web.knowledge import words
from web.knowledge.pages import HOME, knowledge_page
from web.knowledge_access import KnowledgeDep, KnowledgeReadDep, UploadDep
from web.templating import LANGUAGES

router = APIRouter(include_in_schema=False)

PATH = f"{HOME}/regression"
RUNS_SHOWN = 10
# Addresses that the form proposes.
MOST_PROPOSED = 1_000


class ExpectationForm(BaseModel):
    """A question and the address of its article, as they were typed."""

    question: Annotated[str, Field(max_length=2_000)] = ""
    address: Annotated[str, Field(max_length=200)] = ""


@router.get("/regression")
async def list_expectations(
    request: Request, agent: KnowledgeEditor, knowledge: KnowledgeReadDep, done: str = ""
) -> Response:
    """Every test question, those that fail first."""
    return await _show(request, agent, knowledge, done=done)


@router.post("/regression")
async def add_expectation(
    request: Request,
    agent: KnowledgeEditor,
    reading: KnowledgeReadDep,
    knowledge: KnowledgeDep,
    form: Annotated[ExpectationForm, Form()],
) -> Response:
    """Keep a question with the article at this address."""
    try:
        article_id = await _at(reading, form.address, language=answer_language(form.question, preferred="fa"))
        await RegressionSet(knowledge).add(form.question, article_id, by=agent.name)
    except (ArticleNotFound, QuestionBlank, QuestionTooLong, TooManyExpectations) as refusal:
        return await _show(request, agent, reading, form=form, problem=refusal.code, status=422)
    return RedirectResponse(f"{PATH}?done=kept", status_code=303)


@router.post("/regression/keep")
async def keep_question(
    request: Request,
    agent: KnowledgeEditor,
    knowledge: KnowledgeDep,
    question: Annotated[str, Form(max_length=QUESTION_CHARACTERS)],
    article: Annotated[RowId, Form()],
) -> Response:
    """Keep a question that was tried out, with the article that should answer it."""
    expectation = await RegressionSet(knowledge).add(question, article, by=agent.name)
    if not is_htmx(request):
        return RedirectResponse(f"{PATH}?done=kept", status_code=303)
    return HTMLResponse(fragment(request, "knowledge/kept.html", terms=words, expectation=expectation))


@router.post("/regression/import")
async def read_expectations(
    request: Request, agent: KnowledgeEditor, upload: UploadDep, knowledge: KnowledgeDep
) -> Response:
    """Take in a table of questions and addresses, and say what became of each row."""
    try:
        report = await RegressionSet(knowledge).read(decoded(upload.file, file=upload.name), by=agent.name)
    except ImportRefused as refusal:
        report = ExpectationsRead(refused=[refusal.refused])
    return await _show(request, agent, knowledge, report=report)


@router.get("/regression/export")
async def write_expectations(_agent: KnowledgeEditor, knowledge: KnowledgeReadDep) -> Response:
    """The test questions as a table that can be imported."""
    headers = {"content-disposition": 'attachment; filename="test-questions.csv"'}
    return Response(await RegressionSet(knowledge).write(), media_type="text/csv", headers=headers)


@router.post("/regression/run")
async def want_run(_agent: KnowledgeEditor, knowledge: KnowledgeDep) -> Response:
    """Ask them all, in the background."""
    await knowledge.want_regression(RunCause.wanted)
    return RedirectResponse(PATH, status_code=303)


@router.post("/regression/{expectation_id:int}/remove")
async def remove_expectation(_agent: KnowledgeEditor, knowledge: KnowledgeDep, expectation_id: RowId) -> Response:
    """Keep a question no longer."""
    await RegressionSet(knowledge).remove(expectation_id)
    return RedirectResponse(f"{PATH}?done=removed", status_code=303)


async def _at(knowledge: KnowledgeService, address: str, *, language: str) -> int:
    """The article at an address, in this language where there is one, else in the other.

    Raises:
        ArticleNotFound
    """
    slug = address.strip().rstrip("/").rsplit("/", 1)[-1]
    addresses = await knowledge.articles.at_addresses({slug})
    if not addresses:
        raise ArticleNotFound
    return addresses.get((slug, language)) or next(iter(addresses.values()))


async def _show(
    request: Request,
    agent: Agent,
    knowledge: KnowledgeService,
    *,
    form: ExpectationForm | None = None,
    problem: str = "",
    report: ExpectationsRead | None = None,
    done: str = "",
    status: int = 200,
) -> Response:
    expectations = await knowledge.regression.all()
    runs = await knowledge.regression.runs(limit=RUNS_SHOWN)
    finished = [run for run in runs if run.finished_at]
    return knowledge_page(
        request,
        "regression.html",
        agent,
        status=status,
        open_gaps=await knowledge.gaps.count(GapState.open),
        expectations=sorted(expectations, key=lambda one: one.verdict is Verdict.answered),
        by_id={one.id: one for one in expectations},
        passed=sum(one.verdict is Verdict.answered for one in expectations),
        is_asking=len(finished) < len(runs),
        finished=finished,
        addresses=await _proposed(knowledge),
        form=form or ExpectationForm(),
        problem=problem,
        report=report,
        done=done,
    )


async def _proposed(knowledge: KnowledgeService) -> dict[str, str]:
    """Titles by address, in either language."""
    found: dict[str, Any] = {}
    for language in LANGUAGES:
        for one in await knowledge.articles.headings(language=language):
            found.setdefault(one.slug, []).append(one.title)
    return {slug: " · ".join(titles) for slug, titles in list(found.items())[:MOST_PROPOSED]}
