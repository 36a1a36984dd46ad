"""Whether more people write than the bot can answer, and how it then leaves room for those who write.

A channel waits until a message is stored, and a person waits for an answer. In a crowd both wait for the same event
loop: answers are late whatever is done, so one turn at a time leaves the rest to storing.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

# As many a second are no crowd, however few are answered.
FEW = 50
# It is one while this many times as many messages come as are answered. Where everybody waits for their answer before
# they write again, about as many come.
TIMES_AS_MANY = 2
LOOKED_BACK_SECONDS = 1.0
# A turn that takes longer waits for something itself, and holds up nobody by that.
PATIENCE_SECONDS = 0.25


class Crowd:
    """Counts what comes and what is answered in this process. To be used in one event loop."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._came: deque[float] = deque()
        self._answered: deque[float] = deque()
        self._door = asyncio.Semaphore()

    def comes(self) -> None:
        """A message has come."""
        self._came.append(self._now())

    def answered(self, messages: int) -> None:
        """The turn of so many messages is over."""
        self._answered.extend([self._now()] * messages)

    @property
    def is_here(self) -> bool:
        """Whether there is a crowd now."""
        came, answered = _lately(self._came, self._now()), _lately(self._answered, self._now())
        return came > FEW and came > TIMES_AS_MANY * answered

    @asynccontextmanager
    async def one_by_one(self) -> AsyncIterator[None]:
        """In a crowd, let one in after the other; otherwise everybody at once."""
        if not self.is_here:
            yield
            return
        await self._door.acquire()
        let_next_in = _once(self._door.release)
        impatient = asyncio.get_running_loop().call_later(PATIENCE_SECONDS, let_next_in)
        try:
            yield
        finally:
            impatient.cancel()
            let_next_in()


def _lately(moments: deque[float], now: float) -> int:
    while moments and moments[0] < now - LOOKED_BACK_SECONDS:
        moments.popleft()
    return len(moments)


def _once(call: Callable[[], None]) -> Callable[[], None]:
    """The same, but nothing from the second time on."""
    left = [call]
    return lambda: left.pop()() if left else None
