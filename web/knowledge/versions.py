"""What was saved of an article before, and bringing it back."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from core.errors import NotFound
from core.http import RowId
from crm.agents.auth import KnowledgeEditor
from knowledge_base.enums import ArticleStatus
from knowledge_base.models import Article, ArticleVersion
from knowledge_base.schemas import ArticleDraft
from knowledge_base.service import ArticleChanged, KnowledgeService, as_draft
from knowledge_base.trial import Broken, Trial, Unsaved
from web.help.contents import rendered
from web.knowledge.comparison import compare
from web.knowledge.editor import show_conflict, show_editor
from web.knowledge.forms import ArticleForm, as_saved, restored
from web.knowledge.pages import HOME, knowledge_page
from web.knowledge_access import KnowledgeDep, KnowledgeReadDep
from web.templating import language_of, zone_of

router = APIRouter(include_in_schema=False)


@router.get("/{article_id:int}/versions")
async def list_versions(
    request: Request,
    article_id: RowId,
    agent: KnowledgeEditor,
    knowledge: KnowledgeReadDep,
    left: int | None = None,
    right: int | None = None,
) -> Response:
    """Everything that was saved, and two of the texts side by side: the last two where none are chosen."""
    article = await knowledge.get(article_id)
    versions = await knowledge.articles.versions(article_id)
    newer = _numbered(versions, right) if right is not None else versions[0]
    older = _numbered(versions, left) if left is not None else versions[min(1, len(versions) - 1)]
    return knowledge_page(
        request,
        "versions.html",
        agent,
        article=article,
        versions=versions,
        left=older,
        right=newer,
        comparison=compare(as_saved(older, article), as_saved(newer, article), language=language_of(request)),
    )


@router.get("/{article_id:int}/versions/{number:int}")
async def show_version(
    request: Request, article_id: RowId, number: int, agent: KnowledgeEditor, knowledge: KnowledgeReadDep
) -> Response:
    """An earlier text, and how it differs from the present one."""
    article = await knowledge.get(article_id)
    version = _numbered(await knowledge.articles.versions(article_id), number)
    return knowledge_page(
        request,
        "version.html",
        agent,
        article=article,
        version=version,
        html=(await rendered(version.body)).html,
        comparison=compare(as_saved(version, article), as_draft(article), language=language_of(request)),
    )


@router.post("/{article_id:int}/versions/{number:int}/restore")
async def restore_version(
    request: Request,
    article_id: RowId,
    number: int,
    agent: KnowledgeEditor,
    reading: KnowledgeReadDep,
    knowledge: KnowledgeDep,
    seen: Annotated[int, Form()],
    status: Annotated[ArticleStatus | None, Form()] = None,
) -> Response:
    """Save an earlier text as the newest version; `seen` and `status` are what the editor compared it with."""
    article = await reading.get(article_id)
    draft = restored(_numbered(await reading.articles.versions(article_id), number), article)
    form = ArticleForm.of(article, reader=language_of(request), zone=zone_of(request), draft=draft)
    if article.is_public and article.version == seen and (broken := await _broken(reading, article, draft)):
        return await show_editor(request, agent, reading, form, article=article, broken=broken)
    try:
        await knowledge.save(article_id, draft, version=seen, by=agent.name, seen=status)
    except ArticleChanged as change:
        return await show_conflict(request, agent, reading, form, article=article, change=change)
    return RedirectResponse(f"{HOME}/{article_id}?done=restored", status_code=303)


async def _broken(knowledge: KnowledgeService, article: Article, draft: ArticleDraft) -> list[Broken]:
    """The test questions that this text would keep from being answered as they should."""
    return await Trial(knowledge).broken(Unsaved(draft, article.slug, article.language, article.id))


def _numbered(versions: Sequence[ArticleVersion], number: int) -> ArticleVersion:
    found = next((one for one in versions if one.number == number), None)
    if found is None:
        raise NotFound
    return found
