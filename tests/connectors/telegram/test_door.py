"""Updates that cannot be dealt with: set aside, from where an admin has them tried again; nobody waits behind them."""

import json

import pytest
from sqlalchemy import select
from sqlalchemy.orm import undefer

from connectors.parking import ParkedUpdates, SecondTries, StoredParking
from connectors.ports import Unhandled
from connectors.telegram.door import MAX_FAILURES, glimpse
from connectors.telegram.threads import StoredThreads
from crm.conversations.intake import Intake
from crm.models import Message, ParkedUpdate
from tests.connectors.telegram.conftest import SARA, FakeDesk, FakeParking, payload
from tests.connectors.telegram.emulator import Emulator
from tests.fixtures.patience import until

NO_ID = {"message": {"chat": {"id": SARA, "type": "private"}, "from": {"first_name": "سارا"}, "text": "بی شماره"}}


class ClosedSoon(dict):
    """Connectors of which one is looked for while it is open and is closed before it is used."""

    def __contains__(self, inbox_id: object) -> bool:
        return True


def dated(date: int) -> dict:
    """A message of a day that no calendar has."""
    update = payload("text")
    return {"message": {**update["message"], "date": date}}


class TestUnreadable:
    @pytest.mark.parametrize("update", [NO_ID, dated(2**60), dated(2**40), {"message": ["x"]}, {"message": 7}])
    async def test_is_set_aside_at_once(
        self, update: dict, polling, telegram: Emulator, desk: FakeDesk, parking: FakeParking, timer
    ):
        pushed = telegram.push(update)
        telegram.write("بعدی")
        await until(lambda: desk.stored and not telegram.updates)

        (parked,) = parking.parked
        assert desk.texts == ["بعدی"]
        assert (parked.external_id, parked.attempts) == (str(pushed["update_id"]), 1)
        assert json.loads(parked.raw or b"") == pushed
        assert parked.error
        assert timer.slept == []

    async def test_is_set_aside_where_telegram_calls(
        self, site, telegram: Emulator, desk: FakeDesk, parking: FakeParking
    ):
        telegram.push(NO_ID)
        await telegram.settle()

        assert telegram.webhook_answers == [200]
        assert [(one.sender, one.text) for one in parking.parked] == [("سارا", "بی شماره")]


class TestPoison:
    @pytest.fixture
    def poison(self, desk: FakeDesk) -> str:
        """Words that can never be stored."""
        receive = desk.receive

        async def choke(message) -> None:
            if message.text == "زهر":
                desk.calls += 1
                raise RuntimeError("indigestible\0")
            await receive(message)

        desk.receive = choke  # type: ignore[method-assign]
        return "زهر"

    async def test_holds_up_the_others_for_some_seconds_alone(
        self, poison, make_connector, telegram: Emulator, desk: FakeDesk, parking: FakeParking, timer
    ):
        await make_connector().start()
        telegram.write(poison)
        telegram.write("بعدی")
        await until(lambda: desk.stored and not telegram.updates)

        (parked,) = parking.parked
        assert desk.texts == ["بعدی"]
        assert timer.slept == [1.0, 2.0, 4.0, 8.0]
        assert (parked.text, parked.attempts, desk.calls) == (poison, MAX_FAILURES, MAX_FAILURES + 1)
        assert parked.error.startswith("RuntimeError: indigestible")

    async def test_holds_up_its_chat_no_longer_where_telegram_calls(
        self, poison, site, telegram: Emulator, desk: FakeDesk, parking: FakeParking
    ):
        telegram.write(poison)
        telegram.write("بعدی")
        await telegram.settle()

        assert telegram.webhook_answers == [500] * (MAX_FAILURES - 1) + [200, 200]
        assert desk.texts == ["بعدی"]
        assert len(parking.parked) == 1

    async def test_comes_again_where_it_cannot_be_written_down(
        self, poison, make_connector, telegram: Emulator, desk: FakeDesk, parking: FakeParking, timer
    ):
        park, troubles = parking.park, [RuntimeError("the database is away")] * 2

        async def failing(unhandled) -> None:
            if troubles:
                raise troubles.pop()
            await park(unhandled)

        parking.park = failing  # type: ignore[method-assign]
        await make_connector().start()
        telegram.write(poison)
        await until(lambda: parking.parked)

        assert parking.parked[0].attempts == MAX_FAILURES + 2

    async def test_that_gets_better_is_forgotten(
        self, make_connector, telegram: Emulator, desk: FakeDesk, parking: FakeParking
    ):
        await make_connector().start()
        for text in ("یک", "دو"):
            desk.troubles = [RuntimeError("told to")] * (MAX_FAILURES - 1)
            telegram.write(text)
            await until(lambda: desk.stored and not telegram.updates)

        assert desk.texts == ["یک", "دو"]
        assert parking.parked == []


class TestGlimpse:
    @pytest.mark.parametrize(
        "update",
        [{}, {"message": None}, {"message": {"from": 1, "text": ["x"]}}, {"callback_query": {"from": [], "data": 7}}],
    )
    def test_is_taken_of_anything(self, update: dict):
        assert all(isinstance(part, str) for part in glimpse(update))

    def test_shows_who_pressed_what(self):
        sender, text = glimpse(payload("callback_query"))

        assert "سارا" in sender
        assert text


class TestSecondTry:
    """The whole way: set aside, asked for at the desk, stored."""

    @pytest.fixture
    async def shop(self, make_connector, telegram_inbox, work, open_service, clock):
        intake = Intake(work, open_service=open_service, wake=lambda _conversation: None)
        troubles = [RuntimeError("told to")] * MAX_FAILURES

        async def receive(incoming):
            if troubles:
                raise troubles.pop()
            return await intake.receive(incoming)

        connector = make_connector(
            inbox_id=telegram_inbox.id,
            receive=receive,
            threads=StoredThreads(work, intake),
            parking=StoredParking(work, clock, telegram_inbox.id),
        )
        await connector.start()
        return connector

    async def test_stores_the_message_once_and_takes_it_off_the_list(
        self, shop, telegram_inbox, telegram: Emulator, work
    ):
        second_tries = SecondTries(work, connectors={telegram_inbox.id: shop})
        telegram.write("سفارشم کجاست؟")
        await until(lambda: not telegram.updates)
        async with work.begin() as session:
            (parked,) = await ParkedUpdates(session).latest(limit=10)
            assert (parked.text, parked.attempts) == ("سفارشم کجاست؟", MAX_FAILURES)
            assert await second_tries.due() == []
            await ParkedUpdates(session).try_again(parked.id)

        due = await second_tries.due()
        for _process in range(2):
            await second_tries.take(due[0])

        async with work.reading() as session:
            assert (await session.scalars(select(Message.text))).all() == ["سفارشم کجاست؟"]
            assert (await session.scalars(select(ParkedUpdate))).all() == []

    async def test_that_fails_leaves_it_there_with_its_new_error(self, shop, telegram_inbox, telegram: Emulator, work):
        telegram.push(NO_ID)
        await until(lambda: not telegram.updates)
        async with work.begin() as session:
            (parked,) = await ParkedUpdates(session).latest(limit=10)
            await ParkedUpdates(session).try_again(parked.id)

        await SecondTries(work, connectors={telegram_inbox.id: shop}).take(str(parked.id))

        async with work.reading() as session:
            (again,) = (await session.scalars(select(ParkedUpdate).options(undefer(ParkedUpdate.raw)))).all()
        assert (again.attempts, again.is_due) == (2, False)
        assert again.error.startswith("UpdateUnreadable")

    async def test_stays_on_the_list_where_the_channel_is_closed_meanwhile(self, telegram_inbox, work, clock):
        await StoredParking(work, clock, telegram_inbox.id).park(Unhandled(external_id="1"))
        async with work.begin() as session:
            (parked,) = await ParkedUpdates(session).latest(limit=10)
            await ParkedUpdates(session).try_again(parked.id)

        await SecondTries(work, connectors=ClosedSoon()).take(str(parked.id))

        async with work.reading() as session:
            (again,) = (await session.scalars(select(ParkedUpdate))).all()
        assert (again.is_due, again.error) == (True, "")

    async def test_waits_for_a_process_that_has_the_inbox_open(self, telegram_inbox, work, clock):
        await StoredParking(work, clock, telegram_inbox.id).park(Unhandled(external_id="1"))
        async with work.begin() as session:
            (parked,) = await ParkedUpdates(session).latest(limit=10)
            await ParkedUpdates(session).try_again(parked.id)

        elsewhere = SecondTries(work, connectors={})
        await elsewhere.take(str(parked.id))

        assert await elsewhere.due() == []
        assert await SecondTries(work, connectors={telegram_inbox.id: None}).due() == [str(parked.id)]
