"""Whether more people write than the bot can answer, and how it then leaves room for those who write.

A channel waits until a message is stored, and a person waits for an answer. In a crowd both wait for the same event
loop: answers are late whatever is done, so one turn at a time leaves the rest to storing.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager

# As many a second are no crowd, however few are answered.
FEW = 50
# It is one while this many times as many write as are answered. Where everybody waits for their answer before they
# write again, about as many do.
TIMES_AS_MANY = 2
LOOKED_BACK_SECONDS = 1.0
# A turn that takes longer waits for something itself, and holds up nobody by that.
PATIENCE_SECONDS = 0.25


class Crowd:
    """Counts who writes and who is answered in this process. To be used in one event loop."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._wrote: deque[tuple[float, Hashable]] = deque()
        self._answered: deque[float] = deque()
        self._door = asyncio.Semaphore()

    def writes(self, contact: Hashable) -> None:
        """A message has come; one who writes a hundred is one."""
        self._wrote.append((self._now(), contact))

    def answered(self) -> None:
        """A turn is over."""
        self._answered.append(self._now())

    @property
    def is_here(self) -> bool:
        """Whether there is a crowd now."""
        since = self._now() - LOOKED_BACK_SECONDS
        while self._wrote and self._wrote[0][0] < since:
            self._wrote.popleft()
        while self._answered and self._answered[0] < since:
            self._answered.popleft()
        fewest = max(FEW, TIMES_AS_MANY * len(self._answered))
        return len(self._wrote) > fewest and len({contact for _, contact in self._wrote}) > fewest

    @asynccontextmanager
    async def one_by_one(self, *, presses: bool = False) -> AsyncIterator[None]:
        """Let one in after the other in a crowd, and always those who press; otherwise everybody at once."""
        if not (presses or self.is_here):
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


def _once(call: Callable[[], None]) -> Callable[[], None]:
    """The same, but nothing from the second time on."""
    left = [call]
    return lambda: left.pop()() if left else None
