"""A transaction together with the notifications that may go out only once it is committed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncSession

from core.database import Database
from core.events import Event, EventBus

_KEY = "announcements"


def announce(session: AsyncSession, topic: str, event: Event) -> None:
    """Publish an event, once, when this session's transaction is committed, and never if it is not."""
    announced = session.info.setdefault(_KEY, [])
    if (topic, event) not in announced:
        announced.append((topic, event))


class UnitOfWork:
    """Opens transactions; services flush within one and never commit."""

    def __init__(self, database: Database, events: EventBus) -> None:
        self.database = database
        self.events = events

    @asynccontextmanager
    async def begin(self, *, first: bool = False) -> AsyncIterator[AsyncSession]:
        """A session that commits, then tells the listeners, when the block ends well; `first` as the database says."""
        async with self.database.session(first=first) as session:
            yield session
        for topic, event in session.info.pop(_KEY, []):
            await self.events.publish(topic, event)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session for reading alone."""
        async with self.database.reading() as session:
            yield session
