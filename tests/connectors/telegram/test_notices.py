"""The bot's own words: queued with what they answer, sent from an outbox."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from connectors.telegram.notices import NoticeOutbox, StoredNotices
from connectors.telegram.ports import Notice
from core.errors import InvalidInput
from crm.enums import DeliveryState
from crm.models import TelegramNotice
from tests.connectors.telegram.conftest import SARA, FakeDesk, FakeTimer
from tests.connectors.telegram.emulator import GROUP, ApiError, Emulator, flood, migrated
from tests.fixtures.patience import until, until_done


class TooLong(InvalidInput):
    code = "message_too_long"


class Bot:
    """A bot that polls; what it has to say goes out when the test says so."""

    def __init__(self, connector, work, clock, inbox_id: int) -> None:
        self.connector = connector
        self.work = work
        self.clock = clock
        self.inbox_id = inbox_id
        self.outbox = NoticeOutbox(work, bots={inbox_id: connector}.get, clock=clock)

    async def speak(self) -> None:
        for key in await self.outbox.due():
            await until_done(self.outbox.send_next, key)

    async def notices(self) -> list[TelegramNotice]:
        async with self.work.reading() as session:
            return list(await session.scalars(select(TelegramNotice).order_by(TelegramNotice.id)))


@pytest.fixture
async def bot(make_connector, telegram_inbox, work, clock) -> AsyncIterator[Bot]:
    notices = StoredNotices(work, clock, inbox_id=telegram_inbox.id)
    connector = make_connector(inbox_id=telegram_inbox.id, notices=notices)
    await connector.start()
    yield Bot(connector, work, clock, telegram_inbox.id)
    await connector.stop()


async def dealt_with(telegram: Emulator) -> None:
    await until(lambda: not telegram.updates)


class TestNotices:
    async def test_are_said_though_telegram_asked_to_wait(self, bot: Bot, telegram: Emulator):
        telegram.fail_next("sendMessage", flood(30))
        telegram.write("/start")
        await dealt_with(telegram)
        await bot.speak()
        assert telegram.texts_to() == []

        bot.clock.advance(timedelta(seconds=31))
        await bot.speak()

        assert telegram.texts_to() == ["[utter_telegram_start fa]"]
        assert len(telegram.sent[0]["reply_markup"]["inline_keyboard"]) == 2

    @pytest.mark.parametrize("trouble", ["cut_before", "cut_after"])
    async def test_are_not_said_twice_where_nobody_knows(self, trouble: str, bot: Bot, telegram: Emulator):
        telegram.fail_next("sendMessage", trouble)
        telegram.write("/help")
        await dealt_with(telegram)

        await bot.speak()
        await bot.speak()

        assert [one.state for one in await bot.notices()] == [DeliveryState.maybe_sent]
        assert len(telegram.sent) == (trouble == "cut_after")

    async def test_hold_nobody_up_while_telegram_is_slow(self, bot: Bot, telegram: Emulator, desk: FakeDesk):
        telegram.write("/start")
        telegram.write("/language")
        telegram.write("سلام")

        await until(lambda: desk.stored)

        assert "sendMessage" not in telegram.calls

    async def test_are_a_second_apart_in_their_order(self, bot: Bot, telegram: Emulator, timer: FakeTimer):
        telegram.write("/help")
        telegram.write("/language en")
        await dealt_with(telegram)

        await bot.speak()

        assert telegram.texts_to() == ["[utter_telegram_help fa]", "[utter_telegram_language_chosen en]"]
        assert timer.slept == [1.0]

    async def test_say_that_a_message_was_not_stored_however_many_there_are(
        self, bot: Bot, telegram: Emulator, desk: FakeDesk
    ):
        desk.troubles = [TooLong("too long") for _ in range(12)]
        for _ in range(12):
            telegram.write("x" * 4000)
        await dealt_with(telegram)

        await bot.speak()
        bot.clock.advance(timedelta(minutes=2))
        await bot.speak()

        assert telegram.texts_to() == ["[utter_message_too_long fa]"] * 10

    async def test_are_said_once_for_an_update_that_comes_again(self, bot: Bot, telegram: Emulator):
        update = telegram.write("/help")
        telegram.push({"message": update["message"]})
        await dealt_with(telegram)
        await bot.speak()

        telegram.push({"message": update["message"]})
        await dealt_with(telegram)
        await bot.speak()

        assert telegram.texts_to() == ["[utter_telegram_help fa]"]

    async def test_are_given_up_for_who_has_blocked_the_bot(self, bot: Bot, telegram: Emulator):
        telegram.write("/help")
        await dealt_with(telegram)
        telegram.blocked.add(SARA)

        await bot.speak()

        assert [one.state for one in await bot.notices()] == [DeliveryState.failed]

    async def test_are_said_by_whoever_comes_after_the_app_died(self, bot: Bot, telegram: Emulator):
        telegram.write("/language")
        await dealt_with(telegram)

        another = NoticeOutbox(bot.work, bots={bot.inbox_id: bot.connector}.get, clock=bot.clock)
        for key in await another.due():
            await until_done(another.send_next, key)

        assert telegram.texts_to() == ["[utter_telegram_ask_language fa]"]

    async def test_are_forgotten_a_day_later(self, bot: Bot, telegram: Emulator):
        telegram.write("/help")
        await dealt_with(telegram)
        await bot.speak()

        bot.clock.advance(timedelta(hours=25))
        telegram.write("/language")
        await dealt_with(telegram)

        assert [one.text for one in await bot.notices()] == ["[utter_telegram_ask_language fa]"]

    async def test_follow_a_group_that_has_another_number(self, bot: Bot, telegram: Emulator, work, clock):
        telegram.chats[-1005] = {**GROUP, "id": -1005}
        telegram.fail_next("sendMessage", migrated(-1005))
        await StoredNotices(work, clock, inbox_id=bot.inbox_id).queue(
            Notice(chat=str(GROUP["id"]), cause="x", text="سلام", answers=7)
        )

        await bot.speak()
        bot.clock.advance(timedelta(seconds=2))
        await bot.speak()

        assert telegram.texts_to(-1005) == ["سلام"]

    async def test_of_one_chat_wait_while_anothers_go(self, bot: Bot, telegram: Emulator):
        telegram.fail_next("sendMessage", ApiError(429, "Too Many Requests: retry after 9", retry_after=9))
        telegram.write("/help")
        telegram.write("/help", chat=42)
        await dealt_with(telegram)

        await bot.speak()

        assert telegram.texts_to() == []
        assert telegram.texts_to(42) == ["[utter_telegram_help fa]"]


class TestCrowd:
    async def test_of_the_same_words_is_said_once_more_and_later(self, bot: Bot, telegram: Emulator):
        for _ in range(10):
            telegram.write("/help")
        await dealt_with(telegram)
        await bot.speak()

        for _ in range(5):
            telegram.write("/help")
        await dealt_with(telegram)
        await bot.speak()
        assert len(telegram.texts_to()) == 10
        bot.clock.advance(timedelta(minutes=1))
        await bot.speak()

        assert len(telegram.texts_to()) == 11

    async def test_of_a_chat_is_none_of_anothers(self, bot: Bot, telegram: Emulator):
        for _ in range(12):
            telegram.write("/help")
        telegram.write("/help", chat=42)
        await dealt_with(telegram)

        await bot.speak()

        assert telegram.texts_to(42) == ["[utter_telegram_help fa]"]
