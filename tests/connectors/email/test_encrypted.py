"""Over encrypted lines, to servers that take nothing in the open and nothing from strangers."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from aiosmtpd.controller import Controller

from benchmarks.stack import free_port
from connectors.email.outgoing import Security, Server
from crm.enums import DeliveryState
from crm.models import Delivery
from tests.connectors.email.conftest import Shop
from tests.fixtures.certificates import HOST, Certificate
from tests.fixtures.mail_line import line_to
from tests.fixtures.mail_server import ADDRESS, CUSTOMER, PASSWORD, Handed, MailServer, plain
from tests.fixtures.patience import until

# Of a line that is encrypted from its beginning aiosmtpd knows nothing, and takes it for an open one.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


@dataclass(frozen=True)
class Way:
    """How a mailbox is reached."""

    mailbox: MailServer
    security: Security
    imap_port: int
    smtp_port: int

    def to(self, host: str) -> dict[str, Server]:
        """Both servers, under this name."""
        ports = {"imap": self.imap_port, "smtp": self.smtp_port}
        return {
            name: Server(host=host, port=port, security=self.security, user=ADDRESS, password=PASSWORD)
            for name, port in ports.items()
        }


@pytest.fixture(scope="module")
def upgrading_server(tmp_path_factory: pytest.TempPathFactory, certificate: Certificate) -> Iterator[MailServer]:
    server = MailServer(tmp_path_factory.mktemp("mail") / "log", certificate)
    yield server
    server.close()


@pytest.fixture
def starttls(upgrading_server: MailServer) -> Iterator[Way]:
    upgrading_server.handed.__init__()
    yield Way(upgrading_server, "starttls", upgrading_server.imap_port, upgrading_server.smtp_port)
    upgrading_server.empty()


@pytest.fixture
async def tls(server: MailServer, certificate: Certificate) -> AsyncIterator[Way]:
    with smtp_server(server.handed, ssl_context=certificate.context(), auth_required=True) as smtp_port:
        async with line_to(server.imap_port, {}, encryption=certificate.context()) as imap_port:
            yield Way(server, "tls", imap_port, smtp_port)


@pytest.fixture(params=["tls", "starttls"])
def way(request: pytest.FixtureRequest) -> Way:
    """Each in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def trusted(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine knows the authority, as it does those of real certificates."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.authority))


class TestEncryptedLine:
    @pytest.mark.usefixtures("trusted")
    async def test_brings_a_mail_in_and_its_answer_out(self, make_shop, way: Way):
        shop: Shop = make_shop(**way.to(HOST))
        way.mailbox.write("سلام", subject="")

        await shop.answer()

        (answer,) = way.mailbox.sent
        assert (answer["To"], plain(answer)) == (CUSTOMER, "You said: سلام\n")
        assert way.mailbox.handed.sign_ins == [(ADDRESS.encode(), PASSWORD.encode())]
        assert way.mailbox.unread() == 0

    async def test_carries_no_password_where_nobody_vouches_for_the_certificate(self, make_shop, way: Way, caplog):
        complaints = await complaints_of(make_shop(**way.to(HOST)), caplog)

        assert all("unable to get local issuer certificate" in one for one in complaints)
        assert way.mailbox.handed.sign_ins == []

    @pytest.mark.usefixtures("trusted")
    async def test_carries_no_password_where_the_certificate_is_another_servers(self, make_shop, way: Way, caplog):
        complaints = await complaints_of(make_shop(**way.to("127.0.0.1")), caplog)

        assert all("certificate is not valid for '127.0.0.1'" in one for one in complaints)
        assert way.mailbox.handed.sign_ins == []

    async def test_is_insisted_on_where_somebody_on_the_way_keeps_it_from_being_offered(
        self, make_shop, server: MailServer
    ):
        server.write("سلام")
        with smtp_server(server.handed) as port:
            smtp = Server(host=HOST, port=port, security="starttls", user=ADDRESS, password=PASSWORD)
            shop: Shop = make_shop(smtp=smtp)

            await shop.answer()

        assert [one.state for one in await shop.all(Delivery)] == [DeliveryState.pending]
        assert server.handed.sign_ins == []


@contextmanager
def smtp_server(handed: Handed, **more) -> Iterator[int]:
    """The port of one that lets people sign in without STARTTLS."""
    signing_in = {"authenticator": handed.sign_in, "auth_require_tls": False}
    controller = Controller(handed, hostname="127.0.0.1", port=free_port(), **signing_in, **more)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


async def complaints_of(shop: Shop, caplog: pytest.LogCaptureFixture) -> list[str]:
    """What is in our log once both servers have been tried in vain."""
    await shop.connector.start()
    await until(lambda: len(_ours(caplog)) == 2)
    return _ours(caplog)


def _ours(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [text for name, _level, text in caplog.record_tuples if name.startswith("connectors.")]
