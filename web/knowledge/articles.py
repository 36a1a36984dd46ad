"""The list of articles."""

from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from crm.agents.auth import KnowledgeEditor
from knowledge_base.enums import ArticleStatus, GapState
from knowledge_base.repository import Wanted
from web.dates import TEHRAN
from web.knowledge.pages import HOME, knowledge_page
from web.knowledge_access import KnowledgeReadDep

router = APIRouter(include_in_schema=False)

ON_A_PAGE = 50
LAST_PAGE = 10_000
# An article that nobody means to review, and nobody touched for this long, may say what is no longer so.
STALE_AFTER = timedelta(days=182)
UNUSED_AFTER = timedelta(days=90)


class Filter(BaseModel):
    """What of the list is shown; whatever is unknown filters nothing or finds nothing."""

    q: Annotated[str, Field(max_length=200)] = ""
    status: str = ""
    language: str = ""
    category: str = ""
    # `due` leaves those whose review is due, `stale` besides them those that were long left alone.
    review: str = ""
    # `none` leaves those that were shown to nobody for long.
    use: str = ""
    page: Annotated[int, Field(ge=1, le=LAST_PAGE)] = 1

    def address(self, page: int) -> str:
        """Where another page of the same list is."""
        chosen = {**self.model_dump(exclude_defaults=True), "page": page}
        return f"{HOME}?{urlencode(chosen)}"

    def wanted(self, now: datetime) -> Wanted:
        """What it leaves, as of now."""
        return Wanted(
            words=self.q,
            language=self.language or None,
            category=self.category or None,
            due_by=now.astimezone(TEHRAN).date() if self.review in ("due", "stale") else None,
            untouched_since=now - STALE_AFTER if self.review == "stale" else None,
            unused_since=now - UNUSED_AFTER if self.use == "none" else None,
        )


@router.get("")
async def list_articles(
    request: Request, agent: KnowledgeEditor, knowledge: KnowledgeReadDep, chosen: Annotated[Filter, Query()]
) -> Response:
    """Articles, last changed first."""
    status = next((one for one in ArticleStatus if one == chosen.status), None)
    wanted = chosen.wanted(knowledge.clock.now())
    articles, total = await knowledge.articles.listed(
        wanted, status=status, limit=ON_A_PAGE, offset=(chosen.page - 1) * ON_A_PAGE
    )
    ids = {article.id for article in articles}
    return knowledge_page(
        request,
        "articles.html",
        agent,
        articles=articles,
        total=total,
        counts=await knowledge.articles.count_by_status(wanted),
        translations=await knowledge.articles.at_addresses({article.slug for article in articles}),
        votes=await knowledge.votes.counts(ids),
        uses=await knowledge.uses.counts(ids),
        categories=await knowledge.categories.all(),
        to_embed=await knowledge.articles.count_with_another_encoder(knowledge.live.embedder.fingerprint),
        open_gaps=await knowledge.gaps.count(GapState.open),
        chosen=chosen,
        today=knowledge.clock.now().astimezone(TEHRAN).date(),
        pages=-(-total // ON_A_PAGE),
    )
