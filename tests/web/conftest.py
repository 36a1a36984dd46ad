"""The real app on a test database, a model-free encoder and a bot that says what it heard."""

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from core.clock import FixedClock
from core.config import Settings
from core.database import Database
from core.events import LocalEventBus
from core.unit_of_work import UnitOfWork
from crm.agents.auth import SESSION_COOKIE
from crm.agents.service import AgentService
from crm.conversations.handoff_policy import HandoffPolicy
from crm.enums import Role
from crm.models import Agent
from crm.wording import Wording
from knowledge_base.embedder import Embedder
from knowledge_base.live_index import LiveIndex
from knowledge_base.weights import RankerWeights
from language.batching import BatchingEncoder
from language.hashing_encoder import HashingEncoder
from tests.fixtures.fakes import FakeBot, FakeReader
from web.app import create_app
from web.parts import Parts

SERVICE_TOKEN = "service-token-of-the-tests-0123456789"


@pytest.fixture
def settings(database: Database) -> Settings:
    secret = SecretStr("a secret of the tests, long enough")
    return Settings(
        secret_key=secret,
        service_token=SecretStr(SERVICE_TOKEN),
        actions_token=secret,
        rasa_token=secret,
        database_url=database.url,
        sign_ins_per_minute=3,
        _env_file=None,
    )


def _nobody_is_there(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no Rasa in these tests", request=request)


@pytest.fixture
def parts(
    settings: Settings,
    shipped_wording: Wording,
    clock: FixedClock,
    database: Database,
    events: LocalEventBus,
    work: UnitOfWork,
    policy: HandoffPolicy,
    bot: FakeBot,
) -> Parts:
    model = HashingEncoder()
    embedder = Embedder(model)
    return Parts(
        settings=settings,
        clock=clock,
        database=database,
        events=events,
        work=work,
        wording=shipped_wording,
        policy=policy,
        encoder=BatchingEncoder(model),
        reader=FakeReader(),
        rasa_client=httpx.AsyncClient(base_url="http://rasa", transport=httpx.MockTransport(_nobody_is_there)),
        bot=bot,
        embedder=embedder,
        live_index=LiveIndex(work, embedder, weights=RankerWeights.load(), projection=None),
        process="test",
    )


@pytest.fixture
async def app(parts: Parts) -> AsyncIterator[FastAPI]:
    """The app; what storing a message has set going ends with the test, before the database goes."""
    app = create_app(parts)
    yield app
    await app.state.turn_worker.stop(grace_seconds=0)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that nobody has signed in with."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


@pytest.fixture
def sign_in(
    client: httpx.AsyncClient, work: UnitOfWork, clock: FixedClock, make_agent: Callable[..., Awaitable[Agent]]
) -> Callable[[Role], Awaitable[Agent]]:
    """Sign the browser in as somebody of a role."""

    async def as_role(role: Role) -> Agent:
        agent = await make_agent(role.value.capitalize(), role)
        async with work.begin() as session:
            token = await AgentService(session, clock=clock).open_session(agent)
        client.cookies.set(SESSION_COOKIE, token)
        return agent

    return as_role


@pytest.fixture
def as_program(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """The browser carries the service token, as the bot's actions do."""
    client.headers["authorization"] = f"Bearer {SERVICE_TOKEN}"
    return client
