"""The whole way over real sockets: IMAP, the conversation in its database, the bot, the outbox, SMTP."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import make_msgid, parseaddr

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from benchmarks.stack import free_port
from connectors.email import responses
from connectors.email.outgoing import Server
from crm.conversations.files import File
from crm.conversations.handling import Handling
from crm.enums import Author, ConversationStatus, DeliveryState, ParkedReason, TurnState
from crm.models import Attachment, Contact, Conversation, Delivery, EmailOriginal, Message, ParkedUpdate, Rating
from tests.conftest import message
from tests.connectors.email.conftest import Shop
from tests.fixtures.fakes import FakeBot
from tests.fixtures.mail_server import ADDRESS, CUSTOMER, PASSWORD, Handed, MailServer, page, plain
from tests.fixtures.patience import until

REFUTED = {"Authentication_Results": "mx.hamyar.example; spf=pass; dmarc=fail (p=NONE) header.from=customer.example"}
PICTURE = b"\x89PNG\r\n\x1a\n" + b"x" * 6000


class TestConversation:
    async def test_goes_from_the_bot_to_a_person_in_one_thread(self, shop: Shop, server: MailServer, make_agent):
        first = server.write("سفارشم کجاست؟", message_id="<first@customer.example>")
        await shop.answer()
        answer = server.sent[0]

        server.answer(answer, "I want a human")
        await shop.answer()
        agent = await make_agent()
        (conversation,) = await shop.all(Conversation)
        async with shop.work.begin() as session:
            service = shop.open_service(session)
            file = File("فاکتور.pdf", b"%PDF-1.7 bill")
            await Handling(service).reply(await service.lock(conversation.id), "سارا هستم.", by=agent, file=file)
        await shop.send()

        assert plain(answer).startswith("You said: سفارشم کجاست؟")
        assert answer["In-Reply-To"] == first["Message-ID"]
        assert answer["Auto-Submitted"] == "auto-replied"
        reply = server.sent[-1]
        assert (reply["To"], reply["Subject"], reply["Auto-Submitted"]) == (CUSTOMER, "Re: سفارش", None)
        assert "سارا هستم." in plain(reply)
        assert '<p dir="rtl"' in page(reply)
        assert [part.get_filename() for part in reply.iter_attachments()] == ["فاکتور.pdf"]
        assert first["Message-ID"] in reply["References"]
        assert conversation.status is ConversationStatus.waiting
        assert server.unread() == 0

    async def test_stores_a_mail_once_however_often_it_is_fetched(self, shop: Shop, server: MailServer):
        mail = server.write("سلام")
        server.deliver(mail)
        server.deliver(mail)

        await shop.answer()
        await shop.answer()

        assert len(server.sent) == 1
        assert server.unread() == 0

    @pytest.mark.parametrize(("subject", "conversations"), [("سفارش", 1), ("مرجوعی", 2)])
    async def test_keeps_every_mail_of_who_uses_one_message_id_for_all(
        self, shop: Shop, server: MailServer, subject: str, conversations: int
    ):
        server.write("سلام", message_id="<same@device.example>")
        await shop.answer()
        server.write("گزارش دوم", subject=subject, message_id="<same@device.example>")
        await shop.answer()

        texts = [one.text for one in await shop.all(Message) if one.author is Author.contact]
        assert "گزارش دوم" in texts[1]
        assert len(await shop.all(Conversation)) == conversations
        assert len(server.sent) == 2

    async def test_loses_nothing_to_who_writes_first_under_anothers_message_id(self, shop: Shop, server: MailServer):
        server.write("سلام", sender="mallory@evil.example", message_id="<guessed@customer.example>")
        await shop.answer()

        server.write("سلام", message_id="<guessed@customer.example>")
        await shop.answer()

        assert [mail["To"] for mail in server.sent] == ["mallory@evil.example", CUSTOMER]
        assert server.sent[1]["In-Reply-To"] == "<guessed@customer.example>"

    async def test_leaves_a_mail_unread_that_could_not_be_stored_and_goes_on(self, make_shop, server: MailServer):
        shop: Shop = make_shop()
        receive, troubles = shop.connector.poller._handle.__self__._receive, [RuntimeError("told to")]

        async def failing(incoming):
            if troubles:
                raise troubles.pop()
            return await receive(incoming)

        shop.connector.poller._handle.__self__._receive = failing
        server.write("first", subject="one")
        server.write("second", subject="two")

        await shop.fetch()

        assert [one.text for one in await shop.all(Message)] == ["two\n\nsecond"]
        assert server.unread() == 1
        shop.connector.poller._now = lambda: 1e12
        await shop.fetch()
        assert len(await shop.all(Message)) == 2
        assert server.unread() == 0

    async def test_is_fetched_by_one_process_until_that_dies(self, make_shop, server: MailServer, clock):
        first, second = make_shop(owner="one"), make_shop(owner="two")
        await first.fetch()
        server.write("سلام")

        await second.fetch()
        assert await second.all(Message) == []

        clock.advance(timedelta(minutes=2))
        await second.fetch()
        assert len(await second.all(Message)) == 1

    async def test_leaves_mails_alone_that_were_there_before(self, make_shop, server: MailServer):
        shop = make_shop(since=datetime.now(UTC) + timedelta(minutes=5))
        server.write("old")

        await shop.fetch()

        assert await shop.all(Message) == []

    async def test_runs_by_itself_and_stops(self, make_shop, server: MailServer):
        shop: Shop = make_shop(look_seconds=0.0)
        server.write("سلام")

        await shop.connector.start()
        await until(lambda: shop.woken)
        await shop.connector.stop()

        assert len(await shop.all(Message)) == 1


class TestThreads:
    async def test_joins_the_thread_of_a_mail_that_it_names(self, shop: Shop, server: MailServer):
        server.write("سلام", subject="یک", message_id="<first_%1@customer.example>")
        await shop.fetch()

        server.write("ادامه", subject="موضوعی دیگر", In_Reply_To="<first_%1@customer.example>")
        server.write("جدا", subject="چیز سوم", In_Reply_To="<firstx1@customer.example>")
        await shop.fetch()

        assert len(await shop.all(Conversation)) == 2

    async def test_are_named_in_an_answer_by_each_mail_once(self, shop: Shop, server: MailServer):
        server.deliver(photo("دو عکس", "این و این", files=2))

        await shop.answer()

        (answer,) = server.sent
        assert answer["References"].split() == [answer["In-Reply-To"]]

    async def test_are_read_without_taking_away_what_somebody_has_marked_as_deleted(
        self, shop: Shop, server: MailServer
    ):
        server.write("an old one")
        server.mark_deleted(server.uids()[-1])
        server.write("سلام")

        await shop.fetch()

        assert len(server.uids()) == 2

    @pytest.mark.parametrize("subject", ["لطفا 123 سلام", "سفارش ABC 12 نرسید، لطفاً Reply کنید " * 3, "Order 12"])
    async def test_keep_every_space_of_a_subject(self, shop: Shop, server: MailServer, subject: str):
        server.write("سلام", subject=subject.strip())

        await shop.answer()

        assert server.sent[0]["Subject"] == f"Re: {subject.strip()}"

    async def test_joins_by_subject_where_nothing_is_referred_to(self, shop: Shop, server: MailServer):
        server.write("سلام", subject="سفارش ۱۲")
        server.write("رسید؟", subject="پاسخ: Re: سفارش 12")

        await shop.fetch()

        assert len(await shop.all(Conversation)) == 1

    async def test_begins_another_for_another_subject_of_the_same_contact(self, shop: Shop, server: MailServer):
        server.write("سلام", subject="سفارش")
        server.write("سلام", subject="مرجوعی")

        await shop.fetch()

        assert len(await shop.all(Conversation)) == 2
        assert [(one.name, one.email) for one in await shop.all(Contact)] == [("Sara", CUSTOMER)]

    async def test_lets_nobody_else_in_who_names_its_mails(self, shop: Shop, server: MailServer):
        server.write("سلام")
        await shop.answer()

        server.answer(server.sent[0], "show me all", sender="mallory@evil.example")
        await shop.fetch()

        assert len(await shop.all(Conversation)) == 2
        assert len(await shop.all(Contact)) == 2

    async def test_answers_the_sender_and_not_reply_to(self, shop: Shop, server: MailServer):
        server.write("سلام", Reply_To="mallory@evil.example")

        await shop.answer()

        assert [mail["To"] for mail in server.sent] == [CUSTOMER]

    async def test_gives_nothing_of_what_the_same_address_said_elsewhere(
        self, shop: Shop, server: MailServer, inbox, intake
    ):
        received = await intake.receive(message(inbox, "سلام"))
        async with shop.work.begin() as session:
            (await session.get_one(Contact, received.conversation.contact_id)).email = CUSTOMER

        server.write("سلام")
        await shop.fetch()

        assert len({one.contact_id for one in await shop.all(Conversation)}) == 2

    async def test_keeps_all_that_a_mail_said(self, shop: Shop, server: MailServer):
        server.write("سلام")
        await shop.answer()
        server.answer(server.sent[0], "ممنون")
        await shop.answer()

        assert [one.text for one in await shop.all(Message) if one.author is Author.contact][-1] == "ممنون"
        assert any("> You said" in one.text for one in await shop.all(EmailOriginal))

    async def test_keeps_the_end_of_what_is_longer_than_a_message(self, shop: Shop, server: MailServer):
        server.write("سلام")
        await shop.answer()
        thread = {"In_Reply_To": server.sent[0]["Message-ID"], "subject": server.sent[0]["Subject"]}
        server.write(f"{'و باز هم ' * 1_500}این آخرش است.", **thread)
        await shop.fetch()

        assert "این آخرش است." not in (await shop.all(Message))[-1].text
        assert "این آخرش است." in (await shop.all(EmailOriginal))[-1].text


class TestChoices:
    async def test_are_chosen_by_their_number(self, shop: Shop, server: MailServer):
        server.write("سلام")
        await shop.answer()
        await shop.offer(buttons=[{"title": "یک چیز", "payload": "/one"}, {"title": "دیگری", "payload": "/two"}])

        server.answer(server.sent[-1], "۲.")
        await shop.fetch()

        assert "۱. یک چیز\n۲. دیگری" in plain(server.sent[-1])
        last = (await shop.all(Message))[-1]
        assert (last.text, last.payload) == ("دیگری", "/two")

    async def test_a_rating_is_a_number_too(self, shop: Shop, server: MailServer, make_agent):
        server.write("سلام")
        await shop.answer()
        await resolved_by(await make_agent(), shop)

        server.answer(server.sent[-1], "5")
        await shop.fetch()

        assert [one.score for one in await shop.all(Rating)] == [5]
        assert f"[{responses.RATE}]" in plain(server.sent[-1])

    async def test_a_rating_loses_no_file_that_came_with_it(self, shop: Shop, server: MailServer, make_agent):
        server.write("سلام")
        await shop.answer()
        await resolved_by(await make_agent(), shop)

        asked = server.sent[-1]["Message-ID"]
        server.deliver(photo("Re: سفارش", "5", files=2, **{"In-Reply-To": asked}))
        await shop.fetch()

        assert [one.score for one in await shop.all(Rating)] == [5]
        assert len(await shop.all(Attachment)) == 2


async def resolved_by(agent, shop: Shop) -> None:
    """A person answers and resolves the only conversation, and the contact is asked to rate it."""
    (conversation,) = await shop.all(Conversation)
    async with shop.work.begin() as session:
        service = shop.open_service(session)
        conversation = await service.lock(conversation.id)
        await Handling(service).reply(conversation, "بفرمایید", by=agent)
        await Handling(service).resolve(conversation)
    await shop.send()


class TestRefuted:
    async def test_mails_in_a_thread_are_shown_with_a_note_and_change_nothing(self, shop: Shop, server: MailServer):
        server.write("سلام")
        await shop.answer()
        await shop.offer(buttons=[{"title": "ببند", "payload": "/close_ticket"}])

        server.answer(server.sent[-1], "1", **REFUTED)
        await shop.answer()

        last = (await shop.all(Message))[-1]
        assert (last.text, last.payload, last.turn) == (f"1\n\n[{responses.REFUTED}]", None, TurnState.done)
        assert len(server.sent) == 2

    async def test_first_mails_begin_nothing(self, shop: Shop, server: MailServer):
        server.write("سلام", **REFUTED)

        await shop.answer()

        assert await shop.all(Conversation) == []
        assert [one.reason for one in await shop.all(ParkedUpdate)] == [ParkedReason.automatic]
        assert server.sent == []


class TestStrangers:
    async def test_beyond_those_of_an_hour_are_set_aside_until_an_admin_takes_them_in(
        self, make_shop, server: MailServer
    ):
        shop: Shop = make_shop(new_addresses_per_hour=2)
        for number in range(4):
            server.write("سلام", sender=f"customer{number}@customer.example")
        server.write("باز هم", subject="مرجوعی", sender="customer0@customer.example")

        await shop.answer()

        known = ["customer0@customer.example", "customer0@customer.example", "customer1@customer.example"]
        assert sorted(mail["To"] for mail in server.sent) == known
        parked = await shop.all(ParkedUpdate)
        assert len(parked) == 2
        await shop.connector.take_again(parked[0])
        assert len(await shop.all(Conversation)) == 4

    async def test_of_another_hour_are_answered(self, make_shop, server: MailServer, clock):
        shop: Shop = make_shop(new_addresses_per_hour=1)
        server.write("سلام", sender="one@customer.example")
        await shop.answer()
        clock.advance(timedelta(hours=1, minutes=1))
        server.write("سلام", sender="two@customer.example")

        await shop.answer()

        assert len(server.sent) == 2


class TestAutomatic:
    async def test_mails_begin_nothing(self, shop: Shop, server: MailServer):
        server.write("out of office", Auto_Submitted="auto-replied")
        server.write("news", Precedence="bulk")
        server.write("bounce", sender="mailer-daemon@customer.example")
        server.write("echo", sender=ADDRESS)

        await shop.answer()

        assert await shop.all(Conversation) == []
        assert server.sent == []
        assert server.unread() == 0

    async def test_mails_in_a_thread_are_seen_and_not_answered(self, shop: Shop, server: MailServer):
        server.write("سلام")
        await shop.answer()

        server.answer(server.sent[0], "در مرخصی هستم", Auto_Submitted="auto-replied")
        await shop.answer()

        assert len(server.sent) == 1
        assert (await shop.all(Message))[-1].turn is TurnState.done

    async def test_loops_end_with_a_person_and_then_in_silence(self, make_shop, server: MailServer):
        shop: Shop = make_shop(replies_per_hour=2)
        for number in range(8):
            server.write("beep", subject=f"matter {number}")
            await shop.answer()

        waiting = [one for one in await shop.all(Conversation) if one.status is ConversationStatus.waiting]
        assert len(server.sent) == 4
        assert len(waiting) == 2
        assert len(await shop.all(Conversation)) == 8


class TestFiles:
    async def test_come_with_their_mail_and_get_one_answer(self, shop: Shop, server: MailServer):
        mail = EmailMessage()
        mail["From"], mail["Subject"], mail["Message-ID"] = CUSTOMER, "", "<files@customer.example>"
        mail.set_content("این خطا")
        mail.add_attachment(PICTURE, maintype="image", subtype="png", filename="خطا.png")
        mail.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="bill.pdf")
        mail.add_attachment(b"MZ", maintype="application", subtype="octet-stream", filename="virus.exe")
        server.deliver(mail)

        await shop.answer()
        await shop.answer()

        assert [one.name for one in await shop.all(Attachment)] == ["خطا.png", "bill.pdf"]
        texts = [one.text for one in await shop.all(Message) if one.author is Author.contact]
        assert texts == [
            f"این خطا\n\n[{responses.FILE_REFUSED}] virus.exe",
            f"[{responses.PLACEHOLDERS['application']}] bill.pdf",
        ]
        assert len(server.sent) == 1

    async def test_of_what_looks_automatic_are_all_kept(self, shop: Shop, server: MailServer):
        server.write("سلام", message_id="<first@customer.example>")
        await shop.fetch()

        server.deliver(photo("Re: سفارش", files=3, **{"In-Reply-To": "<first@customer.example>", "Precedence": "bulk"}))
        await shop.fetch()

        assert len(await shop.all(Attachment)) == 3

    async def test_beyond_those_of_a_day_are_named_and_not_kept(self, make_shop, server: MailServer):
        shop: Shop = make_shop(files_per_day=3)
        for subject in ("یک", "دو"):
            server.deliver(photo(subject, "ببینید", files=2))
            await shop.fetch()

        assert len(await shop.all(Attachment)) == 3
        assert (await shop.all(Message))[2].text == f"دو\n\nببینید\n\n[{responses.FILE_REFUSED}] photo.png"

    async def test_are_all_stored_when_their_mail_comes_again_after_a_failure(self, make_shop, server: MailServer):
        shop: Shop = make_shop(files_per_day=2)
        incoming = shop.connector.poller._handle.__self__
        receive = incoming._receive

        async def failing(message):
            if message.external_id.endswith("#2"):
                raise RuntimeError("told to")
            return await receive(message)

        incoming._receive = failing
        server.deliver(photo("two photos", "ببینید", files=2))
        await shop.fetch()

        incoming._receive = receive
        shop.connector.poller._now = lambda: 1e12
        await shop.fetch()

        assert len(await shop.all(Attachment)) == 2

    @pytest.mark.parametrize(
        "below",
        ["", "\u200b\n\u200f \ufeff", "\nSent from my iPhone\n", "ارسال شده از گوشی من", "-- \nSara\nAcme Ltd"],
    )
    async def test_alone_are_no_question_and_their_sender_is_asked_for_words_once(
        self, shop: Shop, server: MailServer, bot: FakeBot, below: str
    ):
        server.deliver(photo("", below))
        await shop.answer()
        server.deliver(photo("Re: photo", below, **{"In-Reply-To": server.sent[0]["Message-ID"]}))
        await shop.answer()

        assert bot.turns == []
        assert len(await shop.all(Attachment)) == 2
        assert len(await shop.all(Conversation)) == 1
        assert [plain(one).partition("\n")[0] for one in server.sent] == ["words_please fa"]

    async def test_alone_leave_the_way_to_a_person_open_however_many_come(self, shop: Shop, server: MailServer):
        server.deliver(photo(""))
        await shop.answer()
        (asked,) = server.sent
        server.deliver(photo("Re: photo", **{"In-Reply-To": asked["Message-ID"]}))
        await shop.answer()

        server.answer(asked, "1")
        await shop.answer()

        (conversation,) = await shop.all(Conversation)
        assert conversation.status is ConversationStatus.waiting

    async def test_alone_are_followed_by_words_that_are_answered(self, shop: Shop, server: MailServer, bot: FakeBot):
        server.deliver(photo(""))
        await shop.answer()

        server.answer(server.sent[0], "The screen is broken")
        await shop.answer()

        assert [turn.text for turn in bot.turns] == ["The screen is broken"]


def photo(subject: str, text: str = "", *, files: int = 1, **fields: str) -> EmailMessage:
    """A mail with photos, and at most what a mail program writes below it."""
    mail = EmailMessage()
    mail["From"], mail["Subject"], mail["Message-ID"] = CUSTOMER, subject, make_msgid(domain="customer.example")
    for name, value in fields.items():
        mail[name] = value
    if text:
        mail.set_content(text)
    for _ in range(files):
        mail.add_attachment(PICTURE, maintype="image", subtype="png", filename="photo.png")
    return mail


def report(message_id: str, *, action: str = "failed", returned: str = "message/rfc822") -> bytes:
    """What Postfix writes of a mail that it could not deliver."""
    return f"""\
Return-Path: <>
From: MAILER-DAEMON@mx.customer.example (Mail Delivery System)
To: {ADDRESS}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
Message-ID: {make_msgid(domain="mx.customer.example")}
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.customer.example
Arrival-Date: Mon, 23 Nov 2026 12:00:00 +0000 (UTC)

Final-Recipient: rfc822; {CUSTOMER}
Action: {action}
Status: 5.2.2
Diagnostic-Code: smtp; 552 5.2.2 Mailbox
    full

--b
Content-Type: {returned}

From: {ADDRESS}
To: {CUSTOMER}
Message-ID: {message_id}
Subject: Re: hi

hello

--b--
""".encode()


@pytest.fixture
def strict_server() -> Iterator[Controller]:
    """A mail server that lets nobody sign in."""
    refuse = {"authenticator": lambda *_arguments: AuthResult(success=False, handled=False), "auth_require_tls": False}
    controller = Controller(Handed(), hostname="127.0.0.1", port=free_port(), **refuse)
    controller.start()
    yield controller
    controller.stop()


def smtp_at(port: int) -> Server:
    return Server(host="127.0.0.1", port=port, security="none", user=ADDRESS, password=PASSWORD)


class TestDelivery:
    @pytest.mark.parametrize(
        ("trouble", "state"),
        [("451 later", DeliveryState.pending), ("550 no such mailbox", DeliveryState.failed)],
    )
    async def test_of_a_refused_mail(self, trouble: str, state: DeliveryState, shop: Shop, server: MailServer):
        server.handed.recipient_refusals.append(trouble)
        server.write("سلام")

        await shop.answer()

        (delivery,) = await shop.all(Delivery)
        assert delivery.state is state
        assert server.sent == []

    async def test_is_repeated_with_the_same_message_id(self, shop: Shop, server: MailServer, clock):
        server.handed.refusals.append("451 later")
        server.write("سلام")
        await shop.answer()

        clock.advance(timedelta(minutes=1))
        await shop.send()

        (delivery,) = await shop.all(Delivery)
        assert delivery.state is DeliveryState.sent
        assert server.sent[0]["Message-ID"] == delivery.external_id

    async def test_says_maybe_where_the_line_was_cut(self, shop: Shop, server: MailServer):
        server.handed.cut_next = True
        server.write("سلام")

        await shop.answer()
        await shop.send()

        (delivery,) = await shop.all(Delivery)
        assert delivery.state is DeliveryState.maybe_sent
        assert len(server.sent) == 1

    @pytest.mark.parametrize("returned", ["message/rfc822", "text/rfc822-headers"])
    async def test_of_a_mail_that_came_back_is_shown_as_failed(self, returned: str, shop: Shop, server: MailServer):
        server.write("سلام")
        await shop.answer()

        for _time in range(2):
            server.deliver(report(server.sent[0]["Message-ID"], returned=returned))
            await shop.answer()

        (delivery,) = await shop.all(Delivery)
        assert delivery.state is DeliveryState.failed
        assert delivery.error == "5.2.2 smtp; 552 5.2.2 Mailbox full"
        assert (len(server.sent), await shop.all(ParkedUpdate)) == (1, [])

    @pytest.mark.parametrize(
        ("action", "message_id"), [("delayed", None), ("failed", f"<hamyar.1.{'0' * 24}@hamyar.example>")]
    )
    async def test_is_not_changed_by_a_delay_or_by_who_makes_a_message_id_up(
        self, action: str, message_id: str | None, shop: Shop, server: MailServer
    ):
        server.write("سلام")
        await shop.answer()

        server.deliver(report(message_id or server.sent[0]["Message-ID"], action=action))
        await shop.answer()

        (delivery,) = await shop.all(Delivery)
        assert (delivery.state, delivery.error) == (DeliveryState.sent, None)
        assert [one.reason for one in await shop.all(ParkedUpdate)] == [ParkedReason.automatic]

    async def test_waits_where_the_server_is_gone(self, make_shop, server: MailServer):
        gone = Server(host="127.0.0.1", port=1, security="none", user="", password="")
        shop: Shop = make_shop(smtp=gone)
        server.write("سلام")

        await shop.answer()

        (delivery,) = await shop.all(Delivery)
        assert delivery.state is DeliveryState.pending

    async def test_does_without_a_sign_in_where_the_server_offers_none(self, make_shop, server: MailServer):
        shop: Shop = make_shop(smtp=smtp_at(server.smtp_port))
        server.write("سلام")

        await shop.answer()

        assert len(server.sent) == 1

    async def test_is_said_in_the_log_to_be_impossible_before_anybody_waits(
        self, make_shop, strict_server: Controller, caplog
    ):
        shop: Shop = make_shop(smtp=smtp_at(strict_server.port))

        await shop.connector.start()
        await until(lambda: caplog.messages)

        assert caplog.messages == ["e-mail cannot be sent: the mail server refused the sign-in (535)"]

    async def test_that_waits_is_in_the_log_without_the_contact(self, shop: Shop, server: MailServer, caplog):
        server.handed.recipient_refusals.append(f"451 <{CUSTOMER}>: later")
        server.write("سلام")

        await shop.answer()

        assert caplog.messages == ["e-mail: a message has to wait: the mail server answered 451"]

    async def test_brings_the_subject_as_it_was(self, shop: Shop, server: MailServer):
        words = ("سلام", "پشتیبانی", "سفارش‌ها", "است،", "(تهران)", "order", "iPhone", "15", "#123", "۱۲", "<x>", "é")
        chosen = random.Random(7)
        subjects = [" ".join(chosen.choices(words, k=length)) for length in range(3, 36, 3)]
        for subject in subjects:
            server.deliver(
                f"From: {CUSTOMER}\r\nSubject: {subject}\r\nMessage-ID: {make_msgid()}\r\n\r\nhi\r\n".encode()
            )

        await shop.answer()

        assert sorted(mail["Subject"] for mail in server.sent) == sorted(f"Re: {subject}" for subject in subjects)

    @pytest.mark.parametrize("name", ["همیار 12 شاپ", "پشتیبانی فروشگاه بزرگ ایران زمین و حومه " * 2, "Acme, Inc.", ""])
    async def test_brings_every_space_of_the_senders_name(self, make_shop, server: MailServer, name: str):
        shop: Shop = make_shop(name=name.strip())
        server.write("سلام")

        await shop.answer()

        # The library's newer parser puts spaces between the encoded words of a name, where none are.
        written = dict(server.sent[0].raw_items())["From"].replace("\r\n", "")
        assert parseaddr(str(make_header(decode_header(written)))) == (name.strip(), ADDRESS)

    async def test_takes_no_header_from_anybody(self, shop: Shop, server: MailServer):
        server.deliver(
            b"From: =?utf-8?q?Sara=0D=0ABcc=3A_all=40evil=2Eexample?= <sara@customer.example>\r\n"
            b"Subject: =?utf-8?q?Hi=0D=0ABcc=3A_all=40evil=2Eexample?=\r\n"
            b"Message-ID: <" + b"x" * 100 + b"@customer.example>\r\n\r\nhello\r\n"
        )

        await shop.answer()

        (mail,) = server.sent
        assert mail["Bcc"] is None
        assert mail["In-Reply-To"] == f"<{'x' * 100}@customer.example>"
        assert mail["Subject"] == "Re: Hi Bcc: all@evil.example"
