"""The widget's doors: its script, its session and its socket. Open to all; a signed token tells visitors apart."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import FileResponse, JSONResponse
from pydantic import ValidationError
from sqlalchemy.exc import IntegrityError

from connectors.web_widget.config import firm_names
from connectors.web_widget.connector import (
    IntroductionIncomplete,
    Visitor,
    VisitorTokens,
    VisitorUnknown,
    WidgetNotAllowed,
    address_of_user,
    topic_of_users,
)
from connectors.web_widget.entrance import Entrance
from connectors.web_widget.files import WidgetFiles
from connectors.web_widget.limits import WidgetLimits
from connectors.web_widget.schemas import (
    FRAME,
    Greeting,
    Hello,
    IntroductionRequest,
    KnownUser,
    Ping,
    SentGot,
    SentMessage,
    SentRating,
    SentSeen,
    SentTyping,
    SessionRead,
    SessionRequest,
    external_id_of,
    fields_of,
    frame_of,
    marks_of,
    message_frame,
    status_frame,
)
from core.clock import Clock
from core.config import Settings
from core.errors import AppError, TooManyRequests
from core.events import Event, EventBus
from core.http import host_of
from core.security import Signer
from core.tasks import end_all
from core.unit_of_work import UnitOfWork
from crm.contacts.service import ContactService, Introduction
from crm.conversations.intake import Intake
from crm.conversations.news import CHANGED, topic_of_contact
from crm.conversations.ports import IncomingMessage
from crm.conversations.service import OpenService, RatingNotAsked
from crm.models import Inbox
from crm.wording import DEFAULT_LANGUAGE, LANGUAGES, Wording

# WebSocket close codes of the widget's protocol: make a new session; do not come back.
CLOSE_UNKNOWN_VISITOR = 4401
CLOSE_NOT_ALLOWED = 4403
HELLO_SECONDS = 10
# Who sends more than anybody can type is read no faster: refusals too cost the others something.
PAUSE_SECONDS = 0.5
# A refused message that does not come again by then (another tab sent it, say) holds up nothing any more.
HELD_BEHIND_REFUSED = timedelta(seconds=10)
# Sent together, so that a long conversation does not hold the socket.
PAGE = 200


def create_router(
    *,
    settings: Settings,
    work: UnitOfWork,
    clock: Clock,
    events: EventBus,
    intake: Intake,
    open_service: OpenService,
    wording: Wording,
    script: Path,
) -> APIRouter:
    """The widget's routes."""
    router = APIRouter(tags=["widget"])
    secret_key = settings.secret_key.get_secret_value()
    entrance = Entrance(settings, work, VisitorTokens(secret_key))
    limits = WidgetLimits(settings)
    files = WidgetFiles(
        entrance,
        Signer(secret_key, purpose="widget file"),
        limits=limits,
        intake=intake,
        open_service=open_service,
        wording=wording,
    )
    router.include_router(files.router())

    @router.api_route("/widget.js", methods=["GET", "HEAD"], include_in_schema=False)
    async def widget_script() -> FileResponse:
        """The widget: one script for any site. A widget that has lost its line looks by HEAD whether we are back."""
        return FileResponse(
            script,
            media_type="text/javascript",
            headers={"Cache-Control": "public, max-age=300"},
        )

    @router.post("/widget/session")
    async def start_session(body: SessionRequest, request: Request) -> SessionRead:
        """Name the visitor: by the user that their site has signed, by the token they had, or by a new one."""
        limits.session(host=host_of(request))
        language = body.language if body.language in LANGUAGES else DEFAULT_LANGUAGE
        async with work.reading() as session:
            inbox = await entrance.inbox(session, request, body.inbox)
        is_vouched_for = body.user is not None and entrance.vouches(inbox, body.user)
        address = address_of_user(body.user.id) if body.user else None
        token, visitor = entrance.tokens.issue(inbox, language=language, former=body.token, user=address)
        if body.user:
            await _recognise(visitor, body.user, is_vouched_for=is_vouched_for)
        async with work.reading() as session:
            conversation = await open_service(session).of_contact(visitor.inbox_id, visitor.external_id)
        greeting = wording.say("utter_widget_greeting", language)
        return SessionRead(
            token=token,
            visitor=visitor.external_id,
            conversation_id=conversation.id if conversation else None,
            language=language,
            firm=firm_names(inbox),
            greeting=Greeting(text=greeting.text, buttons=greeting.buttons),
            form=await entrance.form(visitor),
        )

    async def _recognise(visitor: Visitor, user: KnownUser, *, is_vouched_for: bool) -> None:
        async def once() -> None:
            async with work.begin() as session:
                await ContactService(session, clock=clock).recognise(
                    visitor.inbox_id,
                    known=visitor.external_id,
                    former=visitor.device,
                    name=user.name,
                    email=user.email,
                    is_vouched_for=is_vouched_for,
                )

        try:
            await once()
        except IntegrityError:
            # The same user came at the same moment with another browser.
            await once()
        # What else shows this user's conversation looks again: there may be more in it now.
        await events.publish(topic_of_contact(visitor.inbox_id, visitor.external_id), CHANGED)

    @router.post("/widget/introduction", status_code=204)
    async def introduce(body: IntroductionRequest, request: Request) -> None:
        """Keep what a visitor filled in before their first message; the second time changes nothing."""
        visitor = await entrance.visitor(request)
        limits.message(visitor.external_id, host=host_of(request))
        form = await entrance.form(visitor)
        if form is None:
            return
        if missing := form.lacks(**body.model_dump()):
            raise IntroductionIncomplete(f"Missing, or not as it was asked for: {missing}.")
        async with work.begin() as session:
            await ContactService(session, clock=clock).introduce(
                visitor.inbox_id,
                visitor.external_id,
                Introduction(**body.model_dump(), privacy_url=form.privacy_url),
            )

    @router.websocket("/widget/ws")
    async def talk(socket: WebSocket) -> None:
        """One open widget."""
        try:
            limits.socket(host=host_of(socket))
        except TooManyRequests as error:
            await socket.send_denial_response(_too_many(error))
            return
        await socket.accept()
        try:
            hello = await _hello(socket)
            visitor = await entrance.visitor(socket, hello.token)
        except WidgetNotAllowed:
            await socket.close(CLOSE_NOT_ALLOWED)
            return
        except VisitorUnknown:
            await socket.close(CLOSE_UNKNOWN_VISITOR)
            return
        except (WebSocketDisconnect, TimeoutError):
            return
        link = WidgetLink(
            socket,
            visitor,
            after=hello.after,
            entrance=entrance,
            files=files,
            intake=intake,
            open_service=open_service,
            limits=limits,
            clock=clock,
            base_url=settings.public_url.rstrip("/") or _base_url(socket),
        )
        topics = [topic_of_contact(visitor.inbox_id, visitor.external_id)]
        if visitor.user:
            topics.append(topic_of_users(visitor.inbox_id))
        async with events.listen(*topics) as queue:
            await link.run(queue)

    return router


class WidgetLink:
    """One open widget: frames in, and what is new out, from its last sequence number on."""

    def __init__(
        self,
        socket: WebSocket,
        visitor: Visitor,
        *,
        after: int,
        entrance: Entrance,
        files: WidgetFiles,
        intake: Intake,
        open_service: OpenService,
        limits: WidgetLimits,
        clock: Clock,
        base_url: str,
    ) -> None:
        self.socket = socket
        self.visitor = visitor
        self.sent = after
        self.status: dict[str, Any] | None = None
        self.entrance = entrance
        self.files = files
        self.introduced = False
        self.intake = intake
        self.open_service = open_service
        self.limits = limits
        self.clock = clock
        # The message that was refused by a limit, and until when what came behind it waits for it.
        self.refused: tuple[str, datetime] | None = None
        self.host = host_of(socket)
        self.base_url = base_url
        self._handlers: dict[type, Callable[[Any], Awaitable[None]]] = {
            SentMessage: self._take_message,
            SentRating: self._take_rating,
            SentTyping: self._take_typing,
            SentSeen: self._take_seen,
            SentGot: self._take_got,
            Ping: self._take_ping,
        }

    async def run(self, queue: asyncio.Queue[Event]) -> None:
        """Serve the widget until it goes; the reading side notices that first."""
        sides = {asyncio.create_task(self._send_news(queue)), asyncio.create_task(self._receive(queue))}
        try:
            await asyncio.wait(sides, return_when=asyncio.FIRST_COMPLETED)
        finally:
            # Also when the server stops and cancels us.
            await end_all(sides)
        # Also of the side that was to be ended: it may have found the widget gone in the middle of a push.
        for side in sides:
            with suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError):
                await self._end(side)

    async def _end(self, side: asyncio.Task[None]) -> None:
        """What a side ended with; a user whom the site vouches for no more is sent away."""
        try:
            side.result()
        except VisitorUnknown:
            await self.socket.close(CLOSE_UNKNOWN_VISITOR)

    async def _send_news(self, queue: asyncio.Queue[Event]) -> None:
        await self._catch_up(first=True)
        while True:
            waiting = [await queue.get()]
            while not queue.empty():
                waiting.append(queue.get_nowait())
            # One look at the database answers all the hints that have piled up.
            if not all([await self._pass_on(event) for event in waiting]):
                await self._catch_up()

    async def _pass_on(self, event: Event) -> bool:
        """Send what an event says by itself; false where only the database knows what there is to send."""
        if event["type"] == "changed":
            return False
        if event["type"] != "message":
            await self.socket.send_json(event)
            return True
        if event["sequence"] == self.sent + 1:
            await self.socket.send_json(frame_of(event, device=self.visitor.device, base_url=self.base_url))
            self.sent += 1
        # What is between was not heard of, or is a note for agents alone.
        return bool(event["sequence"] <= self.sent)

    async def _catch_up(self, *, first: bool = False) -> None:
        """Send every message after the last one sent, and the status if it is another.

        Raises:
            VisitorUnknown: the secret that the user was signed with is another meanwhile.
        """
        async with self.entrance.work.reading() as session:
            if self.visitor.user:
                self.visitor.check_secret(await session.get_one(Inbox, self.visitor.inbox_id))
            conversations = self.open_service(session).conversations
            conversation, messages = await conversations.news(
                self.visitor.inbox_id, self.visitor.external_id, after=self.sent, limit=PAGE
            )
        status = status_frame(conversation)
        if first:
            await self.socket.send_json({"type": "ready", **status, **marks_of(conversation)})
        for message in messages:
            await self.socket.send_json(
                message_frame(
                    message,
                    device=self.visitor.device,
                    base_url=self.base_url,
                    link_to=partial(self.files.link, self.base_url),
                )
            )
            self.sent = message.sequence
        if not first and status != self.status:
            await self.socket.send_json({"type": "status", **status})
        self.status = status
        if len(messages) == PAGE:
            await self._catch_up()

    async def _receive(self, queue: asyncio.Queue[Event]) -> None:
        while True:
            raw = await _next_frame(self.socket)
            try:
                # Before it is understood: nonsense counts too.
                self.limits.frame(self.visitor.external_id)
            except TooManyRequests as error:
                await self._put_off(raw, error)
                continue
            frame = _frame_in(raw)
            if frame is None:
                await self._refuse(None, "frame_invalid", "This was not understood.")
                continue
            if handler := self._handlers.get(type(frame)):
                await handler(frame)
            if isinstance(frame, Ping) and queue.empty():
                # What a lost notification should have brought is found at the next heartbeat.
                queue.put_nowait(CHANGED)

    async def _put_off(self, raw: str, error: TooManyRequests) -> None:
        """Refuse one frame too many, by its name where it is a message, and read nothing for a moment."""
        frame = _frame_in(raw)
        client_id = frame.client_id if isinstance(frame, SentMessage) else None
        if client_id:
            self._hold_behind(client_id)
        await self._refuse(client_id, error.code, error.message, retry_after=error.retry_after_seconds)
        await asyncio.sleep(PAUSE_SECONDS)

    async def _take_message(self, frame: SentMessage) -> None:
        incoming = IncomingMessage(
            inbox_id=self.visitor.inbox_id,
            contact_external_id=self.visitor.external_id,
            external_id=external_id_of(frame.client_id, self.visitor.device),
            text=frame.text,
            payload=frame.payload,
            language=self.visitor.language,
        )
        try:
            await self._admit(incoming, frame.client_id)
            received = await self.intake.receive(incoming)
        except TooManyRequests as error:
            await self._refuse(frame.client_id, error.code, error.message, retry_after=error.retry_after_seconds)
        except AppError as error:
            await self._refuse(frame.client_id, error.code, error.message)
        else:
            message = received.message
            await self.socket.send_json(
                {
                    "type": "accepted",
                    "client_id": frame.client_id,
                    "sequence": message.sequence,
                    "created_at": message.created_at.isoformat(),
                }
            )

    async def _admit(self, incoming: IncomingMessage, client_id: str) -> None:
        """Count a message, and refuse one that is too much or comes before the form.

        Raises:
            TooManyRequests, IntroductionNeeded
        """
        try:
            self._count(client_id)
            await self._check_introduced()
        except AppError as error:
            # Who asks after a lost receipt asks for nothing new. Only here is that looked up: it seldom is one.
            if await self.intake.has(incoming):
                return
            if isinstance(error, TooManyRequests):
                self._hold_behind(client_id)
            raise

    def _count(self, client_id: str) -> None:
        """Count a new message. What was sent behind a refused one is refused until that one comes again: a widget sends
        without waiting for each receipt, and the later message would be stored first.

        Raises:
            TooManyRequests
        """
        if self.refused and self.refused[0] != client_id and self.clock.now() < self.refused[1]:
            raise TooManyRequests(1)
        self.limits.message(self.visitor.external_id, host=self.host)
        self.refused = None

    def _hold_behind(self, client_id: str) -> None:
        now = self.clock.now()
        if self.refused is None or self.refused[0] == client_id or now >= self.refused[1]:
            self.refused = client_id, now + HELD_BEHIND_REFUSED

    async def _check_introduced(self) -> None:
        """Ask the database once; who has filled in the form stays introduced."""
        if not self.introduced:
            await self.entrance.check_introduced(self.visitor)
            self.introduced = True

    async def _take_rating(self, frame: SentRating) -> None:
        """Store a rating; the receipt is what all of the visitor's widgets are told of it."""
        try:
            rating = await self.intake.rate(
                self.visitor.inbox_id, self.visitor.external_id, frame.score, frame.comment, request=frame.sequence
            )
            if rating is None:
                raise RatingNotAsked
        except AppError as error:
            await self._refuse(frame.client_id, error.code, error.message)

    async def _take_typing(self, frame: SentTyping) -> None:
        await self.intake.typing(self.visitor.inbox_id, self.visitor.external_id, on=frame.on)

    async def _take_seen(self, frame: SentSeen) -> None:
        await self.intake.seen(self.visitor.inbox_id, self.visitor.external_id, frame.sequence)

    async def _take_got(self, frame: SentGot) -> None:
        await self.intake.got(self.visitor.inbox_id, self.visitor.external_id, frame.sequence)

    async def _take_ping(self, _frame: Ping) -> None:
        await self.socket.send_json({"type": "pong"})

    async def _refuse(self, client_id: str | None, code: str, message: str, *, retry_after: int | None = None) -> None:
        await self.socket.send_json(
            {
                "type": "rejected",
                "client_id": client_id,
                "code": code,
                "message": message,
                "retry_after": retry_after,
            }
        )


def _too_many(error: TooManyRequests) -> JSONResponse:
    """The refusal of a socket, in the body that every refusal has."""
    return JSONResponse(
        {"error": {"code": error.code, "message": error.message}},
        status_code=error.status_code,
        headers={"Retry-After": str(error.retry_after_seconds)},
    )


async def _hello(socket: WebSocket) -> Hello:
    """The first frame, which must say who is there."""
    async with asyncio.timeout(HELLO_SECONDS):
        raw = await _next_frame(socket)
    try:
        return Hello.model_validate(fields_of(raw))
    except ValidationError as error:
        raise VisitorUnknown from error


def _frame_in(raw: str) -> Any:
    """The frame, or `None` for nonsense."""
    try:
        return FRAME.validate_python(fields_of(raw))
    except ValidationError:
        return None


async def _next_frame(socket: WebSocket) -> str:
    """The next frame's text; a binary frame has none."""
    with suppress(KeyError):
        return await socket.receive_text()
    return ""


def _base_url(socket: WebSocket) -> str:
    """Our own address as the visitor's browser reached it."""
    scheme = "https" if socket.url.scheme == "wss" else "http"
    return f"{scheme}://{socket.headers.get('host', '')}"
