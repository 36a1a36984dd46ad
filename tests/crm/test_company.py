import asyncio
import contextlib
from datetime import timedelta

from crm.conversations.company import Company

LONG = timedelta(hours=1)


class Guest:
    """Comes in, and goes when told to; `inside` holds who is under way."""

    def __init__(self, name: str, company: Company, inside: list[str], *, alone: bool = False) -> None:
        self.name = name
        self._inside = inside
        self._may_go = asyncio.Event()
        self.visit = asyncio.create_task(self._come(company.alone() if alone else company.together()))

    async def _come(self, entering: contextlib.AbstractAsyncContextManager[None]) -> None:
        async with entering:
            self._inside.append(self.name)
            await self._may_go.wait()
            self._inside.remove(self.name)

    async def go(self) -> None:
        self._may_go.set()
        await self.visit
        await settle()


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


class TestCompany:
    async def test_who_is_alone_waits_for_the_others_and_who_comes_meanwhile_waits_too(self) -> None:
        company, inside = Company(patience=LONG), list[str]()
        one, two = (Guest(name, company, inside) for name in ("one", "two"))
        await settle()
        loner = Guest("loner", company, inside, alone=True)
        await settle()
        late = Guest("late", company, inside)
        await settle()

        assert inside == ["one", "two"]
        await one.go()
        assert inside == ["two"]
        await two.go()
        assert inside == ["loner"]
        await loner.go()
        assert inside == ["late"]
        await late.go()

    async def test_others_have_their_turn_between_two_who_are_alone(self) -> None:
        company, inside = Company(patience=LONG), list[str]()
        first, second = (Guest(name, company, inside, alone=True) for name in ("first", "second"))
        await settle()
        others = [Guest(name, company, inside) for name in ("one", "two")]
        await settle()

        assert inside == ["first"]
        await first.go()
        assert inside == ["one", "two"]
        for other in others:
            await other.go()
        assert inside == ["second"]
        await second.go()

    async def test_nobody_waits_for_ever_for_who_hangs(self) -> None:
        company, inside = Company(patience=timedelta(0)), list[str]()
        hanging = Guest("hanging", company, inside)
        await settle()

        async with asyncio.timeout(10), company.alone():
            assert inside == ["hanging"]
        await hanging.go()

    async def test_who_is_cut_off_lets_the_others_in(self) -> None:
        company, inside = Company(patience=LONG), list[str]()
        hanging = Guest("hanging", company, inside)
        await settle()
        waiting = Guest("waiting", company, inside, alone=True)
        await settle()
        waiting.visit.cancel()
        hanging.visit.cancel()
        await settle()

        async with asyncio.timeout(10), company.alone():
            pass
