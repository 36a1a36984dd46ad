import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import FixedClock
from core.unit_of_work import UnitOfWork
from core.worker import Worker
from crm.conversations.files import File
from crm.conversations.intake import Intake
from crm.conversations.outbox import Outbox, inbox_of, key_of
from crm.conversations.ports import OutgoingMessage, SendLater, SendRefused, SendUncertain
from crm.conversations.sending import SENDING_LIMIT
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
            await service.reply(await service.lock(received.conversation.id), words, by=agent)
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
            await service.reply(await service.lock(conversation.id), "", by=sara, file=File("a.txt", b"three"))

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
            await service.reply(await service.lock(received.conversation.id), "hi", by=agent)

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
                await service.reply(await service.lock(received.conversation.id), "hi", by=agent)
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
