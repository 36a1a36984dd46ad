"""What a channel's connector may ask about a contact's conversation, by the contact's address in an inbox."""

from core.unit_of_work import UnitOfWork
from crm.conversations.ports import Button
from crm.conversations.service import LANGUAGES
from crm.conversations.turns import OpenService
from crm.models import Conversation, Message


class Threads:
    """Lookups and small settings for connectors, each in a transaction of its own."""

    def __init__(self, work: UnitOfWork, *, open_service: OpenService) -> None:
        self.work = work
        self.open_service = open_service

    async def find_button(
        self, inbox_id: int, contact_external_id: str, message_id: int, index: int
    ) -> Button | None:
        """A button of a stored message; `None` when there is none, or the message is another contact's."""
        async with self.work.reading() as session:
            conversation = await self.open_service(session).of_contact(inbox_id, contact_external_id)
            message = await session.get(Message, message_id)
        if conversation is None or message is None or message.conversation_id != conversation.id:
            return None
        if not 0 <= index < len(message.buttons):
            return None
        return Button(message.buttons[index]["title"], message.buttons[index]["payload"])

    async def language(self, inbox_id: int, contact_external_id: str) -> str | None:
        """The language the contact is answered in; `None` before their first message."""
        conversation = await self._conversation(inbox_id, contact_external_id)
        return conversation.language if conversation else None

    async def choose_language(self, inbox_id: int, contact_external_id: str, language: str) -> None:
        """Answer the contact in this language from now on."""
        if language not in LANGUAGES:
            raise ValueError(f"{language!r} is not a language we answer in")
        async with self.work.begin() as session:
            if conversation := await self.open_service(session).of_contact(inbox_id, contact_external_id):
                conversation.language = language

    async def _conversation(self, inbox_id: int, contact_external_id: str) -> Conversation | None:
        async with self.work.reading() as session:
            return await self.open_service(session).of_contact(inbox_id, contact_external_id)
