"""One process at a time asks a channel for messages, however many there are.

The right lasts shortly, so that another process goes on soon after ours was killed, and is renewed in the background,
so that no slow step costs it. A process that stood still may have lost it without knowing: it asks before each act,
and what it writes about its progress counts only while the right is its own.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import Clock
from core.tasks import end
from core.unit_of_work import UnitOfWork
from crm.models import PollerLease

logger = logging.getLogger(__name__)

# After it, another process may take over.
LASTS = timedelta(seconds=15)
RENEWED_EVERY_SECONDS = 5.0
# With less left, the database is asked first: clocks of two machines differ, and acting takes a moment.
_ENOUGH = timedelta(seconds=3)


class Lease:
    """The right to ask an inbox's channel."""

    def __init__(
        self,
        work: UnitOfWork,
        clock: Clock,
        *,
        inbox_id: int,
        owner: str,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._work = work
        self._clock = clock
        self._inbox_id = inbox_id
        self._owner = owner
        self._sleep = sleep
        self._ours_until: datetime | None = None
        self._renewing: asyncio.Task[None] | None = None

    async def hold(self) -> bool:
        """Take the right, or keep it; false while another process has it. To be asked before each act."""
        if self._ours_until and self._ours_until - self._clock.now() >= _ENOUGH:
            return True
        is_ours = await self._renew()
        if is_ours and (self._renewing is None or self._renewing.done()):
            self._renewing = asyncio.create_task(self._keep_renewing(), name="lease")
        return is_ours

    async def is_ours_in(self, session: AsyncSession) -> bool:
        """Whether nobody has taken over, nor can before this transaction ends."""
        statement = select(PollerLease.inbox_id).where(*self._own()).with_for_update()
        return (await session.scalars(statement)).one_or_none() is not None

    async def release(self) -> None:
        """Let another process begin at once."""
        if self._renewing:
            await end(self._renewing)
        self._ours_until = None
        async with self._work.begin() as session:
            await session.execute(
                delete(PollerLease).where(*self._own()), execution_options={"synchronize_session": False}
            )

    async def _keep_renewing(self) -> None:
        """Renew the right until it is lost."""
        is_ours = True
        while is_ours:
            await self._sleep(RENEWED_EVERY_SECONDS)
            try:
                is_ours = await self._renew()
            except Exception:
                # Whoever acts next asks for themselves, and hears of it.
                logger.exception("the right to ask a channel could not be renewed")

    async def _renew(self) -> bool:
        now = self._clock.now()
        is_ours = not await self._is_anothers(now) and (await self._extend(now) or await self._take_first(now))
        self._ours_until = now + LASTS if is_ours else None
        return is_ours

    async def _is_anothers(self, now: datetime) -> bool:
        """Whether it need not be tried; those who stand by ask often."""
        async with self._work.reading() as session:
            lease = await session.get(PollerLease, self._inbox_id)
        return lease is not None and lease.owner != self._owner and lease.leased_until >= now

    async def _extend(self, now: datetime) -> bool:
        statement = (
            update(PollerLease)
            .where(
                PollerLease.inbox_id == self._inbox_id,
                or_(PollerLease.owner == self._owner, PollerLease.leased_until < now),
            )
            .values(owner=self._owner, leased_until=now + LASTS)
            .execution_options(synchronize_session=False)
        )
        # Other writers may be many, and the right does not wait for them.
        async with self._work.begin(first=True) as session:
            result = await session.execute(statement)
        return bool(result.rowcount)  # type: ignore[attr-defined]

    async def _take_first(self, now: datetime) -> bool:
        """Take the right where nobody ever had it."""
        lease = PollerLease(inbox_id=self._inbox_id, owner=self._owner, leased_until=now + LASTS)
        try:
            async with self._work.begin() as session:
                session.add(lease)
        except IntegrityError:
            return False
        return True

    def _own(self) -> tuple[ColumnElement[bool], ...]:
        return PollerLease.inbox_id == self._inbox_id, PollerLease.owner == self._owner
