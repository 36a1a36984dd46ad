"""A browser's end of a WebSocket, straight to the app: no port, no thread."""

import asyncio
from typing import Any

from fastapi import FastAPI

# Only ever waited for in full by a test that fails.
PATIENCE_SECONDS = 5


class BrowserSocket:
    """What a browser sends and gets."""

    def __init__(self) -> None:
        self.to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.from_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.served: asyncio.Task[None] | None = None

    async def send(self, text: str) -> None:
        await self.to_app.put({"type": "websocket.receive", "text": text})

    async def receive(self) -> dict[str, Any]:
        """The next event that the app sends."""
        return await asyncio.wait_for(self.from_app.get(), PATIENCE_SECONDS)

    async def text_with(self, words: str) -> str:
        """The next text that holds these words."""
        while True:
            event = await self.receive()
            if words in event.get("text", ""):
                return str(event["text"])

    async def leave(self) -> None:
        """Close the tab; the app must notice."""
        await self.to_app.put({"type": "websocket.disconnect", "code": 1001})
        if self.served:
            await asyncio.wait_for(self.served, PATIENCE_SECONDS)


async def browser_socket(
    app: FastAPI, path: str, cookies: dict[str, str], *, origin: str = "http://test"
) -> BrowserSocket:
    """Connect, up to the app's first answer, which takes the browser in."""
    socket = await knocking_socket(app, path, cookies, origin=origin)
    assert (await socket.receive())["type"] == "websocket.accept"
    return socket


async def knocking_socket(
    app: FastAPI, path: str, cookies: dict[str, str], *, origin: str = "http://test"
) -> BrowserSocket:
    """Connect, whatever the app will say to that."""
    socket = BrowserSocket()
    path, _, query = path.partition("?")
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    scope = {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "scheme": "ws",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"test"), (b"cookie", cookie.encode()), (b"origin", origin.encode())],
        "client": ("127.0.0.1", 50000),
        "server": ("test", 80),
        "subprotocols": [],
        "state": {},
        "extensions": {"websocket.http.response": {}},
    }
    await socket.to_app.put({"type": "websocket.connect"})
    socket.served = asyncio.create_task(app(scope, socket.to_app.get, socket.from_app.put))
    return socket
