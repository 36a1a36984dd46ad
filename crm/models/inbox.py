from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.database import Base
from crm.enums import Channel, ParkedReason
from crm.models.columns import enum_column


class Inbox(Base):
    """One configured entry on a channel: a site's widget, a Telegram bot."""

    __tablename__ = "inboxes"

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[Channel] = mapped_column(enum_column(Channel))
    name: Mapped[str] = mapped_column(String(120))
    # Names the inbox in public: the widget's `data-inbox`, the path of Telegram's webhook.
    key: Mapped[str] = mapped_column(String(64), unique=True)
    # What only the connector understands; never a secret.
    config: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime]


class PollerLease(Base):
    """Which process asks an inbox's channel for messages, and until when; another may take over after that."""

    __tablename__ = "poller_leases"

    inbox_id: Mapped[int] = mapped_column(ForeignKey("inboxes.id", ondelete="CASCADE"), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64))
    leased_until: Mapped[datetime]


class ParkedUpdate(Base):
    """What came in on a channel and became nobody's message, for admins to look at; gone once it is dealt with."""

    __tablename__ = "parked_updates"
    __table_args__ = (UniqueConstraint("inbox_id", "external_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    inbox_id: Mapped[int] = mapped_column(ForeignKey("inboxes.id", ondelete="CASCADE"))
    # The channel's own id of it.
    external_id: Mapped[str] = mapped_column(String(160))
    reason: Mapped[ParkedReason] = mapped_column(enum_column(ParkedReason))
    # Who wrote what, as far as that could be read.
    sender: Mapped[str] = mapped_column(String(300), default="")
    text: Mapped[str] = mapped_column(String(300), default="")
    # All that came, where the channel gives it out only once.
    raw: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    error: Mapped[str] = mapped_column(String(200), default="")
    attempts: Mapped[int] = mapped_column(default=1)
    parked_at: Mapped[datetime]
    # Whether an admin wants it to be tried again.
    is_due: Mapped[bool] = mapped_column(default=False)

    inbox: Mapped[Inbox] = relationship(lazy="raise")
