"""What others notice of a flood: how long calm visitors wait for answers, without it and while it goes on.

One visitor sends over the widget's socket as fast as it is read, and one Telegram chat is delivered to us without a
pause, deaf to `Retry-After`; both against the limits that a new installation has.
"""

import asyncio
import json
import secrets
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from benchmarks.stack import Stack
from benchmarks.turns import QUESTIONS, percentile
from benchmarks.visitors import Visitor
from connectors.telegram.webhook import SECRET_HEADER, path_for
from tests.connectors.telegram.emulator import Emulator

CALM_VISITORS = 6
QUESTIONS_EACH = 8
# Within what anybody may ask.
PAUSE_SECONDS = 3.0
# Calm and flood in turn, so that what else the machine does falls on both.
ROUNDS = 2
FLOODING_CHAT = 7_000_000_000
# More than the product reads; a benchmark that sends without any pause would measure itself.
FRAMES_A_SECOND = 200
UPDATES_A_SECOND = 50
# The issue's aim: with a flood, the others' p95 is at most so many times what it is without.
MOST_TIMES = 1.5


@dataclass(frozen=True)
class Flood:
    """Figures; milliseconds where nothing else is said."""

    calm_p50: float
    calm_p95: float
    flooded_p50: float
    flooded_p95: float
    frames_sent: int
    updates_taken: int
    updates_refused: int
    # Of the flooding chat: every update that was taken must be stored, however few answers it gets.
    updates_stored: int
    answers_to_chat: int

    @property
    def times(self) -> float:
        """How many times as long the others wait."""
        return self.flooded_p95 / self.calm_p95

    @property
    def is_borne(self) -> bool:
        """Whether the others hardly notice, and the flood itself is not lost."""
        return self.times <= MOST_TIMES and self.updates_stored == self.updates_taken


async def measure(stack: Stack, emulator: Emulator, *, inbox_key: str) -> Flood:
    """Let calm visitors ask, with and without a flood."""
    visitors = [Visitor(stack.url, inbox_key) for _ in range(CALM_VISITORS)]
    for visitor in visitors:
        await visitor.open()
    await _ask_all(visitors, questions=2)
    calm: list[float] = []
    flooded: list[float] = []
    sent = {"frames": 0, "updates": 0, "refused": 0}
    for _ in range(ROUNDS):
        calm += await _ask_all(visitors, questions=QUESTIONS_EACH)
        async with _flooding(stack, emulator, inbox_key, sent):
            flooded += await _ask_all(visitors, questions=QUESTIONS_EACH)
    for visitor in visitors:
        await visitor.close()
    stored, answers = _of_chat(stack.folder / "hamyar.db")
    return Flood(
        calm_p50=percentile(calm, 0.5),
        calm_p95=percentile(calm, 0.95),
        flooded_p50=percentile(flooded, 0.5),
        flooded_p95=percentile(flooded, 0.95),
        frames_sent=sent["frames"],
        updates_taken=sent["updates"],
        updates_refused=sent["refused"],
        updates_stored=stored,
        answers_to_chat=answers,
    )


async def _ask_all(visitors: Sequence[Visitor], *, questions: int) -> list[float]:
    """The seconds of all answers, the visitors asking at moments of their own."""
    for visitor in visitors:
        visitor.seconds.clear()

    async def ask(visitor: Visitor, offset: int) -> None:
        await asyncio.sleep(PAUSE_SECONDS * offset / len(visitors))
        await visitor.start_over()
        for number in range(questions):
            await visitor.ask(QUESTIONS[(number + offset) % len(QUESTIONS)])
            await asyncio.sleep(PAUSE_SECONDS)

    await asyncio.gather(*(ask(visitor, offset) for offset, visitor in enumerate(visitors)))
    return [seconds for visitor in visitors for seconds in visitor.seconds]


@asynccontextmanager
async def _flooding(stack: Stack, emulator: Emulator, inbox_key: str, sent: dict[str, int]) -> AsyncIterator[None]:
    floods = [
        asyncio.create_task(_flood_widget(stack, inbox_key, sent)),
        asyncio.create_task(_flood_telegram(stack, emulator, sent)),
    ]
    try:
        yield
    finally:
        for flood in floods:
            flood.cancel()
        for outcome in await asyncio.gather(*floods, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome


async def _flood_widget(stack: Stack, inbox_key: str, sent: dict[str, int]) -> None:
    async with httpx.AsyncClient(base_url=stack.url, trust_env=False) as client:
        answer = await client.post("/widget/session", json={"inbox": inbox_key, "language": "fa"})
    hello = json.dumps({"type": "hello", "token": answer.raise_for_status().json()["token"]})
    while True:
        # Who is read slowly is told nothing in time either: the line breaks, and is opened again.
        with suppress(WebSocketException, OSError):
            await _flood_socket(stack, hello, sent)


async def _flood_socket(stack: Stack, hello: str, sent: dict[str, int]) -> None:
    url = f"{stack.url.replace('http', 'ws')}/widget/ws"
    async with connect(url, compression=None, ping_interval=None) as socket:
        await socket.send(hello)
        reading = asyncio.create_task(_read(socket))
        try:
            while True:
                frame = {"type": "message", "client_id": secrets.token_hex(8), "text": QUESTIONS[sent["frames"] % 7]}
                await socket.send(json.dumps(frame))
                sent["frames"] += 1
                await asyncio.sleep(1 / FRAMES_A_SECOND)
        finally:
            reading.cancel()


async def _read(socket: AsyncIterator[str | bytes]) -> None:
    with suppress(WebSocketException):
        async for _frame in socket:
            pass


async def _flood_telegram(stack: Stack, emulator: Emulator, sent: dict[str, int]) -> None:
    """Deliver as Telegram does, one after the other, but what is refused again at once and not when it was told to."""
    assert emulator.webhook
    emulator.chats[FLOODING_CHAT] = {"id": FLOODING_CHAT, "type": "private"}
    headers = {SECRET_HEADER: emulator.webhook["secret_token"]}
    async with httpx.AsyncClient(base_url=stack.url, trust_env=False) as client:
        while True:
            number = sent["updates"] + 1
            delivery = asyncio.create_task(
                client.post(path_for("telegram"), json=_update(number), headers=headers, timeout=30)
            )
            try:
                await asyncio.shield(delivery)
            finally:
                # The one under way when the flood ends counts as well.
                await asyncio.wait([delivery])
                _count(delivery.result(), sent)
            await asyncio.sleep(1 / UPDATES_A_SECOND)


def _count(answer: httpx.Response, sent: dict[str, int]) -> None:
    if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        sent["refused"] += 1
        return
    answer.raise_for_status()
    sent["updates"] += 1


def _update(number: int) -> dict[str, object]:
    person = {"id": FLOODING_CHAT, "is_bot": False, "first_name": "Flood", "language_code": "fa"}
    chat = {"id": FLOODING_CHAT, "type": "private", "first_name": "Flood"}
    words = QUESTIONS[number % len(QUESTIONS)]
    message = {"message_id": number, "date": 1_790_000_000, "chat": chat, "from": person, "text": words}
    return {"update_id": 900_000_000 + number, "message": message}


def _of_chat(database: Path) -> tuple[int, int]:
    """How many messages of the flooding chat are stored, and how many of ours to it."""
    statement = (
        "SELECT m.author = 'contact', count(*) FROM messages m JOIN conversations c ON c.id = m.conversation_id"
        " JOIN contact_identities i ON i.id = c.identity_id WHERE i.external_id = ? GROUP BY 1"
    )
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10) as connection:
        counts = dict(connection.execute(statement, (str(FLOODING_CHAT),)).fetchall())
    return counts.get(1, 0), counts.get(0, 0)


def in_words(flood: Flood) -> str:
    """The figures for people."""
    return "\n".join(
        [
            f"{CALM_VISITORS} calm visitors: p50 {flood.calm_p50:.0f} ms, p95 {flood.calm_p95:.0f} ms",
            f"while one visitor and one chat flood: p50 {flood.flooded_p50:.0f} ms, p95 {flood.flooded_p95:.0f} ms",
            f"p95 {flood.times:.2f} times as long (aim: {MOST_TIMES})",
            f"the flood: {flood.frames_sent} frames of the visitor; {flood.updates_taken} updates of the chat,"
            f" {flood.updates_stored} of them stored, {flood.answers_to_chat} answers,"
            f" {flood.updates_refused} times refused",
        ]
    )
