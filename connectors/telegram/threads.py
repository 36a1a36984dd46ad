"""Contacts' conversations as the database has them."""

from sqlalchemy import Select, select

from connectors.telegram.ports import Button
from core.unit_of_work import UnitOfWork
from crm.models import ContactIdentity, Conversation, Message


class StoredThreads:
    """The `Threads` of the connector, each question in a transaction of its own."""

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self._unit_of_work = unit_of_work

    async def find_button(self, inbox_id: int, contact_external_id: str, message_id: int, index: int) -> Button | None:
        """The button of a message in the contact's own conversation."""
        own = _conversation_of(inbox_id, contact_external_id).with_only_columns(Conversation.id)
        statement = select(Message.buttons).where(Message.id == message_id, Message.conversation_id.in_(own))
        async with self._unit_of_work.reading() as session:
            buttons = (await session.scalars(statement)).one_or_none() or []
        return Button(buttons[index]["title"], buttons[index]["payload"]) if index < len(buttons) else None

    async def language(self, inbox_id: int, contact_external_id: str) -> str | None:
        """The conversation's language."""
        statement = _conversation_of(inbox_id, contact_external_id).with_only_columns(Conversation.language)
        async with self._unit_of_work.reading() as session:
            return (await session.scalars(statement)).first()

    async def choose_language(self, inbox_id: int, contact_external_id: str, language: str) -> None:
        """Set the conversation's language; before the first message there is none, and that message's own decides."""
        async with self._unit_of_work.begin() as session:
            conversation = (await session.scalars(_conversation_of(inbox_id, contact_external_id))).first()
            if conversation:
                conversation.language = language


def _conversation_of(inbox_id: int, contact_external_id: str) -> Select[Conversation]:
    return (
        select(Conversation)
        .join(ContactIdentity, ContactIdentity.id == Conversation.identity_id)
        .where(ContactIdentity.inbox_id == inbox_id, ContactIdentity.external_id == contact_external_id)
        .order_by(Conversation.created_at.desc())
    )
