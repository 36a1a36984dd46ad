"""Up to where a bot's updates are dealt with, in the database."""

from datetime import timedelta

from connectors.lease import Lease
from core.clock import Clock
from core.unit_of_work import UnitOfWork
from crm.models import PollerOffset

# Telegram keeps an update no longer, so an older offset skips nothing; and its numbers may begin anew by then.
LASTS = timedelta(hours=24)


class StoredOffsets:
    """The `Offsets` of the poller, of one bot; kept only by who has the right to ask."""

    def __init__(self, work: UnitOfWork, clock: Clock, *, lease: Lease, inbox_id: int, bot_number: int) -> None:
        self._work = work
        self._lease = lease
        self._clock = clock
        self._inbox_id = inbox_id
        self._bot_number = bot_number

    async def read(self) -> int:
        """The next update to ask for; 0 where nothing is known that counts."""
        async with self._work.reading() as session:
            kept = await session.get(PollerOffset, self._inbox_id)
        if kept is None or kept.bot_number != self._bot_number or self._clock.now() - kept.saved_at > LASTS:
            return 0
        return kept.next_update_id

    async def keep(self, next_update_id: int) -> None:
        """All updates before this one are dealt with."""
        offset = PollerOffset(
            inbox_id=self._inbox_id,
            bot_number=self._bot_number,
            next_update_id=next_update_id,
            saved_at=self._clock.now(),
        )
        async with self._work.begin() as session:
            # Of who took over meanwhile the offset is newer.
            if await self._lease.is_ours_in(session):
                await session.merge(offset)
