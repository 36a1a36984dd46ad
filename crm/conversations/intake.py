"""The door through which every contact's message comes in, whatever the channel."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from core.unit_of_work import UnitOfWork
from crm.conversations.contents import checked_text
from crm.conversations.crowd import Crowd
from crm.conversations.gathering import Gathering
from crm.conversations.ports import IncomingMessage
from crm.conversations.reception import FILES_PER_DAY, Received, Reception
from crm.conversations.service import OpenService
from crm.models import Rating


class Intake:
    """Stores what contacts send; when a call returns, it is committed and the bot is awake."""

    def __init__(
        self,
        work: UnitOfWork,
        *,
        open_service: OpenService,
        wake: Callable[[str], None],
        files_per_day: int = FILES_PER_DAY,
        crowd: Crowd | None = None,
    ) -> None:
        self.work = work
        self.open_service = open_service
        self.wake = wake
        self.files_per_day = files_per_day
        self.crowd = crowd or Crowd()
        self._gathering = Gathering(self._store_together, self._store_alone)

    async def receive(self, incoming: IncomingMessage) -> Received:
        """Store a message, once however often it comes.

        Raises:
            MessageEmpty, MessageTooLong, FileEmpty, FileTooLarge
        """
        # Who is refused should not have cost the others their transaction.
        checked_text(incoming.text)
        self.crowd.writes((incoming.inbox_id, incoming.contact_external_id))
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
            return await self._reception(session).correct(inbox_id, external_id, text, at=at)

    async def choose_language(self, inbox_id: int, contact_external_id: str, language: str, contact_name: str) -> None:
        """Answer the contact at this address in this language from now on."""
        try:
            await self._choose_language(inbox_id, contact_external_id, language, contact_name)
        except IntegrityError:
            # The contact was made at the same moment through another process.
            await self._choose_language(inbox_id, contact_external_id, language, contact_name)

    async def rate(
        self, inbox_id: int, contact_external_id: str, score: int, comment: str = "", *, request: int | None = None
    ) -> Rating | None:
        """Store a rating of the conversation with this address; `None` when there is no conversation.

        Raises:
            RatingNotAsked, RatingRequestOver
        """
        async with self.work.begin() as session:
            service = self.open_service(session)
            conversation = await service.of_contact(inbox_id, contact_external_id, lock=True)
            if conversation is None:
                return None
            return await service.rate(conversation, score=score, comment=comment, request=request)

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
            reception = self._reception(session)
            if conversation := await reception.conversations.of_contact(inbox_id, contact_external_id, lock=True):
                await reception.seen(conversation, sequence)

    async def got(self, inbox_id: int, contact_external_id: str, sequence: int) -> None:
        """The messages up to this one have reached the contact's device."""
        async with self.work.begin() as session:
            reception = self._reception(session)
            if conversation := await reception.conversations.of_contact(inbox_id, contact_external_id, lock=True):
                await reception.got(conversation, sequence)

    async def _store_together(self, several: Sequence[IncomingMessage]) -> list[Received]:
        """Messages without files, in one transaction; what is received is in the same order."""
        by_inbox: defaultdict[int, list[IncomingMessage]] = defaultdict(list)
        for incoming in several:
            by_inbox[incoming.inbox_id].append(incoming)
        async with self.work.begin(first=True) as session:
            reception = self._reception(session)
            received = {
                inbox_id: iter(await reception.receive_together(inbox_id, those))
                for inbox_id, those in by_inbox.items()
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
            return await self._reception(session).receive(incoming)

    async def _choose_language(self, inbox_id: int, contact_external_id: str, language: str, contact_name: str) -> None:
        async with self.work.begin() as session:
            reception = self._reception(session)
            await reception.choose_language(inbox_id, contact_external_id, language, contact_name=contact_name)

    def _reception(self, session: AsyncSession) -> Reception:
        return Reception(self.open_service(session), files_per_day=self.files_per_day)
