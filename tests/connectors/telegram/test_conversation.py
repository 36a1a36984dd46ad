"""The whole way: Telegram, the conversation in its database, the bot, the outbox, Telegram."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from connectors.telegram.connector import TelegramConnector
from connectors.telegram.threads import StoredThreads
from crm.conversations.intake import Intake
from crm.conversations.outbox import Outbox
from crm.enums import Channel, DeliveryState
from crm.models import Delivery
from tests.connectors.telegram.conftest import until
from tests.connectors.telegram.emulator import Emulator, flood


class Shop:
    """An app with a Telegram inbox, whose turns and outbox run when the test says so."""

    def __init__(self, connector, turns, outbox, woken) -> None:
        self.connector: TelegramConnector = connector
        self.turns = turns
        self.outbox: Outbox = outbox
        self.woken: list[str] = woken

    async def answer(self) -> None:
        """Answer what came in, and send the answers that may go now."""
        for conversation_id in dict.fromkeys(self.woken):
            await self.turns.run(conversation_id)
        for conversation_id in await self.outbox.due():
            await self.outbox.send_all(conversation_id)


@pytest.fixture
async def shop(make_connector, telegram_inbox, work, open_service, turns, clock) -> AsyncIterator[Shop]:
    woken: list[str] = []
    intake = Intake(work, open_service=open_service, wake=woken.append)
    connector = make_connector(
        inbox_id=telegram_inbox.id, receive=intake.receive, rate=intake.rate, threads=StoredThreads(work)
    )
    outbox = Outbox(work, senders={Channel.telegram: connector}, clock=clock)
    await connector.start()
    yield Shop(connector, turns, outbox, woken)
    await connector.stop()


class TestConversation:
    async def test_is_answered_once_however_often_telegram_delivers(self, shop: Shop, telegram: Emulator):
        update = telegram.write("سفارشم کجاست؟")
        telegram.push({"message": update["message"]})
        await until(lambda: len(shop.woken) == 2)

        await shop.answer()

        assert telegram.texts_to() == ["You said: سفارشم کجاست؟"]

    async def test_is_answered_after_telegram_asked_to_wait(self, shop: Shop, telegram: Emulator, clock):
        telegram.fail_next("sendMessage", flood(30))
        telegram.write("سلام")
        await until(lambda: shop.woken)
        await shop.answer()
        assert telegram.texts_to() == []

        clock.advance(timedelta(seconds=31))
        await shop.answer()

        assert telegram.texts_to() == ["You said: سلام"]

    @pytest.mark.parametrize("trouble", ["cut_before", "cut_after"])
    async def test_says_maybe_where_the_line_was_cut(self, trouble: str, shop: Shop, telegram: Emulator, work):
        telegram.fail_next("sendMessage", trouble)
        telegram.write("سلام")
        await until(lambda: shop.woken)

        await shop.answer()
        await shop.answer()

        async with work.reading() as session:
            (delivery,) = (await session.scalars(select(Delivery))).all()
        assert delivery.state is DeliveryState.maybe_sent
        assert len(telegram.sent) == (trouble == "cut_after")

    async def test_reaches_a_person_by_command(self, shop: Shop, telegram: Emulator):
        telegram.write("/human")
        await until(lambda: shop.woken)

        await shop.answer()

        assert telegram.texts_to()[0].startswith("handed_off fa")
