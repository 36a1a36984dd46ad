"""A contact's page: who they are, which a colleague may set right, and where they have written."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from core.http import ClockDep, ReadingSessionDep, RowId, SessionDep
from crm.agents.auth import ConversationAgent
from crm.contacts.service import ContactDetailUnfit, ContactService
from crm.models import Agent, Contact
from crm.tickets.service import TicketService
from web.desk.pages import page

router = APIRouter(prefix="/desk", include_in_schema=False)

Line = Annotated[str, Form(max_length=500)]


async def get_contacts(session: SessionDep, clock: ClockDep) -> ContactService:
    return ContactService(session, clock=clock)


async def get_contacts_for_reading(session: ReadingSessionDep, clock: ClockDep) -> ContactService:
    return ContactService(session, clock=clock)


ContactsDep = Annotated[ContactService, Depends(get_contacts)]
ContactsReadDep = Annotated[ContactService, Depends(get_contacts_for_reading)]


@router.get("/contacts/{contact_id}")
async def show_contact(
    request: Request, contact_id: RowId, agent: ConversationAgent, contacts: ContactsReadDep, saved: bool = False
) -> Response:
    """Who a contact is, with their conversations and tickets."""
    return await _page(request, agent, contacts, await contacts.get(contact_id), saved=saved)


@router.post("/contacts/{contact_id}")
async def change_contact(
    request: Request,
    contact_id: RowId,
    agent: ConversationAgent,
    contacts: ContactsDep,
    name: Line = "",
    email: Line = "",
    phone: Line = "",
    shown_name: Line = "",
    shown_email: Line = "",
    shown_phone: Line = "",
) -> Response:
    """Set right what is known of a contact; what differs from what the page showed, and nothing else."""
    contact = await contacts.get(contact_id)
    pairs = {"name": (name, shown_name), "email": (email, shown_email), "phone": (phone, shown_phone)}
    changed = {field: typed for field, (typed, shown) in pairs.items() if typed != shown}
    try:
        await contacts.correct(contact, **changed)
    except ContactDetailUnfit as error:
        return await _page(request, agent, contacts, contact, changed=changed, problem=error.code)
    return RedirectResponse(f"/desk/contacts/{contact.id}?saved=true", status_code=303)


async def _page(
    request: Request,
    agent: Agent,
    contacts: ContactService,
    contact: Contact,
    *,
    changed: Mapping[str, str] | None = None,
    problem: str = "",
    saved: bool = False,
) -> Response:
    return page(
        request,
        "desk/contact.html",
        agent,
        section="conversations",
        status=422 if problem else 200,
        contact=contact,
        typed={"name": contact.name, "email": contact.email, "phone": contact.phone, **(changed or {})},
        conversations=await contacts.contacts.conversations(contact.id),
        tickets=await TicketService(contacts.session, clock=contacts.clock).of_contact(contact.id),
        problem=problem,
        saved=saved,
    )
