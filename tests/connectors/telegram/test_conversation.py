"""The whole way: Telegram, the conversation in its database, the bot, the outbox, Telegram."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.orm import undefer

from connectors.telegram.connector import TelegramConnector
from connectors.telegram.threads import StoredThreads
from crm.conversations.downloads import Downloads
from crm.conversations.files import File
from crm.conversations.handling import Handling
from crm.conversations.intake import Intake
from crm.conversations.outbox import Outbox
from crm.enums import AttachmentState, ConversationStatus, DeliveryState
from crm.models import Attachment, Conversation, Delivery, Message, Ticket
from tests.connectors.telegram.conftest import PUBLIC_URL, app_of
from tests.connectors.telegram.emulator import Emulator, flood
from tests.connectors.telegram.test_webhook import an_update, post
from tests.fixtures.patience import until, until_done


class Shop:
    """An app with a Telegram inbox, whose turns and outbox run when the test says so."""

    def __init__(self, connector, turns, outbox, downloads, woken) -> None:
        self.connector: TelegramConnector = connector
        self.downloads: Downloads = downloads
        self.turns = turns
        self.outbox: Outbox = outbox
        self.woken: list[str] = woken

    async def answer(self) -> None:
        """Answer what came in, and send the answers that may go now."""
        for conversation_id in dict.fromkeys(self.woken):
            await until_done(self.turns.run, conversation_id)
        for conversation_id in await self.outbox.due():
            await until_done(self.outbox.send_next, conversation_id)

    async def fetch(self) -> None:
        """Fetch the files that may be fetched now."""
        for attachment_id in await self.downloads.due():
            await self.downloads.fetch(attachment_id)


@pytest.fixture
async def shop(make_connector, telegram_inbox, work, open_service, turns, clock) -> AsyncIterator[Shop]:
    woken: list[str] = []
    intake = Intake(work, open_service=open_service, wake=woken.append)
    connector = make_connector(
        inbox_id=telegram_inbox.id, receive=intake.receive, rate=intake.rate, threads=StoredThreads(work, intake)
    )
    outbox = Outbox(work, senders={telegram_inbox.id: connector}, clock=clock)
    await connector.start()
    downloads = Downloads(work, sources={telegram_inbox.id: connector}, clock=clock)
    yield Shop(connector, turns, outbox, downloads, woken)
    await connector.stop()


class TestManyAtOnce:
    """Telegram brings the updates of many chats over many lines."""

    async def test_each_is_stored_once_whatever_comes_with_it(
        self, make_connector, telegram_inbox, work, open_service
    ) -> None:
        intake = Intake(work, open_service=open_service, wake=lambda _conversation_id: None)
        connector = make_connector(
            webhook=True, inbox_id=telegram_inbox.id, receive=intake.receive, threads=StoredThreads(work, intake)
        )
        # Of five chats, one with nothing but a blank, each brought twice.
        bodies = [an_update(chat, 1, text) for chat, text in enumerate("ab cd", start=1) for _ in range(2)]
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app_of(connector)), base_url=PUBLIC_URL) as site:
            answers = await asyncio.gather(*(post(site, body) for body in bodies))

        async with work.reading() as session:
            words = (await session.scalars(select(Message.text).order_by(Message.id))).all()
        assert [answer.status_code for answer in answers] == [200] * len(bodies)
        assert words == ["a", "b", "c", "d"]


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

    async def test_opens_the_ticket_with_what_was_written_behind_the_command(
        self, shop: Shop, telegram: Emulator, work
    ):
        telegram.write("/human سفارشم نرسیده")
        await until(lambda: len(shop.woken) == 2)

        await shop.answer()

        async with work.reading() as session:
            (ticket,) = (await session.scalars(select(Ticket))).all()
        assert ticket.subject == "سفارشم نرسیده"
        assert len(telegram.sent) == 1

    async def test_keeps_the_language_that_the_contact_chose(self, shop: Shop, telegram: Emulator, bot):
        telegram.write("/language en")
        telegram.write("سلام، سفارشم کجاست؟")
        await until(lambda: shop.woken)
        await shop.answer()
        telegram.write("چرا نرسیده؟")
        await until(lambda: len(shop.woken) == 2)

        await shop.answer()

        assert [turn.language for turn in bot.turns] == ["en", "en"]

    async def test_begins_anew_with_the_bot_by_command(self, shop: Shop, telegram: Emulator, work, bot):
        telegram.write("سلام")
        telegram.write("/human")
        await until(lambda: len(shop.woken) == 2)
        await shop.answer()

        telegram.write("/new")
        telegram.write("ساعت کاری؟")
        await until(lambda: len(shop.woken) == 4)
        await shop.answer()

        assert telegram.texts_to()[-2:] == ["started_over fa", "You said: ساعت کاری؟"]
        assert [turn.state for turn in bot.turns] == [None, None]
        async with work.reading() as session:
            (conversation,) = (await session.scalars(select(Conversation))).all()
        assert conversation.status is ConversationStatus.with_bot

    async def test_reads_the_new_words_where_the_turn_has_not_begun(self, shop: Shop, telegram: Emulator, work):
        telegram.edit(telegram.write("سلام"), "سفارشم کجاست؟")
        telegram.write("بعدی")
        await until(lambda: len(shop.woken) == 2)

        await shop.answer()

        assert telegram.texts_to() == ["You said: سفارشم کجاست؟", "You said: بعدی"]
        async with work.reading() as session:
            first = (await session.scalars(select(Message).order_by(Message.id))).first()
        assert (first.text, first.corrected_text) == ("سلام", "سفارشم کجاست؟")

    async def test_is_not_answered_again_for_a_later_correction(self, shop: Shop, telegram: Emulator, work):
        update = telegram.write("سلام")
        await until(lambda: shop.woken)
        await shop.answer()

        telegram.edit(update, "سلام!")
        telegram.write("بعدی")
        await until(lambda: len(shop.woken) == 2)
        await shop.answer()

        assert telegram.texts_to() == ["You said: سلام", "You said: بعدی"]

    async def test_has_the_contacts_file(self, shop: Shop, telegram: Emulator, work):
        telegram.send_file("photo", b"\xff\xd8\xff the photo", caption="این خطا")
        await until(lambda: shop.woken)

        await shop.answer()
        await shop.fetch()

        assert telegram.texts_to() == ["You said: این خطا"]
        async with work.reading() as session:
            (stored,) = (await session.scalars(select(Attachment).options(undefer(Attachment.content)))).all()
        assert (stored.state, stored.content_type) == (AttachmentState.stored, "image/jpeg")
        assert stored.content == b"\xff\xd8\xff the photo"

    async def test_is_answered_though_the_file_cannot_be_had(self, shop: Shop, telegram: Emulator, work):
        telegram.send_file("document", b"x", caption="فاکتورم")
        telegram.files.clear()
        await until(lambda: shop.woken)

        await shop.fetch()
        await shop.answer()

        assert telegram.texts_to() == ["You said: فاکتورم"]
        async with work.reading() as session:
            (lost,) = (await session.scalars(select(Attachment))).all()
        assert lost.state is AttachmentState.lost

    async def test_carries_an_agents_file_back_after_telegram_asked_to_wait(
        self, shop: Shop, telegram: Emulator, work, open_service, make_agent, clock
    ):
        telegram.write("فاکتورم را بفرستید")
        await until(lambda: shop.woken)
        await shop.answer()
        agent = await make_agent("Sara")
        async with work.begin() as session:
            service = open_service(session)
            conversation = await service.lock(shop.woken[0])
            await Handling(service).reply(conversation, "بفرمایید", by=agent, file=File("فاکتور.pdf", b"%PDF-1.7"))
        telegram.fail_next("sendDocument", flood(30))

        await shop.answer()
        assert telegram.files_to() == []
        clock.advance(timedelta(seconds=31))
        await shop.answer()

        assert telegram.files_to() == [("document", "فاکتور.pdf", b"%PDF-1.7")]
        assert telegram.texts_to()[-1] == "Sara\nبفرمایید"
