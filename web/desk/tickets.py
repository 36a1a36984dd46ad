"""The desk's tickets: a list with filters, and a page for each."""

from functools import partial
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, Field

from crm.agents.auth import ConversationAgent
from crm.agents.service import AgentNotFound, AgentService
from crm.dependencies import AgentsDep, AgentsReadDep, TicketsDep, TicketsReadDep
from crm.enums import Priority, TicketStatus
from crm.models import Agent
from crm.tickets.repository import NOBODY, UNFINISHED
from web.desk.pages import PageNumber, page, pages_of
from web.desk.presenter import due_of

router = APIRouter(prefix="/desk", include_in_schema=False)

UNFINISHED_FILTER = "unfinished"
ON_A_PAGE = 50
# Somebody, NOBODY, or empty where it is not said.
Assignee = Annotated[int, Field(ge=NOBODY, le=2**31 - 1)] | Literal[""]


class TicketForm(BaseModel):
    """What is to become of a ticket, and what the page showed of it: of that alone which differs anybody has spoken."""

    status: TicketStatus
    priority: Priority
    assignee: Assignee = NOBODY
    shown_status: TicketStatus | None = None
    shown_priority: Priority | None = None
    shown_assignee: Assignee | None = None


@router.get("/tickets")
async def list_tickets(
    request: Request,
    agent: ConversationAgent,
    tickets: TicketsReadDep,
    agents: AgentsReadDep,
    status: str = UNFINISHED_FILTER,
    assignee: Assignee = "",
    q: Annotated[str, Query(max_length=200)] = "",
    number: PageNumber = 1,
) -> Response:
    """Tickets: where all are unfinished the most overdue first, else the latest; an unknown filter shows all.

    Whoever looks for a ticket by its number finds it first, in whatever status.
    """
    states = [
        state for state in TicketStatus if state == status or (status == UNFINISHED_FILTER and state in UNFINISHED)
    ]
    assignee_id = None if assignee == "" else assignee
    wanted: dict[str, Any] = {"statuses": states, "assignee_id": assignee_id, "words": q, "number_in_any_status": True}
    count = await tickets.tickets.count(**wanted)
    pages = pages_of(count, length=ON_A_PAGE)
    number = min(number, pages)
    found = await tickets.tickets.in_status(
        **wanted,
        limit=ON_A_PAGE,
        offset=(number - 1) * ON_A_PAGE,
        by_due=bool(states) and set(states) <= set(UNFINISHED),
    )
    now = tickets.clock.now()
    return page(
        request,
        "desk/tickets.html",
        agent,
        section="tickets",
        tickets=[(ticket, due_of(ticket, now)) for ticket in found],
        people=await agents.agents.all(),
        chosen={"status": status, "assignee": assignee, "q": q},
        number_of_page=number,
        pages=pages,
        address_of=partial(_address, status, assignee, q),
    )


def _address(status: str, assignee: int | str, q: str, page: int) -> str:
    return f"/desk/tickets?{urlencode({'status': status, 'assignee': assignee, 'q': q, 'page': page})}"


@router.get("/tickets/{number}")
async def show_ticket(
    request: Request,
    number: str,
    agent: ConversationAgent,
    tickets: TicketsReadDep,
    agents: AgentsReadDep,
    saved: bool = False,
) -> Response:
    """One ticket."""
    ticket = await tickets.find(number)
    return page(
        request,
        "desk/ticket.html",
        agent,
        section="tickets",
        ticket=ticket,
        due=due_of(ticket, tickets.clock.now()),
        people=await agents.agents.who_may_have_work(now=ticket.assignee_id),
        saved=saved,
    )


@router.post("/tickets/{number}")
async def change_ticket(
    number: str,
    agent: ConversationAgent,
    tickets: TicketsDep,
    agents: AgentsDep,
    form: Annotated[TicketForm, Form()],
) -> Response:
    """Change status, priority and assignee, who may be nobody; what a colleague has changed meanwhile stays."""
    ticket = await tickets.find(number)
    if form.assignee != form.shown_assignee:
        await tickets.assign(ticket, to=await _person(agents, form.assignee), by=agent)
    await tickets.change(
        ticket,
        status=None if form.status is form.shown_status else form.status,
        priority=None if form.priority is form.shown_priority else form.priority,
    )
    return RedirectResponse(f"/desk/tickets/{ticket.number}?saved=true", status_code=303)


async def _person(agents: AgentService, assignee: int | str) -> Agent | None:
    if not assignee:
        return None
    person = await agents.agents.get(int(assignee))
    if person is None:
        raise AgentNotFound
    return person
