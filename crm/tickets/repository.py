"""Tickets in SQL."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from crm.enums import TicketStatus
from crm.models import Ticket
from crm.models.ticket import NUMBER_OFFSET

_SHOWN = (joinedload(Ticket.contact), joinedload(Ticket.assignee))
UNFINISHED = (TicketStatus.new, TicketStatus.open, TicketStatus.pending, TicketStatus.on_hold)
# What an unfinished ticket has to meet next: the first response, then the resolution.
_NEXT_DUE = case(
    (Ticket.first_responded_at.is_(None), func.coalesce(Ticket.first_response_due_at, Ticket.resolution_due_at)),
    else_=Ticket.resolution_due_at,
)


class TicketRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def get(self, ticket_id: int) -> Ticket | None:
        return await self.session.get(Ticket, ticket_id, options=_SHOWN)

    async def by_number(self, number: int) -> Ticket | None:
        """The ticket that people know by this number, without its prefix."""
        return await self.get(number - NUMBER_OFFSET)

    async def by_idempotency_key(self, key: str) -> Ticket | None:
        statement = select(Ticket).where(Ticket.idempotency_key == key).options(*_SHOWN)
        return (await self.session.scalars(statement)).one_or_none()

    async def of_contact(self, contact_id: int, *, limit: int = 20) -> Sequence[Ticket]:
        """A contact's tickets, latest first."""
        statement = (
            select(Ticket)
            .where(Ticket.contact_id == contact_id)
            .options(*_SHOWN)
            .order_by(Ticket.id.desc())
            .limit(limit)
        )
        return (await self.session.scalars(statement)).all()

    async def unfinished_of(self, conversation_id: str) -> Sequence[Ticket]:
        """A conversation's tickets that are neither solved nor closed, latest first."""
        statement = (
            select(Ticket)
            .where(Ticket.conversation_id == conversation_id, Ticket.status.in_(UNFINISHED))
            .options(*_SHOWN)
            .order_by(Ticket.id.desc())
        )
        return (await self.session.scalars(statement)).all()

    async def unfinished_by_conversation(self, conversation_ids: Sequence[str]) -> dict[str, Ticket]:
        """The latest unfinished ticket of each of these conversations that has one."""
        statement = (
            select(Ticket)
            .where(Ticket.conversation_id.in_(conversation_ids), Ticket.status.in_(UNFINISHED))
            .order_by(Ticket.id)
        )
        return {str(ticket.conversation_id): ticket for ticket in await self.session.scalars(statement)}

    async def in_status(
        self,
        *,
        statuses: Sequence[TicketStatus] = (),
        assignee_id: int | None = None,
        limit: int = 100,
        offset: int = 0,
        by_due: bool = False,
    ) -> Sequence[Ticket]:
        """Tickets in these states (all, when none is named), latest first or the most overdue first."""
        statement = select(Ticket).where(*_are(statuses, assignee_id)).options(*_SHOWN).limit(limit).offset(offset)
        if by_due:
            statement = statement.order_by(_NEXT_DUE.nulls_last())
        return (await self.session.scalars(statement.order_by(Ticket.id.desc()))).all()

    async def count(self, *, statuses: Sequence[TicketStatus] = (), assignee_id: int | None = None) -> int:
        """How many of these there are."""
        statement = select(func.count()).select_from(Ticket).where(*_are(statuses, assignee_id))
        return await self.session.scalar(statement) or 0


def _are(statuses: Sequence[TicketStatus], assignee_id: int | None) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if statuses:
        conditions.append(Ticket.status.in_(statuses))
    if assignee_id is not None:
        conditions.append(Ticket.assignee_id == assignee_id)
    return conditions
