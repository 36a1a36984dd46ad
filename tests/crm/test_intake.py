import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft
from sqlalchemy.ext.asyncio import AsyncSession

from core.database import Database
from core.events import LocalEventBus
from core.unit_of_work import UnitOfWork
from crm.conversations.contents import MessageEmpty
from crm.conversations.files import File
from crm.conversations.gathering import LARGEST_BATCH
from crm.conversations.handling import Handling
from crm.conversations.intake import Intake
from crm.conversations.ports import IncomingFile, IncomingMessage
from crm.conversations.reception import Received, Reception
from crm.conversations.service import ConversationService
from crm.conversations.turns import Turns
from crm.enums import AttachmentKind, ConversationStatus, HandoffReason, TicketStatus, TurnState
from crm.models import Agent, Conversation, Inbox, Message, Ticket
from tests.conftest import message

OpenService = Callable[[AsyncSession], ConversationService]
StatusOf = Callable[[Ticket], Awaitable[TicketStatus]]


class Poisoned(RuntimeError):
    """A message that breaks whoever tries to store it."""


@pytest.fixture
def transactions(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The texts that each transaction was to store."""
    tried: list[list[str]] = []
    together, alone = Reception.receive_together, Reception.receive

    async def receive_together(self: Reception, inbox_id: int, several: Sequence[IncomingMessage]) -> list[Received]:
        tried.append([one.text for one in several])
        received = await together(self, inbox_id, several)
        if any(one.text == "poison" for one in several):
            raise Poisoned
        return received

    async def receive(self: Reception, incoming: IncomingMessage) -> Received:
        tried.append([incoming.text])
        if incoming.text == "poison":
            raise Poisoned
        return await alone(self, incoming)

    monkeypatch.setattr(Reception, "receive_together", receive_together)
    monkeypatch.setattr(Reception, "receive", receive)
    return tried


@pytest.fixture
def stored(work: UnitOfWork) -> Callable[[], Awaitable[list[tuple[str, int]]]]:
    """All that is stored: words and sequence numbers, as they were written."""

    async def read() -> list[tuple[str, int]]:
        async with work.reading() as session:
            rows = await session.execute(select(Message.text, Message.sequence).order_by(Message.id))
            return [(text, sequence) for text, sequence in rows]

    return read


def at_once(intake: Intake, *incoming: IncomingMessage) -> "asyncio.Future[list[Received | BaseException]]":
    return asyncio.gather(*map(intake.receive, incoming), return_exceptions=True)


@pytest.fixture
async def waited_for(
    intake: Intake,
    inbox: Inbox,
    work: UnitOfWork,
    open_service: OpenService,
    turns: Turns,
    make_agent: Callable[..., Awaitable[Agent]],
) -> Ticket:
    """The ticket of somebody who was asked something back by a person."""
    agent = await make_agent("Sara")
    received = await intake.receive(message(inbox, "My parcel is late", number=1))
    await turns.run(received.conversation.id)
    async with work.begin() as session:
        service = open_service(session)
        conversation = await service.lock(received.conversation.id)
        ticket = await service.hand_off(conversation, HandoffReason.contact_asked)
        await Handling(service).reply(conversation, "Which number does it have?", by=agent)
        await service.tickets.change(ticket, status=TicketStatus.pending)
    return ticket


@pytest.fixture
def status_of(work: UnitOfWork) -> StatusOf:
    async def read(ticket: Ticket) -> TicketStatus:
        async with work.reading() as session:
            return (await session.get_one(Ticket, ticket.id)).status

    return read


class TestReceive:
    """Messages that come while another one is being stored."""

    async def test_who_comes_alone_waits_for_nobody(
        self, intake: Intake, inbox: Inbox, transactions: list[list[str]]
    ) -> None:
        await intake.receive(message(inbox, "one", number=1))
        await intake.receive(message(inbox, "two", number=2))

        assert transactions == [["one"], ["two"]]

    async def test_those_who_come_together_share_a_transaction(
        self, intake: Intake, inbox: Inbox, transactions: list[list[str]]
    ) -> None:
        await at_once(intake, *(message(inbox, text, visitor=text) for text in "abc"))

        assert transactions == [["a", "b", "c"]]

    async def test_each_is_told_of_its_own(self, intake: Intake, inbox: Inbox, telegram_inbox: Inbox) -> None:
        boxes = [inbox, telegram_inbox, inbox]
        received = await at_once(intake, *(message(box, "hi", visitor=str(n), number=n) for n, box in enumerate(boxes)))

        told = [(one.conversation.inbox_id, one.message.external_id) for one in received if isinstance(one, Received)]
        assert told == [(box.id, f"{n}:{n}") for n, box in enumerate(boxes)]

    async def test_a_chat_keeps_its_order(
        self, intake: Intake, inbox: Inbox, stored: Callable[[], Awaitable[list[tuple[str, int]]]]
    ) -> None:
        count = 2 * LARGEST_BATCH + 3
        received = await at_once(intake, *(message(inbox, str(number), number=number) for number in range(count)))

        assert await stored() == [(str(number), number + 1) for number in range(count)]
        assert [one.message.sequence for one in received if isinstance(one, Received)] == list(range(1, count + 1))

    async def test_a_file_keeps_its_place_among_a_chats_texts(
        self,
        intake: Intake,
        inbox: Inbox,
        stored: Callable[[], Awaitable[list[tuple[str, int]]]],
        transactions: list[list[str]],
    ) -> None:
        picture = File(name="picture.png", content=b"\x89PNG\r\n\x1a\n")
        film = IncomingFile(source="the film's id", kind=AttachmentKind.video)
        await at_once(
            intake,
            message(inbox, "before", number=1),
            message(inbox, "picture", number=2, upload=picture),
            message(inbox, "between", number=3),
            message(inbox, "somebody else's", visitor="other"),
            message(inbox, "film", number=4, file=film),
            message(inbox, "after", number=5),
        )

        own = [text for text, _ in await stored() if text != "somebody else's"]
        assert own == ["before", "picture", "between", "film", "after"]
        assert transactions == [["before"], ["picture"], ["between", "somebody else's"], ["film"], ["after"]]

    async def test_copies_that_come_together_are_one_message(
        self, intake: Intake, inbox: Inbox, stored: Callable[[], Awaitable[list[tuple[str, int]]]]
    ) -> None:
        await intake.receive(message(inbox, "before", number=1))

        received = await at_once(intake, *(message(inbox, "hello", number=number) for number in (1, 2, 2, 1, 2)))

        assert await stored() == [("before", 1), ("hello", 2)]
        assert [one.message.sequence for one in received if isinstance(one, Received)] == [1, 2, 2, 1, 2]
        assert [one.is_new for one in received if isinstance(one, Received)] == [False, True, False, False, False]

    async def test_newcomers_get_a_conversation_each(self, intake: Intake, inbox: Inbox) -> None:
        received = await at_once(
            intake, *(message(inbox, "hi", visitor=visitor, number=n) for n, visitor in enumerate("abcab"))
        )

        conversations = [one.conversation.id for one in received if isinstance(one, Received)]
        assert len(set(conversations)) == 3
        assert conversations[:2] == conversations[3:]

    async def test_one_who_has_nothing_to_say_is_refused_alone(
        self, intake: Intake, inbox: Inbox, transactions: list[list[str]]
    ) -> None:
        received = await at_once(intake, *(message(inbox, text, number=n) for n, text in enumerate(["a", " ", "b"])))

        assert isinstance(received[1], MessageEmpty)
        assert transactions == [["a", "b"]]

    async def test_one_that_cannot_be_stored_fails_alone(
        self,
        intake: Intake,
        inbox: Inbox,
        transactions: list[list[str]],
        stored: Callable[[], Awaitable[list[tuple[str, int]]]],
    ) -> None:
        received = await at_once(
            intake, *(message(inbox, text, number=n) for n, text in enumerate(["a", "poison", "b"]))
        )

        assert [type(one) for one in received] == [Received, Poisoned, Received]
        assert await stored() == [("a", 1), ("b", 2)]
        assert transactions == [["a", "poison", "b"], ["a"], ["poison"], ["b"]]

    @pytest.mark.parametrize(
        "error",
        [
            OperationalError("COMMIT", {}, RuntimeError("the disk is gone")),
            ConnectionRefusedError("the server is gone"),
            NoConnectionLeft("all are taken"),
        ],
    )
    async def test_what_is_not_committed_is_confirmed_to_nobody_and_not_tried_again_one_by_one(
        self,
        intake: Intake,
        inbox: Inbox,
        database: Database,
        stored: Callable[[], Awaitable[list[tuple[str, int]]]],
        transactions: list[list[str]],
        error: Exception,
    ) -> None:
        def crash(_connection: object) -> None:
            raise error

        messages = [message(inbox, str(number), number=number) for number in range(3)]
        event.listen(database.engine.sync_engine, "commit", crash)
        lost = await at_once(intake, *messages)
        event.remove(database.engine.sync_engine, "commit", crash)

        assert [type(one) for one in lost] == [type(error)] * 3
        assert transactions == [["0", "1", "2"]]
        assert await stored() == []
        # The channel delivers them again.
        assert [one.is_new for one in await at_once(intake, *messages) if isinstance(one, Received)] == [True] * 3

    async def test_who_is_cut_off_takes_nobody_along(
        self, intake: Intake, inbox: Inbox, stored: Callable[[], Awaitable[list[tuple[str, int]]]]
    ) -> None:
        one, other = (
            asyncio.create_task(intake.receive(message(inbox, text, number=n))) for n, text in enumerate("ab")
        )
        await asyncio.sleep(0)
        one.cancel()

        assert (await other).is_new
        assert "b" in [text for text, _ in await stored()]

    async def test_a_resolved_matter_begins_anew(
        self,
        intake: Intake,
        inbox: Inbox,
        work: UnitOfWork,
        open_service: OpenService,
        make_agent: Callable[..., Awaitable[Agent]],
    ) -> None:
        agent = await make_agent("Sara")
        conversation = (await intake.receive(message(inbox, "hello", number=1))).conversation
        async with work.begin() as session:
            service = open_service(session)
            locked = await service.lock(conversation.id)
            await Handling(service).take(locked, by=agent)
            await Handling(service).resolve(locked)

        await at_once(intake, *(message(inbox, "again", number=number) for number in (2, 3)))

        async with work.reading() as session:
            assert (await session.get_one(Conversation, conversation.id)).status is ConversationStatus.with_bot
            turns = (await session.scalars(select(Message.turn).where(Message.text == "again"))).all()
        assert turns == [TurnState.pending] * 2


class TestWhatTicketsWaitFor:
    @pytest.mark.parametrize(
        "more", [{}, {"upload": File(name="label.png", content=b"\x89PNG\r\n\x1a\n")}], ids=["words", "a file"]
    )
    async def test_comes_with_the_contacts_next_message(
        self,
        intake: Intake,
        inbox: Inbox,
        waited_for: Ticket,
        status_of: StatusOf,
        turns: Turns,
        events: LocalEventBus,
        more: dict[str, Any],
    ) -> None:
        async with events.listen("desk") as heard:
            received = await intake.receive(message(inbox, "77341", number=2, **more))
            await turns.run(received.conversation.id)
            told = [heard.get_nowait() for _ in range(heard.qsize())]

        assert await status_of(waited_for) is TicketStatus.open
        assert {"type": "ticket", "ticket_id": waited_for.id} in told

    async def test_does_not_come_from_a_machine_or_from_somebody_else(
        self, intake: Intake, inbox: Inbox, waited_for: Ticket, status_of: StatusOf, turns: Turns
    ) -> None:
        machine = await intake.receive(message(inbox, "I am on holiday", number=2, wants_answer=False))
        other = await intake.receive(message(inbox, "hello", visitor="other"))
        for received in (machine, other):
            await turns.run(received.conversation.id)

        assert await status_of(waited_for) is TicketStatus.pending

    async def test_does_not_end_what_was_put_off(
        self,
        intake: Intake,
        inbox: Inbox,
        waited_for: Ticket,
        status_of: StatusOf,
        turns: Turns,
        work: UnitOfWork,
    ) -> None:
        async with work.begin() as session:
            (await session.get_one(Ticket, waited_for.id)).status = TicketStatus.on_hold

        received = await intake.receive(message(inbox, "77341", number=2))
        await turns.run(received.conversation.id)

        assert await status_of(waited_for) is TicketStatus.on_hold

    async def test_comes_with_the_message_that_brings_people_back(
        self,
        intake: Intake,
        inbox: Inbox,
        waited_for: Ticket,
        status_of: StatusOf,
        work: UnitOfWork,
        open_service: OpenService,
    ) -> None:
        async with work.begin() as session:
            service = open_service(session)
            await Handling(service).return_to_bot(await service.lock(str(waited_for.conversation_id)))
        await intake.receive(message(inbox, "77341, and I want a person", number=2))

        async with work.begin() as session:
            service = open_service(session)
            conversation = await service.lock(str(waited_for.conversation_id))
            ticket = await service.hand_off(conversation, HandoffReason.contact_asked)

        assert ticket.id == waited_for.id
        assert await status_of(waited_for) is TicketStatus.open
