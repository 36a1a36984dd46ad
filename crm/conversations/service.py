"""What contacts, agents and the bot do with a conversation, each within the caller's transaction."""

import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import Clock
from core.errors import Conflict, InvalidInput, NotFound
from core.events import Event
from core.unit_of_work import announce
from crm.agents.permissions import require_handles_conversations
from crm.contacts.service import remember_contact_detail
from crm.conversations.contents import MAX_PAYLOAD_CHARACTERS, attached, checked_text, checked_words
from crm.conversations.downloads import announce_file, awaited, leave_with_channel
from crm.conversations.files import File
from crm.conversations.handoff_policy import HandoffPolicy
from crm.conversations.handoff_tickets import HandoffTickets
from crm.conversations.news import CHANGED, contact_topic, news_of
from crm.conversations.outbox import queue_delivery
from crm.conversations.policies import HandoffPolicies
from crm.conversations.ports import Cause, HandoffListener, IncomingMessage, Reply
from crm.conversations.repository import ConversationRepository
from crm.conversations.search import findable_words
from crm.conversations.transitions import check
from crm.enums import (
    AttachmentState,
    Author,
    Channel,
    ConversationStatus,
    HandoffReason,
    MessageKind,
    TurnState,
)
from crm.models import (
    Agent,
    Attachment,
    Contact,
    ContactIdentity,
    Conversation,
    FindableMessage,
    Handoff,
    Inbox,
    Message,
    Rating,
    Ticket,
)
from crm.tickets.service import TicketService
from crm.wording import DEFAULT_LANGUAGE, LANGUAGES, Wording, Words
from language.contact_details import find_contact_detail
from language.normalise import safe_text

# How far back the files of a contact are counted.
FILES_COUNTED = timedelta(days=1)
# Where contacts can be sent files.
FILE_CHANNELS = frozenset({Channel.telegram, Channel.web_widget, Channel.email})
# What the contact is told when a person is brought in, where it is more than that.
HANDED_OFF = {
    HandoffReason.negative_sentiment: "utter_handed_off_upset",
    HandoffReason.churn_threat: "utter_handed_off_upset",
    HandoffReason.legal_threat: "utter_handed_off_upset",
    HandoffReason.vulnerable: "utter_handed_off_gently",
}
HANDED_OFF_IN_DANGER = "utter_handed_off_in_danger"
HANDED_OFF_AS_ASKED = "utter_handed_off"
# What somebody is asked for who waits where only an open page can be answered, and what is said when it comes.
ASK_HOW_TO_REACH = "utter_ask_how_to_reach"
REACH_NOTED = "utter_reach_noted"


class ConversationNotFound(NotFound):
    """There is no such conversation."""

    code = "conversation_not_found"


class FileNotCarried(InvalidInput):
    """Files cannot be sent on this channel."""

    code = "file_not_carried"


class KeyReused(Conflict):
    """Something else was sent under this key before; it counts, and this was not stored."""

    code = "key_reused"


class FileNotFound(NotFound):
    """There is no such file, or it was not fetched."""

    code = "file_not_found"


class RatingNotAsked(Conflict):
    """A conversation is rated after it was resolved, and once."""

    code = "rating_not_asked"


@dataclass(frozen=True)
class Received:
    """A stored message of a contact; `is_new` is false when the channel had delivered it before."""

    conversation: Conversation
    message: Message
    is_new: bool


class ConversationService:
    def __init__(
        self,
        session: AsyncSession,
        *,
        clock: Clock,
        wording: Wording,
        policy: HandoffPolicy,
        listeners: Sequence[HandoffListener] = (),
        files_per_day: int = 20,
    ) -> None:
        self.session = session
        self.clock = clock
        self.wording = wording
        self._listeners = listeners
        self.files_per_day = files_per_day
        self.policies = HandoffPolicies(session, default=policy, clock=clock)
        self.conversations = ConversationRepository(session)
        self.tickets = TicketService(session, clock=clock)
        self._handoff_tickets = HandoffTickets(
            self.conversations, tickets=self.tickets, policies=self.policies, wording=wording
        )

    # What the contact does

    async def receive(self, incoming: IncomingMessage) -> Received:
        """Store a contact's message, once; where it wants an answer, the bot's turn is then due.

        A file beyond those that a contact may send within a day is not fetched, and the first time they are told so.

        Raises:
            MessageEmpty, MessageTooLong, FileEmpty, FileTooLarge: nothing is stored.
        """
        text = checked_text(incoming.text)
        attachment = self._attachment_of(incoming)
        found = await self.conversations.message_by_external_id(incoming.inbox_id, incoming.external_id)
        if found:
            return Received(await self.get(found.conversation_id), found, is_new=False)
        conversation = await self._conversation_for(incoming)
        files = await self.files_sent(incoming.inbox_id, incoming.contact_external_id) if incoming.file else 0
        if attachment and files >= self.files_per_day:
            leave_with_channel(attachment)
        message = self._add_received(conversation, incoming, text, attachment)
        await self.session.flush()
        announce_file(self.session, attachment)
        if incoming.file and files == self.files_per_day:
            await self.say(conversation, "utter_too_many_files")
        return Received(conversation, message, is_new=True)

    async def receive_together(self, inbox_id: int, several: Sequence[IncomingMessage]) -> list[Received]:
        """Store messages without files that came to an inbox at the same moment, as `receive` would one by one.

        What has to be looked up and written for them all goes in one statement each. The conversations of what was
        received come with their identity alone.

        Raises:
            MessageEmpty, MessageTooLong: for any of them; nothing of any is then to be kept.
        """
        known = await self.conversations.messages_by_external_id(inbox_id, [one.external_id for one in several])
        conversations = await self.conversations.lock_of_contacts(
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
        return await self.conversations.files_from(inbox_id, external_id, since=since)

    async def correct(self, inbox_id: int, external_id: str, text: str, *, at: datetime) -> bool:
        """Keep a contact's new wording of a message beside the first; false when we do not have the message.

        A turn that is not over reads the new words, if need be from the beginning; one that is over is not run again.

        Raises:
            MessageEmpty, MessageTooLong: nothing is stored.
        """
        text = checked_text(text)
        message = await self.conversations.message_by_external_id(inbox_id, external_id)
        if message is None:
            return False
        conversation = await self.lock(message.conversation_id)
        await self.session.refresh(message, ["corrected_text", "corrected_at"])
        is_late = message.corrected_at is not None and message.corrected_at > at
        if not is_late and text != message.latest_text:
            message.corrected_text = text
            message.corrected_at = at
            await self._make_findable(message)
            self._changed(conversation)
        return True

    async def _make_findable(self, message: Message) -> None:
        """Let a corrected message be found by its new words too, though it may have had none to be found by."""
        place = {"conversation_id": message.conversation_id, "sequence": message.sequence}
        await self.session.merge(FindableMessage(**place, words=findable_words(message.text, message.corrected_text)))

    async def choose_language(self, inbox_id: int, external_id: str, language: str, *, contact_name: str) -> None:
        """Answer the contact at this address in this language until they choose another."""
        identity = await self.conversations.identity(inbox_id, external_id)
        if identity is None:
            identity = await self._make_identity(inbox_id, external_id, contact_name=contact_name)
        identity.chosen_language = language
        if conversation := await self.of_contact(inbox_id, external_id, lock=True):
            conversation.language = language

    async def start_over(self, conversation: Conversation) -> None:
        """Do as the contact asks, whoever has the conversation: the bot answers, as if they had just come."""
        if conversation.status is not ConversationStatus.with_bot:
            self._move(conversation, ConversationStatus.with_bot)
        self._forget(conversation)
        self._unassign(conversation)
        await self.say(conversation, "utter_started_over")

    async def rate(
        self, conversation: Conversation, *, score: int, comment: str = "", thank: bool = True, offered: bool = False
    ) -> Rating:
        """Store the contact's rating, 1 to 5, and thank for it unless the caller does; the same again changes nothing.

        It is of who had the conversation when it was resolved. One that is `offered` before anybody has asked counts
        once, and is nobody's.

        Raises:
            RatingNotAsked: when nobody asked, or the question is answered otherwise already.
        """
        if not 1 <= score <= 5:
            raise InvalidInput("A rating is a number from 1 to 5.")
        asked = await self.conversations.last_rating_request(conversation.id)
        if asked is None and not offered:
            raise RatingNotAsked
        latest = next(iter(await self.conversations.ratings(conversation.id)), None)
        if latest and (asked is None or latest.created_at >= asked.created_at):
            if latest.score == score:
                return latest
            raise RatingNotAsked
        rating = Rating(
            conversation_id=conversation.id,
            agent_id=asked and (asked.agent_id or await self.conversations.last_agent_before(asked)),
            score=score,
            comment=safe_text(comment)[:2000],
            created_at=self.clock.now(),
        )
        self.session.add(rating)
        if thank:
            await self.say(conversation, "utter_rating_thanks")
        announce(self.session, contact_topic(conversation), {"type": "rated", "score": score})
        return rating

    async def of_contact(self, inbox_id: int, external_id: str, *, lock: bool = False) -> Conversation | None:
        """The conversation with this address in this inbox; `None` before the first message."""
        return await self.conversations.of_contact(inbox_id, external_id, lock=lock)

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

    # What the bot does

    async def hand_off(
        self,
        conversation: Conversation,
        reason: HandoffReason,
        *,
        causes: Sequence[Cause] = (),
        detail: str = "",
        response: str | None = None,
    ) -> Ticket:
        """Move a conversation from the bot to the queue, open its ticket and tell the contact.

        `response` names what they are told, where that is not what the reason says.

        Safe to call twice: a conversation already with people keeps its ticket.
        """
        if conversation.status is not ConversationStatus.with_bot:
            return await self._handoff_tickets.ticket_for(conversation, reason, detail)
        self._move(conversation, ConversationStatus.waiting)
        if typed := await self.conversations.last_typed_by_contact(conversation.id):
            self.note_contact_detail(conversation, typed.latest_text)
        ticket = await self._handoff_tickets.ticket_for(conversation, reason, detail)
        self.session.add(
            Handoff(
                conversation_id=conversation.id,
                ticket_id=ticket.id,
                reason=reason,
                causes=[asdict(cause) for cause in causes],
                detail=safe_text(detail)[:2000],
                frustration=conversation.frustration,
                created_at=self.clock.now(),
            )
        )
        spoken = response or HANDED_OFF.get(reason, HANDED_OFF_AS_ASKED)
        await self.say(conversation, spoken, ticket_number=ticket.number)
        if conversation.inbox.channel is Channel.web_widget and not _is_reachable(conversation.contact):
            await self.say(conversation, ASK_HOW_TO_REACH)
        if roles := (await self.policies.current()).told(reason):
            told = {"type": "handed_off", "conversation_id": conversation.id, "reason": reason, "roles": roles}
            announce(self.session, "desk", told)
        for listener in self._listeners:
            await listener.handed_off(conversation.id)
        return ticket

    def note_contact_detail(self, conversation: Conversation, text: str) -> bool:
        """Keep the phone number or e-mail address in a contact's words where we had none of its kind; true if so."""
        detail = find_contact_detail(text, is_asked_for=False)
        before = (conversation.contact.email, conversation.contact.phone)
        if detail:
            remember_contact_detail(conversation.contact, detail)
        return (conversation.contact.email, conversation.contact.phone) != before

    async def bot_says(self, conversation: Conversation, replies: Sequence[Reply]) -> None:
        """Store the bot's replies, unless a person took over while it was thinking."""
        if conversation.status is not ConversationStatus.with_bot:
            return
        messages = [
            self._append(
                conversation,
                Author.bot,
                reply.text,
                kind=MessageKind.text,
                response=reply.response,
                buttons=list(reply.buttons),
                articles=list(reply.articles),
            )
            for reply in replies
        ]
        # All at once, since each flush takes as long as several statements.
        await self.session.flush()
        for message in messages:
            queue_delivery(self.session, conversation, message)

    async def say(self, conversation: Conversation, name: str, **values: str) -> Message:
        """Tell the contact something in the product's own words, in their language."""
        words: Words = self.wording.say(name, conversation.language, **values)
        if name == "utter_ask_rating":
            # Each channel draws the scale in its own way; the response's buttons are for Rasa's rules.
            return await self.add_message(
                conversation, Author.system, words.text, kind=MessageKind.rating_request, response=name
            )
        return await self.add_message(conversation, Author.system, words.text, response=name, buttons=words.buttons)

    # What agents do

    async def reply(
        self,
        conversation: Conversation,
        text: str,
        *,
        by: Agent,
        file: File | None = None,
        external_id: str | None = None,
    ) -> Message:
        """Send an agent's words to the contact; the conversation is then theirs and the bot is silent.

        The same `external_id` twice is one reply.

        Raises:
            MessageEmpty: there is neither a text nor a file.
            MessageTooLong, FileEmpty, FileTooLarge, FileNotCarried
            KeyReused: the same `external_id` was another reply.
        """
        text = checked_words(text, file)
        if file and conversation.inbox.channel not in FILE_CHANNELS:
            raise FileNotCarried
        attachment = attached(file, at=self.clock.now()) if file else None
        if known := await self._sent_before(conversation, external_id, text, attachment, kind=MessageKind.text):
            return known
        await self.take(conversation, by=by)
        await self.tickets.answered_by_person(conversation, by)
        return await self.add_message(
            conversation, Author.agent, text, agent=by, attachment=attachment, external_id=external_id
        )

    async def add_note(
        self,
        conversation: Conversation,
        text: str,
        *,
        by: Agent,
        file: File | None = None,
        external_id: str | None = None,
    ) -> Message:
        """Keep an internal note that the contact never sees; the same `external_id` twice is one note.

        Raises:
            MessageEmpty, MessageTooLong, FileEmpty, FileTooLarge, KeyReused
        """
        text = checked_words(text, file)
        attachment = attached(file, at=self.clock.now()) if file else None
        kind = MessageKind.internal_note
        if known := await self._sent_before(conversation, external_id, text, attachment, kind=kind):
            return known
        return await self.add_message(
            conversation, Author.agent, text, agent=by, kind=kind, attachment=attachment, external_id=external_id
        )

    async def _sent_before(
        self,
        conversation: Conversation,
        external_id: str | None,
        text: str,
        attachment: Attachment | None,
        *,
        kind: MessageKind,
    ) -> Message | None:
        """What is stored under this id already, where that is the same."""
        if external_id is None:
            return None
        known = await self.conversations.message_by_external_id(conversation.inbox_id, external_id)
        if known is None:
            return None
        file = await self.conversations.attachment_of(known)
        if (known.text, known.kind, _look_of(file)) != (text, kind, _look_of(attachment)):
            raise KeyReused
        return known

    async def take(self, conversation: Conversation, *, by: Agent) -> None:
        """Give a conversation to an agent, unless it is open with somebody already."""
        if conversation.status is ConversationStatus.open and conversation.assignee_id is not None:
            return
        if conversation.status is not ConversationStatus.open:
            self._move(conversation, ConversationStatus.open)
        await self.assign(conversation, to=by)
        await self.say(conversation, "utter_agent_joined", agent_name=by.name)

    async def assign(self, conversation: Conversation, *, to: Agent) -> None:
        """Make an agent answer for a conversation; who has it already may keep it.

        Raises:
            HandlesNoConversations
        """
        # Who asks was read in a session of their own.
        assignee = await self.session.get_one(Agent, to.id)
        if assignee.id != conversation.assignee_id:
            require_handles_conversations(assignee)
        conversation.assignee = assignee
        conversation.assignee_id = assignee.id
        self._changed(conversation)

    async def resolve(self, conversation: Conversation) -> None:
        """Close the matter and ask the contact for a rating."""
        self._move(conversation, ConversationStatus.resolved)
        conversation.resolved_at = self.clock.now()
        await self.tickets.solve_for(conversation)
        await self.say(conversation, "utter_resolved")
        asked = await self.say(conversation, "utter_ask_rating")
        # Whom the rating is of: by the time that it comes, somebody else may have the conversation.
        asked.agent_id = conversation.assignee_id

    async def return_to_bot(self, conversation: Conversation) -> None:
        """Let the bot answer again, with a clean slate."""
        self.begin_anew(conversation)
        self._unassign(conversation)
        await self.say(conversation, "utter_returned_to_bot")

    async def read_by_agent(self, conversation: Conversation) -> None:
        """A person of ours has the conversation before their eyes; its contact is shown so."""
        if conversation.agent_seen_sequence < conversation.last_sequence:
            conversation.agent_seen_sequence = conversation.last_sequence
            announce(self.session, contact_topic(conversation), CHANGED)

    async def agent_types(self, conversation: Conversation, *, by: Agent) -> bool:
        """Show the contact that a person is writing, once it is known that a person will; false before that."""
        if conversation.status not in (ConversationStatus.waiting, ConversationStatus.open):
            return False
        typing = {"type": "typing", "author": "agent", "name": by.name, "on": True}
        announce(self.session, contact_topic(conversation), typing)
        return True

    async def stored_file(self, attachment_id: int) -> Attachment:
        """A file with its bytes.

        Raises:
            FileNotFound
        """
        attachment = await self.conversations.attachment(attachment_id)
        if attachment is None or attachment.state is not AttachmentState.stored:
            raise FileNotFound
        return attachment

    # What all of these need

    async def get(self, conversation_id: str) -> Conversation:
        """A conversation, for reading; of one that was merged into another, that other one.

        Raises:
            ConversationNotFound
        """
        return await self._found_by(self.conversations.get, conversation_id)

    async def lock(self, conversation_id: str) -> Conversation:
        """The same, and nobody else changes it until the transaction ends.

        Raises:
            ConversationNotFound
        """
        return await self._found_by(self.conversations.lock, conversation_id)

    async def _found_by(
        self, find: Callable[[str], Awaitable[Conversation | None]], conversation_id: str
    ) -> Conversation:
        conversation = await find(conversation_id)
        if conversation is None and (into := await self.conversations.merged_into(conversation_id)):
            conversation = await find(into)
        if conversation is None:
            raise ConversationNotFound
        return conversation

    async def add_message(
        self,
        conversation: Conversation,
        author: Author,
        text: str,
        *,
        agent: Agent | None = None,
        kind: MessageKind = MessageKind.text,
        response: str | None = None,
        buttons: Sequence[dict[str, str]] = (),
        articles: Sequence[dict[str, str]] = (),
        external_id: str | None = None,
        payload: str | None = None,
        turn: TurnState | None = None,
        attachment: Attachment | None = None,
    ) -> Message:
        """Append a message with the next sequence number, and queue its delivery where the channel wants one."""
        message = self._append(
            conversation,
            author,
            text,
            agent=await self.session.get_one(Agent, agent.id) if agent else None,
            agent_id=agent.id if agent else None,
            kind=kind,
            response=response,
            buttons=list(buttons),
            articles=list(articles),
            external_id=external_id,
            payload=payload,
            turn=turn,
            attachment=attachment,
        )
        await self.session.flush()
        announce_file(self.session, attachment)
        if author is not Author.contact and kind is not MessageKind.internal_note:
            queue_delivery(self.session, conversation, message)
        return message

    def _add_received(
        self, conversation: Conversation, incoming: IncomingMessage, text: str, attachment: Attachment | None = None
    ) -> Message:
        """Append a contact's message; not flushed yet."""
        if incoming.wants_answer and conversation.status is ConversationStatus.resolved:
            self.begin_anew(conversation)
        return self._append(
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

    def _append(self, conversation: Conversation, author: Author, text: str, **content: Any) -> Message:
        """A message with the next sequence number; not flushed yet."""
        conversation.last_sequence += 1
        message = Message(
            conversation_id=conversation.id,
            inbox_id=conversation.inbox_id,
            sequence=conversation.last_sequence,
            author=author,
            text=safe_text(text),
            created_at=self.clock.now(),
            **content,
        )
        self.session.add(message)
        if text and author is not Author.system:
            place = {"conversation_id": conversation.id, "sequence": message.sequence}
            self.session.add(FindableMessage(**place, words=findable_words(message.text)))
        self._changed(conversation, news_of(message))
        return message

    def _attachment_of(self, incoming: IncomingMessage) -> Attachment | None:
        if incoming.upload:
            return attached(incoming.upload, at=self.clock.now())
        return awaited(incoming.file, at=self.clock.now()) if incoming.file else None

    def _move(self, conversation: Conversation, status: ConversationStatus) -> None:
        check(conversation.status, status)
        conversation.status = status
        conversation.waiting_since = self.clock.now() if status is ConversationStatus.waiting else None
        self._changed(conversation)

    def begin_anew(self, conversation: Conversation) -> None:
        """Give a conversation to the bot, which remembers no half-filled form and no anger from before."""
        self._move(conversation, ConversationStatus.with_bot)
        self._forget(conversation)

    @staticmethod
    def _forget(conversation: Conversation) -> None:
        conversation.dialogue_state = None
        conversation.frustration = 0.0
        conversation.bot_since_sequence = conversation.last_sequence

    @staticmethod
    def _unassign(conversation: Conversation) -> None:
        conversation.assignee = None
        conversation.assignee_id = None

    def _changed(self, conversation: Conversation, news: Event = CHANGED) -> None:
        conversation.updated_at = self.clock.now()
        announce(self.session, contact_topic(conversation), news)
        announce(self.session, "desk", {"type": "conversation", "conversation_id": conversation.id})

    async def _conversation_for(self, incoming: IncomingMessage) -> Conversation:
        if known := await self.of_contact(incoming.inbox_id, incoming.contact_external_id, lock=True):
            return known
        identity = await self.conversations.identity(incoming.inbox_id, incoming.contact_external_id)
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


def _is_reachable(contact: Contact) -> bool:
    return bool(contact.email or contact.phone)


def _look_of(file: Attachment | None) -> tuple[str, int | None] | None:
    """What tells two files apart."""
    return (file.name, file.size) if file else None


def id_of_sending(agent: Agent, conversation_id: str, key: str | None) -> str | None:
    """The external id of what an agent sends to a conversation under a key; nobody else's key is the same."""
    return f"agent:{agent.id}:{conversation_id}:{key}" if key else None
