"""A small server that speaks the widget's protocol and does what a test tells it to, faults included."""

import asyncio
import contextlib
import itertools
import secrets
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

STATIC = Path(__file__).resolve().parents[2] / "web" / "static"
INBOX = "pk_test"
TOO_LONG = 4000
GREETINGS = {
    "fa": ("سلام! من همیار هستم. هر سؤالی دارید بپرسید.", ["چه دوره‌هایی دارید؟", "گفت‌وگو با پشتیبان"]),
    "en": ("Hello! I'm Hamyar. Ask me anything.", ["What courses do you offer?", "Talk to a person"]),
}

Frame = dict[str, Any]


class Conversation:
    """One visitor's messages and the sockets on which they are heard."""

    def __init__(self) -> None:
        self.messages: list[Frame] = []
        self.sockets: list[WebSocket] = []
        self.status: Frame = {"status": "with_bot", "agent": None, "read": 0}
        self.marks = {"seen": 0, "got": 0}
        # The message that a limit has refused: what was sent behind it is refused until it comes again.
        self.refused: str | None = None

    def add(self, author: str, text: str, **fields: Any) -> Frame:
        """Store one message and give it the next sequence number."""
        frame = {
            "type": "message",
            "sequence": len(self.messages) + 1,
            "author": author,
            "agent_name": None,
            "client_id": None,
            "text": text,
            "buttons": [],
            "articles": [],
            "kind": "text",
            "created_at": datetime.now(UTC).isoformat(),
            **fields,
        }
        self.messages.append(frame)
        return frame


class WidgetServer:
    """The server in a thread of its own; its public methods may be called from the test's thread."""

    def __init__(self) -> None:
        self.conversations: dict[str, Conversation] = {}
        # Whose conversation it is, where their site has said so.
        self.users: dict[str, str] = {}
        self.received: list[Frame] = []
        self._heard = threading.Condition()
        self.sessions: list[Frame] = []
        self.page = ""
        self.page_headers: dict[str, str] = {}
        self.allowed = True
        # While it is set, nobody gets a session, and everybody is told to come back after so many seconds.
        self.retry_after: int | None = None
        self.form: Frame | None = None
        self.introductions: list[Frame] = []
        self.files: list[bytes] = []
        self.uploads = 0
        self.takes_uploads = threading.Event()
        self.takes_uploads.set()
        self.dark = False
        self.ignore_messages = False
        self.ignore_ratings = False
        self.rejections: Iterator[Frame] = iter(())
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._port: int = self._listener.getsockname()[1]
        self._loop: asyncio.AbstractEventLoop | None = None
        config = uvicorn.Config(self._app(), log_level="error", ws="websockets-sansio", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, daemon=True)

    # Life

    def start(self) -> None:
        """Serve; returns when requests are answered."""
        self._thread.start()
        while not self._server.started:
            self._thread.join(0.01)

    def stop(self) -> None:
        """Cut every line and end the thread."""
        self._server.should_exit = True
        self._thread.join(10)

    def _run(self) -> None:
        self._server.run(sockets=[self._listener])

    @property
    def origin(self) -> str:
        """Where the widget comes from."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def site(self) -> str:
        """The page on which it stands: another origin."""
        return f"http://localhost:{self._port}/page"

    def show(self, *, head: str = "", body: str = "", csp: str | None = None, **attributes: str) -> str:
        """Prepare the page that carries the widget; returns its address."""
        tags = {"data-inbox": INBOX, **{f"data-{name}": value for name, value in attributes.items()}}
        listed = " ".join(f'{name}="{value}"' for name, value in tags.items())
        script = f'<script src="{self.origin}/widget.js" {listed} defer></script>'
        self.page = f"<!doctype html><html><head><title>Shop</title>{head}{script}</head><body>{body}</body></html>"
        self.page_headers = {"Content-Security-Policy": csp} if csp else {}
        return self.site

    # What happens on the other side

    @property
    def conversation(self) -> Conversation:
        """The newest conversation."""
        return list(self.conversations.values())[-1]

    def say(self, text: str, author: str = "bot", **fields: Any) -> Frame:
        """The bot, an agent or the system writes."""
        frame = self.conversation.add(author, text, **fields)
        self.push(frame)
        return frame

    def push(self, frame: Frame) -> None:
        """Send a frame to every open widget of the newest conversation."""
        for line in list(self.conversation.sockets):
            self._do(lambda line=line: line.send_json(frame))

    def set_status(self, status: str, agent: str | None = None) -> None:
        """Move the conversation on."""
        self.conversation.status = {"status": status, "agent": agent, "read": 0}
        self.push({"type": "status", **self.conversation.status})

    def drop(self, code: int = 1012) -> None:
        """Close every line of every conversation."""
        for conversation in self.conversations.values():
            for line in list(conversation.sockets):
                conversation.sockets.remove(line)
                self._do(lambda line=line: line.close(code))

    def go_dark(self) -> None:
        """Close every line and answer nobody until `come_back`."""
        self.dark = True
        self.drop()

    def come_back(self) -> None:
        """Answer again."""
        self.dark = False

    def texts(self) -> list[str]:
        """What the contact has written, as stored."""
        return [message["text"] for message in self._of_contact()]

    def taken(self) -> list[str]:
        """The same with files, each by its name."""
        return [message["file"]["name"] if "file" in message else message["text"] for message in self._of_contact()]

    def _of_contact(self) -> list[Frame]:
        return [message for message in self.conversation.messages if message["author"] == "contact"]

    def frames(self, kind: str) -> list[Frame]:
        """The received frames of one type."""
        return [frame for frame in self.received if frame["type"] == kind]

    def wait_for(self, kind: str, count: int = 1) -> list[Frame]:
        """The received frames of one type, once there are so many."""
        with self._heard:
            assert self._heard.wait_for(lambda: len(self.frames(kind)) >= count, timeout=10), self.received
        return self.frames(kind)

    def _hear(self, frame: Frame) -> None:
        with self._heard:
            self.received.append(frame)
            self._heard.notify_all()

    def _do(self, act: Callable[[], Awaitable[None]]) -> None:
        async def run() -> None:
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                await act()

        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(run(), self._loop).result(5)

    # The protocol

    def _app(self) -> Starlette:
        async def page(_: Request) -> Response:
            return HTMLResponse(self.page, headers=self.page_headers)

        async def script(request: Request) -> Response:
            if self.dark and request.method == "HEAD":
                return Response(status_code=503)
            return FileResponse(STATIC / "widget" / "widget.js", media_type="text/javascript")

        routes = [
            Route("/page", page),
            Route("/widget.js", script),
            Route("/widget/introduction", self._introduce, methods=["POST"]),
            Route("/widget/files", self._take_file, methods=["POST"]),
            Route("/widget/session", self._session, methods=["POST"]),
            WebSocketRoute("/widget/ws", self._talk),
            Mount("/static", StaticFiles(directory=STATIC)),
        ]
        cors = Middleware(
            CORSMiddleware,
            allow_origins=["*"],
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=["retry-after"],
        )
        return Starlette(routes=routes, middleware=[cors])

    async def _session(self, request: Request) -> Response:
        body = await request.json()
        self.sessions.append(body)
        if self.dark:
            return Response(status_code=503)
        if self.retry_after:
            refusal = {"error": {"code": "rate_limited"}}
            return JSONResponse(refusal, status_code=429, headers={"retry-after": str(self.retry_after)})
        if not self.allowed or body["inbox"] != INBOX:
            return JSONResponse({"error": {"code": "widget_not_allowed"}}, status_code=403)
        if body.get("user") and not _fits(body["user"]):
            return JSONResponse({"error": {"code": "invalid_input"}}, status_code=422)
        if body.get("user") and body["user"]["hash"] != "right":
            return JSONResponse({"error": {"code": "identity_wrong"}}, status_code=401)
        device = _device_of(body["token"] or "")
        user = body["user"]["id"] if body.get("user") else self.users.get(device)
        # Another user's token counts for nothing.
        if device not in self.conversations or self.users.get(device, user) != user:
            device = secrets.token_hex(8)
        if user:
            self.users[device] = user
        self.conversations.setdefault(device, Conversation())
        text, buttons = GREETINGS[body["language"]]
        return JSONResponse(
            {
                # Signed anew each time, as a token that carries its time is.
                "token": f"{device}.{secrets.token_hex(4)}",
                "visitor": f"user:{user}" if user else device,
                "conversation_id": None,
                "form": self.form,
                "language": body["language"],
                "firm": {"name_fa": "آکادمی رابطه", "name_en": "Rabeteh Academy"},
                "greeting": {"text": text, "buttons": [{"title": title, "payload": title} for title in buttons]},
            }
        )

    async def _introduce(self, request: Request) -> Response:
        self.introductions.append(await request.json())
        self.form = None
        return Response(status_code=204)

    async def _take_file(self, request: Request) -> Response:
        conversation = self.conversations[_device_of(request.headers["authorization"].removeprefix("Bearer "))]
        if self.form:
            return JSONResponse({"error": {"code": "introduction_needed"}}, status_code=403)
        self.uploads += 1
        await asyncio.to_thread(self.takes_uploads.wait, 10)
        async with request.form() as form:
            if _stored(conversation, str(form["client_id"])):
                return JSONResponse({}, status_code=201)
            upload = form["file"]
            self.files.append(await upload.read())  # type: ignore[union-attr]
            shared = {"name": upload.filename, "size": 3, "is_picture": False, "url": f"{self.origin}/static/a"}  # type: ignore[union-attr]
            message = conversation.add("contact", "", client_id=form["client_id"], file=shared)
        for line in conversation.sockets:
            await line.send_json(message)
        return JSONResponse({}, status_code=201)

    async def _talk(self, line: WebSocket) -> None:
        self._loop = asyncio.get_running_loop()
        if self.dark:
            await line.close()
            return
        await line.accept()
        with contextlib.suppress(WebSocketDisconnect):
            hello = await line.receive_json()
            self._hear(hello)
            conversation = self.conversations.get(_device_of(hello["token"]))
            if conversation is None:
                await line.close(4401)
                return
            conversation.refused = None
            sequence = len(conversation.messages)
            ready = {"type": "ready", **conversation.status, **conversation.marks, "sequence": sequence}
            await line.send_json(ready)
            conversation.sockets.append(line)
            try:
                for message in conversation.messages[hello["after"] : ready["sequence"]]:
                    await line.send_json(message)
                while True:
                    await self._take(conversation, line, await line.receive_json())
            finally:
                if line in conversation.sockets:
                    conversation.sockets.remove(line)

    async def _take(self, conversation: Conversation, line: WebSocket, frame: Frame) -> None:
        self._hear(frame)
        if frame["type"] == "ping":
            await line.send_json({"type": "pong"})
        elif frame["type"] in conversation.marks:
            mark = min(frame["sequence"], len(conversation.messages))
            conversation.marks[frame["type"]] = max(conversation.marks[frame["type"]], mark)
        elif frame["type"] == "rating" and not self.ignore_ratings:
            await line.send_json(_receipt(conversation, frame))
        elif frame["type"] == "message" and not self.ignore_messages:
            await self._take_message(conversation, line, frame)

    async def _take_message(self, conversation: Conversation, line: WebSocket, frame: Frame) -> None:
        stored = _stored(conversation, frame["client_id"])
        rejection = None if stored else self._rejection(conversation, frame)
        if rejection:
            await line.send_json({"type": "rejected", "client_id": frame["client_id"], **rejection})
            return
        message = stored or conversation.add("contact", frame["text"], client_id=frame["client_id"])
        accepted = {key: message[key] for key in ("client_id", "sequence", "created_at")}
        await line.send_json({"type": "accepted", **accepted})
        for other in itertools.chain(() if stored else conversation.sockets):
            await other.send_json(message)

    def _rejection(self, conversation: Conversation, frame: Frame) -> Frame | None:
        """Why a new message is refused, if it is."""
        if conversation.refused not in (None, frame["client_id"]):
            return {"code": "rate_limited", "message": "In turn.", "retry_after": 1}
        rejection = next(self.rejections, None)
        conversation.refused = frame["client_id"] if rejection and rejection["code"] == "rate_limited" else None
        if self.form:
            return {"code": "introduction_needed", "message": "The form comes first."}
        if len(frame["text"]) > TOO_LONG:
            return {"code": "message_too_long", "message": "This message is too long."}
        return rejection


def _receipt(conversation: Conversation, rating: Frame) -> Frame:
    """The answer to a rating: it counts for the last request alone."""
    request = [message["sequence"] for message in conversation.messages if message["kind"] == "rating_request"][-1]
    if rating["sequence"] != request:
        return {"type": "rejected", "client_id": rating["client_id"], "code": "rating_request_over", "message": ""}
    return {"type": "rated", "score": rating["score"], "sequence": request}


def _fits(user: Frame) -> bool:
    """Whether the real server would read these details of a user."""
    return all(len(line) <= 200 and line.isprintable() for line in user.values()) and len(user["id"]) <= 100


def _device_of(token: str) -> str:
    """Whose token it is: what is signed, without the signature."""
    return token.partition(".")[0]


def _stored(conversation: Conversation, client_id: str) -> Frame | None:
    return next((one for one in conversation.messages if one["client_id"] == client_id), None)
