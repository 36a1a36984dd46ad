"""How soon what agents write reaches visitors who only listen, while very many widgets are open.

Every visitor is anonymous and got their session at the widget's own door; they do what an open widget does by itself: a
sign of life every so often, and telling that a message has come. Agents write through the API, each to anybody.
"""

import asyncio
import json
import os
import random
import resource
import time
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from benchmarks.channel_people import add_conversations, add_inbox, sign_in_agents
from benchmarks.channel_webhook import processor_seconds
from benchmarks.stack import Stack, resident_megabytes
from benchmarks.turns import percentile
from connectors.web_widget.connector import VisitorTokens
from core.database import Database
from crm.agents.auth import SESSION_COOKIE
from crm.enums import Channel

CONNECTIONS = 1_000
INBOX_KEY = "bench"
# More than one, since each may make so many requests a minute.
AGENTS = 4
MESSAGES_A_SECOND = 20
SECONDS = 30
IDLE_SECONDS = 30
OPENED_AT_ONCE = 20
# As web/static/widget/widget.js does.
HEARTBEAT_SECONDS = 25.0
TELL_AFTER_SECONDS = 0.3
ARRIVAL_SECONDS = 10
# The aim.
AIM_P95 = 500.0
# Besides the sockets themselves.
OTHER_FILES = 200


@dataclass(frozen=True)
class Connections:
    """Figures; milliseconds where nothing else is said."""

    count: int
    # That were open all the time.
    held: int
    seconds_to_open: float
    sent: int
    refused: int
    # From the sending, not from when the agent's own request was answered.
    p50: float
    p95: float
    longest: float
    never_arrived: int
    arrived_twice: int
    # Of the app, for each open widget.
    kilobytes_each: float
    # Of one core: while nobody writes, and while the agents do.
    idle_share: float
    busy_share: float
    load: list[float]

    @property
    def is_reached(self) -> bool:
        """Whether the aim is reached: all lines held, and everything came in time, once."""
        return self.held == self.count and self.p95 <= AIM_P95 and not (self.never_arrived or self.arrived_twice)


async def seed(stack: Stack) -> list[str]:
    """Before the start: an inbox, and what the cookies of signed-in agents hold."""
    database = Database(stack.settings["DATABASE_URL"])
    await add_inbox(database, Channel.web_widget, INBOX_KEY)
    tokens = await sign_in_agents(database, AGENTS)
    await database.close()
    return tokens


async def measure(stack: Stack, agents: list[str], *, count: int) -> Connections:
    """Open the widgets, leave them be, then let agents write."""
    assert stack.app
    load, pid = os.getloadavg()[0], stack.app.pid
    listeners = await _listeners(stack, count)
    memory = resident_megabytes(pid)
    began = time.perf_counter()
    await _open_all(listeners)
    seconds_to_open = time.perf_counter() - began
    try:
        idle_share = await _share_during(pid, asyncio.sleep(IDLE_SECONDS))
        grown = resident_megabytes(pid) - memory
        desk = _Desk(stack, agents, listeners)
        busy_share = await _share_during(pid, desk.write_to_anybody())
        await desk.wait_for_arrivals()
        held = sum(listener.is_open for listener in listeners)
    finally:
        await asyncio.gather(*(listener.close() for listener in listeners))
    arrivals = [times for listener in listeners for times in listener.arrived.values()]
    seconds = [desk.arrived_after(listener, text) for listener in listeners for text in listener.arrived]
    return Connections(
        count=count,
        held=held,
        seconds_to_open=round(seconds_to_open, 1),
        sent=len(desk.sent_at),
        refused=desk.refused,
        p50=percentile(seconds, 0.5),
        p95=percentile(seconds, 0.95),
        longest=1000 * max(seconds),
        never_arrived=len(desk.sent_at) - len(seconds),
        arrived_twice=sum(len(times) > 1 for times in arrivals),
        kilobytes_each=round(1000 * grown / count, 1),
        idle_share=idle_share,
        busy_share=busy_share,
        load=[round(load, 1), round(os.getloadavg()[0], 1)],
    )


class _Listener:
    """One open widget whose visitor reads."""

    def __init__(self, url: str, token: str) -> None:
        self.conversation_id = ""
        # When each text of an agent's came.
        self.arrived: dict[str, list[float]] = {}
        self._url = url
        self._token = token
        self._socket: ClientConnection | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._telling: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Connect, and go on listening."""
        url = f"{self._url.replace('http', 'ws')}/widget/ws"
        self._socket = await connect(url, compression=None, ping_interval=None, open_timeout=60)
        await self._socket.send(json.dumps({"type": "hello", "token": self._token, "after": 0}))
        while json.loads(await self._socket.recv())["type"] != "ready":
            pass
        self._tasks = [asyncio.create_task(self._listen(self._socket)), asyncio.create_task(self._beat(self._socket))]

    @property
    def is_open(self) -> bool:
        return not any(task.done() for task in self._tasks)

    async def close(self) -> None:
        """Go away at once."""
        tasks = [*self._tasks, *self._telling]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._socket:
            self._socket.transport.abort()

    async def _listen(self, socket: ClientConnection) -> None:
        async for raw in socket:
            frame = json.loads(raw)
            if frame["type"] == "message" and frame["author"] == "agent":
                self.arrived.setdefault(frame["text"], []).append(time.perf_counter())
                telling = asyncio.create_task(self._tell(socket, frame["sequence"]))
                self._telling.add(telling)
                telling.add_done_callback(self._telling.discard)

    async def _tell(self, socket: ClientConnection, sequence: int) -> None:
        await asyncio.sleep(TELL_AFTER_SECONDS)
        with suppress(WebSocketException):
            await socket.send(json.dumps({"type": "got", "sequence": sequence}))

    async def _beat(self, socket: ClientConnection) -> None:
        """At moments of its own, as widgets do that were opened one after the other."""
        await asyncio.sleep(HEARTBEAT_SECONDS * random.random())
        while True:
            await socket.send('{"type": "ping"}')
            await asyncio.sleep(HEARTBEAT_SECONDS)


class _Desk:
    """Agents who write to anybody, at planned moments."""

    def __init__(self, stack: Stack, agents: list[str], listeners: list[_Listener]) -> None:
        self.sent_at: dict[str, float] = {}
        self.refused = 0
        self._stack = stack
        self._agents = agents
        self._listeners = listeners
        self._chance = random.Random(1)

    async def write_to_anybody(self) -> None:
        """Send so many a second, whether the ones before are stored or not."""
        clients = [
            httpx.AsyncClient(base_url=self._stack.url, trust_env=False, timeout=30, cookies={SESSION_COOKIE: token})
            for token in self._agents
        ]
        began, sending = time.perf_counter() + 0.1, []
        for number in range(MESSAGES_A_SECOND * SECONDS):
            at = began + number / MESSAGES_A_SECOND
            await asyncio.sleep(max(0.0, at - time.perf_counter()))
            sending.append(asyncio.create_task(self._write(clients[number % len(clients)], str(number), at)))
        await asyncio.gather(*sending)
        for client in clients:
            await client.aclose()

    async def wait_for_arrivals(self) -> None:
        """Until all is there, or it is clear that it will not come."""
        with suppress(TimeoutError):
            async with asyncio.timeout(ARRIVAL_SECONDS):
                while sum(len(one.arrived) for one in self._listeners) < len(self.sent_at):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)

    def arrived_after(self, listener: _Listener, text: str) -> float:
        """The seconds from the planned sending of a text to its arrival."""
        return listener.arrived[text][0] - self.sent_at[text]

    async def _write(self, client: httpx.AsyncClient, number: str, at: float) -> None:
        listener, text = self._chance.choice(self._listeners), f"پیام شمارهٔ {number}"
        self.sent_at[text] = at
        path = f"/api/v1/conversations/{listener.conversation_id}/messages"
        try:
            (await client.post(path, json={"text": text})).raise_for_status()
        except httpx.HTTPError:
            # Also what was not answered in time.
            self.refused += 1


async def _listeners(stack: Stack, count: int) -> list[_Listener]:
    """Visitors with sessions, each with a conversation that an agent has."""
    read = VisitorTokens(stack.settings["SECRET_KEY"]).read
    tokens = []
    async with httpx.AsyncClient(base_url=stack.url, trust_env=False, timeout=30) as client:
        for _ in range(count):
            answer = await client.post("/widget/session", json={"inbox": INBOX_KEY, "language": "fa"})
            tokens.append(answer.raise_for_status().json()["token"])
    listeners = [_Listener(stack.url, token) for token in tokens]
    database = Database(stack.settings["DATABASE_URL"])
    ids = await add_conversations(database, INBOX_KEY, [read(token).external_id for token in tokens])
    await database.close()
    for listener, conversation_id in zip(listeners, ids, strict=True):
        listener.conversation_id = conversation_id
    return listeners


async def _open_all(listeners: list[_Listener]) -> None:
    """As many at once as a crowd that comes in, and no more."""
    places = asyncio.Semaphore(OPENED_AT_ONCE)

    async def open_one(listener: _Listener) -> None:
        async with places:
            await listener.open()

    await asyncio.gather(*map(open_one, listeners))


async def _share_during(pid: int, doing: Coroutine[Any, Any, None]) -> float:
    """The share of one core that a process takes while something is done."""
    began, used = time.perf_counter(), processor_seconds(pid)
    await doing
    return round((processor_seconds(pid) - used) / (time.perf_counter() - began), 2)


def allow_files(count: int) -> None:
    """Let this process, and those that it starts, have so many sockets open."""
    wanted = count + OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        ceiling = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (ceiling, hard))


def in_words(figures: Connections) -> str:
    """The figures for people."""
    opened = f"opened in {figures.seconds_to_open:.0f} s, {OPENED_AT_ONCE} at once"
    load = f"load {figures.load[0]} before, {figures.load[1]} after"
    came = f"p50 {figures.p50:.0f} ms, p95 {figures.p95:.0f} ms (aim: {AIM_P95:.0f}), longest {figures.longest:.0f} ms"
    return "\n".join(
        [
            f"{figures.count} widgets open, {figures.held} of them to the end; {opened}; {load}",
            f"{figures.sent} messages of agents, {MESSAGES_A_SECOND} a second, to anybody: {came}",
            f"{figures.refused} refused, {figures.never_arrived} never arrived, {figures.arrived_twice} arrived twice",
            f"the app took {figures.kilobytes_each:.0f} kB for each; of a core it took {figures.idle_share:.2f}"
            f" while nobody wrote and {figures.busy_share:.2f} while the agents did",
        ]
    )
