"""The door through which every contact's message comes in, whatever the channel."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from core.unit_of_work import UnitOfWork
from crm.conversations.contents import checked_text
from crm.conversations.gathering import Gathering
from crm.conversations.ports import IncomingMessage
from crm.conversations.service import Received
from crm.conversations.turns import OpenService
from crm.models import Rating


class Intake:
    """Stores what contacts send; when a call returns, it is committed and the bot is awake."""

    def __init__(self, work: UnitOfWork, *, open_service: OpenService, wake: Callable[[str], None]) -> None:
        self.work = work
        self.open_service = open_service
        self.wake = wake
        self._gathering = Gathering(self._store_together, self._store_alone)

    @property
    def is_crowded(self) -> bool:
        """Whether messages come faster than they are stored one by one."""
        return self._gathering.is_crowded

    async def receive(self, incoming: IncomingMessage) -> Received:
        """Store a message, once however often it comes.

        Raises:
            MessageEmpty, MessageTooLong, FileEmpty, FileTooLarge
        """
        # Who is refused should not have cost the others their transaction.
        checked_text(incoming.text)
        received = await self._gathering.add(incoming)
        self.wake(received.conversation.id)
        return received

    async def has(self, incoming: IncomingMessage) -> bool:
        """Whether this very message is stored already."""
        async with self.work.reading() as session:
            conversations = self.open_service(session).conversations
            return await conversations.message_by_external_id(incoming.inbox_id, incoming.external_id) is not None

    async def correct(self, inbox_id: int, external_id: str, text: str, *, at: datetime) -> bool:
        """Keep a contact's new wording of a message; false when the message was never stored.

        Raises:
            MessageEmpty, MessageTooLong
        """
        async with self.work.begin() as session:
            return await self.open_service(session).correct(inbox_id, external_id, text, at=at)

    async def choose_language(self, inbox_id: int, contact_external_id: str, language: str, contact_name: str) -> None:
        """Answer the contact at this address in this language from now on."""
        try:
            await self._choose_language(inbox_id, contact_external_id, language, contact_name)
        except IntegrityError:
            # The contact was made at the same moment through another process.
            await self._choose_language(inbox_id, contact_external_id, language, contact_name)

    async def rate(self, inbox_id: int, contact_external_id: str, score: int, comment: str = "") -> Rating | None:
        """Store a rating of the conversation with this address; `None` when there is no conversation.

        Raises:
            RatingNotAsked
        """
        async with self.work.begin() as session:
            service = self.open_service(session)
            conversation = await service.of_contact(inbox_id, contact_external_id, lock=True)
            return await service.rate(conversation, score=score, comment=comment) if conversation else None

    async def typing(self, inbox_id: int, contact_external_id: str, *, on: bool) -> None:
        """Tell the desk that the contact is writing; kept nowhere."""
        async with self.work.reading() as session:
            conversation = await self.open_service(session).of_contact(inbox_id, contact_external_id)
        if conversation:
            event = {"type": "typing", "conversation_id": conversation.id, "on": on}
            await self.work.events.publish("desk", event)

    async def seen(self, inbox_id: int, contact_external_id: str, sequence: int) -> None:
        """The contact's screen has shown the messages up to this one."""
        async with self.work.begin() as session:
            service = self.open_service(session)
            if conversation := await service.of_contact(inbox_id, contact_external_id, lock=True):
                await service.seen(conversation, sequence)

    async def got(self, inbox_id: int, contact_external_id: str, sequence: int) -> None:
        """The messages up to this one have reached the contact's device."""
        async with self.work.begin() as session:
            service = self.open_service(session)
            if conversation := await service.of_contact(inbox_id, contact_external_id, lock=True):
                await service.got(conversation, sequence)

    async def _store_together(self, several: Sequence[IncomingMessage]) -> list[Received]:
        """Messages without files, in one transaction; what is received is in the same order."""
        by_inbox: defaultdict[int, list[IncomingMessage]] = defaultdict(list)
        for incoming in several:
            by_inbox[incoming.inbox_id].append(incoming)
        async with self.work.begin(first=True) as session:
            service = self.open_service(session)
            received = {
                inbox_id: iter(await service.receive_together(inbox_id, those)) for inbox_id, those in by_inbox.items()
            }
        return [next(received[incoming.inbox_id]) for incoming in several]

    async def _store_alone(self, incoming: IncomingMessage) -> Received:
        try:
            return await self._store(incoming)
        except IntegrityError:
            # The same message, or the contact's first, came at the same moment through another process.
            return await self._store(incoming)

    async def _store(self, incoming: IncomingMessage) -> Received:
        async with self.work.begin(first=True) as session:
            return await self.open_service(session).receive(incoming)

    async def _choose_language(self, inbox_id: int, contact_external_id: str, language: str, contact_name: str) -> None:
        async with self.work.begin() as session:
            service = self.open_service(session)
            await service.choose_language(inbox_id, contact_external_id, language, contact_name=contact_name)
