"""Asking the mailbox for mails."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from connectors.email.mail import glimpse
from connectors.email.mailbox import MAILBOX_ERRORS, Mailbox
from connectors.email.ports import Hold
from connectors.parking import described
from connectors.ports import Parking, Unhandled
from core.database import is_away
from crm.enums import ParkedReason

logger = logging.getLogger(__name__)

FIRST_WAIT_SECONDS = 10.0
# A mail that failed so often, within some three minutes, is set aside.
MAX_FAILURES = 5


class MailGone(Exception):
    """A mail is no longer in the mailbox."""


class MailUnanswerable(Exception):
    """A mail names no sender, or no person seems to be one."""


class Handle(Protocol):
    """Deals with one mail for good, or raises; false where it was left alone though somebody should see it."""

    async def __call__(self, raw: bytes, *, is_whole: bool, by_person: bool = False) -> bool: ...


@dataclass(frozen=True)
class _Failures:
    """Of one mail: how many in a row, and when it is tried again."""

    count: int
    again_at: float


class Poller:
    """Fetches mails in order and marks each as seen only after it was dealt with.

    Nothing needs to be kept here: after a crash the unseen ones come again, and their external ids tell those already
    stored. One that cannot be fetched or dealt with stays unseen and is tried again a little later, until it has failed
    too often and is set aside; it holds up none of those behind it.
    """

    def __init__(
        self,
        mailbox: Mailbox,
        *,
        handle: Handle,
        hold: Hold,
        parking: Parking,
        since: datetime,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._mailbox = mailbox
        self._handle = handle
        self._hold = hold
        self._parking = parking
        self._since = since
        self._now = now
        self._failed: dict[str, _Failures] = {}
        # Unread ones from before, by the name of their set of UIDs.
        self._too_old: set[tuple[str, str]] = set()
        # The mailbox is one connection.
        self._line = asyncio.Lock()

    async def step(self) -> None:
        """Look once and deal with what came, as long as this process is the one to do so."""
        async with self._line:
            if not await self._hold():
                self._mailbox.close()
                return
            await asyncio.to_thread(self._mailbox.open)
            for uid in await asyncio.to_thread(lambda: self._mailbox.unread(since=self._since)):
                if self._is_waiting(uid) or (self._mailbox.uid_validity, uid) in self._too_old:
                    continue
                if not await self._hold():
                    return
                await self._deal_with(uid)

    async def take_again(self, external_id: str, *, by_person: bool) -> None:
        """Deal with a mail that was set aside; raises whatever goes wrong.

        Raises:
            MailGone, MailUnanswerable
        """
        async with self._line:
            try:
                await asyncio.to_thread(self._mailbox.open)
                validity, _, uid = external_id.partition(":")
                raw, is_whole = await self._fetch(uid) if validity == self._mailbox.uid_validity else (b"", False)
                if not raw:
                    raise MailGone("the mail is no longer in the mailbox")
                if not await self._handle(raw, is_whole=is_whole, by_person=by_person):
                    raise MailUnanswerable("a machine seems to have written it")
            except MAILBOX_ERRORS:
                self._mailbox.close()
                raise

    async def _deal_with(self, uid: str) -> None:
        raw = b""
        try:
            if not await asyncio.to_thread(lambda: self._mailbox.came_after(uid, self._since)):
                self._too_old.add((self._mailbox.uid_validity, uid))
                return
            raw, is_whole = await self._fetch(uid)
            if raw and not await self._handle(raw, is_whole=is_whole):
                await self._park(uid, raw, reason=ParkedReason.automatic)
            await asyncio.to_thread(self._mailbox.mark_seen, uid)
        except Exception as error:
            if is_away(error):
                # No mail's fault, and not to be counted.
                raise
            logger.exception("a mail could not be dealt with")
            await self._put_off(uid, raw, error)
            return
        self._failed.pop(uid, None)

    async def _fetch(self, uid: str) -> tuple[bytes, bool]:
        return await asyncio.to_thread(self._mailbox.fetch, uid)

    def _is_waiting(self, uid: str) -> bool:
        return uid in self._failed and self._failed[uid].again_at > self._now()

    async def _put_off(self, uid: str, raw: bytes, error: Exception) -> None:
        """Leave a mail for later, or set it aside; those behind it come next, over a new line if this one broke."""
        if isinstance(error, MAILBOX_ERRORS):
            self._mailbox.close()
            # Where this fails too, the line is to blame, and no mail.
            await asyncio.to_thread(self._mailbox.open)
        count = self._failed[uid].count + 1 if uid in self._failed else 1
        self._failed[uid] = _Failures(count, self._now() + FIRST_WAIT_SECONDS * 2 ** min(count - 1, MAX_FAILURES))
        if count >= MAX_FAILURES:
            await self._park(uid, raw, error=described(error), attempts=count)
            await asyncio.to_thread(self._mailbox.mark_seen, uid)
            del self._failed[uid]

    async def _park(
        self,
        uid: str,
        raw: bytes,
        *,
        reason: ParkedReason = ParkedReason.failed,
        error: str = "",
        attempts: int = 1,
    ) -> None:
        """Set a mail aside, which stays in the mailbox."""
        sender, subject = glimpse(raw)
        logger.warning("a mail is set aside (%s)", reason)
        await self._parking.park(
            Unhandled(
                external_id=f"{self._mailbox.uid_validity}:{uid}",
                reason=reason,
                sender=sender,
                text=subject,
                error=error,
                attempts=attempts,
            )
        )
