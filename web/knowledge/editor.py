"""Writing an article: a new one, a change, and what happens when two people change the same."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from core.http import RowId
from crm.agents.auth import KnowledgeEditor
from crm.models import Agent
from knowledge_base.answering import in_short
from knowledge_base.enums import ArticleStatus, Visibility
from knowledge_base.learning import Learning
from knowledge_base.models import Article
from knowledge_base.passages import split
from knowledge_base.repository import NOBODY
from knowledge_base.schemas import BODY_CHARACTERS
from knowledge_base.service import (
    AddressTaken,
    ArticleChanged,
    CategoryNotFound,
    KnowledgeService,
    PublishedMeanwhile,
    TimeUnfit,
    as_draft,
)
from knowledge_base.transitions import StatusChangeRefused
from knowledge_base.trial import Trial, Warnings
from web.desk.pages import fragment
from web.help.contents import article_html
from web.knowledge.comparison import compare
from web.knowledge.days import write_day, write_moment
from web.knowledge.forms import Action, ArticleForm, FormUnfit
from web.knowledge.impersonal import without_people
from web.knowledge.pages import HOME, knowledge_page
from web.knowledge.people import people_who_edit
from web.knowledge.trial import unsaved_text
from web.knowledge_access import KnowledgeDep, KnowledgeReadDep
from web.templating import LANGUAGES, language_of, zone_of

router = APIRouter(include_in_schema=False)

OTHER_LANGUAGE = {"fa": "en", "en": "fa"}
Typed = Annotated[ArticleForm, Form()]


@router.get("/new")
async def start_article(
    request: Request,
    agent: KnowledgeEditor,
    knowledge: KnowledgeReadDep,
    language: str = "",
    translate: RowId | None = None,
) -> Response:
    """An empty form, or one prepared to translate an article."""
    form = ArticleForm(language=language if language in LANGUAGES else language_of(request), owner=agent.id)
    if translate is not None:
        original = await knowledge.get(translate)
        form.slug, form.language = original.slug, OTHER_LANGUAGE[original.language]
        form.category = original.category.slug if original.category else ""
    return await show_editor(request, agent, knowledge, form)


@router.post("/new")
async def create_article(
    request: Request, agent: KnowledgeEditor, reading: KnowledgeReadDep, knowledge: KnowledgeDep, form: Typed
) -> Response:
    """Create an article, and publish it where that was the button."""
    if form.action is Action.preview:
        return await show_editor(request, agent, reading, form)
    try:
        new = form.new_article()
        if warnings := await _warnings(reading, form, None):
            return await show_editor(request, agent, reading, form, overlaps=warnings.overlaps, broken=warnings.broken)
        publish_at = _chosen_time(request, form, reading)
        owner_id = agent.id if form.owner is None else await _chosen_owner(reading, form, None)
        article = await knowledge.create(new, by=agent.name, owner_id=owner_id)
    except (FormUnfit, CategoryNotFound, AddressTaken) as refusal:
        return await show_editor(request, agent, reading, form, problems=_problems(refusal))
    return await _finish(knowledge, article, form, publish_at=publish_at, by=agent.name)


@router.post("/preview")
async def preview_article(
    request: Request,
    _agent: KnowledgeEditor,
    title: Annotated[str, Form()] = "",
    summary: Annotated[str, Form()] = "",
    body: Annotated[str, Form()] = "",
) -> Response:
    """How the text would look on its page and in a chat; nothing is kept of it."""
    preview = await asyncio.to_thread(_preview, title, summary, body)
    return HTMLResponse(fragment(request, "knowledge/previews.html", preview=preview))


@router.get("/{article_id:int}/tested")
async def show_tested(
    request: Request, article_id: RowId, _agent: KnowledgeEditor, knowledge: KnowledgeReadDep
) -> Response:
    """What has become of the test questions since the article was changed; asked for while they are being asked."""
    article = await knowledge.get(article_id)
    context = {"article": article, "tested": await _tested(knowledge, article)}
    return HTMLResponse(fragment(request, "knowledge/tested.html", **context))


@router.get("/{article_id:int}/asked")
async def suggest_questions(
    request: Request, article_id: RowId, _agent: KnowledgeEditor, knowledge: KnowledgeReadDep
) -> Response:
    """Real questions to add to the other ways to ask for an article."""
    asked = [without_people(one, ()) for one in await Learning(knowledge).asked_like(article_id)]
    return HTMLResponse(fragment(request, "knowledge/asked.html", asked=asked))


@router.get("/{article_id:int}")
async def edit_article(
    request: Request,
    article_id: RowId,
    agent: KnowledgeEditor,
    knowledge: KnowledgeReadDep,
    done: str = "",
) -> Response:
    """An article in the form."""
    article = await knowledge.get(article_id)
    form = ArticleForm.of(article, reader=language_of(request), zone=zone_of(request))
    # Contacts read the text already: all that is left is to say whom it gets in the way of.
    was_saved = done in ("saved", "restored") and article.is_public
    overlaps = await Trial(knowledge).overlaps(unsaved_text(form, article)) if was_saved else []
    return await show_editor(request, agent, knowledge, form, article=article, done=done, overlaps=overlaps)


@router.post("/{article_id:int}")
async def save_article(
    request: Request,
    article_id: RowId,
    agent: KnowledgeEditor,
    reading: KnowledgeReadDep,
    knowledge: KnowledgeDep,
    form: Typed,
) -> Response:
    """Save a change; where somebody saved meanwhile, show both texts and lose neither."""
    article = await reading.get(article_id)
    form.slug, form.language = form.slug or article.slug, article.language
    if form.action is Action.preview:
        return await show_editor(request, agent, reading, form, article=article)
    try:
        draft, slug = form.draft(), form.address()
        if warnings := await _warnings(reading, form, article):
            return await show_editor(
                request, agent, reading, form, article=article, overlaps=warnings.overlaps, broken=warnings.broken
            )
        publish_at = _chosen_time(request, form, reading)
        owner_id = await _chosen_owner(reading, form, article)
        is_given = owner_id != article.owner_id
        if draft.model_dump() != as_draft(article).model_dump() or slug != article.slug:
            article = await knowledge.save(
                article_id,
                draft,
                version=form.version,
                slug=slug,
                by=agent.name,
                seen=form.status,
                then=form.action.status,
            )
        if is_given:
            article = await knowledge.give_to(article_id, owner_id)
        return await _finish(knowledge, article, form, publish_at=publish_at, by=agent.name)
    except (FormUnfit, CategoryNotFound, AddressTaken) as refusal:
        return await show_editor(request, agent, reading, form, article=article, problems=_problems(refusal))
    except StatusChangeRefused:
        problems = {"status": "status"}
        return await show_editor(request, agent, reading, form, article=article, problems=problems, status=409)
    except ArticleChanged as change:
        article = await knowledge.get(article_id)
        return await show_conflict(request, agent, reading, form, article=article, change=change)


async def show_conflict(
    request: Request,
    agent: Agent,
    knowledge: KnowledgeService,
    form: ArticleForm,
    *,
    article: Article,
    change: ArticleChanged,
) -> Response:
    """The form as typed, ready to be saved on top, beside what somebody saved meanwhile."""
    on_top = form.on_top_of(article, version=change.version)
    conflict = compare(change.yours, change.theirs, language=language_of(request))
    was_published = isinstance(change, PublishedMeanwhile)
    return await show_editor(
        request, agent, knowledge, on_top, article=article, conflict=conflict, was_published=was_published, status=409
    )


async def show_editor(
    request: Request,
    agent: Agent,
    knowledge: KnowledgeService,
    form: ArticleForm,
    *,
    article: Article | None = None,
    problems: dict[str, str] | None = None,
    status: int | None = None,
    **context: Any,
) -> Response:
    """The editor's page around a form."""
    known = {"conflict": [], "was_published": False, "overlaps": [], "broken": [], "done": "", **context}
    translations = await knowledge.articles.at_addresses({article.slug}) if article else {}
    return knowledge_page(
        request,
        "editor.html",
        agent,
        status=status or (422 if problems else 200),
        form=form,
        article=article,
        problems=problems or {},
        preview=await asyncio.to_thread(_preview, form.title, form.summary, form.body),
        categories=await knowledge.categories.all(),
        tested=await _tested(knowledge, article) if article else None,
        people=await people_who_edit(knowledge.session, besides=form.owner),
        versions=await knowledge.articles.versions(article.id) if article else [],
        moves=await knowledge.articles.moves(article.id) if article else [],
        translation=translations.get((article.slug if article else "", OTHER_LANGUAGE.get(form.language, ""))),
        today=write_day(knowledge.clock.now().astimezone(zone_of(request)).date(), language_of(request)),
        now=write_moment(knowledge.clock.now(), language_of(request), zone_of(request)),
        **known,
    )


@dataclass(frozen=True)
class Tested:
    """The test questions asked after an article's change, and those that fail or are answered since then."""

    is_asking: bool
    broken: list[str]
    mended: list[str]


async def _tested(knowledge: KnowledgeService, article: Article) -> Tested | None:
    """None where the change was none to contacts, or there is nothing to ask."""
    run = await knowledge.regression.after_change(article) if article.was_published else None
    if run is None:
        return None
    questions = await knowledge.regression.questions([*run.broken, *run.mended])
    broken, mended = ([questions[one] for one in ids if one in questions] for ids in (run.broken, run.mended))
    return Tested(run.finished_at is None, broken, mended)


def _preview(title: str, summary: str, body: str) -> dict[str, str]:
    """A text as its page shows it, and what a chat says of it to who chooses its title; takes long for a long one."""
    body = body[:BODY_CHARACTERS]
    says = in_short(summary, [one.text for one in split(body)])
    return {"title": title, "html": article_html(body).html, "says": says}


async def _warnings(knowledge: KnowledgeService, form: ArticleForm, article: Article | None) -> Warnings:
    """What to warn of before contacts read the text; nothing where they are not to, or are to all the same."""
    publishes = form.action in (Action.publish, Action.schedule)
    is_read = article is not None and article.is_public and form.action is Action.save
    if article is not None and article.is_public and form.action is Action.archive:
        return Warnings(broken=await Trial(knowledge).broken_without(article.id))
    if not publishes and not is_read:
        return Warnings()
    trial, unsaved = Trial(knowledge), unsaved_text(form, article)
    # Of what contacts read already, overlaps are told once it is saved.
    overlaps = await trial.overlaps(unsaved) if publishes else []
    return Warnings(overlaps, await trial.broken(unsaved))


def _chosen_time(request: Request, form: ArticleForm, knowledge: KnowledgeService) -> datetime | None:
    """When to publish, where that was the button.

    Raises:
        FormUnfit
    """
    if form.action not in (Action.schedule, Action.schedule_anyway):
        return None
    at = form.moment(zone_of(request))
    try:
        knowledge.check_time(at)
    except TimeUnfit as error:
        raise FormUnfit({"publish_at": "time_unfit"}) from error
    return at


async def _chosen_owner(knowledge: KnowledgeService, form: ArticleForm, article: Article | None) -> int | None:
    """Who is to look after the article; none for nobody. Where the form chose nobody anew, whoever does now.

    Raises:
        FormUnfit: somebody who may not edit it.
    """
    present = article.owner_id if article else None
    if form.owner is None or form.owner in (form.owner_seen, present or NOBODY):
        return present
    if form.owner == NOBODY:
        return None
    if form.owner not in {one.id for one in await people_who_edit(knowledge.session)}:
        raise FormUnfit({"owner": "owner"})
    return form.owner


async def _finish(
    knowledge: KnowledgeService, article: Article, form: ArticleForm, *, publish_at: datetime | None, by: str
) -> Response:
    """Do what the button says besides saving, and show the article."""
    article, done = await _act(knowledge, article, form.action, publish_at, by=by)
    return RedirectResponse(f"{HOME}/{article.id}?done={done}", status_code=303)


async def _act(
    knowledge: KnowledgeService, article: Article, action: Action, publish_at: datetime | None, *, by: str
) -> tuple[Article, str]:
    """The article after what the button says, and the name of the sentence that says so."""
    for_agents = "" if article.visibility is Visibility.public else "_agents"
    if publish_at:
        return await knowledge.schedule(article.id, at=publish_at, by=by), "scheduled"
    if action in (Action.publish, Action.publish_anyway):
        return await knowledge.publish(article.id, by=by), f"published{for_agents}"
    if action is Action.review:
        return await knowledge.submit(article.id, by=by), "in_review"
    if action is Action.draft:
        return await knowledge.return_to_draft(article.id, by=by), "draft"
    if action in (Action.archive, Action.archive_anyway):
        return await knowledge.archive(article.id, by=by), "archived"
    return article, f"saved{for_agents}" if article.status is ArticleStatus.published else "saved_draft"


def _problems(refusal: Exception) -> dict[str, str]:
    """Which field is to blame, and the name of the sentence that says why."""
    if isinstance(refusal, FormUnfit):
        return refusal.problems
    return {"slug": "address_taken"} if isinstance(refusal, AddressTaken) else {"category": "category"}
