from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.database import Base
from crm.enums import Author, MessageKind, Outcome, TurnState
from crm.models.agent import Agent
from crm.models.attachment import Attachment
from crm.models.columns import enum_column
from crm.models.email import EmailOriginal
from crm.models.sending import Sending


class Message(Base):
    """One entry of a conversation, in the words in which it was written."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("conversation_id", "sequence"),
        # A channel may deliver the same message many times; it is stored once.
        UniqueConstraint("inbox_id", "external_id"),
        Index(
            "ix_messages_pending",
            "conversation_id",
            sqlite_where=text("turn = 'pending'"),
            postgresql_where=text("turn = 'pending'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    inbox_id: Mapped[int] = mapped_column(ForeignKey("inboxes.id"))
    sequence: Mapped[int]
    # The channel's own id of an incoming message (the widget's client id, Telegram's chat and message id).
    external_id: Mapped[str | None] = mapped_column(String(160))
    author: Mapped[Author] = mapped_column(enum_column(Author))
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id", ondelete="SET NULL"))
    kind: Mapped[MessageKind] = mapped_column(enum_column(MessageKind), default=MessageKind.text)
    text: Mapped[str] = mapped_column(Text)
    # The name of the response whose words these are, where the product speaks for itself.
    response: Mapped[str | None] = mapped_column(String(64))
    # What a pressed button stands for, such as /read_article{"article_id": "12"}; the text is its title.
    payload: Mapped[str | None] = mapped_column(Text)
    # [{"title", "payload"}] to choose from, and [{"title", "url"}] to read.
    buttons: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    articles: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    created_at: Mapped[datetime]

    # Of contacts' messages only: how they worded it later, how far the turn is, and what was read from the text.
    corrected_text: Mapped[str | None] = mapped_column(Text)
    corrected_at: Mapped[datetime | None]
    turn: Mapped[TurnState | None] = mapped_column(enum_column(TurnState))
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(String(200))
    outcome: Mapped[Outcome | None] = mapped_column(enum_column(Outcome))
    intent: Mapped[str | None] = mapped_column(String(64))
    # What it would have been where the bot was too unsure of it, and how sure it was of that.
    likeliest_intent: Mapped[str | None] = mapped_column(String(64))
    intent_confidence: Mapped[float | None]
    language: Mapped[str | None] = mapped_column(String(8))
    sentiment: Mapped[str | None] = mapped_column(String(16))
    sentiment_score: Mapped[float | None]
    signals: Mapped[list[str]] = mapped_column(JSON, default=list)
    # float32, little-endian; compared with the contact's next messages to hear a repeated question.
    vector: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    # The fingerprint of the encoder that made the vector; those of another are not compared with it.
    encoder: Mapped[str | None] = mapped_column(String(80))

    # Written by its id, as a conversation's are.
    agent: Mapped[Agent | None] = relationship(lazy="raise", viewonly=True)
    attachment: Mapped[Attachment | None] = relationship(lazy="raise")
    email_original: Mapped[EmailOriginal | None] = relationship(lazy="raise", viewonly=True)

    @property
    def latest_text(self) -> str:
        """The words that the writer wants to be read."""
        return self.text if self.corrected_text is None else self.corrected_text

    @property
    def agent_name(self) -> str | None:
        """Who of us says this; of a rating request that is nobody, though it is kept whom the rating is of."""
        return self.agent.name if self.author is Author.agent and self.agent else None


class FindableMessage(Base):
    """A message's words as agents look for them, apart from the message: so all are gone through in a moment.

    By its place in the conversation, which is known before the message is stored.
    """

    __tablename__ = "findable_messages"
    __table_args__ = ({"sqlite_with_rowid": False},)

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    words: Mapped[str] = mapped_column(Text)


class Delivery(Sending, Base):
    """The outbox: one message that must still reach a channel which we have to call.

    The widget fetches its messages itself and needs none.
    """

    __tablename__ = "deliveries"
    __table_args__ = (Index("ix_deliveries_state_next_attempt_at", "state", "next_attempt_at"),)

    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)
    # Of a message that its channel takes in several calls, how many were answered before it had to wait.
    parts_sent: Mapped[int] = mapped_column(default=0, server_default="0")
    # Whether one of these may not have arrived.
    in_doubt: Mapped[bool] = mapped_column(default=False, server_default=false())

    message: Mapped[Message] = relationship(lazy="raise")
