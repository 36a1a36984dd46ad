"""Messages whose turns were under way when their process died."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.clock import FixedClock
from core.rate_limit import RateLimit
from core.unit_of_work import UnitOfWork
from crm.conversations.commands import TALK_TO_PERSON
from crm.conversations.intake import Intake
from crm.conversations.ports import Reading
from crm.conversations.thinking import Thinking
from crm.conversations.turns import LEASE, MAX_DEATHS, SUSPECTS_WAITING, Turns
from crm.models import Conversation, Inbox, Message
from tests.conftest import message
from tests.fixtures.fakes import FakeBot, FakeReader
from tests.fixtures.patience import until_done


async def states(work: UnitOfWork, conversation: Conversation) -> list[str]:
    """What became of the contact's messages, in order."""
    statement = select(Message.turn).where(Message.conversation_id == conversation.id, Message.turn.is_not(None))
    async with work.reading() as session:
        return [turn.value for turn in await session.scalars(statement.order_by(Message.sequence)) if turn]


class Deadly(FakeReader):
    """Ends its process at the word poison, or at any, once so many are under way: none of them comes back."""

    def __init__(self, *, at: str = "poison", beside: int = 0) -> None:
        super().__init__()
        self.at = at
        self.beside = beside
        self.under_way: list[str] = []
        self.died = asyncio.Event()

    async def read(self, text: str, *, expected_language: str) -> Reading:
        self.under_way.append(text)
        async with asyncio.timeout(10):
            while len(self.under_way) < self.beside:  # noqa: ASYNC110 - until the others are there
                await asyncio.sleep(0)
        # Whoever else may be under way is by then, and nobody has come to an end.
        for _ in range(50 if self.at in text else 100):
            await asyncio.sleep(0)
        if self.at in text:
            self.died.set()
        if self.died.is_set():
            await asyncio.Event().wait()
        self.under_way.remove(text)
        return await super().read(text, expected_language=expected_language)


class TestSuspects:
    @pytest.fixture
    def live(self, turns: Turns, clock: FixedClock) -> Callable[[FakeReader], Awaitable[None]]:
        """Have a process do all that waits, until its end or its death, and let the leases run out."""
        lives = itertools.count()

        async def work_until_death(reader: FakeReader) -> None:
            process = Turns(
                turns.work,
                open_service=turns.open_service,
                thinking=Thinking(
                    turns.work,
                    open_service=turns.open_service,
                    reader=reader,
                    bot=turns.thinking.bot,
                    events=turns.thinking.events,
                ),
                clock=clock,
                owner=f"process {next(lives)}",
                pace=turns.pace,
            )
            waiting = await process.waiting(limit=100)
            running = asyncio.gather(*(until_done(process.run, conversation_id) for conversation_id in waiting))
            died = asyncio.ensure_future(reader.died.wait() if isinstance(reader, Deadly) else asyncio.Event().wait())
            await asyncio.wait({running, died}, return_when=asyncio.FIRST_COMPLETED)
            for task in (running, died):
                task.cancel()
            await asyncio.gather(running, died, return_exceptions=True)
            clock.advance(LEASE + timedelta(seconds=1))

        return work_until_death

    async def test_only_the_message_that_kills_its_process_is_set_aside(
        self,
        live: Callable[[FakeReader], Awaitable[None]],
        intake: Intake,
        inbox: Inbox,
        work: UnitOfWork,
    ) -> None:
        innocent = [await intake.receive(message(inbox, f"hello {n}", visitor=str(n))) for n in range(4)]
        guilty = await intake.receive(message(inbox, "poison", number=1))
        await intake.receive(message(inbox, "and then", number=2))
        await intake.receive(message(inbox, "a person please", number=3, payload=TALK_TO_PERSON))

        victims = []
        while "pending" in [state for one in (*innocent, guilty) for state in await states(work, one.conversation)]:
            await live(reader := Deadly(beside=0 if victims else 5))
            victims.append(sorted(reader.under_way))

        everybody = ["hello 0", "hello 1", "hello 2", "hello 3", "poison"]
        assert [one for one in victims if one] == [everybody, *[["poison"]] * (MAX_DEATHS - 1)]
        assert [await states(work, one.conversation) for one in innocent] == [["done"]] * 4
        assert await states(work, guilty.conversation) == ["parked", "done", "done"]

    async def test_many_deaths_that_are_not_its_fault_cost_a_message_nothing(
        self, live: Callable[[FakeReader], Awaitable[None]], intake: Intake, inbox: Inbox, work: UnitOfWork
    ) -> None:
        received = [await intake.receive(message(inbox, "hello", visitor=str(n))) for n in range(3)]

        for number in range(MAX_DEATHS - 1):
            await live(Deadly(at="", beside=0 if number else 3))
        await live(FakeReader())

        assert [await states(work, one.conversation) for one in received] == [["done"]] * 3

    async def test_of_messages_that_were_taken_up_together_only_the_one_to_blame_is_set_aside(
        self,
        live: Callable[[FakeReader], Awaitable[None]],
        turns: Turns,
        intake: Intake,
        inbox: Inbox,
        work: UnitOfWork,
        clock: FixedClock,
    ) -> None:
        turns.pace = RateLimit("1/minute", now=lambda: clock.now().timestamp())
        for number, text in enumerate(["one", "poison", "two"]):
            received = await intake.receive(message(inbox, text, number=number))

        for _ in range(MAX_DEATHS + 3):
            await live(Deadly())
            clock.advance(timedelta(minutes=1))

        assert await states(work, received.conversation) == ["done", "parked", "done"]

    async def test_what_failed_in_a_process_that_lives_is_none(
        self, turns: Turns, intake: Intake, inbox: Inbox, reader: FakeReader, bot: FakeBot, clock: FixedClock
    ) -> None:
        failed = await intake.receive(message(inbox, "hello", visitor="one"))
        other = await intake.receive(message(inbox, "slow", visitor="other"))
        bot.meanwhile = fail
        await until_done(turns.run, failed.conversation.id)
        clock.advance(timedelta(seconds=5))

        hanging = asyncio.Event()
        bot.meanwhile = hanging.wait
        both = [asyncio.create_task(until_done(turns.run, one.conversation.id)) for one in (failed, other)]
        async with asyncio.timeout(10):
            while len(bot.turns) < 3:  # noqa: ASYNC110 - both are under way
                await asyncio.sleep(0)
        hanging.set()
        await asyncio.gather(*both)

    async def test_one_that_hangs_while_the_others_wait_for_it_is_cut_off(
        self,
        live: Callable[[FakeReader], Awaitable[None]],
        turns: Turns,
        intake: Intake,
        inbox: Inbox,
        bot: FakeBot,
        work: UnitOfWork,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        received = await intake.receive(message(inbox, "hello"))
        await live(Deadly(at=""))
        monkeypatch.setattr("crm.conversations.turns.LEASE", timedelta(0))
        bot.meanwhile = asyncio.Event().wait

        async with asyncio.timeout(10):
            await until_done(turns.run, received.conversation.id)

        async with work.reading() as session:
            assert (await session.get_one(Message, received.message.id)).error == "TimeoutError: "

    async def test_a_crowd_of_them_leaves_places_to_others(
        self,
        live: Callable[[FakeReader], Awaitable[None]],
        turns: Turns,
        intake: Intake,
        inbox: Inbox,
        bot: FakeBot,
    ) -> None:
        received = [await intake.receive(message(inbox, "hello", visitor=str(n))) for n in range(SUSPECTS_WAITING + 2)]
        await live(Deadly(at="", beside=len(received)))

        # All are known for what they are, and while somebody is under way each waits to be alone.
        async with turns.company.together():
            running = [asyncio.create_task(turns._run_alone(one.conversation.id)) for one in received]
            async with asyncio.timeout(10):
                while sum(task.done() for task in running) < 2:  # noqa: ASYNC110 - they are found again later
                    await asyncio.sleep(0)
        await asyncio.gather(*running)

        assert len(bot.turns) == SUSPECTS_WAITING


async def fail() -> None:
    raise RuntimeError("said")
