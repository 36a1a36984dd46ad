"""A shop with a mailbox on a real server."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import inspect, select
from sqlalchemy.orm import undefer

from connectors.email import responses
from connectors.email.connector import EmailConnector
from connectors.email.message_ids import MessageIds
from connectors.email.outgoing import Server
from connectors.email.threads import StoredThreads
from connectors.lease import Lease
from connectors.parking import StoredParking
from crm.conversations.intake import Intake
from crm.conversations.outbox import Outbox
from crm.enums import Author, Channel
from crm.models import Conversation, Inbox
from crm.wording import Wording
from tests.fixtures.certificates import Certificate, make_certificate
from tests.fixtures.mail_server import ADDRESS, PASSWORD, MailServer
from tests.fixtures.patience import until_done

SECRET = "a secret of at least twenty-four characters"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="session")
def running_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailServer]:
    server = MailServer(tmp_path_factory.mktemp("mail") / "log")
    yield server
    server.close()


@pytest.fixture
def server(running_server: MailServer) -> MailServer:
    running_server.handed.__init__()
    return running_server


def words() -> Wording:
    return Wording({name: [{"text": f"[{name}]"}] for name in responses.ALL})


class Shop:
    """An app with a mailbox; it fetches, answers and sends when the test says so."""

    def __init__(self, connector, turns, outbox, woken, work, open_service) -> None:
        self.connector: EmailConnector = connector
        self.turns = turns
        self.outbox: Outbox = outbox
        self.woken: list[str] = woken
        self.work = work
        self.open_service = open_service

    async def fetch(self) -> None:
        await self.connector.poller.step()

    async def send(self) -> None:
        for conversation_id in await self.outbox.due():
            await until_done(self.outbox.send_next, conversation_id)

    async def answer(self) -> None:
        """Fetch what came in, answer it, and send the answers that may go now."""
        await self.fetch()
        for conversation_id in dict.fromkeys(self.woken):
            await until_done(self.turns.run, conversation_id)
        await self.send()

    async def all(self, table):
        async with self.work.reading() as session:
            statement = select(table).order_by(*inspect(table).primary_key).options(undefer("*"))
            return (await session.scalars(statement)).all()

    async def offer(self, **more) -> None:
        """The bot says something in the only conversation."""
        (conversation,) = await self.all(Conversation)
        async with self.work.begin() as session:
            service = self.open_service(session)
            await service.add_message(await service.lock(conversation.id), Author.bot, "کدام؟", **more)
        await self.send()


@pytest.fixture
async def make_shop(server: MailServer, work, open_service, turns, clock):
    made: list[EmailConnector] = []
    async with work.begin() as session:
        inbox = Inbox(channel=Channel.email, name="E-mail", key="email", config={}, created_at=clock.now())
        session.add(inbox)
    # Before this moment the mailbox is another test's.
    since = datetime.now(UTC).replace(microsecond=0)

    def make(*, owner: str = "this process", **more) -> Shop:
        woken: list[str] = []
        intake = Intake(work, open_service=open_service, wake=woken.append)
        ids = MessageIds(SECRET, inbox_id=inbox.id, domain="hamyar.example")
        connector = EmailConnector(
            **{
                "inbox_id": inbox.id,
                "since": since,
                "address": ADDRESS,
                "name": "همیار",
                "imap": Server(
                    host="127.0.0.1", port=server.imap_port, security="none", user=ADDRESS, password=PASSWORD
                ),
                "smtp": Server(host="127.0.0.1", port=server.smtp_port, security="none", user="", password=""),
                "receive": intake.receive,
                "rate": intake.rate,
                "threads": StoredThreads(work, clock, ids),
                "ids": ids,
                "words": words().say,
                "lease": Lease(work, clock, inbox_id=inbox.id, owner=owner),
                "parking": StoredParking(work, clock, inbox.id),
                "clock": clock,
                "public_url": "https://hamyar.example",
                "replies_per_hour": 20,
                "new_addresses_per_hour": 20,
                "files_per_day": 20,
                **more,
            }
        )
        made.append(connector)
        outbox = Outbox(work, senders={inbox.id: connector}, clock=clock)
        return Shop(connector, turns, outbox, woken, work, open_service)

    yield make
    for connector in made:
        await connector.stop()
    server.empty()


@pytest.fixture
def shop(make_shop) -> Shop:
    return make_shop()
