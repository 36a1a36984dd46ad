"""What was saved of an article before, and bringing it back."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from core.errors import NotFound
from crm.agents.auth import KnowledgeEditor
from knowledge_base.models import ArticleVersion
from knowledge_base.service import ArticleChanged, KnowledgeService, as_draft
from web.help.contents import article_html
from web.knowledge.comparison import compare
from web.knowledge.editor import show_conflict
from web.knowledge.forms import ArticleForm, restored
from web.knowledge.pages import HOME, knowledge_page
from web.knowledge_access import KnowledgeDep, KnowledgeReadDep
from web.templating import language_of

router = APIRouter(include_in_schema=False)


@router.get("/{article_id:int}/versions/{number:int}")
async def show_version(
    request: Request, article_id: int, number: int, agent: KnowledgeEditor, knowledge: KnowledgeReadDep
) -> Response:
    """An earlier text, and how it differs from the present one."""
    article = await knowledge.get(article_id)
    version = await _version(knowledge, article_id, number)
    return knowledge_page(
        request,
        "version.html",
        agent,
        article=article,
        version=version,
        html=article_html(version.body).html,
        comparison=compare(restored(version, article), as_draft(article)),
    )


@router.post("/{article_id:int}/versions/{number:int}/restore")
async def restore_version(
    request: Request,
    article_id: int,
    number: int,
    agent: KnowledgeEditor,
    reading: KnowledgeReadDep,
    knowledge: KnowledgeDep,
    seen: Annotated[int, Form()],
) -> Response:
    """Save an earlier text as the newest version; `seen` is the version that the editor compared it with."""
    article = await reading.get(article_id)
    draft = restored(await _version(reading, article_id, number), article)
    try:
        await knowledge.save(article_id, draft, version=seen, by=agent.name)
    except ArticleChanged as change:
        form = ArticleForm.of(article, reader=language_of(request), draft=draft)
        return await show_conflict(request, agent, reading, form, article=article, change=change)
    return RedirectResponse(f"{HOME}/{article_id}?done=restored", status_code=303)


async def _version(knowledge: KnowledgeService, article_id: int, number: int) -> ArticleVersion:
    found = next((one for one in await knowledge.articles.versions(article_id) if one.number == number), None)
    if found is None:
        raise NotFound
    return found
