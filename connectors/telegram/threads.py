"""Contacts' conversations as the database has them."""

from datetime import datetime

from sqlalchemy import Select, func, select

from connectors.telegram.ports import Button
from core.unit_of_work import UnitOfWork
from crm.conversations.intake import Intake
from crm.models import ContactIdentity, Conversation, Message


class StoredThreads:
    """The `Threads` of the connector, each question in a transaction of its own."""

    def __init__(self, unit_of_work: UnitOfWork, intake: Intake) -> None:
        self._unit_of_work = unit_of_work
        self._intake = intake

    async def find_button(self, inbox_id: int, contact_external_id: str, message_id: int, index: int) -> Button | None:
        """The button of a message in the contact's own conversation."""
        own = _conversation_of(inbox_id, contact_external_id).with_only_columns(Conversation.id)
        statement = select(Message.buttons).where(Message.id == message_id, Message.conversation_id.in_(own))
        async with self._unit_of_work.reading() as session:
            buttons = (await session.scalars(statement)).one_or_none() or []
        return Button(buttons[index]["title"], buttons[index]["payload"]) if index < len(buttons) else None

    async def language(self, inbox_id: int, contact_external_id: str) -> str | None:
        """The language they chose, or else the conversation's."""
        statement = (
            select(func.coalesce(ContactIdentity.chosen_language, Conversation.language))
            .outerjoin(Conversation, Conversation.identity_id == ContactIdentity.id)
            .where(ContactIdentity.inbox_id == inbox_id, ContactIdentity.external_id == contact_external_id)
        )
        async with self._unit_of_work.reading() as session:
            return (await session.scalars(statement)).one_or_none()

    async def choose_language(
        self, inbox_id: int, contact_external_id: str, language: str, *, contact_name: str
    ) -> None:
        """Set the contact's language, which holds until they choose another."""
        await self._intake.choose_language(inbox_id, contact_external_id, language, contact_name)

    async def correct(self, inbox_id: int, external_id: str, text: str, *, at: datetime) -> bool:
        """Keep the new words beside the message's first ones."""
        return await self._intake.correct(inbox_id, external_id, text, at=at)


def _conversation_of(inbox_id: int, contact_external_id: str) -> Select[Conversation]:
    return (
        select(Conversation)
        .join(ContactIdentity, ContactIdentity.id == Conversation.identity_id)
        .where(ContactIdentity.inbox_id == inbox_id, ContactIdentity.external_id == contact_external_id)
    )
