"""What contacts do: they write, correct what they wrote, and see what they are told."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.unit_of_work import announce
from crm.conversations.contents import MAX_PAYLOAD_CHARACTERS, attached, checked_text
from crm.conversations.downloads import announce_file, awaited, leave_with_channel
from crm.conversations.ports import IncomingMessage
from crm.conversations.search import findable_words
from crm.conversations.service import ConversationService
from crm.enums import Author, ConversationStatus, MessageKind, TurnState
from crm.models import Attachment, Contact, ContactIdentity, Conversation, FindableMessage, Inbox, Message
from crm.wording import DEFAULT_LANGUAGE, LANGUAGES
from language.normalise import safe_text

FILES_PER_DAY = 20
# How far back the files of a contact are counted.
FILES_COUNTED = timedelta(days=1)


@dataclass(frozen=True)
class Received:
    """A stored message of a contact; `is_new` is false when the channel had delivered it before."""

    conversation: Conversation
    message: Message
    is_new: bool


class Reception:
    """What the intake has to have stored, within the transaction of `conversations`."""

    def __init__(self, conversations: ConversationService, *, files_per_day: int = FILES_PER_DAY) -> None:
        self.conversations = conversations
        self.repository = conversations.conversations
        self.session = conversations.session
        self.clock = conversations.clock
        self.files_per_day = files_per_day

    async def receive(self, incoming: IncomingMessage) -> Received:
        """Store a contact's message, once; where it wants an answer, the bot's turn is then due.

        A file beyond those that a contact may send within a day is not fetched, and the first time they are told so.

        Raises:
            MessageEmpty, MessageTooLong, FileEmpty, FileTooLarge: nothing is stored.
        """
        text = checked_text(incoming.text)
        attachment = self._attachment_of(incoming)
        found = await self.repository.message_by_external_id(incoming.inbox_id, incoming.external_id)
        if found:
            return Received(await self.conversations.get(found.conversation_id), found, is_new=False)
        conversation = await self._conversation_for(incoming)
        files = await self.files_sent(incoming.inbox_id, incoming.contact_external_id) if incoming.file else 0
        if attachment and files >= self.files_per_day:
            leave_with_channel(attachment)
        message = self._add_received(conversation, incoming, text, attachment)
        await self.session.flush()
        announce_file(self.session, attachment)
        if incoming.file and files == self.files_per_day:
            await self.conversations.say(conversation, "utter_too_many_files")
        return Received(conversation, message, is_new=True)

    async def receive_together(self, inbox_id: int, several: Sequence[IncomingMessage]) -> list[Received]:
        """Store messages without files that came to an inbox at the same moment, as `receive` would one by one.

        What has to be looked up and written for them all goes in one statement each. The conversations of what was
        received come with their identity alone.

        Raises:
            MessageEmpty, MessageTooLong: for any of them; nothing of any is then to be kept.
        """
        known = await self.repository.messages_by_external_id(inbox_id, [one.external_id for one in several])
        conversations = await self.repository.lock_of_contacts(
            inbox_id, sorted({one.contact_external_id for one in several})
        )
        received = []
        for incoming in several:
            text = checked_text(incoming.text)
            address = incoming.contact_external_id
            if found := known.get(incoming.external_id):
                conversation = await self.session.get_one(Conversation, found.conversation_id)
                received.append(Received(conversation, found, is_new=False))
                continue
            conversation = conversations.get(address) or await self._conversation_for(incoming)
            message = self._add_received(conversation, incoming, text)
            conversations[address], known[incoming.external_id] = conversation, message
            received.append(Received(conversation, message, is_new=True))
        await self.session.flush()
        return received

    async def files_sent(self, inbox_id: int, external_id: str) -> int:
        """How many files this address has sent within a day."""
        since = self.clock.now() - FILES_COUNTED
        return await self.repository.files_from(inbox_id, external_id, since=since)

    async def correct(self, inbox_id: int, external_id: str, text: str, *, at: datetime) -> bool:
        """Keep a contact's new wording of a message beside the first; false when we do not have the message.

        A turn that is not over reads the new words, if need be from the beginning; one that is over is not run again.

        Raises:
            MessageEmpty, MessageTooLong: nothing is stored.
        """
        text = checked_text(text)
        message = await self.repository.message_by_external_id(inbox_id, external_id)
        if message is None:
            return False
        conversation = await self.conversations.lock(message.conversation_id)
        await self.session.refresh(message, ["corrected_text", "corrected_at"])
        is_late = message.corrected_at is not None and message.corrected_at > at
        if not is_late and text != message.latest_text:
            message.corrected_text = text
            message.corrected_at = at
            await self._make_findable(message)
            self.conversations.mark_changed(conversation)
        return True

    async def choose_language(self, inbox_id: int, external_id: str, language: str, *, contact_name: str) -> None:
        """Answer the contact at this address in this language until they choose another."""
        identity = await self.repository.identity(inbox_id, external_id)
        if identity is None:
            identity = await self._make_identity(inbox_id, external_id, contact_name=contact_name)
        identity.chosen_language = language
        if conversation := await self.conversations.of_contact(inbox_id, external_id, lock=True):
            conversation.language = language

    async def seen(self, conversation: Conversation, sequence: int) -> None:
        """The contact's screen has shown the messages up to this one."""
        seen = min(sequence, conversation.last_sequence)
        if seen > conversation.contact_seen_sequence:
            conversation.contact_seen_sequence = seen
            announce(self.session, "desk", {"type": "conversation", "conversation_id": conversation.id})

    async def got(self, conversation: Conversation, sequence: int) -> None:
        """The messages up to this one have reached the contact's device."""
        got = min(sequence, conversation.last_sequence)
        if got > conversation.contact_got_sequence:
            conversation.contact_got_sequence = got
            announce(self.session, "desk", {"type": "conversation", "conversation_id": conversation.id})

    async def _make_findable(self, message: Message) -> None:
        """Let a corrected message be found by its new words too, though it may have had none to be found by."""
        place = {"conversation_id": message.conversation_id, "sequence": message.sequence}
        await self.session.merge(FindableMessage(**place, words=findable_words(message.text, message.corrected_text)))

    def _add_received(
        self, conversation: Conversation, incoming: IncomingMessage, text: str, attachment: Attachment | None = None
    ) -> Message:
        """Append a contact's message; not flushed yet."""
        if incoming.wants_answer and conversation.status is ConversationStatus.resolved:
            self.conversations.begin_anew(conversation)
        return self.conversations.append(
            conversation,
            Author.contact,
            text,
            kind=MessageKind.text,
            external_id=incoming.external_id,
            payload=safe_text(incoming.payload or "")[:MAX_PAYLOAD_CHARACTERS] or None,
            turn=TurnState.pending if incoming.wants_answer else TurnState.done,
            response=incoming.response,
            attachment=attachment,
            buttons=[],
            articles=[],
        )

    def _attachment_of(self, incoming: IncomingMessage) -> Attachment | None:
        if incoming.upload:
            return attached(incoming.upload, at=self.clock.now())
        return awaited(incoming.file, at=self.clock.now()) if incoming.file else None

    async def _conversation_for(self, incoming: IncomingMessage) -> Conversation:
        if known := await self.conversations.of_contact(incoming.inbox_id, incoming.contact_external_id, lock=True):
            return known
        identity = await self.repository.identity(incoming.inbox_id, incoming.contact_external_id)
        if identity is None:
            identity = await self._make_identity(
                incoming.inbox_id, incoming.contact_external_id, contact_name=incoming.contact_name
            )
        return await self._start_with(identity, incoming)

    async def _make_identity(self, inbox_id: int, external_id: str, *, contact_name: str) -> ContactIdentity:
        """A contact who was never here."""
        now = self.clock.now()
        contact = Contact(name=safe_text(contact_name)[:200], created_at=now)
        identity = ContactIdentity(contact=contact, inbox_id=inbox_id, external_id=external_id, created_at=now)
        self.session.add(identity)
        await self.session.flush()
        return identity

    async def _start_with(self, identity: ContactIdentity, incoming: IncomingMessage) -> Conversation:
        now = self.clock.now()
        wanted = identity.chosen_language or incoming.language
        conversation = Conversation(
            id=secrets.token_hex(16),
            inbox=await self.session.get_one(Inbox, identity.inbox_id),
            contact=identity.contact,
            contact_id=identity.contact_id,
            identity=identity,
            identity_id=identity.id,
            inbox_id=identity.inbox_id,
            assignee=None,
            status=ConversationStatus.with_bot,
            language=wanted if wanted in LANGUAGES else DEFAULT_LANGUAGE,
            last_sequence=0,
            contact_seen_sequence=0,
            bot_since_sequence=0,
            frustration=0.0,
            created_at=now,
            updated_at=now,
        )
        self.session.add(conversation)
        await self.session.flush()
        return conversation
