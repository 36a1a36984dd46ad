"""The accounts of the people who work here, for admins."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from core.http import RowId
from crm.agents.auth import AgentManager
from crm.agents.schemas import AgentCreate, AgentUpdate
from crm.agents.service import EmailTaken, LastAdmin, PasswordUnfit
from crm.dependencies import AgentsDep
from crm.enums import Role
from crm.models import Agent
from web.desk.pages import page

router = APIRouter(prefix="/desk", include_in_schema=False)

PATH = "/desk/people"
# The dialog for a new account; those of the others are named by their ids.
NEW = "new"
NOTHING_TYPED = {"name": "", "email": "", "role": Role.agent, "locale": ""}


@router.get("/people")
async def list_people(request: Request, agent: AgentManager, agents: AgentsDep) -> Response:
    """Everybody who works here."""
    return await _people(request, agent, agents)


@router.post("/people")
async def create_person(
    request: Request,
    agent: AgentManager,
    agents: AgentsDep,
    name: Annotated[str, Form()] = "",
    email: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    role: Annotated[Role, Form()] = Role.agent,
    locale: Annotated[str, Form()] = "fa",
) -> Response:
    """Make an account."""
    typed = {"name": name, "email": email, "role": role, "locale": locale}
    try:
        account = AgentCreate.model_validate({**typed, "password": password})
        await agents.create(**account.model_dump())
    except ValidationError as error:
        return await _people(request, agent, agents, problem=str(error.errors()[0]["loc"][0]), typed={NEW: typed})
    except (EmailTaken, PasswordUnfit) as error:
        return await _people(request, agent, agents, problem=error.code, typed={NEW: typed})
    return RedirectResponse(PATH, status_code=303)


@router.post("/people/{agent_id}")
async def change_person(
    request: Request,
    agent_id: RowId,
    agent: AgentManager,
    agents: AgentsDep,
    role: Annotated[Role, Form()],
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    is_active: Annotated[bool, Form()] = False,
    shown_name: Annotated[str | None, Form()] = None,
    shown_role: Annotated[Role | None, Form()] = None,
    shown_is_active: Annotated[bool | None, Form()] = None,
) -> Response:
    """Change what differs from what the page showed of an account; an empty password leaves the old one."""
    pairs = {"name": (name, shown_name), "role": (role, shown_role), "is_active": (is_active, shown_is_active)}
    typed = {field: chosen for field, (chosen, shown) in pairs.items() if chosen != shown}
    try:
        changed = AgentUpdate.model_validate({**typed, "password": password or None})
        await agents.change(agent_id, **changed.model_dump())
    except ValidationError as error:
        return await _people(request, agent, agents, problem=str(error.errors()[0]["loc"][0]), typed={agent_id: typed})
    except (PasswordUnfit, LastAdmin) as error:
        return await _people(request, agent, agents, problem=error.code, typed={agent_id: typed})
    return RedirectResponse(PATH, status_code=303)


async def _people(
    request: Request,
    agent: Agent,
    agents: AgentsDep,
    *,
    problem: str = "",
    typed: Mapping[int | str, dict[str, Any]] | None = None,
) -> Response:
    """The page; with a problem, the dialog in which something else was typed is open."""
    everybody = await agents.agents.all()
    forms: dict[int | str, dict[str, Any]] = {NEW: NOTHING_TYPED, **{one.id: _known(one) for one in everybody}}
    return page(
        request,
        "desk/people.html",
        agent,
        section="people",
        status=422 if problem else 200,
        people=everybody,
        problem=problem,
        typed={whose: form | (typed or {}).get(whose, {}) for whose, form in forms.items()},
        opened=next(iter(typed), None) if typed else None,
    )


def _known(person: Agent) -> dict[str, Any]:
    return {"name": person.name, "role": person.role, "is_active": person.is_active}
