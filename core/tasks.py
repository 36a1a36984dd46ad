"""Work in the background."""

import asyncio
from collections.abc import Collection
from contextlib import suppress


async def end_all(tasks: Collection[asyncio.Task[None]]) -> None:
    """Cancel tasks and wait for their end, however often we are cancelled meanwhile: one may be in a statement."""
    for task in tasks:
        task.cancel()
    while pending := {task for task in tasks if not task.done()}:
        with suppress(asyncio.CancelledError):
            await asyncio.wait(pending)


async def end(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait for its end."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
