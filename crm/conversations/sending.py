"""What every outbox does with its rows, whatever they are sent to.

A row is marked `sending` before the call. Where a process dies between the call and its note of it, nobody can know
whether the message arrived; it becomes `maybe_sent` and is not sent again unasked. Each attempt has a number, and
whoever comes back late from one that was given up changes nothing any more.
"""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Generic, TypeVar

from sqlalchemy import ColumnElement, Table, inspect, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import Clock
from core.unit_of_work import UnitOfWork
from crm.conversations.ports import SendLater, SendRefused, SendUncertain
from crm.enums import DeliveryState
from crm.models.sending import Sending

logger = logging.getLogger(__name__)

# After it a row counts as given up by whoever was sending it.
SENDING_LIMIT = timedelta(seconds=60)
# What is left of a limit for noting the outcome, once the call was cut off.
TIME_TO_NOTE = timedelta(seconds=10)
LONGEST_BACKOFF_SECONDS = 900
# A failure of ours after so many attempts of any kind ends them: what follows has waited for long.
MOST_ATTEMPTS_OF_OURS = 12
UNSENT = (DeliveryState.pending, DeliveryState.sending)

Row = TypeVar("Row", bound=Sending)


@dataclass(frozen=True)
class Call:
    """What is to be called for a row, and how long that may take."""

    make: Callable[[], Awaitable[str | None]]
    limit: timedelta = SENDING_LIMIT


@dataclass(frozen=True)
class Claim:
    """One attempt at sending a row: the row is ours while it is being sent and has had no attempt after this one."""

    identity: Any
    attempt: int
    call: Call


class SendingQueue(ABC, Generic[Row]):
    """Sends the rows of one table, those with the same key in order."""

    row: ClassVar[type[Any]]

    def __init__(self, work: UnitOfWork, *, clock: Clock) -> None:
        self.work = work
        self.clock = clock

    async def send_next(self, key: str) -> bool:
        """Send a key's next row; true when the one after it, if there is one, need not wait."""
        claimed = await self._claim(key)
        return claimed is not None and await self._send(claimed)

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

    async def _claim(self, key: str) -> Claim | None:
        async with self.work.begin() as session:
            row = await self._next(session, key)
            # Only now: who has to wait for other writers is not to lose that time.
            now = self.clock.now()
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
            claim = Claim(inspect(row).identity, row.attempts + 1, call)
            return claim if await self._mark(session, claim, until=now + call.limit) else None

    async def _mark(self, session: AsyncSession, claim: Claim, *, until: datetime) -> bool:
        """Mark a row as being sent; false when another process was first."""
        taken = await session.execute(
            update(self.row)
            .where(
                _is(self.row.__table__, claim.identity),
                self.row.state == DeliveryState.pending,
                self.row.attempts == claim.attempt - 1,
            )
            .values(state=DeliveryState.sending, attempts=claim.attempt, next_attempt_at=until)
            .execution_options(synchronize_session=False)
        )
        return bool(taken.rowcount)  # type: ignore[attr-defined]

    async def _send(self, claim: Claim) -> bool:
        """Call the channel and note what came of it; false when the key has to wait."""
        try:
            async with asyncio.timeout((claim.call.limit - TIME_TO_NOTE).total_seconds()) as deadline:
                external_id = await claim.call.make()
        except SendLater as later:
            wait = backoff_seconds(claim.attempt) if later.after_seconds is None else later.after_seconds
            return await self._postpone(claim, later, after_seconds=wait)
        except SendRefused as refusal:
            return await self._note(claim, DeliveryState.failed, error=str(refusal))
        except SendUncertain as doubt:
            if doubt.parts_sent:
                # The parts behind it.
                return await self._postpone(claim, doubt, after_seconds=0)
            return await self._note(claim, DeliveryState.maybe_sent, error=str(doubt))
        except Exception as error:
            if deadline.expired():
                return await self._note(claim, DeliveryState.maybe_sent, error="timed out")
            logger.exception("a message could not be given to its channel")
            return await self._stumble(claim, type(error).__name__)
        return await self._note(claim, DeliveryState.sent, external_id=external_id)

    async def _postpone(self, claim: Claim, reason: SendLater | SendUncertain, *, after_seconds: float) -> bool:
        """Give the row back for another attempt; true where that one need not wait."""
        async with self.work.begin() as session:
            if row := await self._ours(session, claim):
                row.state = DeliveryState.pending
                row.next_attempt_at = self.clock.now() + timedelta(seconds=after_seconds)
                row.error = str(reason)[:200]
                self._postponed(row, reason)
        return after_seconds == 0

    async def _stumble(self, claim: Claim, error: str) -> bool:
        """After a failure of ours, which came before the message left: try again later, but not for ever."""
        if claim.attempt >= MOST_ATTEMPTS_OF_OURS:
            return await self._note(claim, DeliveryState.failed, error=error)
        return await self._postpone(claim, SendLater(error), after_seconds=backoff_seconds(claim.attempt))

    def _postponed(self, row: Row, reason: SendLater | SendUncertain) -> None:
        """Keep what else is known of how far a row has come."""

    async def _note(
        self, claim: Claim, state: DeliveryState, *, external_id: str | None = None, error: str | None = None
    ) -> bool:
        async with self.work.begin() as session:
            if row := await self._ours(session, claim):
                row.external_id = external_id
                self._settle(session, row, state, error=error)
        return True

    async def _ours(self, session: AsyncSession, claim: Claim) -> Row | None:
        """The row, unless it was given up meanwhile; another process may be sending it or what follows it."""
        statement = (
            select(self.row)
            .where(
                _is(self.row.__table__, claim.identity),
                self.row.state == DeliveryState.sending,
                self.row.attempts == claim.attempt,
            )
            .with_for_update()
        )
        row: Row | None = (await session.scalars(statement)).one_or_none()
        if row is None:
            logger.warning("an attempt at sending came back after it was given up; nothing is changed")
        return row

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
