"""`/help`: the public help centre. Open to everybody: it shows what contacts may see alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from core.http import host_of
from knowledge_base.addresses import article_url
from knowledge_base.answering import Answer, QuestionBlank
from knowledge_base.models import Article, Category
from knowledge_base.service import KnowledgeService
from web.firm import Firm, FirmDep
from web.help.caching import KEPT_SECONDS, private, shared
from web.help.contents import rendered
from web.help.site import site_of
from web.help.votes import reader_of
from web.knowledge_access import KnowledgeReadDep
from web.templating import LANGUAGES, language_of, render

router = APIRouter(prefix="/help", include_in_schema=False)

QUESTION_CHARACTERS = 500
# The further from the best, the less they have to do with the question.
MOST_NEAR = 4
# Of an article's category, how many others its page leads to.
MOST_BESIDE = 8
# For each network address, since a search costs an encoding and the machine answers contacts too.
SEARCHES_ALLOWED = "60/minute"


@dataclass(frozen=True)
class Hit:
    """An article that comes near to what was asked."""

    title: str
    url: str
    summary: str


@dataclass(frozen=True)
class Search:
    """What was asked and what there is on it; neither an answer nor a hit where nothing fits."""

    question: str
    answer: Answer | None = None
    hits: Sequence[Hit] = ()


@router.get("")
async def home(request: Request) -> Response:
    """The help centre in the reader's language."""
    return RedirectResponse(f"/help/{language_of(request)}", status_code=302)


@router.get("/{language}")
async def show_contents(
    request: Request, language: str, knowledge: KnowledgeReadDep, firm: FirmDep, q: str = ""
) -> Response:
    """Every article under its category, or what a search finds."""
    if language not in LANGUAGES:
        return _missing(request, firm, language_of(request))
    articles = await knowledge.articles.headings(language=language)
    question = q.strip()[:QUESTION_CHARACTERS]
    if question:
        request.app.state.search_limit.hit(host_of(request))
    page = _page(
        request,
        firm,
        "contents.html",
        language,
        shelves=_shelves(await knowledge.categories.all(), articles),
        search=await _search(knowledge, question, language, articles) if question else None,
        addresses={each: f"/help/{each}" for each in LANGUAGES},
    )
    # What somebody searched for is theirs.
    return private(page) if question else shared(request, page)


@router.get("/{language}/{slug}")
async def show_article(
    request: Request, language: str, slug: str, knowledge: KnowledgeReadDep, firm: FirmDep, asked: str = ""
) -> Response:
    """One public article; drafts, archived ones and those for agents alone are not there."""
    article = await knowledge.articles.public_at(slug, language)
    written_in = await knowledge.articles.public_languages(slug)
    addresses = {each: article_url(slug, each) for each in written_in}
    if article is None:
        return _missing(request, firm, language if language in LANGUAGES else language_of(request), addresses)
    if article.slug != slug:
        return _moved(request, article)
    reader = reader_of(request)
    page = _page(
        request,
        firm,
        "article.html",
        language,
        article=article,
        # What the reader had searched for, in case that the article does not help.
        asked=asked.strip()[:QUESTION_CHARACTERS],
        content=await rendered(article.body),
        voted=await knowledge.votes.of(reader, article.id) if reader else None,
        near=await knowledge.articles.beside(article, limit=MOST_BESIDE) if article.category_id else [],
        addresses=addresses,
    )
    return private(page) if reader or asked else shared(request, page)


async def _search(knowledge: KnowledgeService, question: str, language: str, articles: Sequence[Article]) -> Search:
    """The bot's answer where it is sure of one, and the other articles that come near."""
    try:
        found = await knowledge.look_up(question, language=language, count=MOST_NEAR)
    except QuestionBlank:
        return Search(question)
    summaries = {article.id: article.summary for article in articles}
    hits = [Hit(one.title, one.url, summaries.get(one.article_id, "")) for one in found.offers]
    return Search(question, found.answer, hits)


def _shelves(
    categories: Sequence[Category], articles: Sequence[Article]
) -> list[tuple[Category | None, list[Article]]]:
    """Categories in their order with what they hold; empty ones are left out, and what is in none comes last."""
    shelves = [(each, [one for one in articles if one.category_id == each.id]) for each in categories]
    loose = (None, [one for one in articles if one.category_id is None])
    return [(category, held) for category, held in [*shelves, loose] if held]


def _moved(request: Request, article: Article) -> Response:
    """To where an article is now; not for ever, since another one may come to stand at the old address."""
    address = article.url + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(address, status_code=301, headers={"cache-control": f"public, max-age={KEPT_SECONDS}"})


def _missing(request: Request, firm: Firm, language: str, addresses: Mapping[str, str] | None = None) -> Response:
    response = _page(request, firm, "missing.html", language, addresses=addresses or {})
    response.status_code = 404
    return response


def _page(request: Request, firm: Firm, template: str, language: str, **context: Any) -> HTMLResponse:
    """A page of the help centre; `addresses` is where the same page is in each language that has it."""
    whose = {"firm": firm.name(language), "firm_site": firm.site, "inbox_key": firm.inbox_key}
    known = {**whose, "site": site_of(request), "search": None}
    return render(request, f"help/{template}", {**known, **context}, language=language)
