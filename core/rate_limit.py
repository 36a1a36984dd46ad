"""Limits on how often somebody may do something, counted in this process."""

import time

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from core.errors import TooManyRequests


class RateLimit:
    """So many times in a while, such as `"10/minute"`, for each key of its own."""

    def __init__(self, allowed: str) -> None:
        self._item: RateLimitItem = parse(allowed)
        # The moving window's storage keeps every key for ever, and keys come from outside.
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def hit(self, *key: str) -> None:
        """Count one more.

        Raises:
            TooManyRequests: with the seconds after which it will be allowed again.
        """
        if not self._limiter.hit(self._item, *key):
            raise TooManyRequests(retry_after_seconds=self.retry_after_seconds(*key))

    def retry_after_seconds(self, *key: str) -> int:
        """How long to wait, at least a second."""
        reset_at = self._limiter.get_window_stats(self._item, *key).reset_time
        return max(1, round(reset_at - time.time()))
