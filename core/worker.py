"""A worker that deals with keyed work: woken by name at once, and by a slow look-around for what nobody woke it for."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence

logger = logging.getLogger(__name__)


class Worker:
    """Runs `handle(key)` for each key woken or found, several keys at a time, each key only once at a time.

    `handle` does one piece of a key's work and says whether there may be more: that has its turn after all the keys
    which wait already, so that a key with much work does not hold up the others. A key woken while it is being handled
    is handled once more afterwards. `find` returns keys of work that waits, such as that of a process that died. A
    handler's failure is logged and its key found again later. So many keys are handled `at_once` of each `lane`: where
    one hangs, the others go on.
    """

    def __init__(
        self,
        name: str,
        *,
        handle: Callable[[str], Awaitable[bool | None]],
        find: Callable[[], Awaitable[Sequence[str]]],
        at_once: int,
        look_around_seconds: float,
        lane: Callable[[str], str] = lambda _key: "",
    ) -> None:
        self.name = name
        self._handle = handle
        self._find = find
        self._lane = lane
        self._slots: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(at_once))
        self._look_around_seconds = look_around_seconds
        self._running: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._finder: asyncio.Task[None] | None = None
        self._stopping = False

    async def start(self) -> None:
        """Begin with what waits already."""
        self._finder = asyncio.create_task(self._look_around(), name=f"{self.name}: look around")

    async def stop(self, *, grace_seconds: float = 5.0) -> None:
        """Let what runs come to its end, for so long, then cancel it."""
        self._stopping = True
        late = {self._finder} if self._finder else set()
        if self._running:
            late |= (await asyncio.wait(self._running.values(), timeout=grace_seconds))[1]
        for task in late:
            task.cancel()
        # What they hold is closed next.
        await asyncio.gather(*late, return_exceptions=True)

    def wake(self, key: str) -> None:
        """Handle this key now, or again when it is being handled."""
        if self._stopping:
            return
        if key in self._running:
            self._again.add(key)
            return
        self._running[key] = asyncio.create_task(self._run(key), name=f"{self.name}: {key}")

    async def _run(self, key: str) -> None:
        goes_on: bool | None = False
        try:
            async with self._slots[self._lane(key)]:
                goes_on = await self._handle(key)
        except asyncio.CancelledError:
            # Whoever ends this task, or the loop, wants no other one in its place.
            self._again.discard(key)
            raise
        except Exception:
            logger.exception("%s: %s failed", self.name, key)
        finally:
            del self._running[key]
            if goes_on or key in self._again:
                self._again.discard(key)
                self.wake(key)

    async def _look_around(self) -> None:
        while True:
            try:
                for key in await self._find():
                    if key not in self._running:
                        self.wake(key)
            except Exception:
                logger.exception("%s cannot look for work", self.name)
            await asyncio.sleep(self._look_around_seconds)
