"""What came in on a channel and could not be dealt with: set aside for admins, so that nothing waits behind it."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import case, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, undefer

from connectors.ports import Connector, Unhandled
from core.clock import Clock
from core.errors import Conflict
from core.unit_of_work import UnitOfWork, announce
from crm.enums import ParkedReason
from crm.models import ParkedUpdate
from language.normalise import safe_text

logger = logging.getLogger(__name__)

# What machines write is not worth more; what failed stays until somebody has seen to it.
AUTOMATIC_KEPT = timedelta(days=30)
TOPIC = "parked"


class UpdateNotParked(Conflict):
    """This is not among what was set aside."""

    code = "update_not_parked"


@dataclass(frozen=True)
class StoredParking:
    """The `Parking` of one inbox's connector."""

    work: UnitOfWork
    clock: Clock
    inbox_id: int

    async def park(self, unhandled: Unhandled) -> None:
        """Set it aside, once however often it comes."""
        try:
            await self._park(unhandled)
        except IntegrityError:
            # Another process did so at the same moment.
            await self._park(unhandled)

    async def _park(self, unhandled: Unhandled) -> None:
        its = (ParkedUpdate.inbox_id == self.inbox_id, ParkedUpdate.external_id == unhandled.external_id)
        now = self.clock.now()
        async with self.work.begin() as session:
            await session.execute(
                delete(ParkedUpdate).where(
                    ParkedUpdate.inbox_id == self.inbox_id,
                    ParkedUpdate.reason == ParkedReason.automatic,
                    ParkedUpdate.parked_at < now - AUTOMATIC_KEPT,
                )
            )
            parked = (await session.scalars(select(ParkedUpdate).where(*its))).one_or_none()
            if parked is None:
                parked = ParkedUpdate(inbox_id=self.inbox_id, external_id=unhandled.external_id, attempts=0)
                session.add(parked)
            parked.reason = unhandled.reason
            parked.sender = _fit(unhandled.sender, 300)
            parked.text = _fit(unhandled.text, 300)
            parked.raw = unhandled.raw
            parked.error = _fit(unhandled.error, 200)
            parked.attempts += unhandled.attempts
            parked.parked_at = now


class ParkedUpdates:
    """What was set aside, as admins see and deal with it, within the caller's transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def latest(self, *, limit: int) -> Sequence[ParkedUpdate]:
        """What failed before what machines wrote, each latest first."""
        statement = (
            select(ParkedUpdate)
            .options(joinedload(ParkedUpdate.inbox))
            .order_by(case((ParkedUpdate.reason == ParkedReason.failed, 0), else_=1), ParkedUpdate.id.desc())
            .limit(limit)
        )
        return (await self.session.scalars(statement)).all()

    async def try_again(self, parked_id: int) -> None:
        """Have it dealt with once more, in the background.

        Raises:
            UpdateNotParked
        """
        parked = await self._get(parked_id)
        parked.is_due = True
        announce(self.session, TOPIC, {"parked_id": parked.id})

    async def dismiss(self, parked_id: int) -> None:
        """Forget it.

        Raises:
            UpdateNotParked
        """
        await self.session.delete(await self._get(parked_id))

    async def _get(self, parked_id: int) -> ParkedUpdate:
        parked = await self.session.get(ParkedUpdate, parked_id, with_for_update=True)
        if parked is None:
            raise UpdateNotParked
        return parked


class SecondTries:
    """Hands what admins want tried again to the connectors that are open; `connectors` are those, by inbox."""

    def __init__(self, work: UnitOfWork, *, connectors: Mapping[int, Connector]) -> None:
        self._work = work
        self._connectors = connectors

    async def due(self) -> Sequence[str]:
        """What waits for its second try here."""
        statement = select(ParkedUpdate.id).where(
            ParkedUpdate.is_due, ParkedUpdate.inbox_id.in_(list(self._connectors))
        )
        async with self._work.reading() as session:
            return [str(parked_id) for parked_id in await session.scalars(statement)]

    async def take(self, parked_id: str) -> None:
        """Try one again; it stays on the list, with its new error, unless that goes well."""
        parked = await self._claim(int(parked_id))
        if parked is None:
            return
        connector = self._connectors.get(parked.inbox_id)
        if connector is None:
            await self._put_back(parked)
            return
        try:
            await connector.take_again(parked)
        except Exception as error:
            logger.exception("what was set aside of inbox %s has failed once more", parked.inbox_id)
            await self._note(parked, described(error))
        else:
            async with self._work.begin() as session:
                await session.execute(delete(ParkedUpdate).where(ParkedUpdate.id == parked.id))

    async def _claim(self, parked_id: int) -> ParkedUpdate | None:
        """The update, unless another process tries it; one that dies meanwhile leaves it on the list."""
        async with self._work.begin() as session:
            statement = select(ParkedUpdate).where(ParkedUpdate.id == parked_id).options(undefer(ParkedUpdate.raw))
            parked = (await session.scalars(statement)).one_or_none()
            if parked is None or parked.inbox_id not in self._connectors:
                return None
            taken = await session.execute(
                update(ParkedUpdate)
                .where(ParkedUpdate.id == parked_id, ParkedUpdate.is_due)
                .values(is_due=False)
                .execution_options(synchronize_session=False)
            )
            return parked if taken.rowcount else None  # type: ignore[attr-defined]

    async def _put_back(self, parked: ParkedUpdate) -> None:
        """Leave it to whoever opens the channel next, which was closed meanwhile."""
        async with self._work.begin() as session:
            await session.execute(update(ParkedUpdate).where(ParkedUpdate.id == parked.id).values(is_due=True))

    async def _note(self, parked: ParkedUpdate, error: str) -> None:
        async with self._work.begin() as session:
            await session.execute(
                update(ParkedUpdate)
                .where(ParkedUpdate.id == parked.id)
                .values(error=error, attempts=ParkedUpdate.attempts + 1)
            )


def described(error: Exception) -> str:
    """An error in the words in which admins are shown it."""
    return _fit(f"{type(error).__name__}: {error}", 200)


def _fit(text: str, limit: int) -> str:
    return " ".join(safe_text(text[: 2 * limit]).split())[:limit]
