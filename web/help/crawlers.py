"""What search engines ask for first: where the articles are, and what is none of their business."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response
from fastapi.templating import Jinja2Templates

from knowledge_base.addresses import article_url
from knowledge_base.repository import PublicAddress
from web.help.caching import shared
from web.help.site import site_of
from web.knowledge_access import KnowledgeReadDep
from web.templating import LANGUAGES

router = APIRouter(include_in_schema=False)

# The protocol allows no more in one file: https://www.sitemaps.org/protocol.html
MOST_ARTICLES = 49_000


@dataclass(frozen=True)
class Place:
    """One page of the sitemap."""

    path: str
    changed_at: datetime | None
    # The same page in each language that has it, itself among them.
    alternates: dict[str, str]


@router.get("/sitemap.xml")
async def show_sitemap(request: Request, knowledge: KnowledgeReadDep) -> Response:
    """Every public page of the help centre, in all its languages."""
    addresses = await knowledge.articles.public_addresses(limit=MOST_ARTICLES)
    places = [*_contents(addresses), *_articles(addresses)]
    return _text(request, "sitemap.xml", "application/xml", places=places)


@router.get("/robots.txt")
async def show_robots(request: Request) -> Response:
    """What crawlers may read: the public pages, and nothing that takes an account or a conversation."""
    return _text(request, "robots.txt", "text/plain")


def _contents(addresses: Sequence[PublicAddress]) -> list[Place]:
    homes = {language: f"/help/{language}" for language in LANGUAGES}
    return [
        Place(path, _latest(one for one in addresses if one.language == language), homes)
        for language, path in homes.items()
    ]


def _articles(addresses: Sequence[PublicAddress]) -> list[Place]:
    alternates: dict[str, dict[str, str]] = {}
    for one in addresses:
        alternates.setdefault(one.slug, {})[one.language] = article_url(one.slug, one.language)
    return [Place(alternates[one.slug][one.language], one.updated_at, alternates[one.slug]) for one in addresses]


def _latest(addresses: Iterable[PublicAddress]) -> datetime | None:
    return max((one.updated_at for one in addresses), default=None)


def _text(request: Request, template: str, kind: str, **context: object) -> Response:
    templates: Jinja2Templates = request.app.state.templates
    known = {"site": site_of(request), **context}
    return shared(request, templates.TemplateResponse(request, f"help/{template}", known, media_type=kind))
