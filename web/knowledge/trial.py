"""Trying out what the bot would say to a question, now and with a text that is still in the form."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from core.http import RowId
from crm.agents.auth import KnowledgeEditor
from crm.models import Agent
from knowledge_base.answering import QuestionBlank
from knowledge_base.enums import GapState
from knowledge_base.models import Article
from knowledge_base.service import KnowledgeService
from knowledge_base.trial import NEW, Attempt, Trial, Unsaved
from web.knowledge.forms import ArticleForm, FormUnfit
from web.knowledge.pages import knowledge_page
from web.knowledge_access import KnowledgeReadDep
from web.templating import LANGUAGES, language_of

router = APIRouter(include_in_schema=False)

QUESTION_CHARACTERS = 2_000


class TrialForm(ArticleForm):
    """The editor's form with a question beside it."""

    question: str = ""
    answer_in: str = ""
    # The article that is being edited.
    article: RowId | None = None


@router.get("/try")
async def try_question(
    request: Request, agent: KnowledgeEditor, knowledge: KnowledgeReadDep, question: str = "", answer_in: str = ""
) -> Response:
    """What the bot would say; nothing is kept of it."""
    return await _show(request, agent, knowledge, question, answer_in)


@router.post("/try")
async def try_unsaved(
    request: Request, agent: KnowledgeEditor, knowledge: KnowledgeReadDep, form: Annotated[TrialForm, Form()]
) -> Response:
    """What the bot would say now, and with the text of the form; nothing is kept of either."""
    article = await knowledge.get(form.article) if form.article is not None else None
    try:
        return await _show(
            request, agent, knowledge, form.question, form.answer_in, unsaved=unsaved_text(form, article)
        )
    except FormUnfit:
        return await _show(request, agent, knowledge, form.question, form.answer_in, unfit=True)


def unsaved_text(form: ArticleForm, article: Article | None) -> Unsaved:
    """The text of a form as it would stand in the knowledge base; a new one needs no address yet.

    Raises:
        FormUnfit
    """
    if article:
        return Unsaved(form.draft(), article.slug, article.language, article.id)
    if form.language not in LANGUAGES:
        raise FormUnfit({"language": "language"})
    return Unsaved(form.draft(), form.slug.strip(), form.language)


async def _show(
    request: Request,
    agent: Agent,
    knowledge: KnowledgeService,
    question: str,
    answer_in: str,
    *,
    unsaved: Unsaved | None = None,
    unfit: bool = False,
) -> Response:
    asked = question[:QUESTION_CHARACTERS]
    language = answer_in if answer_in in LANGUAGES else language_of(request)
    return knowledge_page(
        request,
        "trial.html",
        agent,
        open_gaps=await knowledge.gaps.count(GapState.open),
        question=asked,
        answer_in=language,
        unfit=unfit,
        thresholds=knowledge.live.search.calibration.thresholds,
        **await _attempts(Trial(knowledge), asked, language, unsaved),
    )


async def _attempts(trial: Trial, question: str, language: str, unsaved: Unsaved | None) -> dict[str, Any]:
    """Nothing where there is no question."""
    now: Attempt | None = None
    with_text: Attempt | None = None
    try:
        now = await trial.ask(question, language=language)
        with_text = await trial.ask_with(unsaved, question, language=language) if unsaved else None
    except QuestionBlank:
        pass
    return {"now": now, "with_text": with_text, "new_id": NEW}
