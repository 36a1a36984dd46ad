"""Articles as everybody who is signed in may read them, also those that contacts never see."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from core.http import RowId
from crm.agents.auth import CurrentAgent
from knowledge_base.answering import ArticleNotFound
from knowledge_base.enums import ArticleStatus
from web.help.contents import rendered
from web.knowledge.pages import knowledge_page
from web.knowledge_access import KnowledgeReadDep

router = APIRouter(include_in_schema=False)


@router.get("/desk/articles/{article_id:int}")
async def read_article(
    request: Request, article_id: RowId, agent: CurrentAgent, knowledge: KnowledgeReadDep
) -> Response:
    """One published article; what is not published is for editors alone."""
    article = await knowledge.get(article_id)
    if article.status is not ArticleStatus.published:
        raise ArticleNotFound
    html = (await rendered(article.body)).html
    return knowledge_page(request, "article.html", agent, article=article, html=html)
