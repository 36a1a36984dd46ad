"""Storing together what comes while the one before is being stored: a transaction costs most of what it takes to store.

Nobody waits for company: who comes alone is stored at once and alone, and who comes while that goes on shares the next
transaction with all who come until then.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from itertools import islice, takewhile
from typing import NamedTuple

from core.database import is_away
from crm.conversations.ports import IncomingMessage
from crm.conversations.reception import Received

logger = logging.getLogger(__name__)

# Those who wait behind a batch should not wait for long.
LARGEST_BATCH = 32


class _Waiting(NamedTuple):
    incoming: IncomingMessage
    stored: asyncio.Future[Received]


class Gathering:
    """Stores messages for any number of tasks, in the order in which they come and one transaction at a time.

    `store` stores several without files in one transaction, all or none, and `store_alone` one. Where several cannot be
    stored each is tried alone, so that only the one that is to blame is refused. To be used in one event loop.
    """

    def __init__(
        self,
        store: Callable[[Sequence[IncomingMessage]], Awaitable[Sequence[Received]]],
        store_alone: Callable[[IncomingMessage], Awaitable[Received]],
    ) -> None:
        self._store = store
        self._store_alone = store_alone
        self._waiting: list[_Waiting] = []
        self._worker: asyncio.Task[None] | None = None

    async def add(self, incoming: IncomingMessage) -> Received:
        """Store a message; returns when it is committed, and raises what kept it from that."""
        stored: asyncio.Future[Received] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(incoming, stored))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work(), name="storing messages")
        return await stored

    async def _work(self) -> None:
        """Serve until nobody waits; the next one who comes starts it again."""
        batch: Sequence[_Waiting] = ()
        try:
            while self._waiting:
                batch = self._next_batch()
                # Who was cut off meanwhile has told nobody that it was stored.
                await self._serve([one for one in batch if not one.stored.done()])
        finally:
            # Where the process ends, nobody may wait for ever.
            for one in (*batch, *self._waiting):
                one.stored.cancel()

    def _next_batch(self) -> Sequence[_Waiting]:
        """Take out who waits longest, with those behind who can share the transaction; a file has its own."""
        without_files = takewhile(lambda one: not one.incoming.has_file, self._waiting)
        batch = list(islice(without_files, LARGEST_BATCH)) or self._waiting[:1]
        self._waiting = self._waiting[len(batch) :]
        return batch

    async def _serve(self, batch: Sequence[_Waiting]) -> None:
        if len(batch) > 1 and await self._serve_together(batch):
            return
        for one in batch:
            try:
                _tell(one, await self._store_alone(one.incoming))
            # The edge between this task and theirs: whatever went wrong belongs to who asked.
            except Exception as error:  # noqa: BLE001
                _refuse(one, error)

    async def _serve_together(self, batch: Sequence[_Waiting]) -> bool:
        """False where each should be tried alone."""
        try:
            received = await self._store([one.incoming for one in batch])
        except Exception as error:
            if isinstance(error, OSError) or is_away(error):
                # Nobody can be stored now, whoever it is; trying each would hold up all that follows.
                for one in batch:
                    _refuse(one, error)
                return True
            logger.info("%d messages could not be stored together", len(batch), exc_info=True)
            return False
        for one, result in zip(batch, received, strict=True):
            _tell(one, result)
        return True


def _tell(one: _Waiting, received: Received) -> None:
    if not one.stored.done():
        one.stored.set_result(received)


def _refuse(one: _Waiting, error: Exception) -> None:
    if not one.stored.done():
        one.stored.set_exception(error)
