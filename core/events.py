"""Notifications inside the product: small, at-most-once hints that something changed.

Nothing depends on one arriving: whoever listens reads the database from its own last sequence number, so a lost hint
costs a moment and never a message. One that says a new message itself spares those the reading who have all before it.
"""

import asyncio
import json
import logging
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol

import redis.asyncio as redis

logger = logging.getLogger(__name__)

Event = dict[str, Any]
# A listener this far behind has stopped reading; it catches up from the database when it wakes.
QUEUE_LIMIT = 256
# A Redis that neither answers nor refuses must not hold up what it is told of: it is left alone for a while then.
PUBLISH_SECONDS = 1.0
LEFT_ALONE_SECONDS = 10.0


class EventBus(Protocol):
    """Publishes to everybody who listens to a topic at this moment."""

    async def publish(self, topic: str, event: Event) -> None:
        """Tell the listeners of a topic; never fails the caller."""
        ...

    def listen(self, *topics: str) -> Any:
        """An async context manager giving an `asyncio.Queue` of events of the topics."""
        ...

    async def start(self) -> None:
        """Begin to hear what others publish."""
        ...

    async def close(self) -> None: ...


class LocalEventBus:
    """Notifications within one process."""

    def __init__(self) -> None:
        self._queues: defaultdict[str, set[asyncio.Queue[Event]]] = defaultdict(set)

    async def start(self) -> None: ...

    async def publish(self, topic: str, event: Event) -> None:
        self.deliver(topic, event)

    def deliver(self, topic: str, event: Event) -> None:
        """Hand an event to this process's listeners."""
        for queue in tuple(self._queues.get(topic, ())):
            with suppress(asyncio.QueueFull):
                queue.put_nowait(event)

    @asynccontextmanager
    async def listen(self, *topics: str) -> AsyncIterator[asyncio.Queue[Event]]:
        queue: asyncio.Queue[Event] = asyncio.Queue(QUEUE_LIMIT)
        for topic in topics:
            self._queues[topic].add(queue)
        try:
            yield queue
        finally:
            for topic in topics:
                self._queues[topic].discard(queue)
                if not self._queues[topic]:
                    del self._queues[topic]

    async def close(self) -> None:
        self._queues.clear()


class RedisEventBus:
    """Notifications between app processes, over one Redis channel; listeners stay local."""

    CHANNEL = "hamyar:events"

    def __init__(self, url: str) -> None:
        self._redis = redis.from_url(url, decode_responses=True)
        self._local = LocalEventBus()
        self._reader: asyncio.Task[None] | None = None
        self._left_alone_until = 0.0

    async def start(self) -> None:
        self._reader = asyncio.create_task(self._read())

    async def publish(self, topic: str, event: Event) -> None:
        if not await self._told(topic, event):
            self._local.deliver(topic, event)

    async def _told(self, topic: str, event: Event) -> bool:
        """Whether Redis has heard of it; while it is left alone, nobody asks."""
        if time.monotonic() < self._left_alone_until:
            return False
        try:
            async with asyncio.timeout(PUBLISH_SECONDS):
                await self._redis.publish(self.CHANNEL, json.dumps([topic, event]))
        except TimeoutError:
            logger.warning("Redis does not answer; for a while only this process hears of what happens here")
            self._left_alone_until = time.monotonic() + LEFT_ALONE_SECONDS
            return False
        except (redis.RedisError, OSError):
            logger.warning("Redis cannot be told; only this process hears of %s", topic)
            return False
        return True

    def listen(self, *topics: str) -> Any:
        return self._local.listen(*topics)

    async def close(self) -> None:
        if self._reader:
            self._reader.cancel()
        await self._redis.aclose()

    async def _read(self) -> None:
        while True:
            try:
                async with self._redis.pubsub() as subscription:
                    await subscription.subscribe(self.CHANNEL)
                    async for item in subscription.listen():
                        if item["type"] == "message":
                            self._hear(item["data"])
            except (redis.RedisError, OSError):
                logger.warning("Redis does not answer; trying again")
                await asyncio.sleep(1)

    def _hear(self, data: str) -> None:
        """Hand on what another process has told; what is none of ours must not make this one deaf."""
        try:
            topic, event = json.loads(data)
            self._local.deliver(topic, event)
        except (ValueError, TypeError):
            logger.warning("something that is no event was published on %s", self.CHANNEL)


def create_event_bus(redis_url: str) -> EventBus:
    """The bus that the settings ask for; `start` it before use."""
    return RedisEventBus(redis_url) if redis_url else LocalEventBus()
