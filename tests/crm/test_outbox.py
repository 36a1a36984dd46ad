import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import FixedClock
from core.unit_of_work import UnitOfWork
from core.worker import Worker
from crm.conversations import outbox as outbox_module
from crm.conversations.files import File
from crm.conversations.handling import Handling
from crm.conversations.intake import Intake
from crm.conversations.outbox import Outbox, inbox_of, key_of
from crm.conversations.ports import OutgoingMessage, SendLater, SendRefused, SendUncertain
from crm.conversations.sending import LONGEST_BACKOFF_SECONDS, MOST_ATTEMPTS_OF_OURS, SENDING_LIMIT, TIME_TO_NOTE
from crm.conversations.service import ConversationService
from crm.enums import Channel, DeliveryState
from crm.models import Agent, Conversation, Delivery, Inbox
from tests.conftest import message
from tests.fixtures.fakes import FakeSender
from tests.fixtures.patience import until_done

OpenService = Callable[[AsyncSession], ConversationService]


@pytest.fixture
def sender() -> FakeSender:
    return FakeSender()


@pytest.fixture
def outbox(work: UnitOfWork, sender: FakeSender, clock: FixedClock, telegram_inbox: Inbox) -> Outbox:
    return Outbox(work, senders={telegram_inbox.id: sender}, clock=clock)


@pytest.fixture
async def conversation(
    intake: Intake,
    telegram_inbox: Inbox,
    work: UnitOfWork,
    open_service: OpenService,
    make_agent: Callable[..., Awaitable[Agent]],
) -> Conversation:
    """A Telegram conversation in which an agent has said "one" and "two", after being introduced."""
    agent = await make_agent("Sara")
    received = await intake.receive(message(telegram_inbox, "hello"))
    for words in ("one", "two"):
        async with work.begin() as session:
            service = open_service(session)
            await Handling(service).reply(await service.lock(received.conversation.id), words, by=agent)
    return received.conversation


async def states(work: UnitOfWork, conversation: Conversation) -> list[DeliveryState]:
    async with work.reading() as session:
        service = await session.execute(
            Delivery.__table__.select().where(Delivery.conversation_id == conversation.id).order_by(Delivery.message_id)
        )
        return [DeliveryState(row.state) for row in service]


class TestSendAll:
    async def test_sends_everything_once_and_in_order(
        self, outbox: Outbox, sender: FakeSender, conversation: Conversation
    ) -> None:
        await until_done(outbox.send_next, conversation.id)
        await until_done(outbox.send_next, conversation.id)

        assert [sent.text for sent in sender.sent] == ["agent_joined fa Sara", "one", "two"]
        assert sender.sent[1].agent_name == "Sara"
        assert sender.sent[1].contact_external_id == "visitor"

    async def test_a_channel_that_asks_to_wait_gets_the_same_message_after_that_time(
        self, outbox: Outbox, sender: FakeSender, conversation: Conversation, clock: FixedClock
    ) -> None:
        sender.troubles = [SendLater("too many", after_seconds=30)]

        await until_done(outbox.send_next, conversation.id)
        assert sender.sent == []
        assert await outbox.due() == []

        clock.advance(timedelta(seconds=31))
        assert await outbox.due() == [key_of(conversation.inbox_id, conversation.id)]
        await until_done(outbox.send_next, conversation.id)
        assert len(sender.sent) == 3

    async def test_tells_the_channel_how_much_of_a_message_it_had_taken(
        self, outbox: Outbox, sender: FakeSender, conversation: Conversation, clock: FixedClock
    ) -> None:
        sender.troubles = [SendLater("too many", after_seconds=30, parts_sent=2)]
        await until_done(outbox.send_next, conversation.id)

        clock.advance(timedelta(seconds=31))
        await until_done(outbox.send_next, conversation.id)

        assert [sent.parts_sent for sent in sender.sent] == [2, 0, 0]

    async def test_reads_a_file_while_everybody_else_goes_on(
        self,
        outbox: Outbox,
        sender: FakeSender,
        conversation: Conversation,
        work: UnitOfWork,
        open_service: OpenService,
        file_reads: list[bool],
    ) -> None:
        async with work.begin() as session:
            service = open_service(session)
            sara = (await session.scalars(select(Agent))).one()
            await Handling(service).reply(
                await service.lock(conversation.id), "", by=sara, file=File("a.txt", b"three")
            )

        await until_done(outbox.send_next, conversation.id)

        assert sender.sent[-1].file == File("a.txt", b"three")
        assert file_reads == [True]

    async def test_a_refused_message_does_not_hold_up_the_next(
        self, outbox: Outbox, sender: FakeSender, conversation: Conversation, work: UnitOfWork
    ) -> None:
        sender.troubles = [SendRefused("blocked")]

        await until_done(outbox.send_next, conversation.id)

        assert [sent.text for sent in sender.sent] == ["one", "two"]
        assert (await states(work, conversation))[0] is DeliveryState.failed

    async def test_an_uncertain_message_is_marked_and_not_sent_again(
        self, outbox: Outbox, sender: FakeSender, conversation: Conversation, work: UnitOfWork, clock: FixedClock
    ) -> None:
        sender.troubles = [SendUncertain("the line broke")]

        await until_done(outbox.send_next, conversation.id)
        clock.advance(timedelta(hours=1))
        await until_done(outbox.send_next, conversation.id)

        assert [sent.text for sent in sender.sent] == ["one", "two"]
        assert (await states(work, conversation))[0] is DeliveryState.maybe_sent

    async def test_a_process_that_dies_while_sending_leaves_a_doubt_and_not_a_double(
        self, outbox: Outbox, sender: FakeSender, conversation: Conversation, work: UnitOfWork, clock: FixedClock
    ) -> None:
        sender.troubles = [KeyboardInterrupt()]  # type: ignore[list-item]
        with pytest.raises(KeyboardInterrupt):
            await until_done(outbox.send_next, conversation.id)
        clock.advance(SENDING_LIMIT + timedelta(seconds=1))

        await until_done(outbox.send_next, conversation.id)
        await until_done(outbox.send_next, conversation.id)

        assert [sent.text for sent in sender.sent] == ["one", "two"]
        assert (await states(work, conversation))[0] is DeliveryState.maybe_sent

    async def test_the_parts_after_one_in_doubt_are_sent_and_the_message_stays_in_doubt(
        self, outbox: Outbox, sender: FakeSender, conversation: Conversation, work: UnitOfWork
    ) -> None:
        sender.troubles = [SendUncertain("the line broke", parts_sent=1)]

        await until_done(outbox.send_next, conversation.id)

        assert [sent.parts_sent for sent in sender.sent] == [1, 0, 0]
        assert await states(work, conversation) == [DeliveryState.maybe_sent, *[DeliveryState.sent] * 2]

    async def test_the_widget_needs_no_outbox(
        self,
        outbox: Outbox,
        intake: Intake,
        inbox: Inbox,
        work: UnitOfWork,
        open_service: OpenService,
        make_agent: Callable[..., Awaitable[Agent]],
    ) -> None:
        agent = await make_agent("Sara")
        received = await intake.receive(message(inbox, "hello"))
        async with work.begin() as session:
            service = open_service(session)
            await Handling(service).reply(await service.lock(received.conversation.id), "hi", by=agent)

        assert await outbox.due() == []


class TestLanes:
    async def test_of_a_channel_that_hangs_hold_up_no_other(
        self,
        work: UnitOfWork,
        clock: FixedClock,
        telegram_inbox: Inbox,
        intake: Intake,
        open_service: OpenService,
        make_agent: Callable[..., Awaitable[Agent]],
    ) -> None:
        async with work.begin() as session:
            other = Inbox(channel=Channel.telegram, name="Other", key="other", config={}, created_at=clock.now())
            session.add(other)
        agent = await make_agent("Sara")
        for inbox, visitor in ((telegram_inbox, "one"), (telegram_inbox, "two"), (other, "three")):
            received = await intake.receive(message(inbox, "hello", visitor=visitor))
            async with work.begin() as session:
                service = open_service(session)
                await Handling(service).reply(await service.lock(received.conversation.id), "hi", by=agent)
        hanging, going = HangingSender(), FakeSender()
        outbox = Outbox(work, senders={telegram_inbox.id: hanging, other.id: going}, clock=clock)
        worker = Worker(
            "outbox", handle=outbox.send_next, find=outbox.due, at_once=1, look_around_seconds=60, lane=inbox_of
        )

        await worker.start()
        async with asyncio.timeout(10):
            while len(going.sent) < 2:  # noqa: ASYNC110 - a fake, which tells nobody
                await asyncio.sleep(0.01)
        await worker.stop(grace_seconds=0.0)

        assert hanging.calls == 1


class HangingSender(FakeSender):
    """Its channel never answers."""

    calls = 0

    async def send(self, message: OutgoingMessage) -> str | None:
        self.calls += 1
        await asyncio.Event().wait()
        return None


class TestFailureOfOurs:
    async def test_before_a_message_left_is_tried_again(
        self, outbox: Outbox, sender: FakeSender, conversation: Conversation, work: UnitOfWork, clock: FixedClock
    ) -> None:
        sender.troubles = [RuntimeError("the client has been closed")]

        await until_done(outbox.send_next, conversation.id)
        assert await states(work, conversation) == [DeliveryState.pending] * 3

        clock.advance(timedelta(seconds=3))
        await until_done(outbox.send_next, conversation.id)
        assert [sent.text for sent in sender.sent] == ["agent_joined fa Sara", "one", "two"]

    async def test_forgets_no_part_that_had_arrived(
        self, outbox: Outbox, sender: FakeSender, conversation: Conversation, clock: FixedClock
    ) -> None:
        sender.troubles = [SendLater("too many", after_seconds=1, parts_sent=2), RuntimeError("closed")]

        for _ in range(3):
            await until_done(outbox.send_next, conversation.id)
            clock.advance(timedelta(seconds=10))

        assert sender.sent[0].parts_sent == 2

    async def test_that_does_not_end_holds_up_nobody_for_ever(
        self, outbox: Outbox, sender: FakeSender, conversation: Conversation, work: UnitOfWork, clock: FixedClock
    ) -> None:
        sender.troubles = [UnicodeError("no such address")] * MOST_ATTEMPTS_OF_OURS

        for _ in range(MOST_ATTEMPTS_OF_OURS):
            await until_done(outbox.send_next, conversation.id)
            clock.advance(timedelta(seconds=LONGEST_BACKOFF_SECONDS))

        assert [sent.text for sent in sender.sent] == ["one", "two"]
        assert (await states(work, conversation))[0] is DeliveryState.failed


class StalledSender(FakeSender):
    """A channel that answers when it is told how."""

    def __init__(self) -> None:
        super().__init__()
        self.is_called = asyncio.Event()
        self.answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def send(self, message: OutgoingMessage) -> str | None:
        self.is_called.set()
        return await self.answer


class TestCallThatHangs:
    async def test_is_cut_off_before_the_message_counts_as_given_up(
        self,
        work: UnitOfWork,
        conversation: Conversation,
        telegram_inbox: Inbox,
        clock: FixedClock,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(outbox_module, "SENDING_LIMIT", TIME_TO_NOTE)
        outbox = Outbox(work, senders={telegram_inbox.id: StalledSender()}, clock=clock)

        await outbox.send_next(conversation.id)

        assert await states(work, conversation) == [DeliveryState.maybe_sent, *[DeliveryState.pending] * 2]

    @pytest.mark.parametrize("late", ["sent", SendLater("too many", after_seconds=1), SendRefused("blocked")])
    async def test_changes_nothing_once_another_process_went_on(
        self,
        late: str | Exception,
        outbox: Outbox,
        sender: FakeSender,
        work: UnitOfWork,
        conversation: Conversation,
        telegram_inbox: Inbox,
        clock: FixedClock,
    ) -> None:
        stalling = StalledSender()
        stalled = Outbox(work, senders={telegram_inbox.id: stalling}, clock=clock)
        attempt = asyncio.create_task(stalled.send_next(conversation.id))
        await stalling.is_called.wait()
        clock.advance(SENDING_LIMIT)
        await until_done(outbox.send_next, conversation.id)
        await until_done(outbox.send_next, conversation.id)

        if isinstance(late, Exception):
            stalling.answer.set_exception(late)
        else:
            stalling.answer.set_result(late)
        await attempt
        clock.advance(timedelta(minutes=1))
        await until_done(outbox.send_next, conversation.id)

        assert [sent.text for sent in sender.sent] == ["one", "two"]
        assert await states(work, conversation) == [DeliveryState.maybe_sent, *[DeliveryState.sent] * 2]
