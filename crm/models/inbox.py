from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base
from crm.enums import Channel
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
