"""The outbox: messages that channels must be called for, in order within each conversation.

A delivery is marked `sending` before the call. Where a process dies between the call and its note of it, nobody can
know whether the message arrived; it becomes `maybe_sent` and is not sent again unasked.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, undefer

from core.clock import Clock
from core.unit_of_work import UnitOfWork, announce
from crm.conversations.files import File
from crm.conversations.ports import ChannelSender, OutgoingMessage, SendLater, SendRefused, SendUncertain
from crm.enums import Channel, DeliveryState
from crm.models import Attachment, Conversation, Delivery, Message

logger = logging.getLogger(__name__)

# Longer than any call to a channel takes.
SENDING_LIMIT = timedelta(seconds=60)
# A large file on a slow line.
FILE_SENDING_LIMIT = timedelta(minutes=5)
LONGEST_BACKOFF_SECONDS = 900
_UNSENT = (DeliveryState.pending, DeliveryState.sending)


class Outbox:
    """Sends what is due."""

    def __init__(self, work: UnitOfWork, *, senders: Mapping[Channel, ChannelSender], clock: Clock) -> None:
        self.work = work
        self.senders = senders
        self.clock = clock

    async def due(self) -> Sequence[str]:
        """Conversations whose next message can be sent now."""
        statement = (
            select(Delivery.conversation_id)
            .where(Delivery.message_id.in_(_first_unsent()), Delivery.next_attempt_at <= self.clock.now())
            .order_by(Delivery.message_id)
            .limit(200)
        )
        async with self.work.reading() as session:
            return (await session.scalars(statement)).all()

    async def send_next(self, conversation_id: str) -> bool:
        """Send a conversation's next message; true when the one after it, if there is one, need not wait."""
        outgoing = await self._claim(conversation_id)
        return outgoing is not None and await self._send(*outgoing)

    async def _claim(self, conversation_id: str) -> tuple[Channel, OutgoingMessage] | None:
        now = self.clock.now()
        async with self.work.begin() as session:
            delivery = await self._next(session, conversation_id)
            if delivery is None or delivery.next_attempt_at > now:
                return None
            if delivery.state is DeliveryState.sending:
                _settle(session, delivery, DeliveryState.maybe_sent, error="the process died while sending")
                # What follows it is found by the next look around.
                return None
            conversation = await _conversation(session, conversation_id)
            if conversation.inbox.channel not in self.senders:
                delivery.next_attempt_at = now + SENDING_LIMIT
                delivery.error = "the channel is switched off"
                return None
            limit = FILE_SENDING_LIMIT if delivery.message.attachment else SENDING_LIMIT
            taken = await session.execute(
                update(Delivery)
                .where(Delivery.message_id == delivery.message_id, Delivery.state == DeliveryState.pending)
                .values(state=DeliveryState.sending, attempts=Delivery.attempts + 1, next_attempt_at=now + limit)
                .execution_options(synchronize_session=False)
            )
            if not taken.rowcount:  # type: ignore[attr-defined]
                return None
            file = await _file(session, delivery.message)
            return conversation.inbox.channel, _outgoing(conversation, delivery, file)

    async def _next(self, session: AsyncSession, conversation_id: str) -> Delivery | None:
        statement = (
            select(Delivery)
            .where(Delivery.conversation_id == conversation_id, Delivery.state.in_(_UNSENT))
            .options(
                joinedload(Delivery.message).joinedload(Message.agent),
                joinedload(Delivery.message).joinedload(Message.attachment),
            )
            .order_by(Delivery.message_id)
            .limit(1)
        )
        return (await session.scalars(statement)).one_or_none()

    async def _send(self, channel: Channel, message: OutgoingMessage) -> bool:
        """Call the channel and note what came of it; false when the conversation has to wait."""
        try:
            external_id = await self.senders[channel].send(message)
        except SendLater as later:
            await self._postpone(message.message_id, later)
            return False
        except SendRefused as refusal:
            return await self._note(message.message_id, DeliveryState.failed, error=str(refusal))
        except SendUncertain as doubt:
            return await self._note(message.message_id, DeliveryState.maybe_sent, error=str(doubt))
        return await self._note(message.message_id, DeliveryState.sent, external_id=external_id)

    async def _postpone(self, message_id: int, later: SendLater) -> None:
        async with self.work.begin() as session:
            delivery = await session.get_one(Delivery, message_id)
            seconds = later.after_seconds or backoff_seconds(delivery.attempts)
            delivery.state = DeliveryState.pending
            delivery.parts_sent = later.parts_sent
            delivery.next_attempt_at = self.clock.now() + timedelta(seconds=seconds)
            delivery.error = str(later)[:200]

    async def _note(
        self, message_id: int, state: DeliveryState, *, external_id: str | None = None, error: str | None = None
    ) -> bool:
        async with self.work.begin() as session:
            delivery = await session.get_one(Delivery, message_id)
            delivery.external_id = external_id
            _settle(session, delivery, state, error=error)
        return True


def backoff_seconds(attempts: int) -> float:
    """2, 4, 8 ... seconds, at most a quarter of an hour."""
    return float(min(2**attempts, LONGEST_BACKOFF_SECONDS))


def _settle(session: AsyncSession, delivery: Delivery, state: DeliveryState, *, error: str | None) -> None:
    delivery.state = state
    delivery.error = error[:200] if error else None
    announce(session, "desk", {"type": "conversation", "conversation_id": delivery.conversation_id})


def _first_unsent() -> Select[int]:
    """The oldest unsent message of each conversation: what follows waits for it."""
    return select(func.min(Delivery.message_id)).where(Delivery.state.in_(_UNSENT)).group_by(Delivery.conversation_id)


async def _conversation(session: AsyncSession, conversation_id: str) -> Conversation:
    return await session.get_one(
        Conversation, conversation_id, options=(joinedload(Conversation.inbox), joinedload(Conversation.identity))
    )


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
        conversation_id=conversation.id,
        inbox_id=conversation.inbox_id,
        contact_external_id=conversation.identity.external_id,
        language=conversation.language,
        text=message.text,
        kind=message.kind,
        buttons=message.buttons,
        articles=message.articles,
        agent_name=message.agent.name if message.agent else None,
        file=file,
        parts_sent=delivery.parts_sent,
    )
