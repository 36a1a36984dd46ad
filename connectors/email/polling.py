"""Asking the mailbox for mails."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol

from connectors.email.mailbox import Mailbox
from connectors.email.ports import Hold

logger = logging.getLogger(__name__)

LONGEST_WAIT_SECONDS = 900.0
_FIRST_WAIT_SECONDS = 10.0


class Handle(Protocol):
    """Deals with one mail for good, or raises."""

    def __call__(self, raw: bytes, *, is_whole: bool) -> Awaitable[None]: ...


class Poller:
    """Fetches mails in order and marks each as seen only after it was dealt with.

    Nothing needs to be kept here: after a crash the unseen ones come again, and their external ids tell those already
    stored. One that cannot be dealt with stays unseen and is tried again later, ever more rarely; it holds up none of
    those behind it.
    """

    def __init__(
        self,
        mailbox: Mailbox,
        *,
        handle: Handle,
        hold: Hold,
        since: datetime,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._mailbox = mailbox
        self._handle = handle
        self._hold = hold
        self._since = since
        self._now = now
        # Mails that failed: when each is tried again, and how long it waited last.
        self._failed: dict[str, tuple[float, float]] = {}

    async def step(self) -> None:
        """Look once and deal with what came, as long as this process is the one to do so."""
        if not await self._hold():
            self._mailbox.close()
            return
        await asyncio.to_thread(self._mailbox.open)
        for uid in await asyncio.to_thread(lambda: self._mailbox.unread(since=self._since)):
            if self._is_waiting(uid):
                continue
            if not await self._hold():
                return
            await self._deal_with(uid)

    async def _deal_with(self, uid: str) -> None:
        raw, is_whole = await asyncio.to_thread(self._mailbox.fetch, uid)
        try:
            if raw:
                await self._handle(raw, is_whole=is_whole)
        except Exception:
            logger.exception("a mail could not be handled; it stays unread and will be tried again")
            self._put_off(uid)
            return
        await asyncio.to_thread(self._mailbox.mark_seen, uid)
        self._failed.pop(uid, None)

    def _is_waiting(self, uid: str) -> bool:
        return uid in self._failed and self._failed[uid][0] > self._now()

    def _put_off(self, uid: str) -> None:
        _until, waited = self._failed.get(uid, (0.0, _FIRST_WAIT_SECONDS / 2))
        wait = min(2 * waited, LONGEST_WAIT_SECONDS)
        self._failed[uid] = (self._now() + wait, wait)
