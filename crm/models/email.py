from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base


class EmailThread(Base):
    """One thread of mails with one address: its conversation is that of the identity.

    Somebody who writes about two matters has two identities, and is one contact.
    """

    __tablename__ = "email_threads"
    __table_args__ = (Index("ix_email_threads_inbox_id_address", "inbox_id", "address"),)

    identity_id: Mapped[int] = mapped_column(ForeignKey("contact_identities.id", ondelete="CASCADE"), primary_key=True)
    inbox_id: Mapped[int] = mapped_column(ForeignKey("inboxes.id", ondelete="CASCADE"))
    # Lower case; where every answer goes, whatever Reply-To says.
    address: Mapped[str] = mapped_column(String(254))
    # As its first mail had it, and what is the same in all of the thread's mails.
    subject: Mapped[str] = mapped_column(String(300), default="")
    subject_key: Mapped[str] = mapped_column(String(120), default="")


class EmailOriginal(Base):
    """All that a mail said, where its message holds less: quotes, signature and what was too long."""

    __tablename__ = "email_originals"

    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True)
    text: Mapped[str] = mapped_column(Text, deferred=True)
