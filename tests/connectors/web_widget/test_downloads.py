"""Large files on their way to slow readers."""

import asyncio
from typing import Any

import pytest

from connectors.web_widget import downloads
from connectors.web_widget.downloads import MOST_BYTES, MOST_BYTES_OF_ADDRESS, PIECE_BYTES, Download, Downloads
from core.errors import TooManyRequests

LARGE = 20_000_000


def begin_until_refused(under_way: Downloads, *, one_address: bool) -> int:
    """How many large files there is room for."""
    for number in range(100):
        try:
            under_way.begin("198.51.100.1" if one_address else f"198.51.100.{number}", LARGE)
        except TooManyRequests:
            return number
    return 100


class TestBegin:
    def test_one_address_has_only_so_much_on_its_way_and_leaves_room_for_others(self) -> None:
        under_way = Downloads()

        assert begin_until_refused(under_way, one_address=True) == MOST_BYTES_OF_ADDRESS // LARGE
        under_way.begin("203.0.113.7", LARGE)

    def test_nor_have_all_of_them_more(self) -> None:
        assert begin_until_refused(Downloads(), one_address=False) == MOST_BYTES // LARGE

    def test_what_has_come_makes_room_again(self) -> None:
        under_way = Downloads()
        ends = [under_way.begin("198.51.100.1", LARGE) for _ in range(MOST_BYTES_OF_ADDRESS // LARGE)]

        ends[0]()

        assert begin_until_refused(under_way, one_address=True) == 1


class TestDownload:
    async def given(self, content: bytes, send: Any) -> int:
        """Give a file, and how often that ended."""
        ended = 0

        def end() -> None:
            nonlocal ended
            ended += 1

        download = Download(content, end=end, media_type="application/pdf", headers={})
        await download({"type": "http"}, asyncio.Event().wait, send)  # type: ignore[arg-type]
        return ended

    async def test_comes_in_pieces_that_a_server_keeps_few_of(self) -> None:
        said: list[dict[str, Any]] = []
        content = bytes(range(256)) * 1_000

        async def send(message: Any) -> None:
            said.append(message)

        assert await self.given(content, send) == 1
        assert b"".join(message["body"] for message in said[1:]) == content
        assert max(len(message["body"]) for message in said[1:]) == PIECE_BYTES
        assert [message.get("more_body", False) for message in said[1:]] == [True] * (len(said) - 2) + [False]

    async def test_ends_where_nobody_takes_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(downloads, "LONGEST_SECONDS", 0)

        async def send(_message: Any) -> None:
            await asyncio.Event().wait()

        assert await asyncio.wait_for(self.given(b"x", send), timeout=5) == 1
