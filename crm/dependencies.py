"""The CRM's services as endpoints get them: one a request, within its transaction."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends
from fastapi.requests import HTTPConnection
from sqlalchemy.ext.asyncio import AsyncSession

from core.http import ClockDep, ReadingSessionDep, SessionDep
from crm.agents.service import AgentService
from crm.conversations.handling import Handling
from crm.conversations.service import ConversationService
from crm.tickets.service import TicketService

OpenConversations = Callable[[AsyncSession], ConversationService]


async def _open_conversations(connection: HTTPConnection) -> OpenConversations:
    opener: OpenConversations = connection.app.state.open_conversations
    return opener


OpenConversationsDep = Annotated[OpenConversations, Depends(_open_conversations)]


async def get_conversations(opener: OpenConversationsDep, session: SessionDep) -> ConversationService:
    return opener(session)


async def get_conversations_for_reading(
    opener: OpenConversationsDep, session: ReadingSessionDep
) -> ConversationService:
    return opener(session)


async def get_handling(conversations: Annotated[ConversationService, Depends(get_conversations)]) -> Handling:
    return Handling(conversations)


async def get_tickets(session: SessionDep, clock: ClockDep) -> TicketService:
    return TicketService(session, clock=clock)


async def get_tickets_for_reading(session: ReadingSessionDep, clock: ClockDep) -> TicketService:
    return TicketService(session, clock=clock)


async def get_agents(session: SessionDep, clock: ClockDep) -> AgentService:
    return AgentService(session, clock=clock)


async def get_agents_for_reading(session: ReadingSessionDep, clock: ClockDep) -> AgentService:
    return AgentService(session, clock=clock)


ConversationsDep = Annotated[ConversationService, Depends(get_conversations)]
ConversationsReadDep = Annotated[ConversationService, Depends(get_conversations_for_reading)]
HandlingDep = Annotated[Handling, Depends(get_handling)]
TicketsDep = Annotated[TicketService, Depends(get_tickets)]
TicketsReadDep = Annotated[TicketService, Depends(get_tickets_for_reading)]
AgentsReadDep = Annotated[AgentService, Depends(get_agents_for_reading)]
AgentsDep = Annotated[AgentService, Depends(get_agents)]
