"""Trying out what the bot would say to a question now."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from crm.agents.auth import KnowledgeEditor
from knowledge_base.enums import GapState
from knowledge_base.service import Found, KnowledgeService, QuestionBlank
from web.knowledge.pages import knowledge_page
from web.knowledge_access import KnowledgeReadDep
from web.templating import LANGUAGES, language_of

router = APIRouter(include_in_schema=False)

QUESTION_CHARACTERS = 2_000


@router.get("/try")
async def try_question(
    request: Request, agent: KnowledgeEditor, knowledge: KnowledgeReadDep, question: str = "", language: str = ""
) -> Response:
    """What the bot would say; nothing is kept of it."""
    asked = question[:QUESTION_CHARACTERS]
    answer_in = language if language in LANGUAGES else language_of(request)
    return knowledge_page(
        request,
        "trial.html",
        agent,
        open_gaps=await knowledge.gaps.count(GapState.open),
        question=asked,
        answer_in=answer_in,
        found=await _found(knowledge, asked, answer_in),
    )


async def _found(knowledge: KnowledgeService, question: str, language: str) -> Found | None:
    """Nothing where there is no question."""
    try:
        return await knowledge.answer(question, language=language, keep_gap=False)
    except QuestionBlank:
        return None
