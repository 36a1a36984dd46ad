"""Files on their way to browsers: each is in memory until its reader has it, so there is only so much of them."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from fastapi.responses import Response
from starlette.types import Receive, Scope, Send

from core.errors import TooManyRequests

# Three of the largest files for one network address, a page of pictures, and twelve for all.
MOST_BYTES_OF_ADDRESS = 60_000_000
MOST_BYTES = 240_000_000
# The largest file at 70 kB a second; who is slower does not get it.
LONGEST_SECONDS = 300
RETRY_SECONDS = 10
# A server takes a piece only when the reader has nearly all before it, and the whole at once.
PIECE_BYTES = 65_536


class Downloads:
    """Counts the bytes that are on their way, of all and of each address."""

    def __init__(self) -> None:
        self._bytes_of: Counter[str] = Counter()

    def begin(self, host: str, size: int) -> Callable[[], None]:
        """Count a file, and give what ends that; who has nothing on its way gets a file however large it is.

        Raises:
            TooManyRequests
        """
        own, all_of_them = self._bytes_of[host], self._bytes_of.total()
        if (own and own + size > MOST_BYTES_OF_ADDRESS) or (all_of_them and all_of_them + size > MOST_BYTES):
            raise TooManyRequests(RETRY_SECONDS, "Too many files are on their way; try again in a moment.")
        self._bytes_of[host] += size

        def end() -> None:
            self._bytes_of[host] -= size
            # Drops the addresses that have nothing on its way.
            self._bytes_of = +self._bytes_of

        return end


class Download(Response):
    """A file, given in pieces within a time; calls `end` once, however that comes out."""

    def __init__(self, content: bytes, *, end: Callable[[], None], media_type: str, headers: dict[str, str]) -> None:
        super().__init__(content, media_type=media_type, headers=headers)
        self._end = end

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        try:
            # The server cuts a connection that has not got all of its answer.
            with suppress(TimeoutError):
                async with asyncio.timeout(LONGEST_SECONDS):
                    await self._give(send)
        finally:
            self._end()

    async def _give(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for start in range(0, len(self.body), PIECE_BYTES):
            piece = bytes(self.body[start : start + PIECE_BYTES])
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
