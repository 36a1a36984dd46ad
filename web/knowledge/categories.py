"""The folders of articles: new ones, other names in both languages, another order."""

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, ValidationError

from crm.agents.auth import KnowledgeEditor
from crm.models import Agent
from knowledge_base.categories import Categories, CategoryExists
from knowledge_base.enums import GapState
from knowledge_base.schemas import CategoryCreate, CategorySave
from knowledge_base.service import KnowledgeService
from web.knowledge.pages import HOME, knowledge_page
from web.knowledge_access import KnowledgeDep, KnowledgeReadDep

router = APIRouter(include_in_schema=False)

PATH = f"{HOME}/categories"


class CategoryAction(StrEnum):
    """What a category's button does besides keeping its names."""

    save = "save"
    up = "up"
    down = "down"


# How far each goes in the order.
_STEPS = {CategoryAction.up: -1, CategoryAction.down: 1}


class CategoryForm(BaseModel):
    """A category as it stands in the form: whatever was typed, whether it can be saved or not."""

    slug: str = ""
    name_fa: str = ""
    name_en: str = ""
    action: CategoryAction = CategoryAction.save


@router.get("/categories")
async def list_categories(
    request: Request, agent: KnowledgeEditor, knowledge: KnowledgeReadDep, done: str = ""
) -> Response:
    """Every category in the order in which they are shown."""
    return await _show(request, agent, knowledge, done=done)


@router.post("/categories")
async def add_category(
    request: Request,
    agent: KnowledgeEditor,
    reading: KnowledgeReadDep,
    knowledge: KnowledgeDep,
    form: Annotated[CategoryForm, Form()],
) -> Response:
    """Add a category after the others."""
    try:
        wanted = CategoryCreate(slug=form.slug.strip(), name_fa=form.name_fa, name_en=form.name_en)
        await Categories(knowledge).add(wanted)
    except ValidationError as error:
        return await _show(request, agent, reading, typed=form, problems=_problems(error), status=422)
    except CategoryExists as refusal:
        return await _show(request, agent, reading, typed=form, problems={"slug": refusal.code}, status=409)
    return RedirectResponse(f"{PATH}?done=category_added", status_code=303)


@router.post("/categories/{slug}")
async def save_category(
    request: Request,
    slug: str,
    agent: KnowledgeEditor,
    reading: KnowledgeReadDep,
    knowledge: KnowledgeDep,
    form: Annotated[CategoryForm, Form()],
) -> Response:
    """Give a category other names, and move it up or down by one."""
    try:
        position = await _position(reading, slug, form.action)
        wanted = CategorySave(name_fa=form.name_fa, name_en=form.name_en, position=position)
        await Categories(knowledge).save(slug, wanted)
    except ValidationError as error:
        return await _show(request, agent, reading, typed=form, of=slug, problems=_problems(error), status=422)
    return RedirectResponse(f"{PATH}?done=category_saved", status_code=303)


async def _position(knowledge: KnowledgeService, slug: str, action: CategoryAction) -> int | None:
    """Where a category comes to stand; none where it stays."""
    slugs = [one.slug for one in await knowledge.categories.all()]
    if action not in _STEPS or slug not in slugs:
        return None
    return max(0, slugs.index(slug) + _STEPS[action])


def _problems(error: ValidationError) -> dict[str, str]:
    """What does not fit, by field."""
    return {str(one["loc"][0]): str(one["loc"][0]) for one in error.errors()}


async def _show(
    request: Request,
    agent: Agent,
    knowledge: KnowledgeService,
    *,
    typed: CategoryForm | None = None,
    of: str = "",
    problems: dict[str, str] | None = None,
    done: str = "",
    status: int = 200,
) -> Response:
    """The page; `typed` is what was refused, of the category with the slug `of` or of a new one."""
    return knowledge_page(
        request,
        "categories.html",
        agent,
        status=status,
        open_gaps=await knowledge.gaps.count(GapState.open),
        categories=await knowledge.categories.all(),
        typed=typed,
        of=of,
        problems=problems or {},
        done=done,
    )
