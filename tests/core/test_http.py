import pytest
from starlette.requests import HTTPConnection

from core.http import host_of


class TestHostOf:
    @pytest.mark.parametrize(
        ("client", "host"),
        [
            (("203.0.113.7", 1), "203.0.113.7"),
            (("::ffff:203.0.113.7", 1), "203.0.113.7"),
            (("2001:db8:1:2:3:4:5:6", 1), "2001:db8:1:2::/64"),
            (("2001:db8:1:2::ffff", 1), "2001:db8:1:2::/64"),
            (("testclient", 1), "testclient"),
            (None, "unknown"),
        ],
    )
    def test_names_the_address_and_of_ipv6_the_network(self, client: tuple[str, int] | None, host: str) -> None:
        assert host_of(HTTPConnection({"type": "http", "client": client})) == host
