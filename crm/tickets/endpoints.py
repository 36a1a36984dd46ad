"""`/api/v1/tickets`: for the bot's actions and other programs, and for agents."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query, status

from core.http import Limit, Offset
from crm.agents.auth import ConversationAgent, program, program_or_agent_who_may
from crm.agents.permissions import Permission
from crm.agents.service import AgentNotFound
from crm.contacts.service import remember_contact_detail
from crm.dependencies import AgentsDep, ConversationsDep, ConversationsReadDep, TicketsDep, TicketsReadDep
from crm.enums import TicketStatus
from crm.models import Ticket
from crm.tickets.details import with_details
from crm.tickets.repository import NOBODY
from crm.tickets.schemas import TicketAddition, TicketClosure, TicketCreate, TicketRead, TicketUpdate

router = APIRouter(prefix="/tickets", tags=["tickets"])

_readers = Depends(program_or_agent_who_may(Permission.handle_conversations))


@router.post("", response_model=TicketRead, status_code=status.HTTP_201_CREATED, dependencies=[Depends(program)])
async def open_ticket(body: TicketCreate, conversations: ConversationsDep) -> Ticket:
    """Open a ticket for the contact of a conversation; the same idempotency key gives the same ticket."""
    conversation = await conversations.lock(body.conversation_id)
    if body.contact_detail:
        remember_contact_detail(conversation.contact, body.contact_detail)
    return await conversations.tickets.open(
        conversation,
        subject=body.subject,
        description=with_details(body.description, body.details, conversations.wording, conversation.language),
        priority=body.priority,
        idempotency_key=f"{conversation.id}:{body.idempotency_key}"[:160],
    )


@router.get("", response_model=list[TicketRead], dependencies=[_readers])
async def list_tickets(
    tickets: TicketsReadDep,
    status: Annotated[list[TicketStatus] | None, Query()] = None,
    assignee_id: Annotated[int | None, Query(ge=NOBODY, le=2**31 - 1, description="0: those that nobody has.")] = None,
    q: Annotated[str, Query(max_length=200)] = "",
    limit: Limit = 50,
    offset: Offset = 0,
) -> Sequence[Ticket]:
    """Tickets, latest first.

    Every word of `q` must be in the subject or in the contact's name, e-mail address or phone number, or be the
    ticket's number.
    """
    return await tickets.tickets.in_status(
        statuses=status or (), assignee_id=assignee_id, words=q, limit=limit, offset=offset
    )


@router.get("/{number}", response_model=TicketRead, dependencies=[_readers])
async def get_ticket(
    number: str, tickets: TicketsReadDep, conversations: ConversationsReadDep, conversation_id: str | None = None
) -> Ticket:
    """One ticket by its number; with a conversation, only if it belongs to that conversation's contact."""
    if conversation_id is None:
        return await tickets.find(number)
    conversation = await conversations.get(conversation_id)
    return await tickets.find(number, contact_id=conversation.contact_id)


@router.post("/{number}/additions", response_model=TicketRead, dependencies=[Depends(program)])
async def add_to_ticket(number: str, body: TicketAddition, conversations: ConversationsDep) -> Ticket:
    """Add a contact's words to a ticket of theirs; the same words again change nothing."""
    conversation = await conversations.lock(body.conversation_id)
    ticket = await conversations.tickets.find(number, contact_id=conversation.contact_id)
    return await conversations.tickets.add(ticket, body.text)


@router.post("/{number}/closure", response_model=TicketRead, dependencies=[Depends(program)])
async def close_ticket(number: str, body: TicketClosure, conversations: ConversationsDep) -> Ticket:
    """Close a ticket that its contact has no more need of; asking twice changes nothing."""
    conversation = await conversations.lock(body.conversation_id)
    ticket = await conversations.tickets.find(number, contact_id=conversation.contact_id)
    return await conversations.tickets.close(ticket)


@router.patch("/{number}", response_model=TicketRead)
async def change_ticket(
    number: str, body: TicketUpdate, agent: ConversationAgent, tickets: TicketsDep, agents: AgentsDep
) -> Ticket:
    """Change a ticket's status, priority or assignee; an assignee of `null` gives it back to nobody."""
    ticket = await tickets.find(number)
    if "assignee_id" in body.model_fields_set:
        assignee = await agents.agents.get(body.assignee_id) if body.assignee_id else None
        if body.assignee_id and assignee is None:
            raise AgentNotFound
        await tickets.assign(ticket, to=assignee, by=agent)
    return await tickets.change(ticket, status=body.status, priority=body.priority)
