"""Ending what a connector does in the background."""

import asyncio

_AGAIN_SECONDS = 1.0


async def end(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait for its end.

    Again where that was not heard: in Python 3.11 `asyncio.wait_for`, by which a transaction waits for SQLite's writer,
    forgets a cancellation that comes at the moment when it has what it waited for.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=_AGAIN_SECONDS)
