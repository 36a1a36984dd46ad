from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base
from crm.models.sending import Sending


class TelegramBot(Base):
    """The bot of an inbox, as an admin connected it at the desk; that of the settings has no row."""

    __tablename__ = "telegram_bots"

    inbox_id: Mapped[int] = mapped_column(ForeignKey("inboxes.id", ondelete="CASCADE"), primary_key=True)
    # Telegram's own number of the bot, which its token begins with; no bot serves two inboxes.
    number: Mapped[int] = mapped_column(BigInteger, unique=True)
    username: Mapped[str] = mapped_column(String(64))
    # Of use only to who has SECRET_KEY.
    sealed_token: Mapped[str] = mapped_column(Text)


class PollerOffset(Base):
    """Up to where an inbox's bot has dealt with its updates, where it asks for them."""

    __tablename__ = "poller_offsets"

    inbox_id: Mapped[int] = mapped_column(ForeignKey("inboxes.id", ondelete="CASCADE"), primary_key=True)
    # Each bot's updates are counted apart.
    bot_number: Mapped[int] = mapped_column(BigInteger)
    next_update_id: Mapped[int] = mapped_column(BigInteger)
    saved_at: Mapped[datetime]


class TelegramGroup(Base):
    """The agents' group of an inbox, where its bot tells of handoffs."""

    __tablename__ = "telegram_groups"

    inbox_id: Mapped[int] = mapped_column(ForeignKey("inboxes.id", ondelete="CASCADE"), primary_key=True)
    chat_id: Mapped[int] = mapped_column(BigInteger)
    title: Mapped[str] = mapped_column(String(200), default="")
    # Of whoever paired it.
    language: Mapped[str] = mapped_column(String(8))
    # Whether it is told of every inbox's handoffs, or of its own inbox's alone.
    hears_all: Mapped[bool] = mapped_column(default=True)
    paired_at: Mapped[datetime]


class TelegramAccount(Base):
    """An agent's own Telegram account: what it writes in an agents' group is theirs."""

    __tablename__ = "telegram_accounts"

    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    linked_at: Mapped[datetime]


class PairingCode(Base):
    """A code that was shown at the desk and is sent to a bot, once, to pair a group or an agent's account."""

    __tablename__ = "pairing_codes"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id", ondelete="CASCADE"), index=True)
    # The inbox whose group it pairs; an agent's account where there is none.
    inbox_id: Mapped[int | None] = mapped_column(ForeignKey("inboxes.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime]
    # The message that it came in: Telegram may deliver that one again.
    used_in: Mapped[str | None] = mapped_column(String(64))


class HandoffAlert(Sending, Base):
    """What an agents' group is told of one handoff; a row of the outbox as deliveries are."""

    __tablename__ = "handoff_alerts"
    __table_args__ = (
        Index("ix_handoff_alerts_state_next_attempt_at", "state", "next_attempt_at"),
        Index("ix_handoff_alerts_inbox_id_external_id", "inbox_id", "external_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    # Whose bot tells it, in its group.
    inbox_id: Mapped[int] = mapped_column(ForeignKey("inboxes.id", ondelete="CASCADE"))
    handoff_id: Mapped[int] = mapped_column(ForeignKey("handoffs.id", ondelete="CASCADE"), index=True)


class TelegramNotice(Sending, Base):
    """What a bot says by itself in a chat, outside of any conversation; a row of the outbox as deliveries are."""

    __tablename__ = "telegram_notices"
    __table_args__ = (
        UniqueConstraint("inbox_id", "cause"),
        Index("ix_telegram_notices_state_next_attempt_at", "state", "next_attempt_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    inbox_id: Mapped[int] = mapped_column(ForeignKey("inboxes.id", ondelete="CASCADE"))
    chat: Mapped[str] = mapped_column(String(32))
    # What it answers: Telegram may bring that again.
    cause: Mapped[str] = mapped_column(String(160))
    text: Mapped[str] = mapped_column(Text)
    # As Telegram has it.
    keyboard: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    # The number of the message that it is the reply to.
    answers: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
