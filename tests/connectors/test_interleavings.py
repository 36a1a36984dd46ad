"""The message path in whatever order Hypothesis lets things happen, over the real services and a real database."""

import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import FixedClock
from core.database import Base, Database
from core.events import LocalEventBus
from core.rate_limit import RateLimit
from core.unit_of_work import UnitOfWork
from crm.agents.service import AgentService
from crm.conversations.handling import Handling
from crm.conversations.handoff_policy import NEVER_IN_A_ROW, HandoffPolicy
from crm.conversations.intake import Intake
from crm.conversations.outbox import Outbox
from crm.conversations.ports import BotAnswer, BotTurn, OutgoingMessage, Reply, SendLater, SendUncertain
from crm.conversations.sending import SENDING_LIMIT
from crm.conversations.service import ConversationService
from crm.conversations.thinking import Thinking
from crm.conversations.turns import LEASE, Turns
from crm.enums import Author, Channel, ConversationStatus, DeliveryState, HandoffReason, Role, TurnState
from crm.models import Agent, Conversation, Delivery, Inbox, Message
from crm.wording import Wording
from tests.conftest import NOON, SPOKEN
from tests.conftest import message as incoming
from tests.fixtures.fakes import FakeReader
from tests.fixtures.patience import until_done

PROCESSES = ("one", "another")
VISITORS = ("sara", "reza")
ECHO = "You said: "
PEOPLES = (ConversationStatus.waiting, ConversationStatus.open)

visitors = st.sampled_from(VISITORS)
processes = st.sampled_from(PROCESSES)


class Died(BaseException):
    """The process is gone: nothing that comes after this in its code is run."""


class MortalWork(UnitOfWork):
    """A unit of work whose process can die just before or just after a commit to come."""

    # How many commits are left to it, and whether the last one still counts; `None` lets it live.
    commits_left: int | None = None
    dies_after: bool = False

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        is_last = self.commits_left == 0
        if self.commits_left is not None:
            self.commits_left -= 1
        async with super().begin() as session:
            yield session
            if is_last and not self.dies_after:
                raise Died
        if is_last:
            raise Died


class SlowBot:
    """Answers when it is told to."""

    def __init__(self) -> None:
        # What about, in order.
        self.thinking: dict[asyncio.Future[None], str] = {}

    async def answer(self, turn: BotTurn) -> BotAnswer:
        thought: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.thinking[thought] = turn.text
        try:
            await thought
        finally:
            del self.thinking[thought]
        return BotAnswer(replies=[Reply(text=f"{ECHO}{turn.text}")], state=[*(turn.state or []), turn.text])

    async def is_ready(self) -> bool:
        return True


class MoodySender:
    """A channel that takes a message, or does with it what it was told to."""

    channel = Channel.telegram

    def __init__(self) -> None:
        self.sent: list[OutgoingMessage] = []
        self.trouble: BaseException | None = None
        # Whether the message arrives all the same.
        self.arrives = True

    async def send(self, message: OutgoingMessage) -> str | None:
        trouble, self.trouble = self.trouble, None
        if trouble is None or self.arrives:
            self.sent.append(message)
        if trouble:
            raise trouble
        return f"sent-{message.message_id}"


class MessagePath(RuleBasedStateMachine):
    """Two contacts on Telegram, two processes that work for them, and an agent."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        shutil.copy(_empty_database(), Path(self.folder.name) / "test.db")
        self.runner = asyncio.Runner()
        self.clock = FixedClock(NOON)
        self.bot = SlowBot()
        self.sender = MoodySender()
        self.written: dict[str, list[str]] = {visitor: [] for visitor in VISITORS}
        # Conversations that only the bot ever had; what is written there has to be answered.
        self.undisturbed = set(VISITORS)
        # Where people had a conversation: from one sequence number to another, or till now.
        self.peoples: list[tuple[str, int, int | None]] = []
        self.running: list[asyncio.Task[None]] = []
        self.run(self._open())

    async def _open(self) -> None:
        self.database = Database(f"sqlite+aiosqlite:///{Path(self.folder.name) / 'test.db'}")
        events = LocalEventBus()
        self.work = UnitOfWork(self.database, events)
        self.works = {name: MortalWork(self.database, events) for name in PROCESSES}
        self.intake = Intake(self.work, open_service=self._service, wake=lambda _conversation: None)
        self.turns = {
            name: Turns(
                work,
                open_service=self._service,
                thinking=Thinking(work, open_service=self._service, reader=FakeReader(), bot=self.bot, events=events),
                clock=self.clock,
                owner=name,
                pace=RateLimit("1000000/minute"),
            )
            for name, work in self.works.items()
        }
        async with self.work.begin() as session:
            self.inbox = (await session.scalars(select(Inbox))).one()
            self.agent = (await session.scalars(select(Agent))).one()
        senders = {self.inbox.id: self.sender}
        self.outboxes = {name: Outbox(work, senders=senders, clock=self.clock) for name, work in self.works.items()}

    def _service(self, session: AsyncSession) -> ConversationService:
        return ConversationService(session, clock=self.clock, wording=_wording(), policy=_policy())

    def run(self, call: Awaitable[Any]) -> Any:
        async def awaited() -> Any:
            return await call

        return self.runner.run(awaited())

    # What contacts do

    @rule(visitor=visitors)
    def contact_writes(self, visitor: str) -> None:
        text = f"{visitor} {len(self.written[visitor])}"
        self.written[visitor].append(text)
        received = self.run(self._receive(visitor, len(self.written[visitor]) - 1))
        assert received.is_new

    @rule(visitor=visitors, place=st.integers(0, 5))
    def channel_delivers_again(self, visitor: str, place: int) -> None:
        if place < len(self.written[visitor]):
            assert not self.run(self._receive(visitor, place)).is_new

    async def _receive(self, visitor: str, number: int) -> Any:
        text = self.written[visitor][number]
        return await self.intake.receive(incoming(self.inbox, text, number=number, visitor=visitor))

    # What processes do

    @precondition(lambda self: any(self.written.values()))
    @rule(visitor=visitors, process=processes)
    def turn_begins(self, visitor: str, process: str) -> None:
        self._begin_turn(visitor, process)

    def _begin_turn(self, visitor: str, process: str) -> None:
        # A process never runs two turns of one conversation at once: its worker sees to that.
        name = f"{process} for {visitor}"
        if self.written[visitor] and name not in {task.get_name() for task in self.running}:
            self.run(self._begin(self._turn(visitor, process), name=name))

    @precondition(lambda self: self.bot.thinking)
    @rule(place=st.integers(0, 3))
    def bot_answers(self, place: int) -> None:
        self.run(self._let_answer(place % len(self.bot.thinking)))

    @rule(visitor=visitors, process=processes, latest_first=st.booleans())
    def a_turn_that_takes_too_long_is_taken_over(self, visitor: str, process: str, latest_first: bool) -> None:
        (other,) = set(PROCESSES) - {process}
        self.contact_writes(visitor)
        self._begin_turn(visitor, process)
        self.time_passes()
        self._begin_turn(visitor, other)
        for _ in range(2):
            if self.bot.thinking:
                self.run(self._let_answer(len(self.bot.thinking) - 1 if latest_first else 0))

    @precondition(lambda self: self.running)
    @rule(place=st.integers(0, 3))
    def process_dies_while_the_bot_thinks(self, place: int) -> None:
        self.run(self._kill(self.running[place % len(self.running)]))

    @precondition(lambda self: self.running)
    @rule(process=processes)
    def process_dies_with_all_it_has_under_way(self, process: str) -> None:
        for task in [task for task in self.running if task.get_name().startswith(f"{process} for ")]:
            self.run(self._kill(task))

    @rule(process=processes)
    def process_looks_around_after_a_death(self, process: str) -> None:
        """What others had under way is taken up, beside what this one has under way itself."""
        self.time_passes()
        for visitor in VISITORS:
            self._begin_turn(visitor, process)

    @rule(process=processes, commits_left=st.integers(0, 2), dies_after=st.booleans())
    def process_will_die_at_a_commit(self, process: str, commits_left: int, dies_after: bool) -> None:
        self.works[process].commits_left = commits_left
        self.works[process].dies_after = dies_after

    @rule(visitor=visitors, process=processes)
    def outbox_sends(self, visitor: str, process: str) -> None:
        if self.written[visitor]:
            self.run(self._begin(self._sending(visitor, process)))

    @rule(
        trouble=st.sampled_from([SendLater("busy", after_seconds=1), SendUncertain("cut"), Died()]), late=st.booleans()
    )
    def channel_will_make_trouble(self, trouble: BaseException, late: bool) -> None:
        self.sender.trouble = trouble
        self.sender.arrives = late and not isinstance(trouble, SendLater)

    @rule()
    def time_passes(self) -> None:
        self.clock.advance(max(LEASE, SENDING_LIMIT) + timedelta(seconds=1))

    # What people do

    @rule(visitor=visitors, deed=st.sampled_from(["hand off", "reply", "resolve", "give back"]))
    def people_act(self, visitor: str, deed: str) -> None:
        async def do(service: ConversationService, conversation: Conversation) -> None:
            match deed:
                case "hand off":
                    await service.hand_off(conversation, HandoffReason.contact_asked)
                case "reply":
                    await Handling(service).reply(conversation, "I am here", by=self.agent)
                case "resolve":
                    await Handling(service).resolve(conversation)
                case "give back":
                    await Handling(service).return_to_bot(conversation)

        possible = {"hand off": (ConversationStatus.with_bot,), "reply": tuple(ConversationStatus)}
        self._change(visitor, do, if_in=possible.get(deed, PEOPLES))

    @rule(visitor=visitors, process=processes)
    def people_take_over_while_the_bot_thinks(self, visitor: str, process: str) -> None:
        self.contact_writes(visitor)
        self._begin_turn(visitor, process)
        self.people_act(visitor, "hand off")
        while self.bot.thinking:
            self.run(self._let_answer(0))

    @rule(visitor=visitors, process=processes)
    def people_have_it_for_a_moment_while_the_bot_thinks(self, visitor: str, process: str) -> None:
        self.contact_writes(visitor)
        self._begin_turn(visitor, process)
        overtaken = {thought: text for thought, text in self.bot.thinking.items() if text.startswith(visitor)}
        self.people_act(visitor, "reply")
        self.people_act(visitor, "give back")
        for thought in overtaken:
            thought.set_result(None)
        self.run(self._until_settled())
        said = {entry.text for messages in self.run(self._conversations()).values() for entry in messages}
        assert not said & {f"{ECHO}{text}" for text in overtaken.values()}

    def _change(
        self,
        visitor: str,
        change: Callable[[ConversationService, Conversation], Awaitable[None]],
        *,
        if_in: tuple[ConversationStatus, ...],
    ) -> None:
        async def changed() -> None:
            async with self.work.begin() as session:
                service = self._service(session)
                conversation = await service.of_contact(self.inbox.id, visitor, lock=True)
                if conversation is None or conversation.status not in if_in:
                    return
                self.undisturbed.discard(visitor)
                before = conversation.last_sequence
                await change(service, conversation)
                if conversation.status in PEOPLES:
                    self.peoples.append((conversation.id, before, None))
                else:
                    self.peoples = [
                        (owned, begun, before if owned == conversation.id and end is None else end)
                        for owned, begun, end in self.peoples
                    ]

        self.run(changed())

    # What must hold whatever happens

    @invariant()
    def what_was_promised_holds(self) -> None:
        conversations = self.run(self._conversations())
        for messages in conversations.values():
            _check_that_nothing_is_doubled_or_inverted(messages)
        for conversation_id, begun, end in self.peoples:
            said = [entry.sequence for entry in conversations[conversation_id] if entry.author is Author.bot]
            assert not [sequence for sequence in said if begun < sequence <= (end or sequence)]
        for visitor in VISITORS:
            sent = [message.message_id for message in self.sender.sent if message.contact_external_id == visitor]
            assert sent == sorted(set(sent))

    def teardown(self) -> None:
        """In the end, when nobody dies any more, everything is answered and sent."""
        try:
            self.run(self._finish())
            messages = [entry for entries in self.run(self._conversations()).values() for entry in entries]
            self.what_was_promised_holds()
            written = sum(map(len, self.written.values()))
            assert sum(entry.author is Author.contact for entry in messages) == written
            assert not [entry for entry in messages if entry.turn is TurnState.pending]
            for visitor in self.undisturbed:
                self._check_that_everything_is_answered(visitor, messages)
            self._check_that_everything_is_sent()
        finally:
            self.run(self.database.close())
            self.runner.close()
            self.folder.cleanup()

    def _check_that_everything_is_answered(self, visitor: str, messages: list[Row[Any]]) -> None:
        written = [entry for entry in messages if entry.text in self.written[visitor]]
        said = [
            entry
            for entry in messages
            if written and entry.conversation_id == written[0].conversation_id and entry.author is not Author.contact
        ]
        assert len(said) == len(written)

    def _check_that_everything_is_sent(self) -> None:
        async def deliveries() -> list[Delivery]:
            async with self.work.reading() as session:
                return list(await session.scalars(select(Delivery)))

        arrived = {message.message_id for message in self.sender.sent}
        for delivery in self.run(deliveries()):
            assert delivery.state in (DeliveryState.sent, DeliveryState.maybe_sent)
            assert delivery.state is DeliveryState.maybe_sent or delivery.message_id in arrived

    async def _finish(self) -> None:
        for task in list(self.running):
            await self._kill(task)
        self.sender.trouble = None
        for work in self.works.values():
            work.commits_left = None
        for _ in range(200):
            self.clock.advance(max(LEASE, SENDING_LIMIT) + timedelta(seconds=1))
            turns = await self.turns["one"].waiting(limit=10)
            sendings = await self.outboxes["one"].due()
            if not turns and not sendings:
                return
            for conversation_id in turns:
                await self._begin(until_done(self.turns["one"].run, conversation_id))
                while self.bot.thinking:
                    await self._let_answer(0)
            for conversation_id in sendings:
                await until_done(self.outboxes["one"].send_next, conversation_id)
        raise AssertionError("work is left that nobody can finish")

    # How tasks are led

    async def _turn(self, visitor: str, process: str) -> None:
        await until_done(self.turns[process].run, await self._conversation_id(visitor))

    async def _sending(self, visitor: str, process: str) -> None:
        await until_done(self.outboxes[process].send_next, await self._conversation_id(visitor))

    async def _conversation_id(self, visitor: str) -> str:
        async with self.work.reading() as session:
            conversation = await self._service(session).of_contact(self.inbox.id, visitor)
        assert conversation
        return conversation.id

    async def _begin(self, work: Awaitable[None], *, name: str | None = None) -> None:
        """Run until the bot has to think or others must be waited for, or to the end."""

        async def lived() -> None:
            # A Died that left its task would end the whole loop.
            with suppress(Died):
                await work

        self.running.append(asyncio.create_task(lived(), name=name))
        await self._until_settled()

    async def _let_answer(self, place: int) -> None:
        list(self.bot.thinking)[place].set_result(None)
        await self._until_settled()

    async def _kill(self, task: asyncio.Task[None]) -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await self._until_settled()

    async def _until_settled(self) -> None:
        """Until each turn is over, has the bot think or waits for one that does."""
        quiet = 0
        async with asyncio.timeout(10):
            # Who has just been let in is still counted among those who wait.
            while quiet < 10:
                await asyncio.sleep(0)
                held_up = len(self.bot.thinking) + sum(turns.company.waiting for turns in self.turns.values())
                quiet = quiet + 1 if held_up == sum(not task.done() for task in self.running) else 0
        self._reap()

    def _reap(self) -> None:
        """Forget what has ended; an error in it is the test's. A process that died is replaced by one that lives."""
        for task in [task for task in self.running if task.done()]:
            self.running.remove(task)
            if not task.cancelled():
                task.result()
        for work in self.works.values():
            if work.commits_left is not None and work.commits_left < 0:
                work.commits_left = None

    async def _conversations(self) -> dict[str, list[Row[Any]]]:
        columns = (Message.conversation_id, Message.sequence, Message.author, Message.text, Message.turn)
        found: dict[str, list[Row[Any]]] = {}
        async with self.work.reading() as session:
            for entry in await session.execute(select(*columns).order_by(Message.sequence)):
                found.setdefault(entry.conversation_id, []).append(entry)
        return found


def _check_that_nothing_is_doubled_or_inverted(messages: list[Row[Any]]) -> None:
    written = [entry.text for entry in messages if entry.author is Author.contact]
    answered = [entry.text.removeprefix(ECHO) for entry in messages if entry.author is Author.bot]
    assert max(Counter(written).values()) == 1
    assert answered == [text for text in written if text in answered]


@cache
def _empty_database() -> Path:
    """A database with an inbox and an agent, made once."""
    file = Path(tempfile.mkdtemp()) / "empty.db"

    async def make() -> None:
        database = Database(f"sqlite+aiosqlite:///{file}")
        async with database.engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        async with database.session() as session:
            session.add(Inbox(channel=Channel.telegram, name="Bot", key="telegram", config={}, created_at=NOON))
            agents = AgentService(session, clock=FixedClock(NOON))
            await agents.create(name="Sara", email="sara@example.com", password="sara@example.com", role=Role.agent)
        await database.close()

    asyncio.run(make())
    return file


@cache
def _wording() -> Wording:
    return Wording({f"utter_{name}": [{"text": name}] for name in SPOKEN})


@cache
def _policy() -> HandoffPolicy:
    """Nobody is handed off but by the rules above."""
    return HandoffPolicy(
        frustration=1.0,
        apology=1.0,
        not_understood_in_a_row=NEVER_IN_A_ROW,
        failed_in_a_row=NEVER_IN_A_ROW,
        at_once=[],
        priorities={},
        tell={},
    )


TestInterleavings = MessagePath.TestCase
TestInterleavings.settings = settings(
    max_examples=20,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    database=None,
    suppress_health_check=list(HealthCheck),
)
