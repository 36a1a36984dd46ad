"""The desk's tickets: a list with filters, and a page for each."""

from functools import partial
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from core.http import RowId
from crm.agents.auth import ConversationAgent
from crm.agents.service import AgentNotFound
from crm.dependencies import AgentsDep, TicketsDep
from crm.enums import Priority, TicketStatus
from crm.tickets.repository import UNFINISHED
from web.desk.pages import PageNumber, page, pages_of
from web.desk.presenter import due_of

router = APIRouter(prefix="/desk", include_in_schema=False)

UNFINISHED_FILTER = "unfinished"
ON_A_PAGE = 50


@router.get("/tickets")
async def list_tickets(
    request: Request,
    agent: ConversationAgent,
    tickets: TicketsDep,
    agents: AgentsDep,
    status: str = UNFINISHED_FILTER,
    assignee: RowId | Literal[""] = "",
    number: PageNumber = 1,
) -> Response:
    """Tickets: where all are unfinished the most overdue first, else the latest; an unknown filter shows all."""
    states = [
        state for state in TicketStatus if state == status or (status == UNFINISHED_FILTER and state in UNFINISHED)
    ]
    assignee_id = assignee or None
    pages = pages_of(await tickets.tickets.count(statuses=states, assignee_id=assignee_id), length=ON_A_PAGE)
    number = min(number, pages)
    found = await tickets.tickets.in_status(
        statuses=states,
        assignee_id=assignee_id,
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
        chosen={"status": status, "assignee": assignee},
        number_of_page=number,
        pages=pages,
        address_of=partial(_address, status, assignee),
    )


def _address(status: str, assignee: int | str, page: int) -> str:
    return f"/desk/tickets?{urlencode({'status': status, 'assignee': assignee, 'page': page})}"


@router.get("/tickets/{number}")
async def show_ticket(
    request: Request, number: str, agent: ConversationAgent, tickets: TicketsDep, agents: AgentsDep
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
    )


@router.post("/tickets/{number}")
async def change_ticket(
    number: str,
    _agent: ConversationAgent,
    tickets: TicketsDep,
    agents: AgentsDep,
    status: Annotated[TicketStatus, Form()],
    priority: Annotated[Priority, Form()],
    assignee: Annotated[RowId | Literal[""], Form()] = "",
) -> Response:
    """Change status, priority and assignee, who may be nobody."""
    ticket = await tickets.find(number)
    person = await agents.agents.get(assignee) if assignee else None
    if assignee and person is None:
        raise AgentNotFound
    await tickets.assign(ticket, to=person)
    await tickets.change(ticket, status=status, priority=priority)
    return RedirectResponse(f"/desk/tickets/{ticket.number}", status_code=303)
