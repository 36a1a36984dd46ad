"""`/api/v1/conversations`: for the bot's actions and other programs, and for agents."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, status

from core.http import Limit, Offset, RowId
from crm.agents.auth import ConversationAgent, program, program_or_agent_who_may
from crm.agents.permissions import Permission
from crm.contacts.service import remember_contact_detail
from crm.conversations.handling import id_of_sending
from crm.conversations.schemas import (
    ContactDetailCreate,
    ConversationRead,
    HandoffCreate,
    HandoffRead,
    MessageCreate,
    MessageRead,
    RatingCreate,
)
from crm.dependencies import ConversationsDep, ConversationsReadDep, HandlingDep, TicketsReadDep
from crm.enums import ConversationStatus
from crm.models import Conversation, Message, Ticket
from crm.tickets.schemas import TicketRead

router = APIRouter(prefix="/conversations", tags=["conversations"])

_readers = Depends(program_or_agent_who_may(Permission.handle_conversations))
_programs = Depends(program)
# Whoever sends again under the same key, since no answer came, is answered with what was stored the first time.
IdempotencyKey = Annotated[str | None, Header(pattern=r"^[!-~]+$", max_length=100)]


@router.get("", response_model=list[ConversationRead], dependencies=[_readers])
async def list_conversations(
    conversations: ConversationsReadDep,
    status: Annotated[list[ConversationStatus] | None, Query()] = None,
    assignee_id: RowId | None = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> Sequence[Conversation]:
    """Conversations by who has them; the waiting ones most overdue first, others latest first."""
    statuses = status or list(ConversationStatus)
    return await conversations.conversations.in_status(
        statuses=statuses, assignee_id=assignee_id, limit=limit, offset=offset
    )


@router.get("/{conversation_id}", response_model=ConversationRead, dependencies=[_readers])
async def get_conversation(conversation_id: str, conversations: ConversationsReadDep) -> Conversation:
    """One conversation."""
    return await conversations.get(conversation_id)


@router.get("/{conversation_id}/messages", response_model=list[MessageRead], dependencies=[_readers])
async def list_messages(
    conversation_id: str,
    conversations: ConversationsReadDep,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 200,
) -> Sequence[Message]:
    """Messages and internal notes with a greater sequence number, oldest first."""
    conversation = await conversations.get(conversation_id)
    return await conversations.conversations.messages(conversation.id, after=after, limit=limit)


@router.get("/{conversation_id}/tickets", response_model=list[TicketRead], dependencies=[_readers])
async def list_tickets_of_contact(
    conversation_id: str, conversations: ConversationsReadDep, tickets: TicketsReadDep
) -> Sequence[Ticket]:
    """The tickets of the conversation's contact, latest first."""
    conversation = await conversations.get(conversation_id)
    return await tickets.of_contact(conversation.contact_id)


@router.post("/{conversation_id}/messages", response_model=MessageRead, status_code=status.HTTP_201_CREATED)
async def reply(
    conversation_id: str,
    body: MessageCreate,
    agent: ConversationAgent,
    conversations: ConversationsDep,
    handling: HandlingDep,
    idempotency_key: IdempotencyKey = None,
) -> Message:
    """Answer the contact; the conversation is then yours and the bot is silent. A key makes it safe to call twice."""
    conversation = await conversations.lock(conversation_id)
    external_id = id_of_sending(agent, conversation_id, idempotency_key)
    return await handling.reply(conversation, body.text, by=agent, external_id=external_id)


@router.post("/{conversation_id}/notes", response_model=MessageRead, status_code=status.HTTP_201_CREATED)
async def add_note(
    conversation_id: str,
    body: MessageCreate,
    agent: ConversationAgent,
    conversations: ConversationsDep,
    handling: HandlingDep,
    idempotency_key: IdempotencyKey = None,
) -> Message:
    """Keep a note that the contact never sees. A key makes it safe to call twice."""
    conversation = await conversations.lock(conversation_id)
    external_id = id_of_sending(agent, conversation_id, idempotency_key)
    return await handling.add_note(conversation, body.text, by=agent, external_id=external_id)


@router.post("/{conversation_id}/handoff", response_model=HandoffRead, dependencies=[_programs])
async def hand_off(conversation_id: str, body: HandoffCreate, conversations: ConversationsDep) -> HandoffRead:
    """Bring in a person; safe to call twice."""
    conversation = await conversations.lock(conversation_id)
    ticket = await conversations.hand_off(conversation, body.reason, detail=body.detail)
    return HandoffRead(status=conversation.status, ticket_number=ticket.number)


@router.post("/{conversation_id}/contact-detail", status_code=status.HTTP_204_NO_CONTENT, dependencies=[_programs])
async def keep_contact_detail(conversation_id: str, body: ContactDetailCreate, conversations: ConversationsDep) -> None:
    """Keep how a conversation's contact can be reached; what was known before stays, but for what they take back."""
    conversation = await conversations.lock(conversation_id)
    remember_contact_detail(conversation.contact, body.contact_detail, instead_of=body.instead_of)


@router.post("/{conversation_id}/rating", status_code=status.HTTP_204_NO_CONTENT, dependencies=[_programs])
async def rate(conversation_id: str, body: RatingCreate, conversations: ConversationsDep) -> None:
    """Store the contact's rating of the last resolution, or one that they offer; who asks thanks for it."""
    conversation = await conversations.lock(conversation_id)
    await conversations.rate(conversation, score=body.score, comment=body.comment, thank=False, offered=body.offered)


@router.post("/{conversation_id}/take", response_model=ConversationRead)
async def take(
    conversation_id: str, agent: ConversationAgent, conversations: ConversationsDep, handling: HandlingDep
) -> Conversation:
    """Take a conversation from the bot or the queue."""
    conversation = await conversations.lock(conversation_id)
    await handling.take(conversation, by=agent)
    return conversation


@router.post("/{conversation_id}/resolve", response_model=ConversationRead)
async def resolve(
    conversation_id: str, agent: ConversationAgent, conversations: ConversationsDep, handling: HandlingDep
) -> Conversation:
    """Close the matter; the contact is asked for a rating."""
    conversation = await conversations.lock(conversation_id)
    await handling.resolve(conversation, by=agent)
    return conversation


@router.post("/{conversation_id}/return-to-bot", response_model=ConversationRead)
async def return_to_bot(
    conversation_id: str, _agent: ConversationAgent, conversations: ConversationsDep, handling: HandlingDep
) -> Conversation:
    """Let the bot answer again."""
    conversation = await conversations.lock(conversation_id)
    await handling.return_to_bot(conversation)
    return conversation
