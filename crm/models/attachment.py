from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base
from crm.enums import AttachmentKind, AttachmentState
from crm.models.columns import enum_column


class Attachment(Base):
    """The file of one message.

    Its bytes are in the database: stored by the transaction that says so, there for every app process, and part of
    every backup.
    """

    __tablename__ = "attachments"
    __table_args__ = (
        Index(
            "ix_attachments_waiting",
            "next_attempt_at",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), unique=True)
    kind: Mapped[AttachmentKind] = mapped_column(enum_column(AttachmentKind))
    # As its sender named it, made fit to be shown; empty where it came without a name.
    name: Mapped[str] = mapped_column(String(200), default="")
    state: Mapped[AttachmentState] = mapped_column(enum_column(AttachmentState))
    # What the channel gives it out for, while it waits there.
    source: Mapped[str | None] = mapped_column(String(300))
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime]

    # Of a stored one: what its bytes show it to be, whatever its sender says.
    content_type: Mapped[str | None] = mapped_column(String(64))
    size: Mapped[int | None]
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
