"""Conversations and their messages in SQL."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, func, literal_column, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import contains_eager, joinedload, load_only, undefer

from crm.enums import Author, ConversationStatus, MessageKind, Outcome, TurnState
from crm.models import (
    Agent,
    Attachment,
    Contact,
    ContactIdentity,
    Conversation,
    Delivery,
    EmailOriginal,
    Handoff,
    Inbox,
    MergedConversation,
    Message,
    Rating,
    Ticket,
)
from crm.tickets.repository import NEXT_DUE, UNFINISHED

# Of one conversation, when many are looked at: some thirty messages of the contact with the bot's between them.
LONGEST_STRETCH = 60
# How many messages, and for how long, what a contact asked last can be asked on about.
REMEMBERED_QUESTIONS = 8
QUESTIONS_LAST = timedelta(minutes=30)
FOUND = (Outcome.answered, Outcome.offered)
# Before anything that we know of.
EVER = datetime(1970, 1, 1, tzinfo=UTC)
# Everything that a list row or a header shows.
_SHOWN = (joinedload(Conversation.contact), joinedload(Conversation.assignee), joinedload(Conversation.inbox))
_WHOLE = (*_SHOWN, joinedload(Conversation.identity))
# All that is asked of a contact's messages whose turns are over: an object with every column takes twice as long.
_AS_READ = (
    *(Message.conversation_id, Message.sequence, Message.author, Message.text, Message.payload, Message.created_at),
    *(Message.outcome, Message.intent, Message.sentiment_score, Message.signals, Message.vector, Message.encoder),
)

# What the conversation's tickets promise next.
_NEXT_DUE = (
    select(func.min(NEXT_DUE))
    .where(Ticket.conversation_id == Conversation.id, Ticket.status.in_(UNFINISHED))
    .scalar_subquery()
)

# What every turn asks is put together once: building a statement costs as much as running it.
_BY_ID = select(Conversation).where(Conversation.id == bindparam("conversation_id")).options(*_WHOLE)
_GET = _BY_ID.options(undefer(Conversation.dialogue_state))
# OF this table alone: PostgreSQL cannot lock the empty side of an outer join.
_LOCK = _BY_ID.with_for_update(of=Conversation).execution_options(populate_existing=True)
_LOCK_WITH_STATE = _LOCK.options(undefer(Conversation.dialogue_state))
_OF_CONTACT = (
    select(Conversation)
    .join(ContactIdentity, ContactIdentity.id == Conversation.identity_id)
    .where(ContactIdentity.inbox_id == bindparam("inbox_id"), ContactIdentity.external_id == bindparam("external_id"))
    .options(*_WHOLE)
    .execution_options(populate_existing=True)
)
_LOCK_OF_CONTACT = _OF_CONTACT.with_for_update(of=Conversation)
_BY_EXTERNAL_ID = select(Message).where(
    Message.inbox_id == bindparam("inbox_id"), Message.external_id == bindparam("external_id")
)
# The same of several, without what storing a message does not look at.
_LOCK_OF_CONTACTS = (
    select(Conversation)
    .join(Conversation.identity)
    .where(
        ContactIdentity.inbox_id == bindparam("inbox_id"),
        ContactIdentity.external_id.in_(bindparam("external_ids", expanding=True)),
    )
    .options(contains_eager(Conversation.identity))
    # In one order, so that two processes never wait for each other.
    .order_by(Conversation.id)
    .with_for_update(of=Conversation)
    .execution_options(populate_existing=True)
)
_BY_EXTERNAL_IDS = select(Message).where(
    Message.inbox_id == bindparam("inbox_id"), Message.external_id.in_(bindparam("external_ids", expanding=True))
)
_PARTS = (joinedload(Message.agent), joinedload(Message.attachment), joinedload(Message.email_original))
_NEWS = (
    select(
        Conversation.id,
        Conversation.status,
        Conversation.last_sequence,
        Agent.name,
        Conversation.agent_seen_sequence,
        Conversation.contact_seen_sequence,
        Conversation.contact_got_sequence,
        Message,
    )
    .join(ContactIdentity, ContactIdentity.id == Conversation.identity_id)
    .outerjoin(Agent, Agent.id == Conversation.assignee_id)
    .outerjoin(
        Message,
        and_(
            Message.conversation_id == Conversation.id,
            Message.sequence > bindparam("after"),
            Message.kind != MessageKind.internal_note,
        ),
    )
    .where(ContactIdentity.inbox_id == bindparam("inbox_id"), ContactIdentity.external_id == bindparam("external_id"))
    .options(*_PARTS)
    .order_by(Message.sequence)
    .limit(bindparam("limit", type_=Integer))
)
_RECENT_FROM_CONTACT = (
    select(Message)
    .where(
        Message.conversation_id == bindparam("conversation_id"),
        Message.author == Author.contact,
        Message.sequence > bindparam("after"),
        Message.sequence < bindparam("before"),
    )
    .options(load_only(*_AS_READ))
    .order_by(Message.sequence.desc())
    .limit(bindparam("limit", type_=Integer))
)
# Written out, since the index of what is pending serves no statement that is only told of the state when it runs.
_IS_PENDING = Message.turn == literal_column(f"'{TurnState.pending.value}'")
_PENDING = (
    select(Message)
    .where(
        Message.conversation_id == bindparam("conversation_id"),
        _IS_PENDING,
        # As an expression: SQLite would rather go through the whole conversation in order than sort one message.
        Message.sequence + 0 > bindparam("after"),
    )
    .order_by(Message.sequence + 0)
    .limit(bindparam("limit", type_=Integer))
    .execution_options(populate_existing=True)
)
_RATINGS = (
    select(Conversation.contact_id, Rating)
    .join(Rating, Rating.conversation_id == Conversation.id)
    .where(
        Conversation.contact_id.in_(bindparam("contact_ids", expanding=True)), Rating.created_at > bindparam("after")
    )
    .order_by(Rating.created_at, Rating.id)
)


@dataclass(frozen=True)
class Glance:
    """As much of a conversation as the contact's own screen shows beside the messages."""

    id: str
    status: ConversationStatus
    last_sequence: int
    agent_name: str | None
    # Up to where a person of ours has read it.
    read_sequence: int = 0
    # Up to where the contact's own screens have shown it, and got it.
    seen_sequence: int = 0
    got_sequence: int = 0


@dataclass(frozen=True)
class Stretch:
    """What a contact last took up with the bot: their messages with vectors, up to where a person had it.

    `ratings` are all that the contact has given, oldest first.
    """

    conversation: Conversation
    messages: list[Message]
    ratings: Sequence[Rating]


class ConversationRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def get(self, conversation_id: str) -> Conversation | None:
        """A conversation with contact, assignee, inbox and identity, and the dialogue's state."""
        return (await self.session.scalars(_GET, {"conversation_id": conversation_id})).one_or_none()

    async def lock(self, conversation_id: str) -> Conversation | None:
        """The same without the state, and no other transaction changes it until this one ends."""
        return (await self.session.scalars(_LOCK, {"conversation_id": conversation_id})).one_or_none()

    async def dialogue_state(self, conversation_id: str) -> list[Any] | None:
        """What the bot remembers of a conversation."""
        return await self.session.scalar(select(Conversation.dialogue_state).where(Conversation.id == conversation_id))

    async def with_contacts(self, conversation_ids: Collection[str]) -> Sequence[Conversation]:
        """Those of these conversations that there are, with their contacts and addresses."""
        shown = (joinedload(Conversation.contact), joinedload(Conversation.identity))
        statement = select(Conversation).where(Conversation.id.in_(conversation_ids)).options(*shown)
        return (await self.session.scalars(statement)).all()

    async def merged_into(self, conversation_id: str) -> str | None:
        """The id of the conversation that this one has become part of; none where it has not."""
        statement = select(MergedConversation.into_id).where(MergedConversation.id == conversation_id)
        return (await self.session.scalars(statement)).one_or_none()

    async def identity(self, inbox_id: int, external_id: str) -> ContactIdentity | None:
        """A contact's address in an inbox, with the contact."""
        statement = (
            select(ContactIdentity)
            .where(ContactIdentity.inbox_id == inbox_id, ContactIdentity.external_id == external_id)
            .options(joinedload(ContactIdentity.contact))
        )
        return (await self.session.scalars(statement)).one_or_none()

    async def of_contact(self, inbox_id: int, external_id: str, *, lock: bool) -> Conversation | None:
        """The conversation with an address; there is one, and it goes on for ever."""
        statement = _LOCK_OF_CONTACT if lock else _OF_CONTACT
        address = {"inbox_id": inbox_id, "external_id": external_id}
        return (await self.session.scalars(statement, address)).one_or_none()

    async def news(
        self, inbox_id: int, external_id: str, *, after: int, limit: int
    ) -> tuple[Glance | None, list[Message]]:
        """A contact's conversation in short, and what they may see of its messages after a sequence number, in order.

        In one statement, since every open widget asks at every change.
        """
        asked = {"inbox_id": inbox_id, "external_id": external_id, "after": after, "limit": limit}
        rows = (await self.session.execute(_NEWS, asked)).all()
        if not rows:
            return None, []
        return Glance(*rows[0][:-1]), [message for *_, message in rows if message]

    async def message_by_external_id(self, inbox_id: int, external_id: str) -> Message | None:
        address = {"inbox_id": inbox_id, "external_id": external_id}
        return (await self.session.scalars(_BY_EXTERNAL_ID, address)).one_or_none()

    async def messages_by_external_id(self, inbox_id: int, external_ids: Sequence[str]) -> dict[str, Message]:
        """Of these messages of an inbox those that we have, by the channel's id."""
        asked = {"inbox_id": inbox_id, "external_ids": external_ids}
        return {one.external_id or "": one for one in await self.session.scalars(_BY_EXTERNAL_IDS, asked)}

    async def lock_of_contacts(self, inbox_id: int, external_ids: Sequence[str]) -> dict[str, Conversation]:
        """The conversations with these addresses, by address, each with its identity alone."""
        asked = {"inbox_id": inbox_id, "external_ids": external_ids}
        found = await self.session.scalars(_LOCK_OF_CONTACTS, asked)
        return {conversation.identity.external_id: conversation for conversation in found}

    async def message(self, message_id: int) -> Message | None:
        return await self.session.get(Message, message_id)

    async def attachment(self, attachment_id: int) -> Attachment | None:
        """A message's file with its bytes."""
        return await self.session.get(
            Attachment, attachment_id, options=(undefer(Attachment.content),), execution_options={"large": True}
        )

    async def attachment_of(self, message: Message) -> Attachment | None:
        """A message's file without its bytes."""
        statement = select(Attachment).where(Attachment.message_id == message.id)
        return (await self.session.scalars(statement)).one_or_none()

    async def email_original(self, message_id: int) -> str | None:
        """All that a mail said, where its message holds less."""
        statement = select(EmailOriginal.text).where(EmailOriginal.message_id == message_id)
        return (await self.session.scalars(statement)).one_or_none()

    async def parked(self, *, limit: int) -> Sequence[tuple[Message, Conversation]]:
        """Messages whose turns were set aside, latest first, each with its conversation."""
        statement = (
            select(Message, Conversation)
            .join(Conversation, Conversation.id == Message.conversation_id)
            .where(Message.turn == TurnState.parked)
            .options(*_SHOWN)
            .order_by(Message.id.desc())
            .limit(limit)
        )
        return [(message, conversation) for message, conversation in await self.session.execute(statement)]

    async def messages(
        self, conversation_id: str, *, after: int = 0, limit: int | None = None, internal: bool = True
    ) -> Sequence[Message]:
        """Messages with a greater sequence number, oldest first; `internal` includes notes."""
        statement = (
            select(Message)
            .where(Message.conversation_id == conversation_id, Message.sequence > after)
            .options(*_PARTS)
            .order_by(Message.sequence)
            .limit(limit)
        )
        if not internal:
            statement = statement.where(Message.kind != MessageKind.internal_note)
        return (await self.session.scalars(statement)).all()

    async def recent_from_contact(
        self, conversation_id: str, *, before: int, limit: int, after: int = 0
    ) -> Sequence[Message]:
        """The contact's last messages between two sequence numbers, as read, oldest first."""
        asked = {"conversation_id": conversation_id, "after": after, "before": before, "limit": limit}
        return (await self.session.scalars(_RECENT_FROM_CONTACT, asked)).all()[::-1]

    async def last_from_contact(self, conversation_id: str) -> Message | None:
        """What the contact wrote last, with its vector."""
        statement = _last_of_contact(conversation_id).options(undefer(Message.vector))
        return (await self.session.scalars(statement)).one_or_none()

    async def last_typed_by_contact(self, conversation_id: str) -> Message | None:
        """What the contact last wrote in their own words, which a pressed button's are not."""
        statement = _last_of_contact(conversation_id).where(Message.payload.is_(None))
        return (await self.session.scalars(statement)).one_or_none()

    async def questions_before(self, conversation_id: str, message_id: str) -> Sequence[str]:
        """What the contact asked the bot right before a message, latest first, up to what it found nothing on.

        Nothing where the message is not the conversation's own, or is not among its last.
        """
        statement = (
            select(Message)
            .join(Conversation, Conversation.id == Message.conversation_id)
            .where(
                Message.conversation_id == conversation_id,
                Message.author == Author.contact,
                Message.sequence > Conversation.bot_since_sequence,
            )
            .order_by(Message.sequence.desc())
            .limit(REMEMBERED_QUESTIONS)
        )
        messages = (await self.session.scalars(statement)).all()
        place = next((place for place, one in enumerate(messages) if str(one.id) == message_id), None)
        if place is None:
            return []
        since = messages[place].created_at - QUESTIONS_LAST
        found = takewhile(lambda one: one.outcome in FOUND and one.created_at >= since, messages[place + 1 :])
        return [_asked(message) for message in found]

    async def contact_was_told_something(self, conversation_id: str, *, after: int) -> bool:
        """Whether anything but the contact's own words followed a message."""
        statement = (
            select(Message.id)
            .where(
                Message.conversation_id == conversation_id,
                Message.sequence > after,
                Message.author != Author.contact,
                Message.kind != MessageKind.internal_note,
            )
            .limit(1)
        )
        return (await self.session.scalar(statement)) is not None

    async def responses_said(self, conversation_id: str) -> frozenset[str]:
        """The names of the responses that the contact has been given."""
        statement = select(Message.response).where(
            Message.conversation_id == conversation_id, Message.response.is_not(None)
        )
        return frozenset(name for name in await self.session.scalars(statement) if name)

    async def was_told(self, conversation_id: str, response: str, *, since: datetime) -> bool:
        """Whether the contact has been given this response since then."""
        statement = (
            select(Message.id)
            .where(
                Message.conversation_id == conversation_id, Message.response == response, Message.created_at >= since
            )
            .limit(1)
        )
        return await self.session.scalar(statement) is not None

    async def response_said_last(self, conversation_id: str) -> str | None:
        """The name of the response that the contact was given last; none where they were told something else since."""
        statement = (
            select(Message.response)
            .where(
                Message.conversation_id == conversation_id,
                Message.author != Author.contact,
                Message.kind != MessageKind.internal_note,
            )
            .order_by(Message.sequence.desc())
            .limit(1)
        )
        return await self.session.scalar(statement)

    async def last_words_before(self, message: Message, *, after: int) -> datetime | None:
        """When the contact last said something in words between a sequence number and a message of theirs."""
        statement = (
            select(Message.created_at)
            .where(
                Message.conversation_id == message.conversation_id,
                Message.author == Author.contact,
                Message.sequence > after,
                Message.sequence < message.sequence,
                or_(Message.response.is_(None), Message.corrected_text.is_not(None)),
            )
            .order_by(Message.sequence.desc())
            .limit(1)
        )
        return await self.session.scalar(statement)

    async def messages_before(self, message: Message, *, limit: int) -> Sequence[Message]:
        """What the contact could see right before a message of their conversation, latest first."""
        statement = (
            select(Message)
            .where(
                Message.conversation_id == message.conversation_id,
                Message.sequence < message.sequence,
                Message.kind != MessageKind.internal_note,
            )
            .order_by(Message.sequence.desc())
            .limit(limit)
        )
        return (await self.session.scalars(statement)).all()

    async def last_stretches(self, *, limit: int) -> list[Stretch]:
        """The last conversations, each from where the bot began anew; a person's taking over ends a stretch."""
        latest = (
            select(Conversation)
            .options(load_only(Conversation.contact_id), joinedload(Conversation.contact).load_only(Contact.name))
            .order_by(Conversation.updated_at.desc())
            .limit(limit)
        )
        conversations = (await self.session.scalars(latest)).all()
        ids = [conversation.id for conversation in conversations]
        spoken = (
            select(Message)
            .join(Conversation, Conversation.id == Message.conversation_id)
            .where(
                Message.conversation_id.in_(ids),
                Message.author.in_((Author.contact, Author.agent)),
                Message.sequence > Conversation.bot_since_sequence,
                Message.sequence <= Conversation.bot_since_sequence + LONGEST_STRETCH,
            )
            .options(load_only(*_AS_READ))
            .order_by(Message.sequence)
        )
        handoffs = select(Handoff.conversation_id, Handoff.created_at).where(Handoff.conversation_id.in_(ids))
        messages: defaultdict[str, list[Message]] = defaultdict(list)
        for message in await self.session.scalars(spoken):
            messages[message.conversation_id].append(message)
        handed_off: defaultdict[str, list[datetime]] = defaultdict(list)
        for conversation_id, moment in (await self.session.execute(handoffs)).all():
            handed_off[conversation_id].append(moment)
        ratings = await self.ratings_from([conversation.contact_id for conversation in conversations])
        stretches = [
            Stretch(one, _with_bot(messages[one.id], handed_off[one.id]), ratings[one.contact_id])
            for one in conversations
        ]
        return [stretch for stretch in stretches if stretch.messages]

    async def last_rating_request(self, conversation_id: str) -> Message | None:
        """The last time the contact was asked for a rating."""
        statement = (
            select(Message)
            .where(Message.conversation_id == conversation_id, Message.kind == MessageKind.rating_request)
            .order_by(Message.sequence.desc())
            .limit(1)
        )
        return (await self.session.scalars(statement)).one_or_none()

    async def last_agent_before(self, message: Message) -> int | None:
        """Who of us last wrote to the contact before a message, by their id."""
        statement = (
            select(Message.agent_id)
            .where(
                Message.conversation_id == message.conversation_id,
                Message.sequence < message.sequence,
                Message.author == Author.agent,
                Message.kind != MessageKind.internal_note,
            )
            .order_by(Message.sequence.desc())
            .limit(1)
        )
        return await self.session.scalar(statement)

    async def pending(self, conversation_id: str, *, limit: int, after: int = 0) -> Sequence[Message]:
        """The contact's messages that nobody has dealt with, as they are now, oldest first."""
        asked = {"conversation_id": conversation_id, "after": after, "limit": limit}
        return (await self.session.scalars(_PENDING, asked)).all()

    async def files_from(self, inbox_id: int, external_id: str, *, since: datetime) -> int:
        """How many files came from an address, counting those that were refused."""
        statement = (
            select(func.count(Attachment.id))
            .join(Message, Message.id == Attachment.message_id)
            .join(Conversation, Conversation.id == Message.conversation_id)
            .join(ContactIdentity, ContactIdentity.id == Conversation.identity_id)
            .where(
                ContactIdentity.inbox_id == inbox_id,
                ContactIdentity.external_id == external_id,
                Message.author == Author.contact,
                Attachment.created_at > since,
            )
        )
        return await self.session.scalar(statement) or 0

    async def waiting_for_turn(self, now: datetime, *, limit: int) -> Sequence[str]:
        """Ids of conversations that have a pending message and that no living process is working on."""
        statement = (
            select(Message.conversation_id)
            .join(Conversation, Conversation.id == Message.conversation_id)
            .where(_IS_PENDING, _not_leased(now))
            .group_by(Message.conversation_id)
            .order_by(func.min(Message.id))
            .limit(limit)
        )
        return (await self.session.scalars(statement)).all()

    async def lease(self, conversation_id: str, *, owner: str, now: datetime, until: datetime) -> Conversation | None:
        """Take the right to run a conversation's turns: it as `get` has it, or none when another process has it."""
        found = await self.session.scalars(_LOCK_WITH_STATE, {"conversation_id": conversation_id})
        conversation = found.one_or_none()
        if conversation is None or (_is_leased(conversation, now) and conversation.lease_owner != owner):
            return None
        conversation.lease_owner, conversation.leased_until = owner, until
        return conversation

    async def in_status(
        self,
        *,
        statuses: Sequence[ConversationStatus],
        assignee_id: int | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> Sequence[Conversation]:
        """Conversations in these states: of those waiting the most overdue first, otherwise the latest first."""
        statement = select(Conversation).where(Conversation.status.in_(statuses)).options(*_SHOWN)
        if assignee_id is not None:
            statement = statement.where(Conversation.assignee_id == assignee_id)
        if list(statuses) == [ConversationStatus.waiting]:
            # Who waits in distress goes before who asked earlier and can wait: their ticket is due sooner.
            statement = statement.order_by(_NEXT_DUE.nulls_last(), Conversation.waiting_since)
        else:
            statement = statement.order_by(Conversation.updated_at.desc())
        # The id, so that those of one moment stay on the same page of a list.
        statement = statement.order_by(Conversation.id).limit(limit).offset(offset)
        return (await self.session.scalars(statement)).all()

    async def in_this_order(self, conversation_ids: Sequence[str]) -> list[Conversation]:
        """Those of these conversations that there are, with all that a list shows."""
        statement = select(Conversation).where(Conversation.id.in_(conversation_ids)).options(*_SHOWN)
        found = {conversation.id: conversation for conversation in await self.session.scalars(statement)}
        return [found[name] for name in conversation_ids if name in found]

    async def last_messages(self, conversation_ids: Sequence[str]) -> dict[str, Message]:
        """What contact, bot or agent said last in each conversation; what the product itself said does not count."""
        latest = (
            select(Message.conversation_id, func.max(Message.sequence).label("sequence"))
            .where(
                Message.conversation_id.in_(conversation_ids),
                Message.kind == MessageKind.text,
                Message.author != Author.system,
            )
            .group_by(Message.conversation_id)
            .subquery()
        )
        statement = select(Message).join(
            latest,
            (Message.conversation_id == latest.c.conversation_id) & (Message.sequence == latest.c.sequence),
        )
        return {message.conversation_id: message for message in await self.session.scalars(statement)}

    async def count_by_status(self, *, assignee_id: int | None = None) -> dict[ConversationStatus, int]:
        """How many conversations there are, or how many somebody has."""
        statement = select(Conversation.status, func.count()).group_by(Conversation.status)
        if assignee_id is not None:
            statement = statement.where(Conversation.assignee_id == assignee_id)
        return dict((await self.session.execute(statement)).all())

    async def handoffs(self, conversation_id: str) -> Sequence[Handoff]:
        """All bringings-in of a person, latest first."""
        statement = (
            select(Handoff)
            .where(Handoff.conversation_id == conversation_id)
            .order_by(Handoff.created_at.desc(), Handoff.id.desc())
        )
        return (await self.session.scalars(statement)).all()

    async def handoffs_since_bot(self, conversation: Conversation) -> Sequence[Handoff]:
        """Those since the bot was last given the conversation, latest first."""
        given = select(func.max(Message.created_at)).where(
            Message.conversation_id == conversation.id, Message.sequence <= conversation.bot_since_sequence
        )
        since = await self.session.scalar(given)
        return [one for one in await self.handoffs(conversation.id) if since is None or one.created_at > since]

    async def ticket_called_for(self, conversation: Conversation) -> int | None:
        """The id of the ticket that people were last called for, since the bot was given the conversation."""
        called = await self.handoffs_since_bot(conversation)
        return called[0].ticket_id if called else None

    async def ratings(self, conversation_id: str) -> Sequence[Rating]:
        """All ratings, latest first."""
        statement = select(Rating).where(Rating.conversation_id == conversation_id).order_by(Rating.id.desc())
        return (await self.session.scalars(statement)).all()

    async def ratings_from(
        self, contact_ids: Sequence[int], *, after: datetime | None = None
    ) -> defaultdict[int, list[Rating]]:
        """All ratings that contacts have given in any of their conversations, oldest first, by contact."""
        asked = {"contact_ids": contact_ids, "after": after or EVER}
        ratings: defaultdict[int, list[Rating]] = defaultdict(list)
        for contact_id, rating in (await self.session.execute(_RATINGS, asked)).all():
            ratings[contact_id].append(rating)
        return ratings

    async def deliveries(self, conversation_id: str) -> dict[int, Delivery]:
        """How far the messages have come that had to be sent to a channel, by message."""
        statement = select(Delivery).where(Delivery.conversation_id == conversation_id)
        return {one.message_id: one for one in await self.session.scalars(statement)}

    async def deliveries_of_last(self, last: Mapping[str, Message]) -> dict[str, Delivery]:
        """How far one message of each conversation has come, where it had to be sent to a channel, by conversation."""
        statement = select(Delivery).where(Delivery.message_id.in_([message.id for message in last.values()]))
        return {one.conversation_id: one for one in await self.session.scalars(statement)}

    async def inbox_by_key(self, key: str) -> Inbox | None:
        return (await self.session.scalars(select(Inbox).where(Inbox.key == key))).one_or_none()


def _is_leased(conversation: Conversation, now: datetime) -> bool:
    return conversation.leased_until is not None and conversation.leased_until >= now


def _not_leased(now: datetime) -> ColumnElement[bool]:
    return or_(Conversation.leased_until.is_(None), Conversation.leased_until < now)


def _asked(message: Message) -> str:
    """The question's words; a suggestion's payload is the question, a command's is none and its button has a title."""
    payload = message.payload or ""
    return message.latest_text if not payload or payload.startswith("/") else payload


def _with_bot(messages: Sequence[Message], handed_off: Sequence[datetime]) -> list[Message]:
    """The contact's messages before a person spoke, and up to the one that was handed off."""
    if not messages:
        return []
    first = messages[0].created_at
    end = min((moment for moment in handed_off if moment >= first), default=None)
    before_agent = takewhile(lambda message: message.author is Author.contact, messages)
    return [message for message in before_agent if end is None or message.created_at <= end]


def _last_of_contact(conversation_id: str) -> Select[Message]:
    own = (Message.conversation_id == conversation_id, Message.author == Author.contact)
    return select(Message).where(*own).order_by(Message.sequence.desc()).limit(1)
