"""What the benchmark of the channels reads out of a database: what was asked, and what answers it."""

from collections.abc import Callable
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks.channel_database import count_waiting, is_empty, read_transcripts
from core.database import Database
from core.unit_of_work import UnitOfWork
from crm.conversations.intake import Intake
from crm.conversations.service import ConversationService
from crm.conversations.turns import Turns
from crm.enums import HandoffReason
from crm.models import Inbox
from tests.conftest import message

OpenService = Callable[[AsyncSession], ConversationService]


class TestReadTranscripts:
    async def test_tells_answers_from_what_the_product_says_when_a_person_is_called(
        self,
        database: Database,
        work: UnitOfWork,
        intake: Intake,
        inbox: Inbox,
        open_service: OpenService,
        turns: Turns,
    ) -> None:
        received = await intake.receive(message(inbox, "ticket HM-1"))
        await turns.run(received.conversation.id)
        async with work.begin() as session:
            service = open_service(session)
            conversation = await service.lock(received.conversation.id)
            await service.hand_off(conversation, HandoffReason.bot_failed)
        await intake.receive(message(inbox, "ticket HM-2", number=2))
        await turns.run(received.conversation.id)

        (transcript,) = await read_transcripts(database)

        assert transcript.asked == ["1", "2"]
        assert [told.number for told in transcript.told] == ["1"]
        assert transcript.handed_off
        assert [aside.text for aside in transcript.asides] == ["ask_how_to_reach en", "seen_while_waiting en"]


class TestCountWaiting:
    async def test_counts_turns_that_are_still_to_come(self, database: Database, intake: Intake, inbox: Inbox) -> None:
        await intake.receive(message(inbox, "ticket HM-1"))

        assert await count_waiting(database) == (1, 0, 0)


class TestIsEmpty:
    async def test_sees_tables(self, database: Database, tmp_path: Path) -> None:
        nothing = Database(f"sqlite+aiosqlite:///{tmp_path / 'nothing.db'}")

        assert await is_empty(nothing)
        assert not await is_empty(database)

        await nothing.close()
