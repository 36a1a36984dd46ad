"""What stands before several app processes: hands each connection to any of those that are alive."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Sequence

from benchmarks.stack import Stack

CHUNK = 65_536


@contextlib.asynccontextmanager
async def one_address(apps: Sequence[Stack], chance: random.Random) -> AsyncIterator[str]:
    """The address at which the apps are reached: the app's own where it is the only one."""
    if len(apps) == 1:
        yield apps[0].url
        return

    async def hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer):
            for app in chance.sample(apps, len(apps)):
                with contextlib.suppress(OSError):
                    behind = await asyncio.open_connection("127.0.0.1", app.port)
                    await _join((reader, writer), behind)
                    return

    server = await asyncio.start_server(hand_on, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _join(before: Line, behind: Line) -> None:
    """Pass on what either side says, until one of them falls silent for good: then both lines end."""
    ways = [asyncio.create_task(_pass_on(before[0], behind[1])), asyncio.create_task(_pass_on(behind[0], before[1]))]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        behind[1].close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(CHUNK):
        writer.write(chunk)
        await writer.drain()
