"""The list of articles."""

import re
from datetime import datetime, timedelta, tzinfo
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from crm.agents.auth import KnowledgeEditor
from knowledge_base.enums import ArticleStatus, GapState
from knowledge_base.ordering import Order
from knowledge_base.repository import Wanted
from web.knowledge.pages import HOME, knowledge_page
from web.knowledge.people import people_who_edit
from web.knowledge_access import KnowledgeReadDep
from web.templating import zone_of

router = APIRouter(include_in_schema=False)

ON_A_PAGE = 50
LAST_PAGE = 10_000
# An article that nobody means to review, and nobody touched for this long, may say what is no longer so.
STALE_AFTER = timedelta(days=182)
UNUSED_AFTER = timedelta(days=90)
HELPS_FEW = 0.5

_ID = re.compile(r"0|[1-9][0-9]{0,8}")
_ORDERS = {order.value: order for order in Order}


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
    # `low` leaves those that helped fewer than half of the readers who said so.
    helpful: str = ""
    # Who looks after it, by their id; `0` for nobody.
    owner: str = ""
    # An order's name, with `-` before it for the greatest first.
    sort: str = ""
    page: Annotated[int, Field(ge=1, le=LAST_PAGE)] = 1

    def address(self, page: int) -> str:
        """Where another page of the same list is."""
        return self._address(page=page)

    def head(self, text: str, order: str) -> dict[str, str]:
        """A column's heading, which leads to the same articles sorted by it; by it already, the other way about."""
        by = Order(order)
        is_current = self.order is by
        descending = not self.descending if is_current else by is not Order.title
        return {
            "text": text,
            "href": self._address(sort=f"-{by.value}" if descending else by.value, page=1),
            "sorted": ("descending" if self.descending else "ascending") if is_current else "",
        }

    @property
    def order(self) -> Order:
        """By what it is sorted."""
        return _ORDERS.get(self.sort.removeprefix("-"), Order.updated)

    @property
    def descending(self) -> bool:
        """Whether the greatest comes first; the last changed does where nothing else is chosen."""
        return self.sort.startswith("-") or self.sort not in _ORDERS

    def _address(self, **changed: Any) -> str:
        chosen = {**self.model_dump(exclude_defaults=True), **changed}
        return f"{HOME}?{urlencode(chosen)}"

    def wanted(self, now: datetime, zone: tzinfo) -> Wanted:
        """What it leaves, as of now by the firm's clock."""
        return Wanted(
            words=self.q,
            language=self.language or None,
            category=self.category or None,
            due_by=now.astimezone(zone).date() if self.review in ("due", "stale") else None,
            untouched_since=now - STALE_AFTER if self.review == "stale" else None,
            unused_since=now - UNUSED_AFTER if self.use == "none" else None,
            owner_id=int(self.owner) if _ID.fullmatch(self.owner) else None,
            helped_less_than=HELPS_FEW if self.helpful == "low" else None,
        )


@router.get("")
async def list_articles(
    request: Request, agent: KnowledgeEditor, knowledge: KnowledgeReadDep, chosen: Annotated[Filter, Query()]
) -> Response:
    """Articles, last changed first unless another order is chosen."""
    status = next((one for one in ArticleStatus if one == chosen.status), None)
    wanted = chosen.wanted(knowledge.clock.now(), zone_of(request))
    articles, total = await knowledge.articles.listed(
        wanted,
        status=status,
        order=chosen.order,
        descending=chosen.descending,
        limit=ON_A_PAGE,
        offset=(chosen.page - 1) * ON_A_PAGE,
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
        people=await people_who_edit(knowledge.session),
        categories=await knowledge.categories.all(),
        to_embed=await knowledge.articles.count_with_another_encoder(knowledge.live.embedder.fingerprint),
        open_gaps=await knowledge.gaps.count(GapState.open),
        chosen=chosen,
        today=knowledge.clock.now().astimezone(zone_of(request)).date(),
        pages=-(-total // ON_A_PAGE),
    )
