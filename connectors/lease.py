"""One process at a time asks a channel for messages, however many there are."""

from datetime import datetime, timedelta

from sqlalchemy import delete, or_, update
from sqlalchemy.exc import IntegrityError

from core.clock import Clock
from core.unit_of_work import UnitOfWork
from crm.models import PollerLease

# Longer than dealing with one message takes; after it, another process may take over.
LASTS = timedelta(seconds=90)
# While there is so much left, nobody needs to be asked.
_ENOUGH = timedelta(seconds=60)


class Lease:
    """The right to ask an inbox's channel."""

    def __init__(self, work: UnitOfWork, clock: Clock, *, inbox_id: int, owner: str) -> None:
        self._work = work
        self._clock = clock
        self._inbox_id = inbox_id
        self._owner = owner
        self._ours_until: datetime | None = None

    async def hold(self) -> bool:
        """Take the right, or keep it for longer; false while another process has it."""
        now = self._clock.now()
        if self._ours_until and self._ours_until - now >= _ENOUGH:
            return True
        is_ours = await self._extend(now) or await self._take_first(now)
        self._ours_until = now + LASTS if is_ours else None
        return is_ours

    async def release(self) -> None:
        """Let another process begin at once."""
        self._ours_until = None
        statement = delete(PollerLease).where(PollerLease.inbox_id == self._inbox_id, PollerLease.owner == self._owner)
        async with self._work.begin() as session:
            await session.execute(statement, execution_options={"synchronize_session": False})

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
        async with self._work.begin() as session:
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
