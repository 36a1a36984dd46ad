"""Publishes articles when their time comes."""

from collections.abc import Callable, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import Clock
from core.unit_of_work import UnitOfWork
from knowledge_base.repository import ArticleRepository
from knowledge_base.service import KnowledgeService


class Schedule:
    """What a worker finds and does; whatever came due while no process ran is found by the next one."""

    def __init__(
        self, work: UnitOfWork, *, open_service: Callable[[AsyncSession], KnowledgeService], clock: Clock
    ) -> None:
        self._work = work
        self._open_service = open_service
        self._clock = clock

    async def due(self) -> Sequence[str]:
        """The ids of the articles whose time has come."""
        async with self._work.reading() as session:
            return [str(one) for one in await ArticleRepository(session).due(self._clock.now())]

    async def publish(self, article_id: str) -> None:
        """Publish one of them, in a transaction of its own."""
        async with self._work.begin() as session:
            await self._open_service(session).publish_if_due(int(article_id))
