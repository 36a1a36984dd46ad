from datetime import timedelta

import pytest
from sqlalchemy import select

from core.clock import FixedClock
from core.unit_of_work import UnitOfWork
from crm.conversations.downloads import FETCHING_LIMIT, GIVE_UP_AFTER, Downloads
from crm.conversations.files import MAX_FILE_BYTES
from crm.conversations.intake import Intake
from crm.conversations.ports import FetchLater, FetchRefused, IncomingFile
from crm.enums import AttachmentKind, AttachmentState
from crm.models import Attachment, Inbox, Message
from tests.conftest import message


class FakeSource:
    """A channel that gives out one file, after its troubles."""

    def __init__(self) -> None:
        self.content = b"%PDF-1.7"
        self.troubles: list[BaseException] = []
        self.asked: list[str] = []

    async def fetch(self, source: str) -> bytes:
        self.asked.append(source)
        if self.troubles:
            raise self.troubles.pop(0)
        return self.content


@pytest.fixture
def source() -> FakeSource:
    return FakeSource()


@pytest.fixture
def downloads(work: UnitOfWork, source: FakeSource, clock: FixedClock, telegram_inbox: Inbox) -> Downloads:
    return Downloads(work, sources={telegram_inbox.id: source}, clock=clock)


@pytest.fixture
async def awaited(intake: Intake, telegram_inbox: Inbox) -> str:
    """A contact has sent a file."""
    file = IncomingFile(source="BQAC", kind=AttachmentKind.document, name="../فاکتور.pdf")
    received = await intake.receive(message(telegram_inbox, "فاکتور", file=file))
    assert received.message.attachment
    return str(received.message.attachment.id)


async def stored(work: UnitOfWork) -> Attachment:
    async with work.reading() as session:
        return (await session.scalars(select(Attachment))).one()


class TestFetch:
    async def test_stores_what_the_channel_gives(
        self, downloads: Downloads, source: FakeSource, awaited: str, work: UnitOfWork
    ) -> None:
        assert await downloads.due() == [awaited]

        async with work.events.listen("desk") as desk:
            await downloads.fetch(awaited)

        file = await stored(work)
        assert source.asked == ["BQAC"]
        assert (file.state, file.name, file.size) == (AttachmentState.stored, "فاکتور.pdf", 8)
        assert await downloads.due() == []
        assert desk.get_nowait()["type"] == "conversation"

    async def test_is_done_once_however_often_it_is_asked_for(
        self, downloads: Downloads, source: FakeSource, awaited: str
    ) -> None:
        await downloads.fetch(awaited)
        await downloads.fetch(awaited)

        assert len(source.asked) == 1

    async def test_is_done_again_after_a_process_died_in_the_middle(
        self, downloads: Downloads, source: FakeSource, awaited: str, work: UnitOfWork, clock: FixedClock
    ) -> None:
        source.troubles = [KeyboardInterrupt()]
        with pytest.raises(KeyboardInterrupt):
            await downloads.fetch(awaited)
        assert await downloads.due() == []

        clock.advance(FETCHING_LIMIT)
        await downloads.fetch(awaited)

        assert (await stored(work)).state is AttachmentState.stored

    async def test_waits_as_long_as_the_channel_asks(
        self, downloads: Downloads, source: FakeSource, awaited: str, work: UnitOfWork, clock: FixedClock
    ) -> None:
        source.troubles = [FetchLater("rate_limited", after_seconds=17)]
        await downloads.fetch(awaited)
        await downloads.fetch(awaited)
        assert len(source.asked) == 1

        clock.advance(timedelta(seconds=17))
        await downloads.fetch(awaited)

        assert (await stored(work)).state is AttachmentState.stored

    @pytest.mark.parametrize("content", [b"", bytes(MAX_FILE_BYTES + 1)])
    async def test_keeps_nothing_that_is_empty_or_too_large(
        self, content: bytes, downloads: Downloads, source: FakeSource, awaited: str, work: UnitOfWork
    ) -> None:
        source.content = content

        await downloads.fetch(awaited)

        assert (await stored(work)).state is AttachmentState.lost

    async def test_gives_up_what_the_channel_refuses(
        self, downloads: Downloads, source: FakeSource, awaited: str, work: UnitOfWork
    ) -> None:
        source.troubles = [FetchRefused("file is too big")]

        await downloads.fetch(awaited)

        file = await stored(work)
        assert (file.state, file.error) == (AttachmentState.lost, "file is too big")

    async def test_gives_up_after_a_day(
        self, downloads: Downloads, source: FakeSource, awaited: str, work: UnitOfWork, clock: FixedClock
    ) -> None:
        clock.advance(GIVE_UP_AFTER)
        source.troubles = [FetchLater("no line")]

        await downloads.fetch(awaited)

        assert (await stored(work)).state is AttachmentState.lost

    async def test_leaves_files_of_a_channel_that_is_off_for_later(
        self, awaited: str, work: UnitOfWork, clock: FixedClock
    ) -> None:
        await Downloads(work, sources={}, clock=clock).fetch(awaited)

        assert (await stored(work)).state is AttachmentState.waiting

    async def test_beyond_what_a_contact_may_send_is_not_fetched_and_they_are_told_once(
        self, intake: Intake, telegram_inbox: Inbox, work: UnitOfWork, downloads: Downloads, clock: FixedClock
    ) -> None:
        file = IncomingFile(source="BQAC", kind=AttachmentKind.photo)
        for number in range(23):
            await intake.receive(message(telegram_inbox, "photo", number=number, file=file))
        async with work.reading() as session:
            states = [one.state.value for one in await session.scalars(select(Attachment).order_by(Attachment.id))]
            told = await session.scalars(select(Message).where(Message.response == "utter_too_many_files"))
            assert len(told.all()) == 1
        clock.advance(timedelta(days=1, seconds=1))
        later = await intake.receive(message(telegram_inbox, "photo", number=99, file=file))

        assert states == ["waiting"] * 20 + ["lost"] * 3
        assert later.message.attachment
        assert later.message.attachment.state is AttachmentState.waiting

    async def test_of_a_message_that_came_twice_is_one_file(
        self, awaited: str, intake: Intake, telegram_inbox: Inbox, work: UnitOfWork
    ) -> None:
        file = IncomingFile(source="BQAC", kind=AttachmentKind.document)
        again = await intake.receive(message(telegram_inbox, "فاکتور", file=file))

        assert not again.is_new
        assert str((await stored(work)).id) == awaited
