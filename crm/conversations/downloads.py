"""Files that contacts sent and that their channel still has.

They are fetched after the message is stored, so that no turn waits for them. A fetch changes nothing at the channel, so
a process that dies in the middle of one leaves a file that is simply fetched again.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import Clock
from core.unit_of_work import UnitOfWork, announce
from crm.conversations.files import MAX_FILE_BYTES, content_type_of, safe_file_name
from crm.conversations.ports import FetchLater, FetchRefused, FileSource, IncomingFile
from crm.conversations.sending import backoff_seconds
from crm.enums import AttachmentState
from crm.models import Attachment, Message

logger = logging.getLogger(__name__)

# Longer than any fetch takes; after it, another process may try.
FETCHING_LIMIT = timedelta(minutes=5)
# A channel that has not given a file out by then never will.
GIVE_UP_AFTER = timedelta(hours=24)


def awaited(file: IncomingFile, *, at: datetime) -> Attachment:
    """A contact's file that the channel still has, to be fetched."""
    return Attachment(
        kind=file.kind,
        name=safe_file_name(file.name),
        state=AttachmentState.waiting,
        source=file.source,
        next_attempt_at=at,
        created_at=at,
    )


def leave_with_channel(attachment: Attachment) -> None:
    """Never fetch a file, since its contact has sent too many."""
    attachment.state = AttachmentState.lost
    attachment.next_attempt_at = None
    attachment.error = "too many files within a day"


def announce_file(session: AsyncSession, attachment: Attachment | None) -> None:
    """Have a file fetched at once, if there is one to fetch and it is stored."""
    if attachment and attachment.state is AttachmentState.waiting:
        announce(session, "files", {"attachment_id": attachment.id})


@dataclass(frozen=True)
class _Awaited:
    """A file that this process may fetch now."""

    id: int
    source: str
    inbox_id: int


class Downloads:
    """Fetches what is due; `sources` are those of the inboxes that are open, by id."""

    def __init__(self, work: UnitOfWork, *, sources: Mapping[int, FileSource], clock: Clock) -> None:
        self.work = work
        self.sources = sources
        self.clock = clock

    async def due(self) -> Sequence[str]:
        """Files that can be fetched now."""
        statement = (
            select(Attachment.id)
            .where(Attachment.state == AttachmentState.waiting, Attachment.next_attempt_at <= self.clock.now())
            .order_by(Attachment.id)
            .limit(200)
        )
        async with self.work.reading() as session:
            return [str(attachment_id) for attachment_id in await session.scalars(statement)]

    async def fetch(self, attachment_id: str) -> None:
        """Fetch one file, unless another process is at it; a failure is noted, and tried again where that may help."""
        awaited = await self._claim(int(attachment_id))
        if awaited is None:
            return
        try:
            content = await self.sources[awaited.inbox_id].fetch(awaited.source)
        except FetchLater as later:
            await self._postpone(awaited.id, later)
        except FetchRefused as refusal:
            await self._lose(awaited.id, str(refusal))
        else:
            await self._store(awaited.id, content)

    async def _claim(self, attachment_id: int) -> _Awaited | None:
        now = self.clock.now()
        async with self.work.begin() as session:
            taken = await session.execute(
                update(Attachment)
                .where(
                    Attachment.id == attachment_id,
                    Attachment.state == AttachmentState.waiting,
                    Attachment.next_attempt_at <= now,
                )
                .values(attempts=Attachment.attempts + 1, next_attempt_at=now + FETCHING_LIMIT)
                .execution_options(synchronize_session=False)
            )
            if not taken.rowcount:  # type: ignore[attr-defined]
                return None
            attachment = await session.get_one(Attachment, attachment_id)
            message = await session.get_one(Message, attachment.message_id)
            if message.inbox_id not in self.sources:
                attachment.error = "the channel is switched off"
                return None
            return _Awaited(attachment.id, attachment.source or "", message.inbox_id)

    async def _store(self, attachment_id: int, content: bytes) -> None:
        if not content or len(content) > MAX_FILE_BYTES:
            await self._lose(attachment_id, f"{len(content)} bytes")
            return
        async with self.work.begin() as session:
            attachment = await session.get_one(Attachment, attachment_id)
            attachment.content = content
            attachment.content_type = content_type_of(content)
            attachment.size = len(content)
            await self._settle(session, attachment, AttachmentState.stored, error=None)

    async def _postpone(self, attachment_id: int, later: FetchLater) -> None:
        now = self.clock.now()
        async with self.work.begin() as session:
            attachment = await session.get_one(Attachment, attachment_id)
            if attachment.created_at + GIVE_UP_AFTER <= now:
                await self._settle(session, attachment, AttachmentState.lost, error=str(later))
                return
            seconds = later.after_seconds or backoff_seconds(attachment.attempts)
            attachment.next_attempt_at = now + timedelta(seconds=seconds)
            attachment.error = str(later)[:200]

    async def _lose(self, attachment_id: int, reason: str) -> None:
        logger.warning("file %s could not be fetched: %s", attachment_id, reason)
        async with self.work.begin() as session:
            attachment = await session.get_one(Attachment, attachment_id)
            await self._settle(session, attachment, AttachmentState.lost, error=reason)

    async def _settle(
        self, session: AsyncSession, attachment: Attachment, state: AttachmentState, *, error: str | None
    ) -> None:
        attachment.state = state
        attachment.next_attempt_at = None
        attachment.error = error[:200] if error else None
        message = await session.get_one(Message, attachment.message_id)
        announce(session, "desk", {"type": "conversation", "conversation_id": message.conversation_id})
