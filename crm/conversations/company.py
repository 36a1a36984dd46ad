"""Who is under way together, and who must be alone so that it is known whose fault it is when the process dies."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from datetime import timedelta


class Company:
    """Lets any number of tasks be under way together, or one alone.

    Whoever wants to be alone waits until the others have ended, but not for longer than `patience`, and those who come
    meanwhile wait for that one. Then they have their turn before the next one who wants to be alone, so that nobody
    holds up anybody for long. To be used in one event loop.
    """

    def __init__(self, *, patience: timedelta) -> None:
        # How many have come and are not under way yet.
        self.waiting = 0
        self._patience = patience
        self._loners = asyncio.Lock()
        # Who waits for it gets it in the order of coming.
        self._door = asyncio.Lock()
        self._inside = 0
        self._is_empty = asyncio.Event()
        self._is_empty.set()

    @asynccontextmanager
    async def together(self) -> AsyncIterator[None]:
        """Be under way beside others."""
        with self._wait():
            async with self._door:
                self._inside += 1
                self._is_empty.clear()
        try:
            yield
        finally:
            self._inside -= 1
            if not self._inside:
                self._is_empty.set()

    async def gone(self, *, patience: timedelta) -> None:
        """Wait until nobody is under way, but not for longer than that."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience.total_seconds()):
                await self._is_empty.wait()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Be under way while nobody else is, but for who hangs."""
        async with AsyncExitStack() as stack:
            with self._wait():
                await stack.enter_async_context(self._loners)
                await stack.enter_async_context(self._door)
                await self.gone(patience=self._patience)
            yield

    @contextmanager
    def _wait(self) -> Iterator[None]:
        self.waiting += 1
        try:
            yield
        finally:
            self.waiting -= 1
