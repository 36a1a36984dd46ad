"""Mails that cannot be fetched or dealt with, over a line to the real server that fails when told to."""

import asyncio
from datetime import timedelta

import pytest

from connectors.email.connector import EmailConnector
from connectors.email.mailbox import MAILBOX_ERRORS
from connectors.email.outgoing import Server
from connectors.email.polling import FIRST_WAIT_SECONDS, MAX_FAILURES
from connectors.parking import ParkedUpdates, SecondTries
from crm.enums import ParkedReason
from crm.models import Conversation, Message, ParkedUpdate
from tests.connectors.email.conftest import Shop
from tests.fixtures.mail_line import line_to
from tests.fixtures.mail_server import ADDRESS, CUSTOMER, PASSWORD, MailServer


class Now:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def patient(shop: Shop) -> Now:
    now = Now()
    shop.connector.poller._now = now
    return now


async def try_often(shop: Shop) -> None:
    """Look for mails until whatever fails has failed too often."""
    now = patient(shop)
    for _ in range(MAX_FAILURES):
        await shop.fetch()
        now.seconds += FIRST_WAIT_SECONDS * 2**MAX_FAILURES


async def try_again(shop: Shop, connector: EmailConnector) -> None:
    """An admin asks for another try of the only thing that was set aside."""
    async with shop.work.begin() as session:
        (parked,) = await ParkedUpdates(session).latest(limit=10)
        await ParkedUpdates(session).try_again(parked.id)
    await SecondTries(shop.work, connectors={parked.inbox_id: connector}).take(str(parked.id))


@pytest.fixture
async def faults() -> dict[str, str]:
    return {}


@pytest.fixture
async def far_shop(make_shop, server: MailServer, faults: dict[str, str]):
    """A shop behind the line."""
    async with line_to(server.imap_port, faults) as port:
        imap = Server(host="127.0.0.1", port=port, security="none", user=ADDRESS, password=PASSWORD)
        far_shop: Shop = make_shop(imap=imap)
        yield far_shop
        await far_shop.connector.stop()


class TestFetch:
    @pytest.mark.parametrize(
        ("asked", "fault"),
        [
            ("(BODY", "no"),
            ("(BODY", "cut"),
            ("(RFC822.SIZE", "cut"),
            ("(INTERNALDATE", "no"),
            ("(INTERNALDATE", '* 1 FETCH (UID 1 INTERNALDATE "31-Foo-2026 12:00:00 +0000")\r\n'),
        ],
    )
    async def test_of_a_mail_that_always_fails_holds_up_none_of_the_others(
        self,
        asked: str,
        fault: str,
        far_shop: Shop,
        server: MailServer,
        faults: dict[str, str],
    ):
        server.write("first", subject="one")
        faults[f"UID FETCH {server.uids()[-1]} {asked}"] = fault
        server.write("second", subject="two")

        await try_often(far_shop)

        assert [one.text for one in await far_shop.all(Message)] == ["two\n\nsecond"]
        (parked,) = await far_shop.all(ParkedUpdate)
        assert (parked.reason, parked.attempts) == (ParkedReason.failed, MAX_FAILURES)
        assert parked.error
        assert server.unread() == 0

    async def test_that_works_again_brings_the_mail_when_an_admin_wants_it(
        self,
        far_shop: Shop,
        server: MailServer,
        faults: dict[str, str],
    ):
        server.write("سلام")
        faults[f"UID FETCH {server.uids()[-1]} (BODY"] = "cut"
        await try_often(far_shop)

        await try_again(far_shop, far_shop.connector)
        (failed,) = await far_shop.all(ParkedUpdate)
        faults.clear()
        await try_again(far_shop, far_shop.connector)

        assert (failed.attempts, failed.is_due) == (MAX_FAILURES + 1, False)
        assert len(await far_shop.all(Message)) == 1
        assert await far_shop.all(ParkedUpdate) == []

    async def test_goes_on_where_the_line_breaks_once(
        self,
        far_shop: Shop,
        server: MailServer,
        faults: dict[str, str],
    ):
        now = patient(far_shop)
        server.write("سلام")
        faults["UID FETCH"] = "cut"
        await far_shop.fetch()

        faults.clear()
        now.seconds += FIRST_WAIT_SECONDS
        await far_shop.fetch()

        assert len(await far_shop.all(Message)) == 1
        assert await far_shop.all(ParkedUpdate) == []

    async def test_blames_no_mail_for_a_server_that_is_down(
        self,
        far_shop: Shop,
        server: MailServer,
        faults: dict[str, str],
    ):
        now = patient(far_shop)
        server.write("سلام")
        for _ in range(MAX_FAILURES + 1):
            await asyncio.to_thread(far_shop.connector.poller._mailbox.open)
            faults |= {"UID FETCH": "cut", "LOGIN": "cut"}
            with pytest.raises(MAILBOX_ERRORS):
                await far_shop.fetch()
            faults.clear()
            now.seconds += FIRST_WAIT_SECONDS * 2**MAX_FAILURES

        faults["UID FETCH"] = "cut"
        await far_shop.fetch()
        faults.clear()
        now.seconds += FIRST_WAIT_SECONDS
        await far_shop.fetch()

        assert len(await far_shop.all(Message)) == 1
        assert await far_shop.all(ParkedUpdate) == []

    async def test_asks_only_once_about_mails_from_before_the_start(
        self,
        far_shop: Shop,
        server: MailServer,
        faults: dict[str, str],
    ):
        far_shop.connector.poller._since += timedelta(minutes=5)
        server.write("old")
        await far_shop.fetch()

        faults["UID FETCH"] = "no"
        await try_often(far_shop)

        assert await far_shop.all(ParkedUpdate) == []


class TestPoison:
    async def test_is_set_aside_with_its_sender_and_subject_and_stored_once_it_can_be(
        self,
        shop: Shop,
        server: MailServer,
    ):
        incoming = shop.connector.poller._handle.__self__
        receive = incoming._receive

        async def choke(_message):
            raise RuntimeError("indigestible\0")

        incoming._receive = choke
        server.write("نامه", subject="سفارش ۱۲")

        await try_often(shop)

        (parked,) = await shop.all(ParkedUpdate)
        assert (parked.sender, parked.text) == (f"Sara <{CUSTOMER}>", "سفارش ۱۲")
        assert parked.error == "RuntimeError: indigestible"
        assert server.unread() == 0
        incoming._receive = receive
        await try_again(shop, shop.connector)
        assert [one.text for one in await shop.all(Message)] == ["سفارش ۱۲\n\nنامه"]

    async def test_that_has_left_the_mailbox_stays_on_the_list_and_says_so(
        self,
        shop: Shop,
        server: MailServer,
        clock,
    ):
        server.write("خبرنامه", Precedence="bulk")
        await shop.fetch()
        server.empty()

        await try_again(shop, shop.connector)

        (parked,) = await shop.all(ParkedUpdate)
        assert parked.error == "MailGone: the mail is no longer in the mailbox"


class TestAutomatic:
    async def test_first_mails_are_shown_to_admins_and_taken_as_a_persons_when_they_say_so(
        self,
        shop: Shop,
        server: MailServer,
    ):
        server.write("سلام", subject="سفارش", Precedence="bulk")
        await shop.answer()
        (parked,) = await shop.all(ParkedUpdate)
        assert (parked.reason, parked.sender, parked.text) == (
            ParkedReason.automatic,
            f"Sara <{CUSTOMER}>",
            "سفارش",
        )
        assert await shop.all(Conversation) == []

        await try_again(shop, shop.connector)
        await shop.answer()

        assert len(await shop.all(Conversation)) == 1
        assert len(server.sent) == 1

    async def test_one_that_names_no_sender_is_shown_to_admins_too(self, shop: Shop, server: MailServer):
        server.deliver(b"From: nobody\nSubject: hello\n\nhello")
        await try_often(shop)

        await try_again(shop, shop.connector)

        (parked,) = await shop.all(ParkedUpdate)
        assert (parked.reason, parked.sender, parked.text) == (ParkedReason.failed, "nobody", "hello")
        assert parked.error == "MailUnanswerable: nobody can be read whom an answer would go to"
        assert server.unread() == 0

    async def test_our_own_that_come_back_are_not(self, shop: Shop, server: MailServer):
        server.write("echo", sender=ADDRESS)

        await shop.fetch()

        assert await shop.all(ParkedUpdate) == []

    async def test_are_forgotten_after_a_month(self, shop: Shop, server: MailServer, clock):
        server.write("old", subject="old", Precedence="bulk")
        await shop.fetch()
        clock.advance(timedelta(days=31))
        server.write("new", subject="new", Precedence="bulk")

        await shop.fetch()

        assert [one.text for one in await shop.all(ParkedUpdate)] == ["new"]
