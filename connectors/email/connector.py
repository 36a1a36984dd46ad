"""The e-mail channel as the app sees it."""

import asyncio
import logging
from datetime import datetime

from connectors.email.incoming import Incoming
from connectors.email.mailbox import MAILBOX_ERRORS, Mailbox
from connectors.email.message_ids import MessageIds
from connectors.email.outgoing import Outgoing, Server
from connectors.email.polling import Poller
from connectors.email.ports import Say, Threads
from connectors.lease import Lease
from connectors.ports import Parking, Rate, Receive
from core.clock import Clock
from core.tasks import end
from crm.conversations.ports import FetchRefused, OutgoingMessage
from crm.enums import Channel, ParkedReason
from crm.models import ParkedUpdate

logger = logging.getLogger(__name__)

LOOK_SECONDS = 10.0
LONGEST_WAIT_SECONDS = 120.0


class EmailConnector:
    """One mailbox, one inbox."""

    channel = Channel.email

    def __init__(
        self,
        *,
        inbox_id: int,
        since: datetime,
        address: str,
        name: str,
        imap: Server,
        smtp: Server,
        receive: Receive,
        rate: Rate,
        threads: Threads,
        ids: MessageIds,
        words: Say,
        lease: Lease,
        parking: Parking,
        clock: Clock,
        public_url: str,
        replies_per_hour: int,
        new_addresses_per_hour: int,
        files_per_day: int,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._outgoing = Outgoing(
            smtp,
            address=address,
            name=name,
            threads=threads,
            ids=ids,
            say=words,
            clock=clock,
            public_url=public_url,
        )
        incoming = Incoming(
            inbox_id=inbox_id,
            own_address=address,
            receive=receive,
            rate=rate,
            threads=threads,
            say=words,
            replies_per_hour=replies_per_hour,
            new_addresses_per_hour=new_addresses_per_hour,
            files_per_day=files_per_day,
        )
        self._lease = lease
        self._mailbox = Mailbox(imap)
        self.poller = Poller(self._mailbox, handle=incoming.handle, hold=lease.hold, parking=parking, since=since)
        self._look_seconds = look_seconds
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to take mails. Returns at once: the server may be out of reach for now, and the app has other work."""
        self._task = asyncio.create_task(self._run(), name="email")

    async def stop(self) -> None:
        """Stop taking mails. What is half done is rolled back, and stays unseen in the mailbox."""
        if self._task:
            self._task.cancel()
        # Wakes the thread that waits for the server; without it, the process would wait as long.
        self._mailbox.close()
        if self._task:
            await end(self._task)
            await self._lease.release()

    async def send(self, message: OutgoingMessage) -> str | None:
        return await self._outgoing.send(message)

    async def fetch(self, source: str) -> bytes:
        """Files come along with their mails."""
        raise FetchRefused("mails bring their files along")

    async def take_again(self, parked: ParkedUpdate) -> None:
        """A mail stays in the mailbox; where an admin wants one that looked automatic, a person wrote it."""
        await self.poller.take_again(parked.external_id, by_person=parked.reason is ParkedReason.automatic)

    async def show_typing(self, contact_external_id: str) -> None:
        """Mails show no such thing."""

    async def _run(self) -> None:
        await self._outgoing.try_out()
        wait = self._look_seconds
        while True:
            try:
                await self.poller.step()
                wait = self._look_seconds
            except MAILBOX_ERRORS as error:
                wait = self._after_failure(wait, f"{type(error).__name__}: {error}")
            except Exception:
                logger.exception("mails could not be fetched")
                wait = self._after_failure(wait, "a failure of ours")
            await asyncio.sleep(wait)

    def _after_failure(self, waited: float, reason: str) -> float:
        """Begin with a new connection next time, and later after every failure."""
        self._mailbox.close()
        wait = min(2 * waited, LONGEST_WAIT_SECONDS)
        logger.warning("e-mail: %s; trying again in %.0f s", reason[:200], wait)
        return wait
