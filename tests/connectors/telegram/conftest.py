"""A bot on an emulated Telegram, with stand-ins for all that lies behind it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from telegram.request import HTTPXRequest

from connectors.ports import Unhandled
from connectors.telegram import responses
from connectors.telegram.connector import TelegramConnector
from connectors.telegram.ports import Button, Notice
from connectors.telegram.webhook import ChatLimits, webhook_router
from core.errors import AppError, InvalidInput, TooManyRequests
from crm.conversations.ports import IncomingMessage, OutgoingMessage, SendLater, SendRefused, SendUncertain
from crm.enums import MessageKind
from crm.wording import Wording
from tests.connectors.telegram.emulator import TOKEN, Emulator
from tests.fixtures.patience import until

PAYLOADS = Path(__file__).parent / "payloads"
PUBLIC_URL = "https://hamyar.example"
SECRET = "what-only-telegram-knows"
SARA = 5012345678

SUGGESTIONS = {
    "fa": [
        {"title": "چه دوره‌هایی دارید؟", "payload": "چه دوره‌هایی دارید؟"},
        {"title": "گفت‌وگو با پشتیبان", "payload": "/talk_to_person"},
    ],
    "en": [
        {"title": "What courses do you offer?", "payload": "What courses do you offer?"},
        {"title": "Talk to a person", "payload": "/talk_to_person"},
    ],
}


def payload(name: str) -> dict[str, Any]:
    """An update as Telegram sends it."""
    update: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))
    return update


class FakeTimer:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self._now = 100.0

    def now(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._now += seconds
        await asyncio.sleep(0)


class FakeLease:
    """The right to poll, which others may have."""

    def __init__(self) -> None:
        self.is_ours = True

    async def hold(self) -> bool:
        return self.is_ours

    async def release(self) -> None: ...


class FakeOffsets:
    """Remembers how far polling has come."""

    def __init__(self) -> None:
        self.kept: list[int] = []

    async def read(self) -> int:
        return self.kept[-1] if self.kept else 0

    async def keep(self, next_update_id: int) -> None:
        self.kept.append(next_update_id)


class FakeParking:
    """Keeps what was set aside."""

    def __init__(self) -> None:
        self.parked: list[Unhandled] = []

    async def park(self, unhandled: Unhandled) -> None:
        self.parked.append(unhandled)


class FakeNotices:
    """Says everything at once, where that is possible, and once for each cause."""

    def __init__(self) -> None:
        self.connector: TelegramConnector | None = None
        self._causes: set[str] = set()

    async def queue(self, notice: Notice) -> None:
        assert self.connector
        if notice.cause not in self._causes:
            self._causes.add(notice.cause)
            with suppress(SendLater, SendRefused, SendUncertain):
                await self.connector.send_notice(notice)


class FakeColleagues:
    """No group is paired."""

    async def language_of(self, chat: int) -> None: ...

    async def pair(self, code: str, **_about: object) -> None: ...

    async def link(self, code: str, **_about: object) -> None: ...


class FakeDesk:
    """Stands for the conversations: keeps what came in once, and fails when told to."""

    def __init__(self) -> None:
        self.stored: dict[str, IncomingMessage] = {}
        self.calls = 0
        self.troubles: list[Exception] = []
        self.ratings: list[tuple[str, int, int | None]] = []
        self.rating_trouble: Exception | None = None
        self.buttons: dict[tuple[str, int], list[Button]] = {}
        self.languages: dict[str, str] = {}
        self.corrections: list[tuple[str, str, datetime]] = []

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.stored.values()]

    @property
    def last(self) -> IncomingMessage:
        return list(self.stored.values())[-1]

    async def receive(self, message: IncomingMessage) -> None:
        self.calls += 1
        if self.troubles:
            raise self.troubles.pop(0)
        if not message.text.strip():
            raise InvalidInput("A message needs some text.")
        self.stored.setdefault(message.external_id, message)

    async def rate(self, inbox_id: int, contact_external_id: str, score: int, *, request: int | None = None) -> None:
        if self.rating_trouble:
            raise self.rating_trouble
        self.ratings.append((contact_external_id, score, request))

    async def find_button(self, inbox_id: int, contact_external_id: str, message_id: int, index: int) -> Button | None:
        buttons = self.buttons.get((contact_external_id, message_id), [])
        return buttons[index] if index < len(buttons) else None

    async def language(self, inbox_id: int, contact_external_id: str) -> str | None:
        return self.languages.get(contact_external_id)

    async def choose_language(
        self, inbox_id: int, contact_external_id: str, language: str, *, contact_name: str
    ) -> None:
        self.languages[contact_external_id] = language

    async def correct(self, inbox_id: int, external_id: str, text: str, *, at: datetime) -> bool:
        if self.troubles:
            raise self.troubles.pop(0)
        if external_id not in self.stored:
            return False
        self.corrections.append((external_id, text, at))
        return True


def speaking(names: tuple[str, ...] = responses.ALL) -> Wording:
    """Words that say their own name and language."""
    english = [{"type": "slot", "name": "language", "value": "en"}]
    said: dict[str, list[dict[str, Any]]] = {
        name: [{"text": f"[{name} en]", "condition": english}, {"text": f"[{name} fa]"}] for name in names
    }
    for variant, language in zip(said[responses.START], ("en", "fa"), strict=True):
        variant["buttons"] = SUGGESTIONS[language]
    return Wording(said)


def outgoing(text: str = "سلام", *, message_id: int = 77, **more: Any) -> OutgoingMessage:
    """A message on its way to Sara."""
    fields: dict[str, Any] = {
        "sequence": 2,
        "conversation_id": "c1",
        "inbox_id": 3,
        "contact_external_id": str(SARA),
        "language": "fa",
        "kind": MessageKind.text,
        "buttons": [],
        "articles": [],
        "agent_name": None,
    }
    return OutgoingMessage(message_id=message_id, text=text, **{**fields, **more})


@pytest.fixture
def timer() -> FakeTimer:
    return FakeTimer()


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk()


@pytest.fixture
def lease() -> FakeLease:
    return FakeLease()


@pytest.fixture
def offsets() -> FakeOffsets:
    return FakeOffsets()


@pytest.fixture
def parking() -> FakeParking:
    return FakeParking()


@pytest.fixture
async def telegram(timer: FakeTimer) -> AsyncIterator[Emulator]:
    """Telegram itself."""
    emulator = Emulator(sleep=timer.sleep)
    yield emulator
    await emulator.close()


@pytest.fixture
async def make_connector(
    telegram: Emulator,
    desk: FakeDesk,
    timer: FakeTimer,
    lease: FakeLease,
    offsets: FakeOffsets,
    parking: FakeParking,
) -> AsyncIterator[Callable[..., TelegramConnector]]:
    """Make a connector that reaches the emulator in process; it is stopped after the test."""
    made: list[TelegramConnector] = []

    def make(**more: Any) -> TelegramConnector:
        transport = httpx.ASGITransport(telegram.app)
        fields: dict[str, Any] = {
            "token": TOKEN,
            "inbox_id": 3,
            "inbox_key": "shop",
            "receive": desk.receive,
            "rate": desk.rate,
            "threads": desk,
            "colleagues": FakeColleagues(),
            "words": speaking().say,
            "lease": lease,
            "offsets": offsets,
            "parking": parking,
            "notices": FakeNotices(),
            "updates_per_minute": 1000,
            "webhook": False,
            "secret": SECRET,
            "public_url": PUBLIC_URL,
            "api_url": "http://telegram.test",
            "request_factory": lambda: HTTPXRequest(httpx_kwargs={"transport": transport}),
            "timer": timer,
        }
        fields |= more
        made.append(TelegramConnector(**fields))
        if isinstance(fields["notices"], FakeNotices):
            fields["notices"].connector = made[-1]
        return made[-1]

    yield make
    for connector in made:
        await connector.stop()


@pytest.fixture
def connector(make_connector: Callable[..., TelegramConnector], telegram: Emulator) -> TelegramConnector:
    """A bot that polls, not yet started; Sara has written to it before."""
    telegram.chats[SARA] = {"id": SARA, "type": "private"}
    return make_connector()


@pytest.fixture
async def polling(connector: TelegramConnector, telegram: Emulator) -> TelegramConnector:
    """A bot that polls and is connected."""
    await connector.start()
    await until(lambda: "getUpdates" in telegram.calls)
    return connector


def app_of(connector: TelegramConnector, *, updates_per_minute: int = 1000) -> FastAPI:
    """The app that the webhook is a part of."""
    app = FastAPI()
    app.include_router(webhook_router({connector.inbox_key: connector.webhook}.get, ChatLimits(updates_per_minute)))

    @app.exception_handler(AppError)
    async def refuse(_request: Request, error: AppError) -> JSONResponse:
        headers = {"Retry-After": str(error.retry_after_seconds)} if isinstance(error, TooManyRequests) else {}
        return JSONResponse({"error": {"code": error.code}}, error.status_code, headers)

    return app


@pytest.fixture
async def site(
    make_connector: Callable[..., TelegramConnector], telegram: Emulator
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an app whose bot has its webhook set; Telegram calls it the same way."""
    connector = make_connector(webhook=True)
    transport = httpx.ASGITransport(app_of(connector), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client:
        telegram.caller = client
        await connector.start()
        await until(lambda: telegram.webhook)
        yield client
        await telegram.settle()
