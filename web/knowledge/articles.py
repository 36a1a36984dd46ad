"""The list of articles."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from crm.agents.auth import KnowledgeEditor
from knowledge_base.enums import ArticleStatus, GapState
from web.dates import TEHRAN
from web.knowledge.pages import HOME, knowledge_page
from web.knowledge_access import KnowledgeReadDep

router = APIRouter(include_in_schema=False)

ON_A_PAGE = 50
LAST_PAGE = 10_000


class Filter(BaseModel):
    """What of the list is shown; whatever is unknown filters nothing or finds nothing."""

    q: Annotated[str, Field(max_length=200)] = ""
    status: str = ""
    language: str = ""
    category: str = ""
    # `due` leaves those whose review is due.
    review: str = ""
    page: Annotated[int, Field(ge=1, le=LAST_PAGE)] = 1

    def address(self, page: int) -> str:
        """Where another page of the same list is."""
        chosen = {**self.model_dump(exclude_defaults=True), "page": page}
        return f"{HOME}?{urlencode(chosen)}"


@router.get("")
async def list_articles(
    request: Request, agent: KnowledgeEditor, knowledge: KnowledgeReadDep, chosen: Annotated[Filter, Query()]
) -> Response:
    """Articles, last changed first."""
    status = next((one for one in ArticleStatus if one == chosen.status), None)
    language, category = chosen.language or None, chosen.category or None
    today = knowledge.clock.now().astimezone(TEHRAN).date()
    due_by = today if chosen.review == "due" else None
    articles, total = await knowledge.articles.listed(
        words=chosen.q,
        language=language,
        category=category,
        status=status,
        due_by=due_by,
        limit=ON_A_PAGE,
        offset=(chosen.page - 1) * ON_A_PAGE,
    )
    counts = await knowledge.articles.count_by_status(
        words=chosen.q, language=language, category=category, due_by=due_by
    )
    return knowledge_page(
        request,
        "articles.html",
        agent,
        articles=articles,
        total=total,
        counts=counts,
        translations=await knowledge.articles.at_addresses({article.slug for article in articles}),
        votes=await knowledge.votes.counts({article.id for article in articles}),
        categories=await knowledge.categories.all(),
        open_gaps=await knowledge.gaps.count(GapState.open),
        chosen=chosen,
        today=today,
        pages=-(-total // ON_A_PAGE),
    )
