"""Fixtures that every room's tests share: a database of their own, a clock that stands still, people and contacts."""

import os
import re
import secrets
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST
from sqlalchemy import create_engine, event, text
from sqlalchemy.ext.asyncio import AsyncSession

import knowledge_base.models  # noqa: F401 - its tables belong to the metadata too
from core import security
from core.clock import FixedClock
from core.config import ROOT
from core.database import Base, Database
from core.events import LocalEventBus
from core.rate_limit import RateLimit
from core.unit_of_work import UnitOfWork
from crm.agents.service import AgentService
from crm.conversations.commands import TALK_TO_PERSON
from crm.conversations.handoff_policy import HandoffPolicy
from crm.conversations.intake import Intake
from crm.conversations.ports import IncomingMessage
from crm.conversations.service import ConversationService
from crm.conversations.thinking import Thinking
from crm.conversations.turns import Turns
from crm.enums import Channel, HandoffReason, Priority, Role
from crm.models import Agent, Inbox
from crm.wording import Wording
from tests.fixtures.fakes import FakeBot, FakeReader

# A PostgreSQL to run on instead of SQLite, such as postgresql+asyncpg://user:password@127.0.0.1/scratch.
POSTGRESQL_URL = os.environ.get("TEST_DATABASE_URL", "")
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SPOKEN = (
    "handed_off",
    "handed_off_upset",
    "handed_off_gently",
    "handed_off_in_danger",
    "subject_unsaid",
    "ask_how_to_reach",
    "reach_noted",
    "sorry_repeat",
    "sorry_money",
    "sorry_displeasure",
    "bot_failed",
    "words_please",
    "seen_while_waiting",
    "ask_rating",
    "rating_thanks",
    "rating_low",
    "rating_reason_kept",
    "returned_to_bot",
    "started_over",
    "agent_joined",
    "resolved",
    "too_many_files",
)


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Argon2 is slow on purpose, and the tests' people are many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(security, "_hasher", PasswordHasher.from_parameters(CHEAPEST))
        yield


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with all tables; copying it takes a tenth of the time of making them."""
    file = tmp_path_factory.mktemp("database") / "empty.db"
    engine = create_engine(f"sqlite:///{file}")
    Base.metadata.create_all(engine)
    engine.dispose()
    return file


@pytest.fixture
async def database(tmp_path: Path, empty_database: Path) -> AsyncIterator[Database]:
    """An empty database of the test's own; on PostgreSQL, a schema of its own."""
    if POSTGRESQL_URL:
        async with _postgresql(POSTGRESQL_URL) as database:
            async with database.engine.begin() as connection:
                await connection.run_sync(Base.metadata.create_all)
            yield database
        return
    database = Database(f"sqlite+aiosqlite:///{shutil.copy(empty_database, tmp_path / 'test.db')}")
    yield database
    await database.close()


@pytest.fixture
def file_reads(database: Database) -> list[bool]:
    """Of each statement that reads a file's bytes, whether it says that it is large."""
    reads: list[bool] = []

    @event.listens_for(database.engine.sync_engine, "before_cursor_execute")
    def _note(_connection: Any, _cursor: Any, statement: str, _parameters: Any, context: Any, _many: bool) -> None:
        if re.match(r"SELECT .*\battachments\.content\b", statement, re.DOTALL):
            reads.append(context.execution_options.get("large", False))

    return reads


@asynccontextmanager
async def _postgresql(url: str) -> AsyncIterator[Database]:
    schema = f"test_{secrets.token_hex(8)}"
    database = Database(url)

    def look_there(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(f"SET search_path TO {schema}")
        cursor.execute(f"SET application_name TO {schema}")
        cursor.close()
        # A roll-back would take the setting back as well.
        connection.commit()

    event.listen(database.engine.sync_engine, "connect", look_there)
    async with database.engine.begin() as connection:
        await connection.execute(text(f"CREATE SCHEMA {schema}"))
    yield database
    await database.engine.dispose()
    async with database.engine.begin() as connection:
        # Whoever was cut off in the middle of a query may hold a table still.
        end_others = text(
            "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity"
            " WHERE application_name = :schema AND pid <> pg_backend_pid()"
        )
        await connection.execute(end_others, {"schema": schema})
        await connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    await database.close()


@pytest.fixture
def events() -> LocalEventBus:
    return LocalEventBus()


@pytest.fixture
def work(database: Database, events: LocalEventBus) -> UnitOfWork:
    return UnitOfWork(database, events)


@pytest.fixture
async def session(work: UnitOfWork) -> AsyncIterator[AsyncSession]:
    async with work.begin() as session:
        yield session


@pytest.fixture
def wording() -> Wording:
    """Every response says its own name and language, and what it was given."""
    english = [{"type": "slot", "name": "language", "value": "en"}]
    values = {"handed_off": " {ticket_number}", "agent_joined": " {agent_name}"}
    person = {"buttons": [{"title": "A person", "payload": TALK_TO_PERSON}]}
    offers = {name: person for name in SPOKEN if name.startswith("sorry") or name == "words_please"}
    return Wording(
        {
            f"utter_{name}": [
                {"text": f"{name} en{values.get(name, '')}", "condition": english, **offers.get(name, {})},
                {"text": f"{name} fa{values.get(name, '')}", **offers.get(name, {})},
            ]
            for name in SPOKEN
        }
    )


@pytest.fixture(scope="session")
def shipped_wording() -> Wording:
    """The words of the domain file, which takes longer to read than most tests to run."""
    return Wording.load(ROOT / "domain.yml")


@pytest.fixture
def policy() -> HandoffPolicy:
    return HandoffPolicy(
        frustration=0.6,
        apology=0.05,
        not_understood_in_a_row=3,
        failed_in_a_row=2,
        at_once=["vulnerable", "legal_threat"],
        priorities={HandoffReason.negative_sentiment: Priority.high, HandoffReason.vulnerable: Priority.urgent},
        tell={HandoffReason.vulnerable: [Role.supervisor]},
    )


@pytest.fixture
def open_service(
    clock: FixedClock, wording: Wording, policy: HandoffPolicy
) -> Callable[[AsyncSession], ConversationService]:
    return lambda session: ConversationService(session, clock=clock, wording=wording, policy=policy)


@pytest.fixture
def bot() -> FakeBot:
    return FakeBot()


@pytest.fixture
def reader() -> FakeReader:
    return FakeReader()


@pytest.fixture
def turns(
    work: UnitOfWork,
    open_service: Callable[[AsyncSession], ConversationService],
    bot: FakeBot,
    reader: FakeReader,
    clock: FixedClock,
    events: LocalEventBus,
) -> Turns:
    return Turns(
        work,
        open_service=open_service,
        thinking=Thinking(work, open_service=open_service, reader=reader, bot=bot, events=events),
        clock=clock,
        owner="this process",
        pace=RateLimit("1000/minute"),
    )


@pytest.fixture
def intake(work: UnitOfWork, open_service: Callable[[AsyncSession], ConversationService]) -> Intake:
    """The door for contacts' messages; turns run only when the test says so."""
    return Intake(work, open_service=open_service, wake=lambda _conversation_id: None)


@pytest.fixture
async def inbox(work: UnitOfWork, clock: FixedClock) -> Inbox:
    """A web widget."""
    return await _make_inbox(work, clock, Channel.web_widget)


@pytest.fixture
async def telegram_inbox(work: UnitOfWork, clock: FixedClock) -> Inbox:
    return await _make_inbox(work, clock, Channel.telegram)


async def _make_inbox(work: UnitOfWork, clock: FixedClock, channel: Channel) -> Inbox:
    async with work.begin() as session:
        inbox = Inbox(channel=channel, name="Demo", key=f"demo-{channel.value}", config={}, created_at=clock.now())
        session.add(inbox)
    return inbox


@pytest.fixture
def make_agent(work: UnitOfWork, clock: FixedClock) -> Callable[..., Awaitable[Agent]]:
    """Make a person who works here; the password is their e-mail address."""

    async def make(name: str = "Sara", role: Role = Role.agent) -> Agent:
        email = f"{name.lower()}@example.com"
        async with work.begin() as session:
            return await AgentService(session, clock=clock).create(name=name, email=email, password=email, role=role)

    return make


def message(inbox: Inbox, text: str, *, number: int = 1, visitor: str = "visitor", **more: Any) -> IncomingMessage:
    """What a connector would hand over."""
    return IncomingMessage(
        inbox_id=inbox.id, contact_external_id=visitor, external_id=f"{visitor}:{number}", text=text, **more
    )
