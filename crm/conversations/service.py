"""Conversations: what is said in them and who has them, each change within the caller's transaction."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import Clock
from core.errors import Conflict, InvalidInput, NotFound
from core.events import Event
from core.unit_of_work import announce
from crm.contacts.service import remember_contact_detail
from crm.conversations.downloads import announce_file
from crm.conversations.handoff_policy import Decision, HandoffPolicy, gravity
from crm.conversations.handoff_tickets import HandoffTickets
from crm.conversations.news import CHANGED, contact_topic, news_of
from crm.conversations.outbox import queue_delivery
from crm.conversations.policies import HandoffPolicies
from crm.conversations.ports import Cause, HandoffListener, Mood, Reply
from crm.conversations.repository import ConversationRepository
from crm.conversations.search import findable_words
from crm.conversations.transitions import check
from crm.enums import AttachmentState, Author, Channel, ConversationStatus, HandoffReason, MessageKind, TurnState
from crm.models import Agent, Attachment, Conversation, FindableMessage, Handoff, Message, Rating, Ticket
from crm.tickets.service import TicketService
from crm.wording import Wording, Words
from language.contact_details import find_contact_detail
from language.normalise import safe_text
from language.ratings import LOW_RATING

# What the contact is told when a person is brought in, where it is more than that.
HANDED_OFF = {
    HandoffReason.negative_sentiment: "utter_handed_off_upset",
    HandoffReason.churn_threat: "utter_handed_off_upset",
    HandoffReason.legal_threat: "utter_handed_off_upset",
    HandoffReason.vulnerable: "utter_handed_off_gently",
}
# In characters; also what the channels' own forms take.
LONGEST_COMMENT = 2_000
HANDED_OFF_IN_DANGER = "utter_handed_off_in_danger"
HANDED_OFF_AS_ASKED = "utter_handed_off"
# What somebody is asked for who waits where only an open page can be answered, and what is said when it comes.
ASK_HOW_TO_REACH = "utter_ask_how_to_reach"
REACH_NOTED = "utter_reach_noted"


class ConversationNotFound(NotFound):
    """There is no such conversation."""

    code = "conversation_not_found"


class FileNotFound(NotFound):
    """There is no such file, or it was not fetched."""

    code = "file_not_found"


class RatingNotAsked(Conflict):
    """A conversation is rated after it was resolved, and once."""

    code = "rating_not_asked"


class RatingRequestOver(RatingNotAsked):
    """Another request for a rating has taken the place of the one that this answers."""

    code = "rating_request_over"


class ConversationService:
    """Finds conversations, says things in them, and moves them between the bot and people; within one transaction."""

    def __init__(
        self,
        session: AsyncSession,
        *,
        clock: Clock,
        wording: Wording,
        policy: HandoffPolicy,
        listeners: Sequence[HandoffListener] = (),
    ) -> None:
        self.session = session
        self.clock = clock
        self.wording = wording
        self._listeners = listeners
        self.policies = HandoffPolicies(session, default=policy, clock=clock)
        self.conversations = ConversationRepository(session)
        self.tickets = TicketService(session, clock=clock)
        self._handoff_tickets = HandoffTickets(
            self.conversations, tickets=self.tickets, policies=self.policies, wording=wording
        )

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

    async def of_contact(self, inbox_id: int, external_id: str, *, lock: bool = False) -> Conversation | None:
        """The conversation with this address in this inbox; `None` before the first message."""
        return await self.conversations.of_contact(inbox_id, external_id, lock=lock)

    async def stored_file(self, attachment_id: int) -> Attachment:
        """A file with its bytes.

        Raises:
            FileNotFound
        """
        attachment = await self.conversations.attachment(attachment_id)
        if attachment is None or attachment.state is not AttachmentState.stored:
            raise FileNotFound
        return attachment

    # What is said

    async def say(self, conversation: Conversation, name: str, **values: str) -> Message:
        """Tell the contact something in the product's own words, in their language."""
        words: Words = self.wording.say(name, conversation.language, **values)
        if name == "utter_ask_rating":
            # Each channel draws the scale in its own way; the response's buttons are for Rasa's rules.
            return await self.add_message(
                conversation, Author.system, words.text, kind=MessageKind.rating_request, response=name
            )
        return await self.add_message(conversation, Author.system, words.text, response=name, buttons=words.buttons)

    async def bot_says(self, conversation: Conversation, replies: Sequence[Reply]) -> None:
        """Store the bot's replies, unless a person took over while it was thinking."""
        if conversation.status is not ConversationStatus.with_bot:
            return
        messages = [
            self.append(
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
        message = self.append(
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

    def append(self, conversation: Conversation, author: Author, text: str, **content: Any) -> Message:
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
        self.mark_changed(conversation, news_of(message))
        return message

    # Who has it

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
            return await self._handoff_tickets.ticket_for(conversation, reason)
        self.move(conversation, ConversationStatus.waiting)
        if typed := await self.conversations.last_typed_by_contact(conversation.id):
            self.note_contact_detail(conversation, typed.latest_text)
        ticket = await self._call_people(conversation, reason, causes, detail)
        spoken = response or HANDED_OFF.get(reason, HANDED_OFF_AS_ASKED)
        await self.say(conversation, spoken, ticket_number=ticket.number)
        if not is_reachable(conversation):
            await self.say(conversation, ASK_HOW_TO_REACH)
        return ticket

    async def call_again(self, conversation: Conversation, decision: Decision, *, response: str | None) -> bool:
        """Call those who have a conversation for something graver than what they were called for; false if it is not.

        Its ticket becomes as urgent as that, and the contact is told in the words of `response`, if any.
        """
        called = await self.conversations.handoffs_since_bot(conversation)
        gravest = max((gravity(one.reason, [cause["code"] for cause in one.causes]) for one in called), default=0)
        if gravity(decision.reason, [cause.code for cause in decision.causes]) <= gravest:
            return False
        ticket = await self._call_people(conversation, decision.reason, decision.causes)
        self.mark_changed(conversation)
        if response:
            await self.say(conversation, response, ticket_number=ticket.number)
        return True

    async def explain_handoff(self, conversation: Conversation, mood: Mood) -> None:
        """Say what the contact's mood came from, where the bot brought people in without knowing it."""
        called = await self.conversations.handoffs_since_bot(conversation)
        if called and not called[0].causes:
            called[0].causes = [asdict(cause) for cause in mood.causes]
            called[0].frustration = mood.frustration

    async def _call_people(
        self, conversation: Conversation, reason: HandoffReason, causes: Sequence[Cause], detail: str = ""
    ) -> Ticket:
        """Note why people are needed, on the conversation and on its ticket, and tell them."""
        # What they were asked, they have said to the bot.
        await self.tickets.answered_by_contact(conversation.id)
        ticket = await self._handoff_tickets.ticket_for(conversation, reason)
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

    async def start_over(self, conversation: Conversation) -> None:
        """Do as the contact asks, whoever has the conversation: the bot answers, as if they had just come."""
        if conversation.status is not ConversationStatus.with_bot:
            self.move(conversation, ConversationStatus.with_bot)
        self._forget(conversation)
        self.unassign(conversation)
        await self.say(conversation, "utter_started_over")

    def begin_anew(self, conversation: Conversation) -> None:
        """Give a conversation to the bot, which remembers no half-filled form and no anger from before."""
        self.move(conversation, ConversationStatus.with_bot)
        self._forget(conversation)

    def move(self, conversation: Conversation, status: ConversationStatus) -> None:
        """Give a conversation its next status.

        Raises:
            StatusChangeRefused
        """
        check(conversation.status, status)
        conversation.status = status
        conversation.waiting_since = self.clock.now() if status is ConversationStatus.waiting else None
        self.mark_changed(conversation)

    @staticmethod
    def _forget(conversation: Conversation) -> None:
        conversation.dialogue_state = None
        conversation.frustration = 0.0
        conversation.bot_since_sequence = conversation.last_sequence

    @staticmethod
    def unassign(conversation: Conversation) -> None:
        """Leave a conversation with nobody in particular."""
        conversation.assignee = None
        conversation.assignee_id = None

    def mark_changed(self, conversation: Conversation, news: Event = CHANGED) -> None:
        """Tell every screen that shows the conversation, with what is new in it if that is known."""
        conversation.updated_at = self.clock.now()
        announce(self.session, contact_topic(conversation), news)
        announce(self.session, "desk", {"type": "conversation", "conversation_id": conversation.id})

    # How it was

    async def rate(
        self,
        conversation: Conversation,
        *,
        score: int,
        comment: str = "",
        request: int | None = None,
        thank: bool = True,
        offered: bool = False,
    ) -> Rating:
        """Store the contact's rating, 1 to 5, and thank for it unless the caller does; the same again changes nothing,
        and is told of again, since whoever sends it may have missed that.

        Of a low one without a comment the reason is asked (`rating_reasons`).
        It is of who had the conversation when it was resolved: `request` is the sequence number of the message that
        asked for it, where that is known. One that is `offered` before anybody has asked counts once, and is nobody's.

        Raises:
            RatingNotAsked: when nobody asked, or the question is answered otherwise already.
            RatingRequestOver: when it answers another request than the latest.
        """
        if not 1 <= score <= 5:
            raise InvalidInput("A rating is a number from 1 to 5.")
        asked = await self.conversations.last_rating_request(conversation.id)
        if asked is None and not offered:
            raise RatingNotAsked
        if asked and request not in (None, asked.sequence):
            raise RatingRequestOver
        heard = {"type": "rated", "score": score, "sequence": asked and asked.sequence}
        latest = next(iter(await self.conversations.ratings(conversation.id)), None)
        if latest and (asked is None or latest.created_at >= asked.created_at):
            if latest.score != score:
                raise RatingNotAsked
            announce(self.session, contact_topic(conversation), heard)
            return latest
        rating = Rating(
            conversation_id=conversation.id,
            agent_id=asked and (asked.agent_id or await self.conversations.last_agent_before(asked)),
            score=score,
            comment=safe_text(comment)[:LONGEST_COMMENT],
            created_at=self.clock.now(),
        )
        self.session.add(rating)
        if thank:
            wants_reason = score <= LOW_RATING and not rating.comment
            await self.say(conversation, "utter_rating_low" if wants_reason else "utter_rating_thanks")
        announce(self.session, contact_topic(conversation), heard)
        return rating

    async def explain_rating(self, rating_id: int, reason: str) -> None:
        """Keep why a rating was given, unless it says so already."""
        rating = await self.session.get_one(Rating, rating_id)
        rating.comment = rating.comment or safe_text(reason)[:LONGEST_COMMENT]


def is_reachable(conversation: Conversation) -> bool:
    """Whether a contact who has gone can still be answered; a page that is closed shows nothing."""
    contact = conversation.contact
    return conversation.inbox.channel is not Channel.web_widget or bool(contact.email or contact.phone)


# Opens one over a session.
OpenService = Callable[[AsyncSession], ConversationService]
