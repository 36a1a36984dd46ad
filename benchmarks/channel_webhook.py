"""How soon Telegram is told "ok" while so many updates a second come in, from many chats.

The updates come at planned moments, whether the ones before are answered or not, over as many lines as Telegram opens;
each is timed from its planned moment, so that what waits for a line counts as well. First all conversations are with a
person, so that no bot answers, then the bot has them all.
"""

import asyncio
import json
import os
import sqlite3
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.channel_people import add_conversations, add_inbox, give_to_bot
from benchmarks.stack import DATABASE, Stack
from benchmarks.turns import QUESTIONS, percentile
from connectors.telegram.inboxes import ENVIRONMENT_KEY
from connectors.telegram.tokens import number_of
from connectors.telegram.webhook import SECRET_HEADER, path_for
from core.database import Database
from crm.enums import Channel
from tests.connectors.telegram.emulator import TOKEN, Emulator

RATE = 200
CHATS = 1_000
FIRST_CHAT = 7_100_000_000
# What Telegram opens at the most where nothing else is asked for: https://core.telegram.org/bots/api#setwebhook
LINES = 40
SECONDS = 30
WARM_UP_SECONDS = 3
# Between the two stages, for what the first has left to be done.
REST_SECONDS = 10
# What is not sent by so long after the last planned moment is given up: we are too slow for this rate.
PATIENCE_SECONDS = 10
# The aim.
AIM_P99 = 50.0


@dataclass(frozen=True)
class Stage:
    """Figures of one stage; milliseconds where nothing else is said."""

    who_has_them: str
    planned: int
    # For want of a line; they count with the time for which they had waited.
    never_sent: int
    # With anything but 200.
    refused: int
    p50: float
    p99: float
    longest: float
    # By how much our own sending was late at the most times; part of the figures above.
    sending_p99: float
    stored: int
    stored_twice: int
    # Since the stage began, of whatever messages: where turns cannot keep up, the oldest are dealt with first.
    turns_over: int
    # Of one core.
    app_share: float

    @property
    def is_reached(self) -> bool:
        """Whether the aim is reached and nothing was lost or stored twice."""
        return self.p99 <= AIM_P99 and self.planned == self.stored and not (self.refused or self.stored_twice)


@dataclass(frozen=True)
class WebhookFigures:
    """Both stages, and how busy the machine was: the load average before and after."""

    rate: int
    stages: list[Stage]
    load: list[float]

    @property
    def is_reached(self) -> bool:
        return all(stage.is_reached for stage in self.stages)


async def seed(stack: Stack) -> None:
    """Before the start: conversations that a person has."""
    database = Database(stack.settings["DATABASE_URL"])
    await add_inbox(database, Channel.telegram, ENVIRONMENT_KEY)
    await add_conversations(database, ENVIRONMENT_KEY, [str(FIRST_CHAT + number) for number in range(CHATS)])
    await database.close()


async def measure(stack: Stack, emulator: Emulator, *, rate: int) -> WebhookFigures:
    """Send, first to people and then to the bot."""
    assert emulator.webhook
    for number in range(CHATS):
        emulator.chats[FIRST_CHAT + number] = {"id": FIRST_CHAT + number, "type": "private"}
    load = os.getloadavg()[0]
    sender = _Sender(stack, str(emulator.webhook["secret_token"]), rate)
    try:
        await sender.send(seconds=WARM_UP_SECONDS)
        stages = [await _stage(stack, sender, "a person")]
        await asyncio.sleep(REST_SECONDS)
        database = Database(stack.settings["DATABASE_URL"])
        await give_to_bot(database)
        await database.close()
        # What the bot does for the first time in a process takes longer, and that there is a crowd is not told at once.
        await sender.send(seconds=WARM_UP_SECONDS)
        stages.append(await _stage(stack, sender, "the bot"))
    finally:
        sender.close()
    return WebhookFigures(rate, stages, [round(load, 1), round(os.getloadavg()[0], 1)])


async def _stage(stack: Stack, sender: "_Sender", who_has_them: str) -> Stage:
    assert stack.app
    database = stack.folder / DATABASE
    first, over = sender.next_number, _turns_over(database)
    began, used = time.perf_counter(), processor_seconds(stack.app.pid)
    answers = await sender.send(seconds=SECONDS)
    share = (processor_seconds(stack.app.pid) - used) / (time.perf_counter() - began)
    stored, twice = _stored(database, first, sender.next_number)
    waits = [answer.seconds for answer in answers]
    return Stage(
        who_has_them=who_has_them,
        planned=len(answers),
        never_sent=sum(answer.status == NEVER_SENT for answer in answers),
        refused=sum(answer.status not in (200, NEVER_SENT) for answer in answers),
        p50=percentile(waits, 0.5),
        p99=percentile(waits, 0.99),
        longest=1000 * max(waits),
        sending_p99=percentile([answer.late for answer in answers], 0.99),
        stored=stored,
        stored_twice=twice,
        turns_over=_turns_over(database) - over,
        app_share=round(share, 2),
    )


NEVER_SENT = 0


@dataclass(frozen=True)
class _Answer:
    status: int
    # From the planned moment to the answer, and to our noticing that it had come.
    seconds: float
    late: float


class _Sender:
    """Telegram's side of a webhook."""

    def __init__(self, stack: Stack, secret: str, rate: int) -> None:
        self.next_number = 0
        self._rate = rate
        self._lines = [_Line(stack.port, secret) for _ in range(LINES)]

    def close(self) -> None:
        """Let go of the lines."""
        for line in self._lines:
            line.close()

    async def send(self, *, seconds: int) -> list[_Answer]:
        """Send at the rate for so long; all answers, in no order."""
        planned: asyncio.Queue[tuple[int, float, float]] = asyncio.Queue()
        answers: list[_Answer] = []
        lines = [asyncio.create_task(self._serve(line, planned, answers)) for line in self._lines]
        began = time.perf_counter() + 0.1
        for number in range(self._rate * seconds):
            at = began + number / self._rate
            await asyncio.sleep(max(0.0, at - time.perf_counter()))
            planned.put_nowait((self.next_number, at, time.perf_counter() - at))
            self.next_number += 1
        with suppress(TimeoutError):
            await asyncio.wait_for(planned.join(), PATIENCE_SECONDS)
        while not planned.empty():
            _, at, late = planned.get_nowait()
            planned.task_done()
            answers.append(_Answer(NEVER_SENT, time.perf_counter() - at, late))
        await planned.join()
        for task in lines:
            task.cancel()
        for outcome in await asyncio.gather(*lines, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome
        return answers

    async def _serve(
        self, line: "_Line", planned: asyncio.Queue[tuple[int, float, float]], answers: list[_Answer]
    ) -> None:
        while True:
            number, at, late = await planned.get()
            try:
                status = await line.post(_update(number))
                answers.append(_Answer(status, time.perf_counter() - at, late))
            finally:
                planned.task_done()


class _Line:
    """A connection that is kept; a client library would cost as much as what is measured."""

    def __init__(self, port: int, secret: str) -> None:
        self._port = port
        self._head = (
            f"POST {path_for(ENVIRONMENT_KEY)} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n"
            f"content-type: application/json\r\n{SECRET_HEADER}: {secret}\r\ncontent-length: "
        )
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, body: bytes) -> int:
        """The status of the answer."""
        if self._streams is None or self._streams[0].at_eof():
            # Nobody had used it for a while.
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(f"{self._head}{len(body)}\r\n\r\n".encode() + body)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        _, _, length = head.partition("content-length:")
        await reader.readexactly(int(length.split("\r\n", 1)[0]))
        return int(head.split(" ", 2)[1])

    def close(self) -> None:
        if self._streams:
            self._streams[1].close()


def _update(number: int) -> bytes:
    """What somebody asks: each chat in its turn, so that none has two under way at once."""
    chat = FIRST_CHAT + number % CHATS
    person = {"id": chat, "is_bot": False, "first_name": "Bench", "language_code": "fa"}
    message = {
        "message_id": number + 1,
        "date": 1_790_000_000,
        "chat": {"id": chat, "type": "private", "first_name": "Bench"},
        "from": person,
        "text": QUESTIONS[number % len(QUESTIONS)],
    }
    return json.dumps({"update_id": 910_000_000 + number, "message": message}).encode()


def _stored(database: Path, first: int, end: int) -> tuple[int, int]:
    """How many updates of a stage are stored, and how many of them more than once."""
    rows = _read(database, "SELECT external_id, count(*) FROM messages WHERE author = 'contact' GROUP BY 1")
    bot = number_of(TOKEN)
    wanted = {f"{bot}:{FIRST_CHAT + number % CHATS}:{number + 1}" for number in range(first, end)}
    found = [times for external_id, times in rows if external_id in wanted]
    return len(found), sum(times > 1 for times in found)


def _turns_over(database: Path) -> int:
    return int(_read(database, "SELECT count(*) FROM messages WHERE turn = 'done'")[0][0])


def _read(database: Path, statement: str) -> list[Any]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)) as connection:
        return connection.execute(statement).fetchall()


def processor_seconds(pid: int) -> float:
    """What a process has computed so far, from /proc."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def in_words(figures: WebhookFigures) -> str:
    """The figures for people."""
    return "\n".join(
        [
            f"{figures.rate} updates a second for {SECONDS} s from {CHATS} chats; load {figures.load[0]}"
            f" before, {figures.load[1]} after; aim: p99 {AIM_P99:.0f} ms",
            *map(_stage_in_words, figures.stages),
        ]
    )


def _stage_in_words(stage: Stage) -> str:
    return (
        f"{stage.who_has_them} has the conversations: p50 {stage.p50:.1f} ms, p99 {stage.p99:.1f} ms,"
        f" longest {stage.longest:.0f} ms (of this our own sending, p99: {stage.sending_p99:.1f} ms)\n"
        f"  {stage.planned} planned, {stage.never_sent} never sent, {stage.refused} refused; {stage.stored} stored,"
        f" {stage.stored_twice} of them twice; {stage.turns_over} turns over; the app took {stage.app_share} of a core"
    )
