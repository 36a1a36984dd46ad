import asyncio

import pytest

from crm.conversations.crowd import FEW, LOOKED_BACK_SECONDS, Crowd


class Moment:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def crowd_of(people: int, *, answered: int = 0, now: Moment | None = None) -> Crowd:
    crowd = Crowd(now=now or Moment())
    for number in range(people):
        crowd.writes(number)
    for _ in range(answered):
        crowd.answered()
    return crowd


class TestIsHere:
    def test_where_many_more_write_than_are_answered(self) -> None:
        assert crowd_of(200, answered=18).is_here

    def test_not_where_those_who_write_are_answered(self) -> None:
        assert not crowd_of(200, answered=150).is_here

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


class TestOneByOne:
    @pytest.fixture(autouse=True)
    def _slow_machine(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nobody is passed over only because the machine stood still."""
        monkeypatch.setattr("crm.conversations.crowd.PATIENCE_SECONDS", 60)

    @staticmethod
    async def most_at_once(crowd: Crowd, *, seconds: float) -> int:
        inside = most = 0

        async def turn() -> None:
            nonlocal inside, most
            async with crowd.one_by_one():
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(seconds)
                inside -= 1

        await asyncio.gather(*(turn() for _ in range(5)))
        return most

    async def test_everybody_is_let_in_where_there_is_no_crowd(self) -> None:
        assert await self.most_at_once(crowd_of(0), seconds=0.01) == 5

    async def test_one_is_let_in_after_the_other_in_a_crowd(self) -> None:
        assert await self.most_at_once(crowd_of(200), seconds=0.01) == 1

    async def test_one_who_takes_long_does_not_hold_up_the_others(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("crm.conversations.crowd.PATIENCE_SECONDS", 0.01)

        assert await self.most_at_once(crowd_of(200), seconds=0.2) > 1

    async def test_who_fails_or_gives_up_lets_the_next_one_in(self) -> None:
        crowd = crowd_of(200)

        async def fails() -> None:
            async with crowd.one_by_one():
                raise ValueError

        async def hangs() -> None:
            async with crowd.one_by_one():
                await asyncio.sleep(60)

        hanging = asyncio.create_task(hangs())
        await asyncio.sleep(0)
        waiting = asyncio.create_task(hangs())
        await asyncio.sleep(0)
        waiting.cancel()
        hanging.cancel()
        failed = await asyncio.gather(hanging, waiting, fails(), return_exceptions=True)

        assert [type(one) for one in failed] == [asyncio.CancelledError, asyncio.CancelledError, ValueError]
        assert await self.most_at_once(crowd, seconds=0.01) == 1
