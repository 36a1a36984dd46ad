"""Questions that had no answer or none that helped, by meaning, and what editors do about them."""

from enum import StrEnum
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, Field

from core.http import RowId
from crm.agents.auth import KnowledgeEditor
from crm.models import Agent
from knowledge_base.answering import ArticleNotFound
from knowledge_base.enums import GapState
from knowledge_base.learning import Impersonal, Learning
from knowledge_base.regression import QUESTION_CHARACTERS, RegressionSet
from knowledge_base.service import GapNotFound, KnowledgeService
from knowledge_base.trial import Warnings
from web.knowledge.articles import LAST_PAGE
from web.knowledge.impersonal import impersonal, question_of
from web.knowledge.pages import HOME, knowledge_page
from web.knowledge_access import KnowledgeDep, KnowledgeReadDep

router = APIRouter(include_in_schema=False)

PATH = f"{HOME}/questions"
# Groups: to each the nearest articles are ranked.
ON_A_PAGE = 50
MOST_IN_A_GROUP = 10_000
NEAREST = 5


class GroupAction(StrEnum):
    """What an editor does with a group in one click."""

    draft = "draft"
    add = "add"
    # Whatever else it gets in the way of.
    add_anyway = "add_anyway"
    expect = "expect"
    answered = "answered"
    dismissed = "dismissed"
    open = "open"


class GroupForm(BaseModel):
    """A group of questions, and what is to become of it."""

    # Separated by commas: a form may not have as many fields as a group may have questions.
    gaps: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,8}(,[1-9][0-9]{0,8})*$")]
    action: GroupAction
    # The question that stands for the others.
    typical: RowId | None = None
    # Where to add them.
    article: RowId | None = None
    shown: GapState = GapState.open
    page: Annotated[int, Field(ge=1, le=LAST_PAGE)] = 1

    @property
    def gap_ids(self) -> list[int]:
        return [int(one) for one in self.gaps.split(",")][:MOST_IN_A_GROUP]


@router.get("/questions")
async def list_gaps(
    request: Request,
    agent: KnowledgeEditor,
    knowledge: KnowledgeReadDep,
    state: str = GapState.open,
    page: Annotated[int, Query(ge=1, le=LAST_PAGE)] = 1,
) -> Response:
    """Questions in one state by meaning, those asked most this week first; the open ones where it is unknown.

    Whoever settles the last ones of a page gets the one that is the last now.
    """
    shown = next((one for one in GapState if one == state), GapState.open)
    learning = Learning(knowledge)
    groups = await learning.groups(shown)
    pages = max(1, -(-len(groups) // ON_A_PAGE))
    page = min(page, pages)
    on_page = groups[(page - 1) * ON_A_PAGE : page * ON_A_PAGE]
    return knowledge_page(
        request,
        "gaps.html",
        agent,
        groups=on_page,
        near={one.typical.id: learning.near(one.typical, NEAREST) for one in on_page},
        state=shown,
        page=page,
        pages=pages,
        address_of=partial(_address, shown),
        counts={state: await knowledge.gaps.count(state) for state in GapState},
        open_gaps=await knowledge.gaps.count(GapState.open),
    )


@router.post("/questions")
async def act_on_group(
    request: Request,
    agent: KnowledgeEditor,
    reading: KnowledgeReadDep,
    knowledge: KnowledgeDep,
    form: Annotated[GroupForm, Form()],
) -> Response:
    """Begin an article for a group, add it to one, dismiss it, mark it answered, or open it again.

    Where adding would get in the way of other articles, nothing is changed and the page says so.
    """
    learning = Learning(knowledge)
    if form.action is GroupAction.draft:
        typical = form.typical or form.gap_ids[0]
        asked = await _impersonal(knowledge, form)
        article = await learning.start_article(
            form.gap_ids, typical=typical, asked=asked, by=agent.name, owner_id=agent.id
        )
        return RedirectResponse(f"{HOME}/{article.id}?done=draft_of_questions", status_code=303)
    if form.action in (GroupAction.add, GroupAction.add_anyway):
        if form.article is None:
            raise ArticleNotFound
        if form.action is GroupAction.add and (warnings := await _warnings(reading, form.article, form)):
            return await _warn(request, agent, reading, form, form.article, warnings)
        asked = await _impersonal(knowledge, form)
        article = await learning.add_to(form.article, form.gap_ids, asked=asked, by=agent.name)
        return RedirectResponse(f"{HOME}/{article.id}?done=questions_added", status_code=303)
    if form.action is GroupAction.expect:
        if form.article is None:
            raise ArticleNotFound
        await _expect(knowledge, form.typical or form.gap_ids[0], form.article, by=agent.name)
        return RedirectResponse(f"{HOME}/regression?done=kept", status_code=303)
    await learning.settle(form.gap_ids, GapState(form.action.value))
    return RedirectResponse(_address(form.shown, form.page), status_code=303)


def _address(state: GapState, page: int) -> str:
    return f"{PATH}?state={state.value}" + (f"&page={page}" if page > 1 else "")


async def _warnings(reading: KnowledgeService, article_id: int, form: GroupForm) -> Warnings:
    asked = await _impersonal(reading, form)
    return await Learning(reading).warnings_of_adding(article_id, form.gap_ids, asked=asked)


async def _impersonal(knowledge: KnowledgeService, form: GroupForm) -> Impersonal:
    return await impersonal(knowledge, await knowledge.gaps.some(form.gap_ids))


async def _warn(
    request: Request,
    agent: Agent,
    knowledge: KnowledgeService,
    form: GroupForm,
    article_id: int,
    warnings: Warnings,
) -> Response:
    """What adding the questions would get in the way of, before anything is added."""
    return knowledge_page(
        request,
        "adding.html",
        agent,
        form=form,
        article=await knowledge.get(article_id),
        warnings=warnings,
        back=_address(form.shown, form.page),
        open_gaps=await knowledge.gaps.count(GapState.open),
    )


async def _expect(knowledge: KnowledgeService, gap_id: int, article_id: int, *, by: str) -> None:
    """Keep the question that stands for a group as one that this article should answer; the group stays open."""
    gap = await knowledge.gaps.get(gap_id)
    if gap is None:
        raise GapNotFound
    question = await question_of(knowledge, gap)
    await RegressionSet(knowledge).add(question[:QUESTION_CHARACTERS], article_id, by=by)
