"""Visitors who talk to the widget's socket, as the widget does, and measure how long each answer takes."""

import asyncio
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.request import Request, urlopen

from websockets.asyncio.client import ClientConnection, connect

ANSWER_SECONDS = 30


@dataclass
class Visitor:
    """One open widget. `ask` returns the seconds from sending a message to the first answer's arrival."""

    url: str
    inbox_key: str
    language: str = "fa"
    seconds: list[float] = field(default_factory=list)
    _socket: ClientConnection | None = None

    async def open(self) -> None:
        """Get a session and connect."""
        token = await asyncio.to_thread(self._session)
        self._socket = await connect(f"{self.url.replace('http', 'ws')}/widget/ws", compression=None)
        await self._socket.send(json.dumps({"type": "hello", "token": token, "after": 0}))
        await self._receive("ready")

    async def ask(self, text: str) -> dict[str, Any]:
        """Send a message and wait for what answers it."""
        sent_at = time.perf_counter()
        answer = await self._say(text)
        self.seconds.append(time.perf_counter() - sent_at)
        return answer

    async def start_over(self) -> None:
        """Have the bot forget what it has owned up to: it would call a person for who asks the same again and again."""
        await self._say("از نو", payload="/start_over")

    async def close(self) -> None:
        """Go away."""
        if self._socket:
            await self._socket.close()

    async def _say(self, text: str, **more: str) -> dict[str, Any]:
        """Send a message and return what answers it."""
        assert self._socket
        frame = {"type": "message", "client_id": secrets.token_hex(8), "text": text, **more}
        await self._socket.send(json.dumps(frame))
        own = (await self._receive("accepted"))["sequence"]
        while (answer := await self._receive("message"))["author"] == "contact" or answer["sequence"] <= own:
            pass
        return answer

    async def _receive(self, kind: str) -> dict[str, Any]:
        assert self._socket
        async with asyncio.timeout(ANSWER_SECONDS):
            while True:
                frame: dict[str, Any] = json.loads(await self._socket.recv())
                if frame["type"] == kind:
                    return frame
                if frame["type"] == "rejected":
                    raise RuntimeError(f"refused: {frame['code']}")

    def _session(self) -> str:
        body = json.dumps({"inbox": self.inbox_key, "language": self.language}).encode()
        request = Request(f"{self.url}/widget/session", body, {"content-type": "application/json"})  # noqa: S310
        with urlopen(request, timeout=10) as response:  # noqa: S310
            token: str = json.load(response)["token"]
            return token
