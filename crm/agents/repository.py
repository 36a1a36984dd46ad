"""People who work here, in SQL."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from crm.agents.permissions import handles_conversations
from crm.conversations.transitions import WITH_PEOPLE
from crm.enums import Role
from crm.models import Agent, AgentSession, Conversation, Ticket
from crm.tickets.repository import UNFINISHED


class AgentRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def get(self, agent_id: int) -> Agent | None:
        return await self.session.get(Agent, agent_id)

    async def by_email(self, email: str) -> Agent | None:
        return (await self.session.scalars(select(Agent).where(Agent.email == email.strip().lower()))).one_or_none()

    async def all(self) -> Sequence[Agent]:
        """Everybody, by name."""
        return (await self.session.scalars(select(Agent).order_by(Agent.name))).all()

    async def who_may_have_work(self, *, now: int | None = None) -> list[Agent]:
        """To whom a conversation or a ticket can be given, and who has it now, by name."""
        return [person for person in await self.all() if handles_conversations(person) or person.id == now]

    async def count_active(self, role: Role) -> int:
        statement = select(func.count()).select_from(Agent).where(Agent.role == role, Agent.is_active)
        return (await self.session.scalar(statement)) or 0

    async def conversations_of(self, agent_id: int) -> Sequence[Conversation]:
        """What somebody has of the conversations with people, with their addresses; nobody changes them meanwhile."""
        statement = (
            select(Conversation)
            .where(Conversation.assignee_id == agent_id, Conversation.status.in_(WITH_PEOPLE))
            .options(joinedload(Conversation.identity))
            # In the order in which others lock them.
            .order_by(Conversation.id)
            .with_for_update(of=Conversation)
            .execution_options(populate_existing=True)
        )
        return (await self.session.scalars(statement)).all()

    async def tickets_of(self, agent_id: int) -> Sequence[Ticket]:
        """The unfinished tickets that somebody has; nobody changes them meanwhile."""
        statement = (
            select(Ticket)
            .where(Ticket.assignee_id == agent_id, Ticket.status.in_(UNFINISHED))
            .order_by(Ticket.id)
            .with_for_update(of=Ticket)
            .execution_options(populate_existing=True)
        )
        return (await self.session.scalars(statement)).all()

    async def by_session(self, token_hash: str, now: datetime) -> Agent | None:
        """Whom a sign-in that has not run out belongs to."""
        statement = (
            select(AgentSession)
            .where(AgentSession.token_hash == token_hash, AgentSession.expires_at > now)
            .options(joinedload(AgentSession.agent))
        )
        found = (await self.session.scalars(statement)).one_or_none()
        return found.agent if found and found.agent.is_active else None

    async def forget_expired_sessions(self, now: datetime) -> None:
        """Delete the sign-ins that have run out."""
        await self.session.execute(delete(AgentSession).where(AgentSession.expires_at <= now))

    async def end_sessions(self, *, token_hash: str | None = None, agent_id: int | None = None) -> None:
        """Sign out one browser, or one person everywhere."""
        statement = delete(AgentSession)
        if token_hash is not None:
            statement = statement.where(AgentSession.token_hash == token_hash)
        if agent_id is not None:
            statement = statement.where(AgentSession.agent_id == agent_id)
        if token_hash is None and agent_id is None:
            raise ValueError("say whose session ends")
        await self.session.execute(statement)
