"""Tickets in SQL."""

import re
from collections.abc import Sequence

from sqlalchemy import ColumnElement, case, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, joinedload

from crm.enums import TicketStatus
from crm.models import Contact, Ticket
from crm.models.ticket import NUMBER_OFFSET
from language.normalise import normalise

_SHOWN = (joinedload(Ticket.contact), joinedload(Ticket.assignee))
UNFINISHED = (TicketStatus.new, TicketStatus.open, TicketStatus.pending, TicketStatus.on_hold)
# The assignee of what nobody has: rows begin with 1.
NOBODY = 0
_NUMBER = re.compile(r"(?:hm)?\W*(\d{1,9})", re.IGNORECASE)
# What an unfinished ticket has to meet next: the first response, then the resolution.
NEXT_DUE = case(
    (Ticket.first_responded_at.is_(None), func.coalesce(Ticket.first_response_due_at, Ticket.resolution_due_at)),
    else_=Ticket.resolution_due_at,
)


class TicketRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def get(self, ticket_id: int) -> Ticket | None:
        return await self.session.get(Ticket, ticket_id, options=_SHOWN)

    async def by_number(self, number: str) -> Ticket | None:
        """The ticket that people know by this number."""
        ticket_id = id_of(number)
        return None if ticket_id is None else await self.get(ticket_id)

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
        words: str = "",
        limit: int = 100,
        offset: int = 0,
        by_due: bool = False,
    ) -> Sequence[Ticket]:
        """Tickets in these states (all, when none is named), latest first or the most overdue first.

        `assignee_id` may be NOBODY; each of the words is in the subject or a name or address of the contact, or is the
        ticket's number.
        """
        wanted = _are(statuses, assignee_id, words)
        statement = select(Ticket).where(*wanted).options(*_SHOWN).limit(limit).offset(offset)
        if by_due:
            statement = statement.order_by(NEXT_DUE.nulls_last())
        return (await self.session.scalars(statement.order_by(Ticket.id.desc()))).all()

    async def count(
        self, *, statuses: Sequence[TicketStatus] = (), assignee_id: int | None = None, words: str = ""
    ) -> int:
        """How many of these there are."""
        statement = select(func.count()).select_from(Ticket).where(*_are(statuses, assignee_id, words))
        return await self.session.scalar(statement) or 0


def id_of(number: str) -> int | None:
    """The id behind a number as people write it (`HM-1042`, `1042`); none where it is no ticket's number."""
    match = _NUMBER.fullmatch(number.strip())
    return int(match[1]) - NUMBER_OFFSET if match else None


def _are(statuses: Sequence[TicketStatus], assignee_id: int | None, words: str) -> list[ColumnElement[bool]]:
    conditions = [_speaks_of(word) for word in normalise(words).split()]
    if statuses:
        conditions.append(Ticket.status.in_(statuses))
    if assignee_id == NOBODY:
        conditions.append(Ticket.assignee_id.is_(None))
    elif assignee_id is not None:
        conditions.append(Ticket.assignee_id == assignee_id)
    return conditions


def _speaks_of(word: str) -> ColumnElement[bool]:
    """Whether this normalised word is somewhere in a ticket; what is stored is as somebody wrote it."""
    of_contact = exists().where(Contact.id == Ticket.contact_id, Contact.findable.contains(word, autoescape=True))
    found = or_(_holds(Ticket.subject, word), of_contact)
    number = id_of(word)
    return found if number is None else or_(found, Ticket.id == number)


def _holds(column: ColumnElement[str] | InstrumentedAttribute[str], word: str) -> ColumnElement[bool]:
    persian = func.replace(func.replace(func.lower(column), "ي", "ی"), "ك", "ک")
    return persian.contains(word, autoescape=True)
