from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.database import Base
from crm.enums import ConversationStatus, HandoffReason
from crm.models.agent import Agent
from crm.models.columns import enum_column
from crm.models.contact import Contact, ContactIdentity
from crm.models.inbox import Inbox


class Conversation(Base):
    """The live thread with one contact in one inbox.

    Its id is a random string, since it is Rasa's `sender_id` and part of links.
    """

    __tablename__ = "conversations"
    __table_args__ = (
        Index("ix_conversations_status_waiting_since", "status", "waiting_since"),
        Index("ix_conversations_updated_at", "updated_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    inbox_id: Mapped[int] = mapped_column(ForeignKey("inboxes.id"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), index=True)
    # One conversation for each address: two first messages at the same moment must not make two.
    identity_id: Mapped[int] = mapped_column(
        ForeignKey("contact_identities.id", ondelete="CASCADE"), index=True, unique=True
    )
    status: Mapped[ConversationStatus] = mapped_column(enum_column(ConversationStatus))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id", ondelete="SET NULL"), index=True)
    # The language in which the contact is answered: fa or en.
    language: Mapped[str] = mapped_column(String(8))
    # The last message's sequence number; messages count 1, 2, 3 ... within their conversation.
    last_sequence: Mapped[int] = mapped_column(default=0)
    # Up to where the contact has seen the conversation, where the channel tells.
    contact_seen_sequence: Mapped[int] = mapped_column(default=0)
    # Up to where it has reached the contact's device, and up to where a person of ours has read it.
    contact_got_sequence: Mapped[int] = mapped_column(default=0, server_default="0")
    agent_seen_sequence: Mapped[int] = mapped_column(default=0, server_default="0")
    # After which message the bot last began anew; frustration looks no further back.
    bot_since_sequence: Mapped[int] = mapped_column(default=0, server_default="0")
    frustration: Mapped[float] = mapped_column(default=0.0)
    # When the contact began to wait for a person; the queue is in this order.
    waiting_since: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    # Rasa's side of the dialogue as of the last finished turn, for the next one alone; Rasa itself keeps nothing.
    dialogue_state: Mapped[list[Any] | None] = mapped_column(JSON, deferred=True)
    # The process that is running this conversation's turn, until when; another may take over after that.
    lease_owner: Mapped[str | None] = mapped_column(String(64))
    leased_until: Mapped[datetime | None]

    # Written by their ids alone: each that is written by itself takes its time at every flush, changed or not.
    inbox: Mapped[Inbox] = relationship(lazy="raise", viewonly=True)
    contact: Mapped[Contact] = relationship(lazy="raise", viewonly=True)
    identity: Mapped[ContactIdentity] = relationship(lazy="raise", viewonly=True)
    assignee: Mapped[Agent | None] = relationship(lazy="raise", viewonly=True)


class MergedConversation(Base):
    """A conversation that has become part of another one; what links to it still leads there."""

    __tablename__ = "merged_conversations"

    # What the id of the conversation was.
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    into_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)


class Handoff(Base):
    """One bringing-in of a person, with what made it happen."""

    __tablename__ = "handoffs"

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    reason: Mapped[HandoffReason] = mapped_column(enum_column(HandoffReason))
    # [{"code": "angry_message", "sequence": 12}, ...]: written out in the reader's language where it is shown.
    causes: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    # What the contact asked for or the bot reports, in plain words.
    detail: Mapped[str] = mapped_column(Text, default="")
    frustration: Mapped[float] = mapped_column(default=0.0)
    created_at: Mapped[datetime]


class SavedHandoffPolicy(Base):
    """The handoff policy as an admin saved it; the latest is in force, the others tell what was before."""

    __tablename__ = "handoff_policies"

    id: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]


class Rating(Base):
    """A contact's CSAT for one resolution of a conversation, 1 to 5."""

    __tablename__ = "ratings"

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id", ondelete="SET NULL"))
    score: Mapped[int]
    comment: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
