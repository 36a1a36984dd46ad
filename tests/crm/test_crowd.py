import asyncio

import pytest

from crm.conversations.crowd import AT_ONCE, AT_ONCE_IN_A_CROWD, FEW, LOOKED_BACK_SECONDS, Crowd


class Moment:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def crowd_of(people: int, *, now: Moment | None = None) -> Crowd:
    crowd = Crowd(now=now or Moment())
    for number in range(people):
        crowd.writes(number)
    return crowd


class TestIsHere:
    def test_where_many_write(self) -> None:
        assert crowd_of(FEW + 1).is_here

    def test_not_where_few_write(self) -> None:
        assert not crowd_of(FEW).is_here

    def test_not_where_one_writes_for_many(self) -> None:
        crowd = crowd_of(0)
        for _ in range(200):
            crowd.writes("one")

        assert not crowd.is_here

    def test_no_longer_once_nobody_has_written_for_a_while(self) -> None:
        now = Moment()
        crowd = crowd_of(200, now=now)
        assert crowd.is_here

        now.now += LOOKED_BACK_SECONDS + 0.1

        assert not crowd.is_here


class TestLetIn:
    @pytest.fixture(autouse=True)
    def _slow_machine(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nobody is passed over only because the machine stood still."""
        monkeypatch.setattr("crm.conversations.crowd.PATIENCE_SECONDS", 60)

    @staticmethod
    async def most_at_once(crowd: Crowd, *, seconds: float, presses: bool = False) -> int:
        inside = most = 0

        async def turn() -> None:
            nonlocal inside, most
            async with crowd.let_in(presses=presses):
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(seconds)
                inside -= 1

        await asyncio.gather(*(turn() for _ in range(5)))
        return most

    @pytest.mark.parametrize(("people", "at_once"), [(0, AT_ONCE), (200, AT_ONCE_IN_A_CROWD)])
    async def test_few_are_let_in_at_once_and_fewer_in_a_crowd(self, people: int, at_once: int) -> None:
        assert await self.most_at_once(crowd_of(people), seconds=0.01) == at_once

    async def test_who_presses_is_let_in_as_in_a_crowd(self) -> None:
        assert await self.most_at_once(crowd_of(0), seconds=0.01, presses=True) == AT_ONCE_IN_A_CROWD

    async def test_one_who_takes_long_does_not_hold_up_the_others(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("crm.conversations.crowd.PATIENCE_SECONDS", 0.01)

        assert await self.most_at_once(crowd_of(200), seconds=0.2) > AT_ONCE_IN_A_CROWD

    async def test_who_fails_or_gives_up_lets_the_next_one_in(self) -> None:
        crowd = crowd_of(200)

        async def fails() -> None:
            async with crowd.let_in():
                raise ValueError

        async def hangs() -> None:
            async with crowd.let_in():
                await asyncio.sleep(60)

        hanging = asyncio.create_task(hangs())
        await asyncio.sleep(0)
        waiting = asyncio.create_task(hangs())
        await asyncio.sleep(0)
        waiting.cancel()
        hanging.cancel()
        failed = await asyncio.gather(hanging, waiting, fails(), return_exceptions=True)

        assert [type(one) for one in failed] == [asyncio.CancelledError, asyncio.CancelledError, ValueError]
        assert await self.most_at_once(crowd, seconds=0.01) == AT_ONCE_IN_A_CROWD
