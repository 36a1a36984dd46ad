"""Ports, before anything is started on them."""

import socket

import pytest

from launcher.errors import LauncherError
from launcher.ports import require_free


class TestRequireFree:
    def test_says_which_port_is_in_use_and_what_to_do(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]

            with pytest.raises(LauncherError, match=rf"port {port} is in use .* --rasa-port"):
                require_free("127.0.0.1", port, option="--rasa-port")

    def test_is_content_with_a_free_one(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            port = other.getsockname()[1]

        require_free("127.0.0.1", port, option="--port")

    def test_refuses_an_address_of_another_machine(self):
        with pytest.raises(LauncherError, match=r"192\.0\.2\.1"):
            require_free("192.0.2.1", 8000, option="--port")
