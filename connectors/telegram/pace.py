"""How fast we may send and how soon we try again."""

import asyncio
import math
import time
from typing import Protocol

from telegram.error import RetryAfter

# https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
SECONDS_PER_CHAT = 1.0
# Twenty messages a minute.
SECONDS_PER_GROUP = 3.0
MESSAGES_PER_SECOND = 30
LONGEST_WAIT_SECONDS = 60.0
# Chats remembered before those that may be written to again are forgotten.
_REMEMBERED_CHATS = 1000


class Timer(Protocol):
    """Time as it passes, and waiting for it."""

    def now(self) -> float:
        """Seconds since some moment."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let other tasks run for so long."""
        ...


class SystemTimer:
    """The machine's time."""

    def now(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Pace:
    """Keeps messages to one chat a second apart, and to a group three."""

    def __init__(self, timer: Timer, *, seconds: float = SECONDS_PER_CHAT) -> None:
        self._timer = timer
        self._seconds = seconds
        self._free_at: dict[str, float] = {}

    def reserve(self, chat: str, *, within: float = math.inf) -> float | None:
        """Take the chat's next free moment; returns the seconds until then, or `None` where it comes too late."""
        now = self._timer.now()
        moment = max(now, self._free_at.get(chat, now))
        if moment - now > within:
            return None
        if len(self._free_at) >= _REMEMBERED_CHATS:
            self._free_at = {known: free_at for known, free_at in self._free_at.items() if free_at > now}
        # Groups have negative numbers.
        self._free_at[chat] = moment + (SECONDS_PER_GROUP if chat.startswith("-") else self._seconds)
        return moment - now

    async def wait(self, chat: str, *, longest: float = math.inf) -> None:
        """Wait for the chat's next free moment and take it.

        Raises:
            TimeoutError: it comes later than the longest wait; it is not taken.
        """
        seconds = self.reserve(chat, within=longest)
        if seconds is None:
            raise TimeoutError
        if seconds > 0:
            await self._timer.sleep(seconds)


class Backoff:
    """How long to wait after failures in a row: 1, 2, 4 ... seconds, a minute at the most."""

    def __init__(self) -> None:
        self._seconds = 1.0

    def reset(self) -> None:
        """All is well again."""
        self._seconds = 1.0

    def after(self, error: Exception) -> float:
        """The wait after this failure, or what Telegram asked for."""
        if isinstance(error, RetryAfter):
            return seconds_of(error)
        seconds = self._seconds
        self._seconds = min(seconds * 2, LONGEST_WAIT_SECONDS)
        return seconds


def seconds_of(error: RetryAfter) -> float:
    """How long Telegram asks to wait; the library gives a number or a timedelta, as PTB_TIMEDELTA has it."""
    wait = error.retry_after
    return float(wait) if isinstance(wait, int) else wait.total_seconds()
