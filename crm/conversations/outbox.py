"""The outbox: messages that channels must be called for, in order within each conversation."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, undefer

from core.clock import Clock
from core.unit_of_work import UnitOfWork, announce
from crm.conversations.files import File
from crm.conversations.ports import ChannelSender, OutgoingMessage, SendLater, SendUncertain
from crm.conversations.sending import SENDING_LIMIT, UNSENT, Call, SendingQueue
from crm.enums import Channel, DeliveryState
from crm.models import Attachment, Conversation, Delivery, Message

# The widget fetches what is new by itself; every other channel has to be called.
PUSHED_CHANNELS = frozenset({Channel.telegram, Channel.email})
# Found at one look around, of each inbox: one that hangs with thousands must not hide the others'.
FOUND_AT_ONCE = 200
# A large file on a slow line.
FILE_SENDING_LIMIT = timedelta(minutes=5)


def key_of(inbox_id: int, conversation_id: str) -> str:
    """What a conversation's deliveries are found by: the inbox first, since each has a lane of its own."""
    return f"{inbox_id}/{conversation_id}"


def inbox_of(key: str) -> str:
    """The inbox of a key."""
    return key.partition("/")[0]


def queue_delivery(session: AsyncSession, conversation: Conversation, message: Message) -> None:
    """Have a message that is stored sent, where its channel has to be called."""
    if conversation.inbox.channel not in PUSHED_CHANNELS:
        return
    session.add(
        Delivery(
            message_id=message.id,
            conversation_id=conversation.id,
            state=DeliveryState.pending,
            next_attempt_at=message.created_at,
        )
    )
    announce(session, "outbox", {"key": key_of(conversation.inbox_id, conversation.id)})


class Outbox(SendingQueue[Delivery]):
    """Sends what is due; `senders` are those of the inboxes that are open, by id."""

    row = Delivery

    def __init__(self, work: UnitOfWork, *, senders: Mapping[int, ChannelSender], clock: Clock) -> None:
        super().__init__(work, clock=clock)
        self.senders = senders

    async def due(self) -> Sequence[str]:
        """Conversations whose next message can be sent now, by their keys."""
        place = func.row_number().over(partition_by=Conversation.inbox_id, order_by=Delivery.message_id)
        due = (
            select(Conversation.inbox_id, Conversation.id, place.label("place"))
            .join(Delivery, Delivery.conversation_id == Conversation.id)
            .where(Delivery.message_id.in_(_first_unsent()), Delivery.next_attempt_at <= self.clock.now())
            .subquery()
        )
        statement = select(due.c.inbox_id, due.c.id).where(due.c.place <= FOUND_AT_ONCE).order_by(due.c.place)
        async with self.work.reading() as session:
            return [key_of(inbox_id, conversation_id) for inbox_id, conversation_id in await session.execute(statement)]

    async def _next(self, session: AsyncSession, key: str) -> Delivery | None:
        statement = (
            select(Delivery)
            .where(Delivery.conversation_id == key.rpartition("/")[2], Delivery.state.in_(UNSENT))
            .options(
                joinedload(Delivery.message).joinedload(Message.agent),
                joinedload(Delivery.message).joinedload(Message.attachment),
            )
            .order_by(Delivery.message_id)
            .limit(1)
        )
        return (await session.scalars(statement)).one_or_none()

    async def _call_for(self, session: AsyncSession, row: Delivery) -> Call | None:
        conversation = await _conversation(session, row.conversation_id)
        sender = self.senders.get(conversation.inbox_id)
        if sender is None:
            return None
        outgoing = _outgoing(conversation, row, await _file(session, row.message))
        return Call(partial(sender.send, outgoing), FILE_SENDING_LIMIT if outgoing.file else SENDING_LIMIT)

    def _postponed(self, row: Delivery, reason: SendLater | SendUncertain) -> None:
        row.parts_sent = max(row.parts_sent, reason.parts_sent)
        row.in_doubt = row.in_doubt or isinstance(reason, SendUncertain)

    def _settle(self, session: AsyncSession, row: Delivery, state: DeliveryState, *, error: str | None) -> None:
        if state is DeliveryState.sent and row.in_doubt:
            state, error = DeliveryState.maybe_sent, "one of its parts may not have arrived"
        super()._settle(session, row, state, error=error)

    def _settled(self, session: AsyncSession, row: Delivery) -> None:
        announce(session, "desk", {"type": "conversation", "conversation_id": row.conversation_id})


def _first_unsent() -> Select[int]:
    """The oldest unsent message of each conversation: what follows waits for it."""
    return select(func.min(Delivery.message_id)).where(Delivery.state.in_(UNSENT)).group_by(Delivery.conversation_id)


async def _conversation(session: AsyncSession, conversation_id: str) -> Conversation:
    return await session.get_one(Conversation, conversation_id, options=(joinedload(Conversation.identity),))


async def _file(session: AsyncSession, message: Message) -> File | None:
    """What goes with a message, read only now that it is to be sent."""
    if message.attachment is None:
        return None
    statement = select(Attachment).where(Attachment.id == message.attachment.id).options(undefer(Attachment.content))
    attachment = (await session.scalars(statement.execution_options(populate_existing=True, large=True))).one()
    return File(attachment.name, attachment.content or b"")


def _outgoing(conversation: Conversation, delivery: Delivery, file: File | None) -> OutgoingMessage:
    message = delivery.message
    return OutgoingMessage(
        message_id=message.id,
        sequence=message.sequence,
        conversation_id=conversation.id,
        inbox_id=conversation.inbox_id,
        contact_external_id=conversation.identity.external_id,
        language=conversation.language,
        text=message.text,
        kind=message.kind,
        buttons=message.buttons,
        articles=message.articles,
        agent_name=message.agent_name,
        file=file,
        parts_sent=delivery.parts_sent,
    )
