"""Limits on how often somebody may do something, counted in this process."""

import math
import time
from collections.abc import Callable

from core.errors import TooManyRequests

WHILES = {"minute": 60.0, "hour": 3600.0, "day": 86_400.0}
# Keys come from outside: once there are so many, those that have all their allowance again are forgotten.
KEPT_KEYS = 1024
# Of a hit; sums of fractions are not exact.
_ROUNDING = 1e-6


class RateLimit:
    """So many times in a while, such as `"10/minute"`, for each key of its own; none at all where it is 0.

    So many may come at once, and then one more each time that its share of the while has passed: whoever is refused
    waits for a moment and not for a whole window (the "generic cell rate algorithm"). A key costs one number. The
    library `limits` starts a thread at nearly every hit of its storage in memory.
    """

    def __init__(self, allowed: str, *, now: Callable[[], float] = time.monotonic) -> None:
        times, _, while_name = allowed.partition("/")
        self._times = int(times)
        self._while = WHILES[while_name]
        self._share = self._while / max(1, self._times)
        self._now = now
        # When each key has its whole allowance again.
        self._whole_at: dict[tuple[str, ...], float] = {}
        self._tidy_at = KEPT_KEYS

    def hit(self, *key: str) -> None:
        """Count one more.

        Raises:
            TooManyRequests: with the seconds after which it will be allowed again; this one is not counted.
        """
        if not self._times:
            raise TooManyRequests(retry_after_seconds=math.ceil(self._while))
        now = self._now()
        used = self._used(key, now)
        if used > self._times - 1 + _ROUNDING:
            raise TooManyRequests(retry_after_seconds=max(1, math.ceil((used - self._times + 1) * self._share)))
        self._whole_at[key] = now + (used + 1) * self._share
        if len(self._whole_at) >= self._tidy_at:
            self._tidy(now)

    def left(self, *key: str) -> int:
        """How many more are allowed at this moment."""
        return math.floor(self._times - self._used(key, self._now()) + _ROUNDING)

    def _used(self, key: tuple[str, ...], now: float) -> float:
        """How much of a key's allowance has not come back yet."""
        return max(0.0, self._whole_at.get(key, now) - now) / self._share

    def _tidy(self, now: float) -> None:
        self._whole_at = {key: whole_at for key, whole_at in self._whole_at.items() if whole_at > now}
        self._tidy_at = max(KEPT_KEYS, 2 * len(self._whole_at))
