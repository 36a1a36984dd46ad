"""What the mailbox refuses; test_conversation.py uses it on a real server."""

import socket
import ssl
import subprocess
import threading
from pathlib import Path

import pytest

from connectors.email.mailbox import Mailbox
from connectors.email.outgoing import Server


class TestOpen:
    def test_gives_no_password_to_a_server_with_an_unknown_certificate(self, tmp_path: Path):
        certificate = tmp_path / "certificate.pem"
        name = ["-subj", "/CN=localhost", "-days", "1", "-keyout", str(certificate), "-out", str(tmp_path / "cert")]
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *name], check=True, capture_output=True
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "cert", certificate)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            meeting = threading.Thread(target=_meet, args=(listening, context))
            meeting.start()
            server = Server(
                host="localhost", port=listening.getsockname()[1], security="tls", user="a", password="secret"
            )

            with pytest.raises(ssl.SSLCertVerificationError):
                Mailbox(server).open()
            meeting.join()


def _meet(listening: socket.socket, context: ssl.SSLContext) -> None:
    connection, _address = listening.accept()
    with connection:
        try:
            context.wrap_socket(connection, server_side=True).close()
        except (ssl.SSLError, OSError):
            return
