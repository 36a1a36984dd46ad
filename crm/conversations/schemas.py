from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from crm.enums import Author, ConversationStatus, HandoffReason, MessageKind, Outcome


class MessageRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    sequence: int
    author: Author
    agent_id: int | None
    kind: MessageKind
    text: str
    buttons: list[dict[str, str]]
    articles: list[dict[str, Any]]
    language: str | None
    sentiment: str | None
    sentiment_score: float | None
    outcome: Outcome | None
    created_at: datetime


class ContactRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    email: str
    phone: str


class ConversationRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: str
    status: ConversationStatus
    language: str
    frustration: float
    assignee_id: int | None
    contact: ContactRead
    waiting_since: datetime | None
    created_at: datetime
    updated_at: datetime


class MessageCreate(BaseModel):
    # The service refuses what is empty or too long, so that every door gives the same error.
    text: str


class HandoffCreate(BaseModel):
    reason: HandoffReason
    detail: Annotated[str, Field(max_length=2000)] = ""


class HandoffRead(BaseModel):
    status: ConversationStatus
    ticket_number: str


class ContactDetailCreate(BaseModel):
    """An e-mail address or a phone number by which the contact can be reached."""

    contact_detail: Annotated[str, Field(min_length=1, max_length=254)]
    # What the contact gave before and takes back.
    instead_of: Annotated[str, Field(max_length=254)] = ""


class RatingCreate(BaseModel):
    score: Annotated[int, Field(ge=1, le=5)]
    comment: Annotated[str, Field(max_length=2000)] = ""
    # Whether the contact wants to rate though nobody has asked them.
    offered: bool = False
