from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from core.http import RowId
from crm.enums import Priority, TicketStatus


class TicketDetails(BaseModel):
    """What the contact has mentioned and an agent would ask for; an amount ends with its currency."""

    order_number: Annotated[str, Field(max_length=64)] | None = None
    amount: Annotated[str, Field(pattern=r"^[\d.,]{1,32} (toman|rial|dollar|euro|pound)$")] | None = None
    date: Annotated[str, Field(max_length=64)] | None = None
    product: Annotated[str, Field(max_length=200)] | None = None
    # What the contact set right in the description afterwards, a line for each time.
    correction: Annotated[str, Field(max_length=4_000)] | None = None


class TicketCreate(BaseModel):
    conversation_id: str
    subject: Annotated[str, Field(min_length=1, max_length=300)]
    description: Annotated[str, Field(max_length=10_000)] = ""
    # An e-mail address or a phone number by which the contact can be reached.
    contact_detail: Annotated[str, Field(max_length=254)] | None = None
    details: TicketDetails = TicketDetails()
    priority: Priority = Priority.normal
    idempotency_key: Annotated[str, Field(min_length=1, max_length=160)]


class TicketUpdate(BaseModel):
    """Only what is given changes."""

    status: TicketStatus | None = None
    priority: Priority | None = None
    assignee_id: RowId | None = None


class TicketAddition(BaseModel):
    """More of the contact's words on a ticket of theirs."""

    conversation_id: str
    text: Annotated[str, Field(min_length=1, max_length=4_000)]


class TicketClosure(BaseModel):
    """The contact has no more need of a ticket of theirs."""

    conversation_id: str


class TicketRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    number: str
    conversation_id: str | None
    subject: str
    description: str
    status: TicketStatus
    priority: Priority
    assignee_id: int | None
    created_at: datetime
    updated_at: datetime
    first_response_due_at: datetime | None
    resolution_due_at: datetime | None
    first_responded_at: datetime | None
    solved_at: datetime | None
