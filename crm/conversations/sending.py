"""What every outbox does with its rows, whatever they are sent to.

A row is marked `sending` before the call. Where a process dies between the call and its note of it, nobody can know
whether the message arrived; it becomes `maybe_sent` and is not sent again unasked.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Generic, TypeVar

from sqlalchemy import ColumnElement, Table, inspect, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import Clock
from core.unit_of_work import UnitOfWork
from crm.conversations.ports import SendLater, SendRefused, SendUncertain
from crm.enums import DeliveryState
from crm.models.sending import Sending

# Longer than any call to a channel takes.
SENDING_LIMIT = timedelta(seconds=60)
LONGEST_BACKOFF_SECONDS = 900
UNSENT = (DeliveryState.pending, DeliveryState.sending)

Row = TypeVar("Row", bound=Sending)


@dataclass(frozen=True)
class Call:
    """What is to be called for a row, and how long that may take."""

    make: Callable[[], Awaitable[str | None]]
    limit: timedelta = SENDING_LIMIT


class SendingQueue(ABC, Generic[Row]):
    """Sends the rows of one table, those with the same key in order."""

    row: ClassVar[type[Any]]

    def __init__(self, work: UnitOfWork, *, clock: Clock) -> None:
        self.work = work
        self.clock = clock

    async def send_next(self, key: str) -> bool:
        """Send a key's next row; true when the one after it, if there is one, need not wait."""
        claimed = await self._claim(key)
        return claimed is not None and await self._send(*claimed)

    @abstractmethod
    async def _next(self, session: AsyncSession, key: str) -> Row | None:
        """The oldest unsent row with this key."""

    @abstractmethod
    async def _call_for(self, session: AsyncSession, row: Row) -> Call | None:
        """What to call for a row; `None` where its channel is switched off for now.

        Raises:
            SendRefused: it can never be sent.
        """

    def _settled(self, session: AsyncSession, row: Row) -> None:
        """Tell whoever shows how far a row has come."""

    async def _claim(self, key: str) -> tuple[Any, Call] | None:
        now = self.clock.now()
        async with self.work.begin() as session:
            row = await self._next(session, key)
            if row is None or row.next_attempt_at > now:
                return None
            if row.state is DeliveryState.sending:
                self._settle(session, row, DeliveryState.maybe_sent, error="the process died while sending")
                # What follows it is found by the next look around.
                return None
            try:
                call = await self._call_for(session, row)
            except SendRefused as refusal:
                self._settle(session, row, DeliveryState.failed, error=str(refusal))
                return None
            if call is None:
                row.next_attempt_at = now + SENDING_LIMIT
                row.error = "the channel is switched off"
                return None
            identity = inspect(row).identity
            return (identity, call) if await self._mark(session, identity, until=now + call.limit) else None

    async def _mark(self, session: AsyncSession, identity: Any, *, until: datetime) -> bool:
        """Mark a row as being sent; false when another process was first."""
        taken = await session.execute(
            update(self.row)
            .where(_is(self.row.__table__, identity), self.row.state == DeliveryState.pending)
            .values(state=DeliveryState.sending, attempts=self.row.attempts + 1, next_attempt_at=until)
            .execution_options(synchronize_session=False)
        )
        return bool(taken.rowcount)  # type: ignore[attr-defined]

    async def _send(self, identity: Any, call: Call) -> bool:
        """Call the channel and note what came of it; false when the key has to wait."""
        try:
            external_id = await call.make()
        except SendLater as later:
            await self._postpone(identity, later)
            return False
        except SendRefused as refusal:
            return await self._note(identity, DeliveryState.failed, error=str(refusal))
        except SendUncertain as doubt:
            return await self._note(identity, DeliveryState.maybe_sent, error=str(doubt))
        return await self._note(identity, DeliveryState.sent, external_id=external_id)

    async def _postpone(self, identity: Any, later: SendLater) -> None:
        async with self.work.begin() as session:
            row: Row = await session.get_one(self.row, identity)
            seconds = later.after_seconds or backoff_seconds(row.attempts)
            row.state = DeliveryState.pending
            row.next_attempt_at = self.clock.now() + timedelta(seconds=seconds)
            row.error = str(later)[:200]
            self._postponed(row, later)

    def _postponed(self, row: Row, later: SendLater) -> None:
        """Keep what else is known of how far a row has come."""

    async def _note(
        self, identity: Any, state: DeliveryState, *, external_id: str | None = None, error: str | None = None
    ) -> bool:
        async with self.work.begin() as session:
            row: Row = await session.get_one(self.row, identity)
            row.external_id = external_id
            self._settle(session, row, state, error=error)
        return True

    def _settle(self, session: AsyncSession, row: Row, state: DeliveryState, *, error: str | None) -> None:
        row.state = state
        row.error = error[:200] if error else None
        self._settled(session, row)


def backoff_seconds(attempts: int) -> float:
    """2, 4, 8 ... seconds, at most a quarter of an hour."""
    return float(min(2**attempts, LONGEST_BACKOFF_SECONDS))


def _is(table: Table, identity: Any) -> ColumnElement[bool]:
    """Whether it is this row."""
    (key,) = table.primary_key.columns
    is_it: ColumnElement[bool] = key == identity[0]
    return is_it
