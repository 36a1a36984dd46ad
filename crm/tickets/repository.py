"""Tickets in SQL."""

import re
from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, case, exists, false, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from crm.contacts.phones import dialled_digits
from crm.enums import TicketStatus
from crm.models import Contact, Ticket
from crm.models.ticket import NUMBER_OFFSET
from language.normalise import normalise

_SHOWN = (joinedload(Ticket.contact), joinedload(Ticket.assignee))
UNFINISHED = (TicketStatus.new, TicketStatus.open, TicketStatus.pending, TicketStatus.on_hold)
# Where the contact or somebody else has to do something first.
PAUSED = (TicketStatus.pending, TicketStatus.on_hold)
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

    async def pending_of(self, conversation_id: str) -> Sequence[Ticket]:
        """The tickets of a conversation that wait for the contact; nobody else changes them meanwhile."""
        statement = (
            select(Ticket)
            .where(Ticket.conversation_id == conversation_id, Ticket.status == TicketStatus.pending)
            .order_by(Ticket.id)
            .with_for_update(of=Ticket)
            .execution_options(populate_existing=True)
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
        number_in_any_status: bool = False,
        by_due: bool = False,
    ) -> Sequence[Ticket]:
        """Tickets in these states (all, when none is named), latest first or the most overdue first, paused ones last.

        `assignee_id` may be NOBODY; each of the words is in the subject or a name or address of the contact, or is the
        ticket's number. Where all of them are a ticket's number, that one comes first, if wished in whatever state.
        """
        wanted = _are(statuses, assignee_id, words, number_in_any_status=number_in_any_status)
        statement = select(Ticket).where(*wanted).options(*_SHOWN).limit(limit).offset(offset)
        if id_of(normalise(words)) is not None:
            statement = statement.order_by(_has_number(words).desc())
        if by_due:
            statement = statement.order_by(case((Ticket.status.in_(PAUSED), None), else_=NEXT_DUE).nulls_last())
        return (await self.session.scalars(statement.order_by(Ticket.id.desc()))).all()

    async def count(
        self,
        *,
        statuses: Sequence[TicketStatus] = (),
        assignee_id: int | None = None,
        words: str = "",
        number_in_any_status: bool = False,
    ) -> int:
        """How many of these there are."""
        wanted = _are(statuses, assignee_id, words, number_in_any_status=number_in_any_status)
        return await self.session.scalar(select(func.count()).select_from(Ticket).where(*wanted)) or 0


def id_of(number: str) -> int | None:
    """The id behind a number as people write it (`HM-1042`, `1042`); none where it is no ticket's number."""
    match = _NUMBER.fullmatch(number.strip())
    return int(match[1]) - NUMBER_OFFSET if match else None


def _are(
    statuses: Sequence[TicketStatus], assignee_id: int | None, words: str, *, number_in_any_status: bool
) -> list[ColumnElement[bool]]:
    has_number = _has_number(words)
    conditions = [or_(has_number, _speaks_of(words))] if words.strip() else []
    if statuses:
        in_status = Ticket.status.in_(statuses)
        conditions.append(or_(in_status, has_number) if number_in_any_status else in_status)
    if assignee_id == NOBODY:
        conditions.append(Ticket.assignee_id.is_(None))
    elif assignee_id is not None:
        conditions.append(Ticket.assignee_id == assignee_id)
    return conditions


def _has_number(words: str) -> ColumnElement[bool]:
    """Whether these words, as they are, are a ticket's number."""
    number = id_of(normalise(words))
    return false() if number is None else Ticket.id == number


def _speaks_of(words: str) -> ColumnElement[bool]:
    """Whether each of these words is somewhere in a ticket, or all of them are its contact's phone number."""
    spoken = and_(true(), *map(_has, normalise(words).split()))
    digits = dialled_digits(words)
    return or_(spoken, _is_known(digits)) if digits else spoken


def _has(word: str) -> ColumnElement[bool]:
    return or_(Ticket.findable.contains(word, autoescape=True), _is_known(word), _has_number(word))


def _is_known(word: str) -> ColumnElement[bool]:
    return exists().where(Contact.id == Ticket.contact_id, Contact.findable.contains(word, autoescape=True))
