"""The app: the one place where parts, routes and workers are joined."""

import asyncio
import gc
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import cache
from pathlib import Path

import httpx
from fastapi import APIRouter, FastAPI
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.staticfiles import StaticFiles
from starlette.routing import BaseRoute

from bot.actions.backend import Backend
from bot.actions.endpoints import create_actions_router
from connectors.channels import Channels
from connectors.parking import TOPIC as PARKED_TOPIC
from connectors.parking import SecondTries
from connectors.registry import Doors
from connectors.telegram.alerts import AlertOutbox
from connectors.telegram.notices import TOPIC as NOTICES_TOPIC
from connectors.telegram.notices import NoticeOutbox
from connectors.telegram.webhook import ChatLimits, webhook_router
from connectors.typing import TypingSigns
from connectors.web_widget.endpoints import create_router as create_widget_router
from core.config import Settings, problems
from core.logging import set_up_logging
from core.rate_limit import RateLimit
from core.tasks import end
from core.worker import Worker
from crm.agents.auth import REQUESTS_ALLOWED, WRONG_TOKENS_ALLOWED, agent_who_may, program
from crm.agents.endpoints import router as agents_router
from crm.agents.permissions import Permission
from crm.conversations.crowd import Crowd
from crm.conversations.downloads import Downloads
from crm.conversations.endpoints import router as conversations_router
from crm.conversations.handoff_policy import PolicyUnreadable
from crm.conversations.intake import Intake
from crm.conversations.outbox import Outbox, inbox_of
from crm.conversations.thinking import Thinking
from crm.conversations.turns import Turns
from crm.tickets.endpoints import router as tickets_router
from knowledge_base.endpoints import create_router as create_knowledge_router
from knowledge_base.importing import Importing
from knowledge_base.regression import Regression
from knowledge_base.reranking import RerankerError
from knowledge_base.schedule import Schedule
from knowledge_base.service import IMPORT_TOPIC, REGRESSION_TOPIC
from language.encoder import EncoderError
from sentiment.model import SentimentModelError
from web.api_docs import router as api_docs_router
from web.bot_training import BotTraining
from web.demo.endpoints import router as demo_router
from web.desk.alerts import reasons_of
from web.desk.endpoints import router as desk_router
from web.errors import add_error_handlers
from web.heads import Heads
from web.health import router as health_router
from web.help.crawlers import router as crawlers_router
from web.help.endpoints import SEARCHES_ALLOWED
from web.help.endpoints import router as help_router
from web.help.votes import VOTES_ALLOWED
from web.help.votes import router as votes_router
from web.knowledge.endpoints import router as knowledge_pages_router
from web.knowledge_access import get_knowledge, get_knowledge_for_reading, get_names
from web.parts import Parts, choose_parts
from web.protection import Protection
from web.sign_in_limiter import SignInLimiter
from web.templating import create_templates

STATIC_FOLDER = Path(__file__).parent / "static"
# Many, since some may wait for long: when Rasa hangs, so many contacts are told so without waiting for each other.
TURNS_AT_ONCE = 32
# Of each inbox.
DELIVERIES_AT_ONCE = 16
# Each may hold a whole file in memory.
DOWNLOADS_AT_ONCE = 3
CHANNELS_AT_ONCE = 4
LOOK_AROUND_SECONDS = 2.0
CHANNELS_LOOK_SECONDS = 10.0
PUBLISHING_LOOK_SECONDS = 10.0
DATABASE_STARTS_SECONDS = 60.0
BOT_STARTS_SECONDS = 20.0
BOT_ASKED_EVERY_SECONDS = 0.5
COMPRESSED_FROM_BYTES = 1_000
# sysexits' EX_CONFIG: starting again will not help, and the launcher does not try.
EXIT_CONFIGURATION = 78


def create_app(parts: Parts | None = None) -> FastAPI:
    """The app on the given parts, or on those that the settings choose.

    Settings or models that cannot be used end the process with a line that says why.
    """
    parts = parts or _parts_of_settings()
    app = FastAPI(
        title="Hamyar", version="0.1.0", lifespan=_run, docs_url=None, redoc_url=None, openapi_url="/api/openapi.json"
    )
    _give_state(app, parts)
    _add_routes(app, parts)
    add_error_handlers(app)
    app.add_middleware(Heads)
    app.add_middleware(Protection, is_https=parts.settings.is_https)
    app.add_middleware(GZipMiddleware, minimum_size=COMPRESSED_FROM_BYTES)
    return app


def _parts_of_settings() -> Parts:
    if found := problems():
        _refuse(found[0])
    settings = Settings()
    set_up_logging(settings.log_level)
    try:
        return choose_parts(settings)
    except (PolicyUnreadable, EncoderError, RerankerError, SentimentModelError) as error:
        _refuse(str(error))
        raise


def _refuse(reason: str) -> None:
    print(f"hamyar: {reason}", file=sys.stderr)
    sys.exit(EXIT_CONFIGURATION)


def _give_state(app: FastAPI, parts: Parts) -> None:
    """What endpoints reach through their dependencies."""
    crowd = Crowd()
    turns = Turns(
        parts.work,
        open_service=parts.open_conversations,
        thinking=Thinking(
            parts.work,
            open_service=parts.open_conversations,
            reader=parts.reader,
            bot=parts.bot,
            events=parts.events,
            show_typing=lambda inbox_id, contact: app.state.typing_signs.show(inbox_id, contact),
        ),
        clock=parts.clock,
        owner=parts.process,
        pace=RateLimit(f"{parts.settings.turns_per_minute}/minute"),
        crowd=crowd,
    )
    turn_worker = Worker(
        "turns",
        handle=turns.run,
        find=lambda: turns.waiting(limit=100),
        at_once=TURNS_AT_ONCE,
        look_around_seconds=LOOK_AROUND_SECONDS,
    )
    app.state.parts = parts
    app.state.settings = parts.settings
    app.state.clock = parts.clock
    app.state.work = parts.work
    app.state.events = parts.events
    app.state.bot = parts.bot
    app.state.open_conversations = parts.open_conversations
    app.state.open_knowledge = parts.open_knowledge
    app.state.templates = create_templates()
    app.state.sign_in_limiter = SignInLimiter(parts.settings.sign_ins_per_minute)
    app.state.vote_limit = RateLimit(VOTES_ALLOWED)
    app.state.search_limit = RateLimit(SEARCHES_ALLOWED)
    app.state.account_limit = RateLimit(REQUESTS_ALLOWED)
    app.state.wrong_token_limit = RateLimit(WRONG_TOKENS_ALLOWED)
    app.state.turn_worker = turn_worker
    app.state.bot_training = BotTraining(parts.settings)
    app.state.intake = Intake(
        parts.work,
        open_service=parts.open_conversations,
        wake=turn_worker.wake,
        files_per_day=parts.settings.files_per_day,
        crowd=crowd,
    )
    app.state.channels = Channels(
        Doors(parts.settings, parts.work, parts.wording, app.state.intake, parts.clock, parts.process)
    )
    app.state.typing_signs = TypingSigns(app.state.channels.connectors)


def _add_routes(app: FastAPI, parts: Parts) -> None:
    # First what contacts' messages come by: every request looks through the routes in this order, and there are many.
    chats = ChatLimits(parts.settings.telegram_updates_per_minute)
    app.include_router(webhook_router(app.state.channels.webhook, chats))
    app.include_router(_widget_router(app, parts))
    app.include_router(_actions_router(app, parts))
    app.router.routes.extend(_fixed_routes())
    app.mount("/static", StaticFiles(directory=STATIC_FOLDER), name="static")


@cache
def _fixed_routes() -> list[BaseRoute]:
    """The routes that know no parts. FastAPI takes long to work them out, so all apps of a process have the same."""
    fixed = APIRouter()
    fixed.include_router(_api())
    for router in (
        api_docs_router,
        health_router,
        desk_router,
        knowledge_pages_router,
        crawlers_router,
        help_router,
        votes_router,
        demo_router,
    ):
        fixed.include_router(router)
    return fixed.routes


def _api() -> APIRouter:
    api = APIRouter(prefix="/api/v1")
    api.include_router(agents_router)
    api.include_router(conversations_router)
    api.include_router(tickets_router)
    api.include_router(
        create_knowledge_router(
            program=program,
            editor=agent_who_may(Permission.edit_knowledge),
            admin=agent_who_may(Permission.set_operating_point),
            knowledge=get_knowledge,
            reading=get_knowledge_for_reading,
            people=get_names,
        )
    )
    return api


def _widget_router(app: FastAPI, parts: Parts) -> APIRouter:
    return create_widget_router(
        settings=parts.settings,
        work=parts.work,
        clock=parts.clock,
        events=parts.events,
        intake=app.state.intake,
        open_service=parts.open_conversations,
        wording=parts.wording,
        script=STATIC_FOLDER / "widget/widget.js",
    )


def _actions_router(app: FastAPI, parts: Parts) -> APIRouter:
    """The bot's actions in this process; they call the API without a socket unless the settings name another app."""
    settings = parts.settings
    backend = Backend.connect(
        settings.api_url or "http://app",
        settings.service_token.get_secret_value(),
        # An error of ours is an answer with status 500, as it would be over a socket.
        transport=None if settings.api_url else httpx.ASGITransport(app, raise_app_exceptions=False),
    )
    return create_actions_router(backend, settings.actions_token.get_secret_value())


@asynccontextmanager
async def _run(app: FastAPI) -> AsyncIterator[None]:
    """Start what works in the background, and end it in the opposite order."""
    parts: Parts = app.state.parts
    async with AsyncExitStack() as stack:
        stack.push_async_callback(parts.close)
        await parts.database.wait_until_there(seconds=DATABASE_STARTS_SECONDS)
        await parts.events.start()
        await parts.live_index.start()
        stack.push_async_callback(parts.live_index.close)
        stack.push_async_callback(end, asyncio.create_task(parts.live_index.run(parts.events)))
        stack.push_async_callback(end, asyncio.create_task(_load_what_can_wait(parts)))
        stack.push_async_callback(app.state.bot_training.stop)
        stack.push_async_callback(app.state.turn_worker.stop)
        stack.push_async_callback(end, asyncio.create_task(_begin_with_what_waited(app.state.turn_worker, parts)))
        await _start_channels(app, parts, stack)
        publishing = _publishing_worker(parts)
        await publishing.start()
        stack.push_async_callback(publishing.stop)
        await _start_worker(parts, stack, _regression_worker(parts), woken_by=(REGRESSION_TOPIC, "run_id"))
        await _start_worker(parts, stack, _importing_worker(parts), woken_by=(IMPORT_TOPIC, "import_id"))
        yield


def _publishing_worker(parts: Parts) -> Worker:
    """Publishes articles in time; nobody wakes it, since the time to publish at is known to the database alone."""
    schedule = Schedule(parts.work, open_service=parts.open_knowledge, clock=parts.clock)
    return Worker(
        "publishing",
        handle=schedule.publish,
        find=schedule.due,
        at_once=1,
        look_around_seconds=PUBLISHING_LOOK_SECONDS,
    )


def _importing_worker(parts: Parts) -> Worker:
    """Brings articles in from the files that editors have looked through."""
    importing = Importing(parts.work, open_service=parts.open_knowledge, clock=parts.clock)
    return Worker(
        "import", handle=importing.run, find=importing.due, at_once=1, look_around_seconds=PUBLISHING_LOOK_SECONDS
    )


def _regression_worker(parts: Parts) -> Worker:
    """Asks the regression set after what is published has changed."""
    regression = Regression(parts.work, open_service=parts.open_knowledge, clock=parts.clock)
    return Worker(
        "regression",
        handle=regression.run,
        find=regression.due,
        at_once=1,
        look_around_seconds=PUBLISHING_LOOK_SECONDS,
    )


async def _begin_with_what_waited(turns: Worker, parts: Parts) -> None:
    """Take up turns that a stopped process left, once the bot is there too; what comes in now does not wait for it.

    After a restart of the whole machine Rasa is ready some seconds later than we are, and who has waited for so long
    should not be told that the bot is out of order.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(BOT_STARTS_SECONDS):
            while not await parts.bot.is_ready():  # noqa: ASYNC110 - another process, which nobody hears of
                await asyncio.sleep(BOT_ASKED_EVERY_SECONDS)
    await turns.start()


async def _load_what_can_wait(parts: Parts) -> None:
    """Load sentence-transformers once articles are written here; most processes only answer."""
    _spare_the_collector()
    await parts.embedder.is_used.wait()
    await parts.embedder.load()
    _spare_the_collector()


def _spare_the_collector() -> None:
    """Full collections would go through all the libraries' lasting objects again and again, between turns."""
    gc.collect()
    gc.freeze()


async def _start_channels(app: FastAPI, parts: Parts, stack: AsyncExitStack) -> None:
    """The channels that are called by us, with their outbox."""
    channels: Channels = app.state.channels
    await channels.start()
    stack.push_async_callback(channels.stop)
    stack.push_async_callback(app.state.typing_signs.stop)
    outbox = Outbox(parts.work, senders=channels.connectors, clock=parts.clock)
    downloads = Downloads(parts.work, sources=channels.connectors, clock=parts.clock)
    await _start_worker(
        parts,
        stack,
        Worker(
            "channels",
            handle=channels.renew,
            find=channels.changed,
            at_once=CHANNELS_AT_ONCE,
            look_around_seconds=CHANNELS_LOOK_SECONDS,
        ),
        woken_by=("channels", "inbox_id"),
    )
    await _start_worker(
        parts,
        stack,
        Worker(
            "outbox",
            handle=outbox.send_next,
            find=outbox.due,
            at_once=DELIVERIES_AT_ONCE,
            look_around_seconds=LOOK_AROUND_SECONDS,
            lane=inbox_of,
        ),
        woken_by=("outbox", "key"),
    )
    notices = NoticeOutbox(parts.work, bots=channels.telegram, clock=parts.clock)
    await _start_worker(
        parts,
        stack,
        Worker(
            "notices",
            handle=notices.send_next,
            find=notices.due,
            at_once=DELIVERIES_AT_ONCE,
            look_around_seconds=LOOK_AROUND_SECONDS,
            lane=inbox_of,
        ),
        woken_by=(NOTICES_TOPIC, "key"),
    )
    alerts = AlertOutbox(
        parts.work,
        bots=channels.telegram,
        clock=parts.clock,
        say=parts.wording.say,
        describe=reasons_of,
        public_url=parts.settings.public_url,
    )
    await _start_worker(
        parts,
        stack,
        Worker(
            "alerts",
            handle=alerts.send_next,
            find=alerts.due,
            at_once=1,
            look_around_seconds=LOOK_AROUND_SECONDS,
            # Each group is a lane.
            lane=str,
        ),
        woken_by=("alerts", "inbox_id"),
    )
    second_tries = SecondTries(parts.work, connectors=channels.connectors)
    await _start_worker(
        parts,
        stack,
        Worker(
            "second tries",
            handle=second_tries.take,
            find=second_tries.due,
            at_once=CHANNELS_AT_ONCE,
            look_around_seconds=CHANNELS_LOOK_SECONDS,
        ),
        woken_by=(PARKED_TOPIC, "parked_id"),
    )
    await _start_worker(
        parts,
        stack,
        Worker(
            "files",
            handle=downloads.fetch,
            find=downloads.due,
            at_once=DOWNLOADS_AT_ONCE,
            look_around_seconds=LOOK_AROUND_SECONDS,
        ),
        woken_by=("files", "attachment_id"),
    )


async def _start_worker(parts: Parts, stack: AsyncExitStack, worker: Worker, *, woken_by: tuple[str, str]) -> None:
    """Start a worker, which also does at once what a transaction has announced: `woken_by` is the topic and the key."""
    await worker.start()
    stack.push_async_callback(worker.stop)
    stack.push_async_callback(end, asyncio.create_task(_wake(parts, worker, *woken_by)))


async def _wake(parts: Parts, worker: Worker, topic: str, key: str) -> None:
    async with parts.events.listen(topic) as queue:
        while True:
            worker.wake(str((await queue.get())[key]))
