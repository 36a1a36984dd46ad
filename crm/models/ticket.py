from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, event
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.database import Base
from crm.enums import Priority, TicketStatus
from crm.models.agent import Agent
from crm.models.columns import enum_column
from crm.models.contact import Contact
from language.normalise import joined_form


class SlaPolicy(Base):
    """How soon tickets of one priority are to be answered and solved."""

    __tablename__ = "sla_policies"

    priority: Mapped[Priority] = mapped_column(enum_column(Priority), primary_key=True)
    first_response_minutes: Mapped[int]
    next_response_minutes: Mapped[int]
    resolution_minutes: Mapped[int]


class Ticket(Base):
    """Promised work: it has a number that the contact can quote."""

    __tablename__ = "tickets"
    __table_args__ = (Index("ix_tickets_status_created_at", "status", "created_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), index=True)
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversations.id", ondelete="SET NULL"), index=True)
    subject: Mapped[str] = mapped_column(String(300))
    # The subject as agents look for it; written whenever the ticket is.
    findable: Mapped[str] = mapped_column(Text, default="", server_default="", deferred=True)
    description: Mapped[str] = mapped_column(Text, default="")
    status: Mapped[TicketStatus] = mapped_column(enum_column(TicketStatus))
    priority: Mapped[Priority] = mapped_column(enum_column(Priority))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id", ondelete="SET NULL"), index=True)
    # The same request twice opens one ticket.
    idempotency_key: Mapped[str | None] = mapped_column(String(160), unique=True)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    first_response_due_at: Mapped[datetime | None]
    resolution_due_at: Mapped[datetime | None]
    first_responded_at: Mapped[datetime | None]
    solved_at: Mapped[datetime | None]

    contact: Mapped[Contact] = relationship(lazy="raise")
    assignee: Mapped[Agent | None] = relationship(lazy="raise")

    @property
    def number(self) -> str:
        """The ticket's name among people, such as HM-1042."""
        return f"{NUMBER_PREFIX}{self.id + NUMBER_OFFSET}"


def findable_ticket(subject: str) -> str:
    """What a ticket is about as agents look for it."""
    return joined_form(subject)


@event.listens_for(Ticket, "before_insert")
@event.listens_for(Ticket, "before_update")
def _make_findable(_mapper: Any, _connection: Any, ticket: Ticket) -> None:
    ticket.findable = findable_ticket(ticket.subject or "")


NUMBER_PREFIX = "HM-"
# The first ticket is HM-1001: four digits look alike in a list and are easy to say on the telephone.
NUMBER_OFFSET = 1000
