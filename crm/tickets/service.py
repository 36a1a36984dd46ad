"""Opening, finding and working on tickets."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import Clock
from core.errors import Conflict, NotFound
from core.unit_of_work import announce
from crm.agents.permissions import require_handles_conversations
from crm.enums import Priority, TicketStatus
from crm.models import Agent, Conversation, Ticket
from crm.sla.targets import policy_for, targets
from crm.tickets.repository import TicketRepository
from language.normalise import safe_text

SUBJECT_CHARACTERS = 300
DESCRIPTION_CHARACTERS = 50_000
# The contact has answered, or the matter was not settled after all.
_AFTER_AN_ADDITION = {TicketStatus.pending: TicketStatus.open, TicketStatus.solved: TicketStatus.open}


class TicketNotFound(NotFound):
    """There is no ticket with this number, or it belongs to somebody else."""

    code = "ticket_not_found"


class TicketAlreadyClosed(Conflict):
    """A closed ticket cannot change; the contact must open a new one."""

    code = "ticket_already_closed"


class TicketFull(Conflict):
    """So much has been added to the ticket that nobody could read more."""

    code = "ticket_full"


class TicketService:
    """Tickets within the caller's transaction."""

    def __init__(self, session: AsyncSession, *, clock: Clock) -> None:
        self.session = session
        self.clock = clock
        self.tickets = TicketRepository(session)

    async def open(
        self,
        conversation: Conversation,
        *,
        subject: str,
        description: str = "",
        priority: Priority = Priority.normal,
        idempotency_key: str | None = None,
    ) -> Ticket:
        """Open a ticket for a conversation's contact; the same key again gives the same ticket."""
        if idempotency_key and (found := await self.tickets.by_idempotency_key(idempotency_key)):
            return found
        now = self.clock.now()
        due = targets(await policy_for(self.session, priority), opened_at=now)
        ticket = Ticket(
            contact=conversation.contact,
            contact_id=conversation.contact_id,
            conversation_id=conversation.id,
            subject=subject[:SUBJECT_CHARACTERS],
            description=description,
            status=TicketStatus.new,
            priority=priority,
            assignee=None,
            idempotency_key=idempotency_key,
            created_at=now,
            updated_at=now,
            first_response_due_at=due.first_response_due_at,
            resolution_due_at=due.resolution_due_at,
        )
        self.session.add(ticket)
        await self.session.flush()
        announce(self.session, "desk", {"type": "ticket", "ticket_id": ticket.id})
        return ticket

    async def find(self, number: str, *, contact_id: int | None = None) -> Ticket:
        """The ticket with a number as people write it (`HM-1042`, `1042`); only this contact's, where one is given.

        Raises:
            TicketNotFound: also for another contact's ticket, so that numbers cannot be tried out.
        """
        ticket = await self.tickets.by_number(number)
        if ticket is None or (contact_id is not None and ticket.contact_id != contact_id):
            raise TicketNotFound
        return ticket

    async def of_contact(self, contact_id: int) -> Sequence[Ticket]:
        """A contact's tickets, latest first."""
        return await self.tickets.of_contact(contact_id)

    async def change(
        self,
        ticket: Ticket,
        *,
        status: TicketStatus | None = None,
        priority: Priority | None = None,
    ) -> Ticket:
        """Change what is given and leave the rest.

        Raises:
            TicketAlreadyClosed
        """
        _require_changeable(ticket)
        if status is not None:
            ticket.status = status
            is_solved = status in (TicketStatus.solved, TicketStatus.closed)
            ticket.solved_at = (ticket.solved_at or self.clock.now()) if is_solved else None
        if priority is not None and priority is not ticket.priority:
            await self._reprioritise(ticket, priority)
        return await self._changed(ticket)

    async def assign(self, ticket: Ticket, *, to: Agent | None, by: Agent | None = None) -> Ticket:
        """Give a ticket to somebody and tell them if a colleague did so, or back to nobody; who has it may keep it.

        Raises:
            TicketAlreadyClosed, HandlesNoConversations
        """
        _require_changeable(ticket)
        assignee = await self.session.get_one(Agent, to.id) if to else None
        if assignee and assignee.id != ticket.assignee_id:
            require_handles_conversations(assignee)
            if by and by.id != assignee.id:
                about = {"ticket_number": ticket.number, "subject": ticket.subject}
                told = {"type": "ticket_assigned", "agent_id": assignee.id, "by": by.name, **about}
                announce(self.session, "desk", told)
        ticket.assignee = assignee
        ticket.assignee_id = assignee.id if assignee else None
        return await self._changed(ticket)

    async def _changed(self, ticket: Ticket) -> Ticket:
        ticket.updated_at = self.clock.now()
        await self.session.flush()
        announce(self.session, "desk", {"type": "ticket", "ticket_id": ticket.id})
        return ticket

    async def add(self, ticket: Ticket, words: str) -> Ticket:
        """Add the contact's further words; the last ones again change nothing. Who waited for them may go on.

        Raises:
            TicketAlreadyClosed, TicketFull
        """
        words = safe_text(words).strip()
        if not words or f"\n\n{ticket.description}".endswith(f"\n\n{words}"):
            return ticket
        description = f"{ticket.description}\n\n{words}".strip()
        if len(description) > DESCRIPTION_CHARACTERS:
            raise TicketFull
        await self.change(ticket, status=_AFTER_AN_ADDITION.get(ticket.status))
        ticket.description = description
        await self.session.flush()
        return ticket

    async def close(self, ticket: Ticket) -> Ticket:
        """Close a ticket for good, unless it is closed already."""
        if ticket.status is TicketStatus.closed:
            return ticket
        return await self.change(ticket, status=TicketStatus.closed)

    async def answered_by_person(self, conversation: Conversation, agent: Agent) -> None:
        """A person has answered: the first-response clocks of the conversation's tickets stop."""
        now = self.clock.now()
        for ticket in await self.tickets.unfinished_of(conversation.id):
            ticket.first_responded_at = ticket.first_responded_at or now
            if ticket.status is TicketStatus.new:
                ticket.status = TicketStatus.open
            if ticket.assignee_id is None:
                ticket.assignee_id = agent.id
            ticket.updated_at = now

    async def answered_by_contact(self, conversation_id: str) -> None:
        """The contact of this conversation has written: what waited for them may go on."""
        for ticket in await self.tickets.pending_of(conversation_id):
            await self.change(ticket, status=_AFTER_AN_ADDITION[ticket.status])

    async def solve_for(self, conversation: Conversation, *, by_id: int | None, called_for: int | None) -> None:
        """The conversation is resolved, and so are its tickets, but for those on hold and those of others.

        `called_for` is the id of the ticket that people were called for, which is solved whoever has it.
        """
        for ticket in await self.tickets.unfinished_of(conversation.id):
            is_theirs = ticket.assignee_id in (None, by_id) or ticket.id == called_for
            if is_theirs and ticket.status is not TicketStatus.on_hold:
                await self.change(ticket, status=TicketStatus.solved)

    async def _reprioritise(self, ticket: Ticket, priority: Priority) -> None:
        due = targets(await policy_for(self.session, priority), opened_at=ticket.created_at)
        ticket.priority = priority
        ticket.first_response_due_at = due.first_response_due_at
        ticket.resolution_due_at = due.resolution_due_at


def _require_changeable(ticket: Ticket) -> None:
    if ticket.status is TicketStatus.closed:
        raise TicketAlreadyClosed
