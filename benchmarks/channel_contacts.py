"""Contacts who write through both channels at once, and whose devices and lines repeat what they send."""

import asyncio
import json
import random
import secrets
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Protocol

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from connectors.telegram.webhook import SECRET_HEADER, path_for
from tests.connectors.telegram.emulator import Emulator

MOST_COPIES = 10
LARGEST_BURST = 3
LONGEST_PAUSE_SECONDS = 1.5
# A widget sends what nobody has accepted again after so long.
RESEND_SECONDS = 2.0
TABS = 2
# Of the connections of a widget, how many break when something was just sent.
BREAKS = 0.03


class Contact(Protocol):
    """Somebody who asks for numbers, in bursts; each burst is sent when the one before was accepted."""

    bursts: list[list[str]]

    async def send(self, numbers: list[str]) -> None:
        """Send one message for each number, in any order and at once; returns when all are accepted."""
        ...

    async def close(self) -> None:
        """Go away."""
        ...


def words_for(number: str) -> str:
    """What a contact writes: the bot's answer to it names the number."""
    return f"وضعیت تیکت HM-{number}"


async def talk(
    contact: Contact, numbers: list[str], chance: random.Random, *, until_welcome: Callable[[], Awaitable[None]]
) -> None:
    """Ask for all numbers, a few at a time."""
    while numbers:
        await until_welcome()
        burst = [numbers.pop() for _ in range(min(len(numbers), chance.randint(1, LARGEST_BURST)))]
        contact.bursts.append(burst)
        await contact.send(burst)
        await asyncio.sleep(chance.uniform(0, LONGEST_PAUSE_SECONDS))


class TelegramContact:
    """A private chat with the bot; Telegram delivers each update up to ten times."""

    def __init__(
        self, emulator: Emulator, client: httpx.AsyncClient, url: str, chat: int, chance: random.Random
    ) -> None:
        self.chat = chat
        self.bursts: list[list[str]] = []
        self._emulator = emulator
        self._client = client
        self._url = f"{url}{path_for('telegram')}"
        self._chance = chance
        self._copying: set[asyncio.Task[None]] = set()

    async def send(self, numbers: list[str]) -> None:
        updates = [self._emulator.write(words_for(number), chat=self.chat) for number in numbers]
        copies = [update for update in updates for _ in range(self._chance.randint(0, MOST_COPIES - 1))]
        self._chance.shuffle(copies)
        for update in copies:
            task = asyncio.create_task(self._copy(update))
            self._copying.add(task)
            task.add_done_callback(self._copying.discard)
        while any(update in self._emulator.updates for update in updates):  # noqa: ASYNC110 - over HTTP
            await asyncio.sleep(0.02)

    async def close(self) -> None:
        await asyncio.gather(*self._copying)

    async def _copy(self, update: dict[str, Any]) -> None:
        """One delivery more, now or a while later; by whichever of its two ways Telegram delivers at the moment."""
        await asyncio.sleep(self._chance.choice((0, 0, 0.01, 0.1, 2.0)))
        webhook = self._emulator.webhook
        if webhook is None:
            self._emulator.push({"message": update["message"]})
            return
        headers = {SECRET_HEADER: webhook["secret_token"]}
        with suppress(httpx.HTTPError):
            await self._client.post(self._url, json=update, headers=headers)


class WidgetContact:
    """A visitor with two open tabs, each of which sends what is not accepted again and again."""

    def __init__(self, client: httpx.AsyncClient, url: str, inbox_key: str, chance: random.Random) -> None:
        self.bursts: list[list[str]] = []
        # The sequence numbers that each tab was sent, over all its connections.
        self.screens: list[list[int]] = [[] for _ in range(TABS)]
        self.refusals: list[str] = []
        self._client = client
        self._url = url
        self._inbox_key = inbox_key
        self._chance = chance
        self._frames: dict[str, str] = {}
        self._accepted: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._sockets: dict[int, ClientConnection] = {}
        self._tabs: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Get a session and open the tabs."""
        body = {"inbox": self._inbox_key, "language": "fa"}
        answer = (await self._client.post(f"{self._url}/widget/session", json=body)).raise_for_status()
        token = answer.json()["token"]
        self._tabs = [asyncio.create_task(self._keep_open(tab, token)) for tab in range(TABS)]

    async def send(self, numbers: list[str]) -> None:
        client_ids = [secrets.token_hex(8) for _ in numbers]
        for client_id, number in zip(client_ids, numbers, strict=True):
            message = {"type": "message", "client_id": client_id, "text": words_for(number)}
            self._frames[client_id] = json.dumps(message)
        copies = [client_id for client_id in client_ids for _ in range(self._chance.randint(1, MOST_COPIES))]
        self._chance.shuffle(copies)
        await asyncio.gather(*(self._send(client_id) for client_id in copies))
        for client_id in client_ids:
            while not self._accepted[client_id].is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._accepted[client_id].wait(), RESEND_SECONDS)
                    break
                await self._send(client_id)

    async def close(self) -> None:
        for tab in self._tabs:
            tab.cancel()
        await asyncio.gather(*self._tabs, return_exceptions=True)

    async def _send(self, client_id: str) -> None:
        """Send over either tab, and now and then lose the line at that very moment."""
        socket = self._sockets.get(self._chance.randrange(TABS))
        if socket is None:
            return
        with suppress(WebSocketException, OSError):
            await socket.send(self._frames[client_id])
            if self._chance.random() < BREAKS:
                self._sockets = {tab: other for tab, other in self._sockets.items() if other is not socket}
                socket.transport.abort()

    async def _keep_open(self, tab: int, token: str) -> None:
        while True:
            with suppress(WebSocketException, OSError, TimeoutError):
                await self._connect(tab, token)
            self._sockets.pop(tab, None)
            await asyncio.sleep(self._chance.uniform(0.05, 0.5))

    async def _connect(self, tab: int, token: str) -> None:
        screen = self.screens[tab]
        async with connect(f"{self._url.replace('http', 'ws')}/widget/ws", compression=None) as socket:
            hello = {"type": "hello", "token": token, "after": screen[-1] if screen else 0}
            await socket.send(json.dumps(hello))
            async for raw in socket:
                frame = json.loads(raw)
                match frame["type"]:
                    case "ready":
                        self._sockets[tab] = socket
                    case "message":
                        screen.append(frame["sequence"])
                    case "accepted":
                        self._accepted[frame["client_id"]].set()
                    case "rejected":
                        self.refusals.append(frame["code"])
