"""What contacts, agents and the bot do with a conversation, each within the caller's transaction."""

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import Clock
from core.errors import Conflict, InvalidInput, NotFound
from core.unit_of_work import announce
from crm.conversations.handoff_policy import HandoffPolicy
from crm.conversations.policies import HandoffPolicies
from crm.conversations.ports import Cause, IncomingMessage, Reply
from crm.conversations.repository import ConversationRepository
from crm.conversations.transitions import check
from crm.enums import Author, Channel, ConversationStatus, DeliveryState, HandoffReason, MessageKind, TurnState
from crm.models import (
    Agent,
    Contact,
    ContactIdentity,
    Conversation,
    Delivery,
    Handoff,
    Inbox,
    Message,
    Rating,
    Ticket,
)
from crm.tickets.service import TicketService
from crm.wording import DEFAULT_LANGUAGE, Wording, Words
from language.normalise import safe_text

# More than anybody types; a pasted log belongs into a file.
MAX_MESSAGE_CHARACTERS = 10_000
MAX_PAYLOAD_CHARACTERS = 1_000
LANGUAGES = ("fa", "en")
# The widget fetches what is new by itself; every other channel has to be called.
PUSHED_CHANNELS = frozenset({Channel.telegram})
# What the contact is told when a person is brought in, where it is more than that.
HANDED_OFF = {
    HandoffReason.negative_sentiment: "utter_handed_off_upset",
    HandoffReason.churn_threat: "utter_handed_off_upset",
    HandoffReason.legal_threat: "utter_handed_off_upset",
    HandoffReason.vulnerable: "utter_handed_off_gently",
}


class ConversationNotFound(NotFound):
    """There is no such conversation."""

    code = "conversation_not_found"


class MessageEmpty(InvalidInput):
    """A message needs some text."""

    code = "message_empty"


class MessageTooLong(InvalidInput):
    """A message may have ten thousand characters at the most."""

    code = "message_too_long"


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
    def __init__(self, session: AsyncSession, *, clock: Clock, wording: Wording, policy: HandoffPolicy) -> None:
        self.session = session
        self.clock = clock
        self.wording = wording
        self.policies = HandoffPolicies(session, default=policy, clock=clock)
        self.conversations = ConversationRepository(session)
        self.tickets = TicketService(session, clock=clock)

    # What the contact does

    async def receive(self, incoming: IncomingMessage) -> Received:
        """Store a contact's message, once; the bot's turn is then due.

        Raises:
            MessageEmpty, MessageTooLong: nothing is stored.
        """
        text = checked_text(incoming.text)
        found = await self.conversations.message_by_external_id(incoming.inbox_id, incoming.external_id)
        if found:
            return Received(await self.get(found.conversation_id), found, is_new=False)
        conversation = await self._conversation_for(incoming)
        if conversation.status is ConversationStatus.resolved:
            self.begin_anew(conversation)
        message = await self.add_message(
            conversation,
            Author.contact,
            text,
            external_id=incoming.external_id,
            payload=safe_text(incoming.payload or "")[:MAX_PAYLOAD_CHARACTERS] or None,
            turn=TurnState.pending,
        )
        return Received(conversation, message, is_new=True)

    async def rate(self, conversation: Conversation, *, score: int, comment: str = "", thank: bool = True) -> Rating:
        """Store the contact's rating, 1 to 5, and thank for it unless the caller does; the same again changes nothing.

        Raises:
            RatingNotAsked: when nobody asked, or the question is answered otherwise already.
        """
        if not 1 <= score <= 5:
            raise InvalidInput("A rating is a number from 1 to 5.")
        asked = await self.conversations.last_rating_request(conversation.id)
        if asked is None:
            raise RatingNotAsked
        latest = next(iter(await self.conversations.ratings(conversation.id)), None)
        if latest and latest.created_at >= asked.created_at:
            if latest.score == score:
                return latest
            raise RatingNotAsked
        rating = Rating(
            conversation_id=conversation.id,
            agent_id=conversation.assignee_id,
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

    # What the bot does

    async def hand_off(
        self,
        conversation: Conversation,
        reason: HandoffReason,
        *,
        causes: Sequence[Cause] = (),
        detail: str = "",
    ) -> Ticket:
        """Move a conversation from the bot to the queue, open its ticket and tell the contact.

        Safe to call twice: a conversation already with people keeps its ticket.
        """
        if conversation.status is not ConversationStatus.with_bot:
            return await self._ticket_of(conversation, reason, detail)
        self._move(conversation, ConversationStatus.waiting)
        ticket = await self._ticket_of(conversation, reason, detail)
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
        await self.say(conversation, HANDED_OFF.get(reason, "utter_handed_off"), ticket_number=ticket.number)
        if roles := (await self.policies.current()).told(reason):
            told = {"type": "handed_off", "conversation_id": conversation.id, "reason": reason, "roles": roles}
            announce(self.session, "desk", told)
        return ticket

    async def bot_says(self, conversation: Conversation, replies: Sequence[Reply]) -> None:
        """Store the bot's replies, unless a person took over while it was thinking."""
        if conversation.status is not ConversationStatus.with_bot:
            return
        for reply in replies:
            await self.add_message(
                conversation,
                Author.bot,
                reply.text,
                response=reply.response,
                buttons=reply.buttons,
                articles=reply.articles,
            )

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

    async def reply(self, conversation: Conversation, text: str, *, by: Agent) -> Message:
        """Send an agent's words to the contact; the conversation is then theirs and the bot is silent."""
        text = checked_text(text)
        await self.take(conversation, by=by)
        await self.tickets.answered_by_person(conversation, by)
        return await self.add_message(conversation, Author.agent, text, agent=by)

    async def add_note(self, conversation: Conversation, text: str, *, by: Agent) -> Message:
        """Keep an internal note that the contact never sees."""
        return await self.add_message(
            conversation, Author.agent, checked_text(text), agent=by, kind=MessageKind.internal_note
        )

    async def take(self, conversation: Conversation, *, by: Agent) -> None:
        """Give a conversation to an agent, unless it is open with somebody already."""
        if conversation.status is ConversationStatus.open and conversation.assignee_id is not None:
            return
        if conversation.status is not ConversationStatus.open:
            self._move(conversation, ConversationStatus.open)
        await self.assign(conversation, to=by)
        await self.say(conversation, "utter_agent_joined", agent_name=by.name)

    async def assign(self, conversation: Conversation, *, to: Agent) -> None:
        """Make an agent answer for a conversation."""
        # Who asks was read in a session of their own.
        conversation.assignee = await self.session.get_one(Agent, to.id)
        conversation.assignee_id = to.id
        self._changed(conversation)

    async def resolve(self, conversation: Conversation) -> None:
        """Close the matter and ask the contact for a rating."""
        self._move(conversation, ConversationStatus.resolved)
        conversation.resolved_at = self.clock.now()
        await self.tickets.solve_for(conversation)
        await self.say(conversation, "utter_resolved")
        await self.say(conversation, "utter_ask_rating")

    async def return_to_bot(self, conversation: Conversation) -> None:
        """Let the bot answer again, with a clean slate."""
        self.begin_anew(conversation)
        conversation.assignee = None
        conversation.assignee_id = None
        await self.say(conversation, "utter_returned_to_bot")

    # What all of these need

    async def get(self, conversation_id: str) -> Conversation:
        """A conversation, for reading.

        Raises:
            ConversationNotFound
        """
        conversation = await self.conversations.get(conversation_id)
        if conversation is None:
            raise ConversationNotFound
        return conversation

    async def lock(self, conversation_id: str) -> Conversation:
        """A conversation that nobody else changes until the transaction ends.

        Raises:
            ConversationNotFound
        """
        conversation = await self.conversations.lock(conversation_id)
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
    ) -> Message:
        """Append a message with the next sequence number, and queue its delivery where the channel wants one."""
        now = self.clock.now()
        conversation.last_sequence += 1
        message = Message(
            conversation_id=conversation.id,
            inbox_id=conversation.inbox_id,
            sequence=conversation.last_sequence,
            external_id=external_id,
            author=author,
            agent=await self.session.get_one(Agent, agent.id) if agent else None,
            kind=kind,
            text=safe_text(text),
            response=response,
            payload=payload,
            buttons=list(buttons),
            articles=list(articles),
            turn=turn,
            created_at=now,
        )
        self.session.add(message)
        self._changed(conversation)
        await self.session.flush()
        if author is not Author.contact and kind is not MessageKind.internal_note:
            self._queue_delivery(conversation, message)
        return message

    def _queue_delivery(self, conversation: Conversation, message: Message) -> None:
        if conversation.inbox.channel not in PUSHED_CHANNELS:
            return
        self.session.add(
            Delivery(
                message_id=message.id,
                conversation_id=conversation.id,
                state=DeliveryState.pending,
                next_attempt_at=message.created_at,
            )
        )
        announce(self.session, "outbox", {"conversation_id": conversation.id})

    def _move(self, conversation: Conversation, status: ConversationStatus) -> None:
        check(conversation.status, status)
        conversation.status = status
        conversation.waiting_since = self.clock.now() if status is ConversationStatus.waiting else None
        self._changed(conversation)

    def begin_anew(self, conversation: Conversation) -> None:
        """Give a conversation to the bot, which remembers no half-filled form and no anger from before."""
        self._move(conversation, ConversationStatus.with_bot)
        conversation.dialogue_state = None
        conversation.frustration = 0.0
        conversation.bot_since_sequence = conversation.last_sequence

    def _changed(self, conversation: Conversation) -> None:
        conversation.updated_at = self.clock.now()
        announce(self.session, contact_topic(conversation), {"type": "changed"})
        announce(self.session, "desk", {"type": "conversation", "conversation_id": conversation.id})

    async def _ticket_of(self, conversation: Conversation, reason: HandoffReason, detail: str) -> Ticket:
        """The conversation's unfinished ticket, or a new one for this handoff."""
        unfinished = await self.tickets.tickets.unfinished_of(conversation.id)
        if unfinished:
            return unfinished[0]
        typed = await self.conversations.last_typed_by_contact(conversation.id)
        said = typed.text if typed else ""
        return await self.tickets.open(
            conversation,
            subject=" ".join((said or detail).split())[:120] or reason.value,
            description=detail or said,
            priority=(await self.policies.current()).priority(reason),
            idempotency_key=f"handoff:{conversation.id}:{conversation.last_sequence}",
        )

    async def _conversation_for(self, incoming: IncomingMessage) -> Conversation:
        if known := await self.of_contact(incoming.inbox_id, incoming.contact_external_id, lock=True):
            return known
        identity = await self.conversations.identity(incoming.inbox_id, incoming.contact_external_id)
        return await self._start_with(identity, incoming) if identity else await self._start(incoming)

    async def _start(self, incoming: IncomingMessage) -> Conversation:
        """A contact who has never written here."""
        contact = Contact(name=safe_text(incoming.contact_name)[:200], created_at=self.clock.now())
        identity = ContactIdentity(
            contact=contact,
            inbox_id=incoming.inbox_id,
            external_id=incoming.contact_external_id,
            created_at=self.clock.now(),
        )
        self.session.add(identity)
        await self.session.flush()
        return await self._start_with(identity, incoming)

    async def _start_with(self, identity: ContactIdentity, incoming: IncomingMessage) -> Conversation:
        now = self.clock.now()
        conversation = Conversation(
            id=secrets.token_hex(16),
            inbox=await self.session.get_one(Inbox, identity.inbox_id),
            contact=identity.contact,
            contact_id=identity.contact_id,
            identity=identity,
            inbox_id=identity.inbox_id,
            assignee=None,
            status=ConversationStatus.with_bot,
            language=incoming.language if incoming.language in LANGUAGES else DEFAULT_LANGUAGE,
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


def contact_topic(conversation: Conversation) -> str:
    """Where what the contact should see is announced; known before there is a conversation."""
    return topic_of_contact(conversation.inbox_id, conversation.identity.external_id)


def topic_of_contact(inbox_id: int, external_id: str) -> str:
    """The same, by the contact's address in an inbox."""
    return f"contact:{inbox_id}:{external_id}"


def checked_text(text: str) -> str:
    """The text as it can be stored, otherwise unchanged.

    Raises:
        MessageEmpty, MessageTooLong
    """
    if len(text) > MAX_MESSAGE_CHARACTERS:
        raise MessageTooLong
    cleaned = safe_text(text)
    if not any(character.isprintable() and not character.isspace() for character in cleaned):
        raise MessageEmpty
    return cleaned
