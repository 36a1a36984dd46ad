"""How many turns are under way at once, so that those who write do not wait for those who are answered.

A channel waits until a message is stored, and a person waits for an answer, both for the same event loop. Some turns at
once are answered as many a second as all of them would be, since the bot's process computes while another turn waits
for it; more of them only make each step of the loop longer. Where more write than can be answered, answers are late
whatever is done, and one turn at a time leaves the rest to storing.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager

AT_ONCE = 3
AT_ONCE_IN_A_CROWD = 1
# As many people within that time are no crowd: three turns at once answer about half as many, and one fewer still.
FEW = 100
LOOKED_BACK_SECONDS = 1.0
# A turn that takes longer waits for something itself, and holds up nobody by that.
PATIENCE_SECONDS = 0.25


class Crowd:
    """Counts who writes in this process, and lets their turns in. To be used in one event loop."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._wrote: deque[tuple[float, Hashable]] = deque()
        self._door = asyncio.Semaphore(AT_ONCE)
        self._narrow_door = asyncio.Semaphore(AT_ONCE_IN_A_CROWD)

    def writes(self, contact: Hashable) -> None:
        """A message has come; one who writes a hundred is one."""
        self._wrote.append((self._now(), contact))

    @property
    def is_here(self) -> bool:
        """Whether there is a crowd now."""
        since = self._now() - LOOKED_BACK_SECONDS
        while self._wrote and self._wrote[0][0] < since:
            self._wrote.popleft()
        return len(self._wrote) > FEW and len({contact for _, contact in self._wrote}) > FEW

    @asynccontextmanager
    async def let_in(self, *, presses: bool = False) -> AsyncIterator[None]:
        """Wait until few others are inside, in order of coming: nobody in a crowd, and for those who press."""
        door = self._narrow_door if presses or self.is_here else self._door
        await door.acquire()
        let_next_in = _once(door.release)
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
