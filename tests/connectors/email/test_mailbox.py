"""What the mailbox refuses; test_conversation.py uses it on a real server."""

import socket
import ssl
import threading

import pytest

from connectors.email.mailbox import Mailbox
from connectors.email.outgoing import Server
from tests.fixtures.certificates import HOST, Certificate


class TestOpen:
    def test_gives_no_password_to_a_server_with_an_unknown_certificate(self, certificate: Certificate):
        with socket.create_server(("127.0.0.1", 0)) as listening:
            meeting = threading.Thread(target=_meet, args=(listening, certificate.context()))
            meeting.start()
            server = Server(host=HOST, port=listening.getsockname()[1], security="tls", user="a", password="secret")

            with pytest.raises(ssl.SSLCertVerificationError):
                Mailbox(server).open()
            meeting.join()


class TestClose:
    def test_lets_go_of_a_line_that_another_thread_is_just_opening(self):
        with socket.create_server(("127.0.0.1", 0)) as listening:
            mailbox = Mailbox(
                Server(host="127.0.0.1", port=listening.getsockname()[1], security="none", user="a", password="b")
            )
            opening = threading.Thread(target=mailbox.open)
            opening.start()
            connection, _address = listening.accept()

            mailbox.close()
            with connection:
                said = _answer_all(connection)
            opening.join()

        assert said[0].startswith("LOGIN")
        # The line ended, and not for want of patience.
        assert said[-1] == ""


def _answer_all(connection: socket.socket) -> list[str]:
    """Welcome a client and agree to whatever it asks, until it hangs up; what it said, last of all nothing."""
    connection.settimeout(5)
    lines, said = connection.makefile("rw", newline="\r\n"), []
    print("* OK hello", file=lines, flush=True)
    while line := lines.readline():
        tag, asked = line.split(maxsplit=1)
        said.append(asked)
        untagged = "* CAPABILITY IMAP4rev1\r\n" if asked.startswith("CAPABILITY") else ""
        print(f"{untagged}{tag} OK done", file=lines, flush=True)
    return [one for one in said if not one.startswith("CAPABILITY")] + [line]


def _meet(listening: socket.socket, context: ssl.SSLContext) -> None:
    connection, _address = listening.accept()
    with connection:
        try:
            context.wrap_socket(connection, server_side=True).close()
        except (ssl.SSLError, OSError):
            return
