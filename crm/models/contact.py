import re
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, event
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.database import Base
from language.normalise import joined_form


class Contact(Base):
    """A person who writes to us."""

    __tablename__ = "contacts"

    id: Mapped[int] = mapped_column(primary_key=True)
    # What they told us; empty for a visitor who has not said.
    name: Mapped[str] = mapped_column(String(200), default="")
    email: Mapped[str] = mapped_column(String(254), default="", index=True)
    phone: Mapped[str] = mapped_column(String(32), default="", index=True)
    # All this as agents look for it; written whenever the contact is.
    findable: Mapped[str] = mapped_column(Text, default="", server_default="", deferred=True)
    created_at: Mapped[datetime]


def findable_contact(name: str, email: str, phone: str) -> str:
    """What is known of a contact as agents look for it; the phone number also as bare digits."""
    return joined_form(f"{name} {email} {phone} {re.sub(r'[^0-9]', '', joined_form(phone))}")


@event.listens_for(Contact, "before_insert")
@event.listens_for(Contact, "before_update")
def _make_findable(_mapper: Any, _connection: Any, contact: Contact) -> None:
    contact.findable = findable_contact(contact.name or "", contact.email or "", contact.phone or "")


class ContactIdentity(Base):
    """One address of a contact in one inbox: a visitor's id, a Telegram chat."""

    __tablename__ = "contact_identities"
    __table_args__ = (UniqueConstraint("inbox_id", "external_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), index=True)
    inbox_id: Mapped[int] = mapped_column(ForeignKey("inboxes.id", ondelete="CASCADE"))
    external_id: Mapped[str] = mapped_column(String(128))
    # The language they asked to be answered in, which counts before the one they write in.
    chosen_language: Mapped[str | None] = mapped_column(String(8))
    # When they filled in the form before the first message, where an inbox has one; after that only a new sentence to
    # agree to is asked for.
    introduced_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    contact: Mapped[Contact] = relationship(lazy="raise")


class Consent(Base):
    """What a contact agreed to, in the words that they were shown."""

    __tablename__ = "consents"

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), index=True)
    wording: Mapped[str] = mapped_column(Text)
    privacy_url: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime]
