import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest

from connectors.lease import LASTS, RENEWED_EVERY_SECONDS, Lease
from core.clock import FixedClock
from core.unit_of_work import UnitOfWork
from crm.models import Inbox
from tests.fixtures.patience import until


class Alarm:
    """Sleeping that ends when the test says so."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self._rings = asyncio.Semaphore(0)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await self._rings.acquire()

    async def ring(self) -> None:
        """Wake who sleeps, and wait until they sleep again."""
        before = len(self.slept)
        self._rings.release()
        await until(lambda: len(self.slept) > before)


@pytest.fixture
def alarm() -> Alarm:
    return Alarm()


@pytest.fixture
async def make_lease(
    work: UnitOfWork, clock: FixedClock, telegram_inbox: Inbox, alarm: Alarm
) -> AsyncIterator[Callable[[str], Lease]]:
    """The right of a process; what is renewed in the background is renewed when the alarm rings."""
    made: list[Lease] = []

    def make(owner: str) -> Lease:
        made.append(Lease(work, clock, inbox_id=telegram_inbox.id, owner=owner, sleep=alarm.sleep))
        return made[-1]

    yield make
    for lease in made:
        await lease.release()


class TestHold:
    async def test_gives_the_right_to_one_process(self, make_lease: Callable[[str], Lease]) -> None:
        first, second = make_lease("first"), make_lease("second")

        assert [await first.hold(), await second.hold(), await first.hold()] == [True, False, True]

    async def test_lets_another_process_go_on_soon_after_one_was_killed(
        self, make_lease: Callable[[str], Lease], clock: FixedClock
    ) -> None:
        # Nothing renews the right of the first.
        assert await make_lease("killed").hold()
        clock.advance(timedelta(seconds=16))

        assert await make_lease("started anew").hold()

    async def test_keeps_the_right_over_a_step_that_takes_long(
        self, make_lease: Callable[[str], Lease], clock: FixedClock, alarm: Alarm
    ) -> None:
        busy, standing_by = make_lease("busy"), make_lease("standing by")
        assert await busy.hold()
        await until(lambda: alarm.slept)

        for _ in range(10):
            clock.advance(timedelta(seconds=RENEWED_EVERY_SECONDS))
            await alarm.ring()
            assert not await standing_by.hold()

        assert await busy.hold()

    async def test_stops_a_process_that_stood_still_before_it_acts(
        self, make_lease: Callable[[str], Lease], clock: FixedClock
    ) -> None:
        stalled, other = make_lease("stalled"), make_lease("other")
        assert await stalled.hold()
        clock.advance(LASTS + timedelta(seconds=1))
        assert await other.hold()

        assert not await stalled.hold()
        assert await other.hold()

    async def test_asks_again_shortly_before_the_right_ends(
        self, make_lease: Callable[[str], Lease], clock: FixedClock
    ) -> None:
        slow, other = make_lease("slow"), make_lease("other")
        assert await slow.hold()
        clock.advance(LASTS - timedelta(seconds=1))

        assert await slow.hold()
        clock.advance(timedelta(seconds=2))
        assert not await other.hold()

    async def test_renews_again_after_the_database_was_away(
        self,
        make_lease: Callable[[str], Lease],
        work: UnitOfWork,
        clock: FixedClock,
        alarm: Alarm,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        lease = make_lease("this process")
        assert await lease.hold()
        await until(lambda: alarm.slept)
        with monkeypatch.context() as away:
            away.setattr(work, "begin", lambda **_how: 1 / 0)
            await alarm.ring()
        clock.advance(timedelta(seconds=10))

        await alarm.ring()
        clock.advance(timedelta(seconds=10))

        assert not await make_lease("another").hold()


class TestRelease:
    async def test_lets_another_process_begin_at_once(self, make_lease: Callable[[str], Lease]) -> None:
        first = make_lease("first")
        await first.hold()

        await first.release()

        assert await make_lease("second").hold()

    async def test_leaves_the_right_of_another_process(
        self, make_lease: Callable[[str], Lease], clock: FixedClock
    ) -> None:
        first, second = make_lease("first"), make_lease("second")
        await first.hold()
        clock.advance(LASTS + timedelta(seconds=1))
        await second.hold()

        await first.release()

        assert await second.hold()
        assert not await make_lease("third").hold()
