"""The widget's socket, as a browser that may be anybody's uses it."""

import asyncio
import gc
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, WebSocketDisconnect
from sqlalchemy import select

from connectors.web_widget import endpoints
from connectors.web_widget.endpoints import HELD_BEHIND_REFUSED, WidgetLink
from connectors.web_widget.limits import WidgetLimits
from connectors.web_widget.schemas import MAX_FRAME_CHARACTERS
from core.clock import FixedClock
from core.config import Settings
from core.errors import TooManyRequests
from core.events import Event, LocalEventBus
from crm.conversations.contents import MAX_MESSAGE_CHARACTERS
from crm.conversations.handling import Handling
from crm.conversations.ports import Reply
from crm.conversations.repository import ConversationRepository
from crm.models import Agent, Conversation, Inbox
from tests.web.desk.browser_socket import BrowserSocket, browser_socket

PATH = "/widget/ws"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"widget_messages_per_minute": 2})


@pytest.fixture
async def token(client: httpx.AsyncClient, inbox: Inbox) -> str:
    response = await client.post("/widget/session", json={"inbox": inbox.key, "language": "en"})
    return str(response.json()["token"])


@pytest.fixture
async def widget(app: FastAPI, token: str) -> AsyncIterator[BrowserSocket]:
    """A widget that has said who it is."""
    socket = await browser_socket(app, PATH, {})
    await socket.send(json.dumps({"type": "hello", "token": token}))
    await socket.text_with('"ready"')
    yield socket
    await socket.leave()


async def answer_to(widget: BrowserSocket, frame: dict[str, Any] | str) -> dict[str, Any]:
    """What the app says to a frame, hints to look again aside."""
    await widget.send(frame if isinstance(frame, str) else json.dumps(frame))
    while True:
        said: dict[str, Any] = json.loads((await widget.receive())["text"])
        if said["type"] in ("accepted", "rejected", "pong", "ready"):
            return said


def text_frame(text: str, *, number: int = 1) -> dict[str, Any]:
    return {"type": "message", "client_id": f"message-{number}", "text": text}


class TestFrames:
    @pytest.mark.parametrize("frame", ["", "no JSON", "[1]", "[" * 50_000, '{"type": "nothing"}', '{"type": 10e999}'])
    async def test_nonsense_is_refused_and_the_socket_stays_open(self, widget: BrowserSocket, frame: str) -> None:
        assert (await answer_to(widget, frame))["code"] == "frame_invalid"
        assert (await answer_to(widget, text_frame("hello")))["type"] == "accepted"

    async def test_so_is_a_binary_frame(self, widget: BrowserSocket) -> None:
        await widget.to_app.put({"type": "websocket.receive", "bytes": b"\x00\xff"})

        assert (await answer_to(widget, {"type": "ping"}))["code"] == "frame_invalid"

    async def test_half_a_character_does_not_cost_the_rest_of_the_message(self, widget: BrowserSocket) -> None:
        await widget.send(json.dumps(text_frame("half \ud83d of it")))

        assert json.loads(await widget.text_with("half"))["text"] == "half \ufffd of it"

    async def test_the_longest_message_fits_however_it_is_written_and_nothing_longer_is_read(
        self, widget: BrowserSocket
    ) -> None:
        longest = json.dumps(text_frame("😀" * MAX_MESSAGE_CHARACTERS))

        assert len(longest) <= MAX_FRAME_CHARACTERS < 131_072
        assert (await answer_to(widget, longest))["type"] == "accepted"
        assert (await answer_to(widget, longest + " " * MAX_FRAME_CHARACTERS))["code"] == "frame_invalid"

    async def test_nonsense_is_counted_too_and_read_no_faster_than_anything_else(
        self, widget: BrowserSocket, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(endpoints, "PAUSE_SECONDS", 0)

        said = [await answer_to(widget, "nonsense") for _ in range(11)]

        assert [one["code"] for one in said] == ["frame_invalid"] * 10 + ["rate_limited"]

    async def test_more_frames_than_anybody_sends_are_refused(self, widget: BrowserSocket) -> None:
        said = [await answer_to(widget, {"type": "ping"}) for _ in range(11)]

        assert [one["type"] for one in said] == ["pong"] * 10 + ["rejected"]
        assert said[-1]["code"] == "rate_limited"


class TestNews:
    async def messages(self, widget: BrowserSocket, count: int) -> list[dict[str, Any]]:
        """The next messages that the widget is sent."""
        return [json.loads(await widget.text_with('"message"')) for _ in range(count)]

    async def test_a_new_message_is_sent_without_a_look_into_the_database(
        self, widget: BrowserSocket, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delattr(ConversationRepository, "news")

        await widget.send(json.dumps(text_frame("hello")))

        said = await self.messages(widget, 2)
        assert [(one["sequence"], one["text"]) for one in said] == [(1, "hello"), (2, "You said: hello")]

    async def test_it_looks_as_it_does_from_the_database(self, widget: BrowserSocket, app: FastAPI, token: str) -> None:
        await widget.send(json.dumps(text_frame("hello")))
        heard = await self.messages(widget, 2)

        another = await browser_socket(app, PATH, {})
        await another.send(json.dumps({"type": "hello", "token": token}))

        assert await self.messages(another, 2) == heard
        await another.leave()

    async def test_what_was_not_heard_of_comes_with_the_next_message(
        self, widget: BrowserSocket, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as deaf:
            deaf.setattr(LocalEventBus, "deliver", lambda *_: None)
            await answer_to(widget, text_frame("first"))
        await widget.send(json.dumps(text_frame("second", number=2)))

        said = await self.messages(widget, 3)
        assert [one["sequence"] for one in said] == [1, 2, 3]
        assert said[0]["text"] == "first"

    async def test_a_message_heard_of_again_is_not_sent_again(
        self, widget: BrowserSocket, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        deliver = LocalEventBus.deliver

        def twice(bus: LocalEventBus, topic: str, event: Event) -> None:
            deliver(bus, topic, event)
            deliver(bus, topic, event)

        monkeypatch.setattr(LocalEventBus, "deliver", twice)
        await widget.send(json.dumps(text_frame("hello")))

        said = await self.messages(widget, 2)
        await answer_to(widget, {"type": "ping"})
        assert [one["sequence"] for one in said] == [1, 2]
        assert '"message"' not in str([widget.from_app.get_nowait() for _ in range(widget.from_app.qsize())])

    async def test_a_note_is_not_sent_and_what_follows_it_is(
        self, widget: BrowserSocket, app: FastAPI, make_agent: Callable[..., Awaitable[Agent]]
    ) -> None:
        await widget.send(json.dumps(text_frame("hello")))
        await self.messages(widget, 2)
        agent = await make_agent()
        async with app.state.work.begin() as session:
            service = app.state.open_conversations(session)
            conversation = await service.lock(await session.scalar(select(Conversation.id)))
            await Handling(service).add_note(conversation, "careful with this one", by=agent)
        async with app.state.work.begin() as session:
            service = app.state.open_conversations(session)
            await service.bot_says(await service.lock(conversation.id), [Reply(text="Anything else?")])

        assert [(one["sequence"], one["text"]) for one in await self.messages(widget, 1)] == [(4, "Anything else?")]


class TestRating:
    @pytest.fixture
    async def asked(self, widget: BrowserSocket, app: FastAPI) -> list[int]:
        """The sequence numbers of two requests for a rating, neither of them answered."""
        await widget.send(json.dumps(text_frame("hello")))
        await widget.text_with("You said")
        requests = []
        for _ in range(2):
            async with app.state.work.begin() as session:
                service = app.state.open_conversations(session)
                conversation = await service.lock(await session.scalar(select(Conversation.id)))
                await Handling(service).resolve(conversation)
                requests.append(conversation.last_sequence)
                service.begin_anew(conversation)
        return requests

    async def receipt(self, widget: BrowserSocket, **fields: Any) -> dict[str, Any]:
        await widget.send(json.dumps({"type": "rating", "score": 4, **fields}))
        while True:
            said: dict[str, Any] = json.loads((await widget.receive())["text"])
            if said["type"] in ("rated", "rejected"):
                return said

    async def test_is_answered_whenever_it_comes(self, widget: BrowserSocket, asked: list[int]) -> None:
        told = {"type": "rated", "score": 4, "sequence": asked[1]}

        assert await self.receipt(widget, sequence=asked[1]) == told
        assert await self.receipt(widget, sequence=asked[1]) == told

    async def test_of_a_request_that_stands_no_more_is_refused_by_its_name(
        self, widget: BrowserSocket, asked: list[int]
    ) -> None:
        said = await self.receipt(widget, sequence=asked[0], client_id="rating-1")

        assert (said["type"], said["client_id"], said["code"]) == ("rejected", "rating-1", "rating_request_over")

    async def test_is_not_lost_with_a_comment_that_is_too_long(self, widget: BrowserSocket, asked: list[int]) -> None:
        assert (await self.receipt(widget, sequence=asked[1], comment="خیلی " * 1_000))["type"] == "rated"

    async def test_of_an_older_page_says_of_no_request(self, widget: BrowserSocket, asked: list[int]) -> None:
        assert (await self.receipt(widget))["sequence"] == asked[1]

    async def test_before_anything_was_said_is_refused(self, widget: BrowserSocket) -> None:
        assert (await self.receipt(widget, sequence=1))["code"] == "rating_not_asked"


class TestLimits:
    async def test_the_same_message_again_is_not_refused(self, widget: BrowserSocket) -> None:
        for number in (1, 2):
            await answer_to(widget, text_frame("hello", number=number))
        assert (await answer_to(widget, text_frame("one more", number=3)))["code"] == "rate_limited"

        again = [(await answer_to(widget, text_frame("hello", number=1)))["type"] for _ in range(3)]

        assert again == ["accepted"] * 3

    async def test_nothing_overtakes_what_was_refused(
        self, widget: BrowserSocket, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        refusals = iter([TooManyRequests(1)])

        def message(_limits: WidgetLimits, _visitor: str, *, host: str) -> None:
            for refusal in refusals:
                raise refusal

        monkeypatch.setattr(WidgetLimits, "message", message)

        said = [(await answer_to(widget, text_frame("in turn", number=number)))["type"] for number in (1, 2, 1, 2)]

        assert said == ["rejected", "rejected", "accepted", "accepted"]

    async def test_what_never_comes_again_holds_up_nothing_for_long(
        self, widget: BrowserSocket, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in (1, 2, 3):
            await answer_to(widget, text_frame("hello", number=number))
        monkeypatch.setattr(WidgetLimits, "message", lambda *_, **_host: None)
        assert (await answer_to(widget, text_frame("later", number=4)))["code"] == "rate_limited"

        clock.advance(HELD_BEHIND_REFUSED)

        assert (await answer_to(widget, text_frame("later", number=4)))["type"] == "accepted"


class TestHello:
    async def test_a_number_beyond_the_databases_is_no_hello(self, app: FastAPI, token: str) -> None:
        socket = await browser_socket(app, PATH, {})

        await socket.send(json.dumps({"type": "hello", "token": token, "after": 10**20}))

        assert (await socket.receive())["code"] == 4401


class TestShutdown:
    async def test_a_cancelled_socket_leaves_nothing_running(self, app: FastAPI, token: str) -> None:
        before = asyncio.all_tasks()
        socket = await browser_socket(app, PATH, {})
        await socket.send(json.dumps({"type": "hello", "token": token}))
        await socket.text_with('"ready"')
        assert socket.served

        socket.served.cancel()
        await asyncio.gather(socket.served, return_exceptions=True)

        assert asyncio.all_tasks() == before

    async def test_a_widget_that_leaves_in_the_middle_of_a_push_leaves_no_error_in_the_log(
        self, app: FastAPI, token: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def push(_link: WidgetLink, _queue: object) -> None:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                raise WebSocketDisconnect(1006) from None

        monkeypatch.setattr(WidgetLink, "_send_news", push)
        said: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: said.append(context))
        socket = await browser_socket(app, PATH, {})
        await socket.send(json.dumps({"type": "hello", "token": token}))
        assert (await answer_to(socket, {"type": "ping"}))["type"]

        await socket.leave()
        gc.collect()

        assert said == []


class TestScript:
    async def test_can_be_asked_for_by_any_site_that_only_wants_to_know_whether_we_are_here(
        self, client: httpx.AsyncClient
    ) -> None:
        answer = await client.head("/widget.js", headers={"origin": "https://shop.example"})

        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["access-control-allow-origin"] == "*"
