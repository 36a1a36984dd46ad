"""The bot's own words outside of conversations: answers to commands, and what could not be stored or sent on.

They wait in an outbox of their own, so that a message is dealt with before Telegram is called, and nothing is unsaid
where Telegram asks to wait.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Protocol

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from telegram import InlineKeyboardMarkup

from connectors.telegram.colleagues import move_group
from connectors.telegram.outgoing import GroupMoved
from connectors.telegram.ports import Notice
from core.clock import Clock
from core.errors import TooManyRequests
from core.rate_limit import RateLimit
from core.unit_of_work import UnitOfWork, announce
from crm.conversations.outbox import key_of
from crm.conversations.ports import SendLater
from crm.conversations.sending import UNSENT, Call, SendingQueue
from crm.enums import DeliveryState
from crm.models import TelegramNotice

TOPIC = "notices"
# To one chat. Beyond it, what is asked for again and again is said once for all that wait.
SAID = "10/minute"
# Telegram brings nothing again after that.
KEPT = timedelta(hours=24)


class NoticeSender(Protocol):
    """Writes to a chat."""

    async def send_notice(self, notice: Notice) -> str:
        """Send it; returns the message's id.

        Raises:
            SendLater, SendRefused, SendUncertain, GroupMoved
        """
        ...


class StoredNotices:
    """The `Notices` of one inbox's connector."""

    def __init__(self, work: UnitOfWork, clock: Clock, *, inbox_id: int) -> None:
        self._work = work
        self._clock = clock
        self._inbox_id = inbox_id
        self._limit = RateLimit(SAID)

    async def queue(self, notice: Notice) -> None:
        """Have it said, once for its cause."""
        # Another process was told of the same at the same moment.
        with suppress(IntegrityError):
            await self._queue(notice, wait=self._wait(notice.chat))

    async def _queue(self, notice: Notice, *, wait: timedelta) -> None:
        now = self._clock.now()
        own = TelegramNotice.inbox_id == self._inbox_id
        settled = TelegramNotice.state.not_in(UNSENT)
        async with self._work.begin() as session:
            await session.execute(delete(TelegramNotice).where(own, settled, TelegramNotice.created_at < now - KEPT))
            if await self._is_said(session, notice, crowded=bool(wait)):
                return
            session.add(
                TelegramNotice(
                    inbox_id=self._inbox_id,
                    chat=notice.chat,
                    cause=notice.cause,
                    text=notice.text,
                    keyboard=notice.keyboard.to_dict() if notice.keyboard else None,
                    answers=notice.answers,
                    created_at=now,
                    state=DeliveryState.pending,
                    next_attempt_at=now + wait,
                )
            )
            announce(session, TOPIC, {"key": key_of(self._inbox_id, notice.chat)})

    async def _is_said(self, session: AsyncSession, notice: Notice, *, crowded: bool) -> bool:
        """Whether a notice was queued before, or, where there are many, the same words still wait."""
        same = TelegramNotice.cause == notice.cause
        if crowded:
            waiting = (TelegramNotice.state == DeliveryState.pending) & (TelegramNotice.text == notice.text)
            same |= (TelegramNotice.chat == notice.chat) & waiting
        known = select(TelegramNotice.id).where(TelegramNotice.inbox_id == self._inbox_id, same).limit(1)
        return await session.scalar(known) is not None

    def _wait(self, chat: str) -> timedelta:
        try:
            self._limit.hit(chat)
        except TooManyRequests as refusal:
            return timedelta(seconds=refusal.retry_after_seconds)
        return timedelta()


class NoticeOutbox(SendingQueue[TelegramNotice]):
    """Sends notices that are due, in order to each chat; `bots` knows those that are open, by inbox."""

    row = TelegramNotice

    def __init__(self, work: UnitOfWork, *, bots: Callable[[int], NoticeSender | None], clock: Clock) -> None:
        super().__init__(work, clock=clock)
        self._bots = bots

    async def due(self) -> Sequence[str]:
        """Chats that can be written to now, each with its inbox."""
        statement = (
            select(TelegramNotice.inbox_id, TelegramNotice.chat)
            .where(TelegramNotice.id.in_(_first_unsent()), TelegramNotice.next_attempt_at <= self.clock.now())
            .order_by(TelegramNotice.id)
            .limit(200)
        )
        async with self.work.reading() as session:
            return [key_of(inbox_id, chat) for inbox_id, chat in await session.execute(statement)]

    async def _next(self, session: AsyncSession, key: str) -> TelegramNotice | None:
        inbox_id, _, chat = key.partition("/")
        statement = (
            select(TelegramNotice)
            .where(
                TelegramNotice.inbox_id == int(inbox_id),
                TelegramNotice.chat == chat,
                TelegramNotice.state.in_(UNSENT),
            )
            .order_by(TelegramNotice.id)
            .limit(1)
        )
        return (await session.scalars(statement)).one_or_none()

    async def _call_for(self, session: AsyncSession, row: TelegramNotice) -> Call | None:
        bot = self._bots(row.inbox_id)
        return Call(partial(self._tell, bot, row.inbox_id, _notice(row))) if bot else None

    async def _tell(self, bot: NoticeSender, inbox_id: int, notice: Notice) -> str:
        try:
            return await bot.send_notice(notice)
        except GroupMoved as moved:
            its = (TelegramNotice.inbox_id == inbox_id, TelegramNotice.chat == notice.chat)
            async with self.work.begin() as session:
                await move_group(session, inbox_id, int(notice.chat), to=moved.chat)
                await session.execute(update(TelegramNotice).where(*its).values(chat=str(moved.chat)))
            raise SendLater("the group has another number now", after_seconds=1) from moved


def _first_unsent() -> Select[int]:
    """The oldest unsent notice of each chat: what follows waits for it."""
    return (
        select(func.min(TelegramNotice.id))
        .where(TelegramNotice.state.in_(UNSENT))
        .group_by(TelegramNotice.inbox_id, TelegramNotice.chat)
    )


def _notice(row: TelegramNotice) -> Notice:
    return Notice(
        chat=row.chat,
        cause=row.cause,
        text=row.text,
        keyboard=InlineKeyboardMarkup.de_json(row.keyboard, None) if row.keyboard else None,
        answers=row.answers,
    )
