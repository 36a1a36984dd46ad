"""The desk's socket, as a browser uses it."""

import asyncio
import gc
import re
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

from core.events import LocalEventBus
from crm.agents.service import AgentService
from crm.enums import Role
from crm.models import Agent, Conversation
from tests.web.desk.browser_socket import BrowserSocket
from tests.web.desk.conftest import HOSTILE
from web.desk.live import NOT_ALLOWED, PING, PONG, SIGNED_OUT, LiveDesk, View

SignIn = Callable[[Role], Awaitable[Agent]]
Says = Callable[..., Awaitable[Conversation]]
OpenSocket = Callable[..., Awaitable[BrowserSocket]]

BACK = {"en": "Back to the list", "fa": "بازگشت به فهرست"}


async def looking_at(socket: BrowserSocket, view: View) -> None:
    """Say what the browser shows, and take the first state of it."""
    await socket.send(view.model_dump_json())
    await socket.text_with('hx-target="#inbox"')


class TestLive:
    async def test_turns_away_who_is_not_signed_in_for_good(self, open_socket: OpenSocket) -> None:
        socket = await open_socket({})

        closed = await socket.receive()

        assert (closed["type"], closed["code"]) == ("websocket.close", SIGNED_OUT)

    async def test_turns_away_who_handles_no_conversations(
        self, client: httpx.AsyncClient, sign_in: SignIn, open_socket: OpenSocket
    ) -> None:
        await sign_in(Role.editor)

        socket = await open_socket(dict(client.cookies))

        assert (await socket.receive())["code"] == NOT_ALLOWED

    async def test_a_new_conversation_appears_in_the_list(
        self, client: httpx.AsyncClient, sign_in: SignIn, open_socket: OpenSocket, says: Says
    ) -> None:
        await sign_in(Role.agent)
        socket = await open_socket(dict(client.cookies))
        await looking_at(socket, View(tab="with_bot"))

        conversation = await says("Is anybody there?")

        html = await socket.text_with("Is anybody there?")
        assert f'id="row-{conversation.id}"' in html
        assert "<title>" in html

    async def test_keeps_who_looks_at_another_page_of_the_list_there(
        self,
        client: httpx.AsyncClient,
        sign_in: SignIn,
        open_socket: OpenSocket,
        says: Says,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("web.desk.reading.LIST_LENGTH", 2)
        await sign_in(Role.agent)
        for visitor in ("Ali", "Sara", "Omid"):
            await says("Hello", visitor=visitor, name=visitor)
        socket = await open_socket(dict(client.cookies))
        await looking_at(socket, View(tab="with_bot", page=2))

        await says("Is anybody there?", visitor="Mina", name="Mina")

        html = await socket.text_with('hx-target="#inbox"')
        assert html.count('id="row-') == 2
        assert "page=2" in html
        assert 'rel="prev"' in html

    async def test_the_open_conversation_gets_new_messages_and_keeps_the_composer(
        self, client: httpx.AsyncClient, sign_in: SignIn, open_socket: OpenSocket, says: Says, waiting: Conversation
    ) -> None:
        await sign_in(Role.agent)
        socket = await open_socket(dict(client.cookies))
        await looking_at(socket, View(conversation=waiting.id))

        await says(f"And one more thing {HOSTILE}")

        html = await socket.text_with(f'hx-target="#scroller-{waiting.id}"')
        while "And one more thing" not in html:
            html = await socket.text_with(f'hx-target="#scroller-{waiting.id}"')
        assert "<script>" not in html
        assert "<textarea" not in html

    @pytest.mark.parametrize(("language", "other"), [("fa", "en"), ("en", "fa")])
    async def test_speaks_the_language_of_its_page_and_not_the_one_that_was_chosen_for_others(
        self,
        client: httpx.AsyncClient,
        sign_in: SignIn,
        open_socket: OpenSocket,
        waiting: Conversation,
        language: str,
        other: str,
    ) -> None:
        await sign_in(Role.agent)
        client.cookies["hamyar_language"] = other
        page = (await client.get(f"/desk/conversations/{waiting.id}", params={"lang": language})).text
        (address,) = re.findall(r'hx-ws:connect="([^"]+)"', page)

        socket = await open_socket(dict(client.cookies), address)
        await socket.send(View(conversation=waiting.id).model_dump_json())

        html = await socket.text_with(f'hx-target="#scroller-{waiting.id}"')
        assert all((words in html) is (language == written_in) for written_in, words in BACK.items())

    async def test_gives_a_sign_of_life_when_asked_for_one(
        self, client: httpx.AsyncClient, sign_in: SignIn, open_socket: OpenSocket, waiting: Conversation
    ) -> None:
        await sign_in(Role.agent)
        socket = await open_socket(dict(client.cookies))
        await looking_at(socket, View(conversation=waiting.id))
        await socket.text_with(f'hx-target="#scroller-{waiting.id}"')

        await socket.send(PING)

        assert await socket.receive() == {"type": "websocket.send", "text": PONG}

    async def test_shows_that_the_contact_is_writing(
        self,
        client: httpx.AsyncClient,
        sign_in: SignIn,
        open_socket: OpenSocket,
        events: LocalEventBus,
        waiting: Conversation,
    ) -> None:
        await sign_in(Role.agent)
        client.cookies.set("hamyar_language", "en")
        socket = await open_socket(dict(client.cookies))
        await looking_at(socket, View(conversation=waiting.id))

        await events.publish("desk", {"type": "typing", "conversation_id": "another", "on": True})
        await events.publish("desk", {"type": "typing", "conversation_id": waiting.id, "on": True})

        assert "The contact is writing" in await socket.text_with(f'hx-target="#typing-{waiting.id}"')

    async def test_calls_for_attention_when_somebody_waits(
        self, client: httpx.AsyncClient, sign_in: SignIn, open_socket: OpenSocket, says: Says, waiting: Conversation
    ) -> None:
        await sign_in(Role.agent)
        socket = await open_socket(dict(client.cookies))
        await looking_at(socket, View())

        await says("Hello?")

        assert await socket.text_with('"chime"')

    async def test_calls_everybody_when_a_contact_writes_whose_conversation_nobody_has_any_more(
        self,
        client: httpx.AsyncClient,
        sign_in: SignIn,
        switch_off: Callable[[Agent], Awaitable[None]],
        open_socket: OpenSocket,
        says: Says,
        waiting: Conversation,
    ) -> None:
        supervisor = await sign_in(Role.supervisor)
        await client.post(f"/desk/conversations/{waiting.id}/take")
        await switch_off(supervisor)
        await sign_in(Role.agent)
        socket = await open_socket(dict(client.cookies))
        await looking_at(socket, View())

        await says("Hello?")

        assert await socket.text_with('"chime"')

    async def test_tells_people_in_the_roles_that_the_policy_names_of_a_handoff(
        self,
        client: httpx.AsyncClient,
        sign_in: SignIn,
        open_socket: OpenSocket,
        events: LocalEventBus,
        says: Says,
    ) -> None:
        angry = await says("I will sue you", visitor="angry", name="Azadeh")
        told = {"type": "handed_off", "conversation_id": angry.id, "reason": "legal_threat", "roles": ["supervisor"]}
        client.cookies.set("hamyar_language", "en")
        await sign_in(Role.agent)
        colleague = await open_socket(dict(client.cookies))
        await sign_in(Role.supervisor)
        socket = await open_socket(dict(client.cookies))
        for each in (colleague, socket):
            await looking_at(each, View())

        await events.publish("desk", told)
        await events.publish("desk", {"type": "typing", "conversation_id": "", "author": "contact", "on": False})

        notice = await socket.text_with('hx-target="#notices"')
        assert "speaks of legal steps" in notice
        assert "Azadeh" in notice
        assert "speaks of legal steps" not in await colleague.text_with('hx-target="#typing-"')

    async def test_tells_an_agent_on_any_page_of_a_conversation_that_a_colleague_gives_them(
        self, client: httpx.AsyncClient, sign_in: SignIn, open_socket: OpenSocket, waiting: Conversation
    ) -> None:
        client.cookies.set("hamyar_language", "en")
        agent = await sign_in(Role.agent)
        # Its page shows no conversations, and asks for none.
        socket = await open_socket(dict(client.cookies))
        await sign_in(Role.supervisor)
        await client.post(f"/desk/conversations/{waiting.id}/take")

        await client.post(f"/desk/conversations/{waiting.id}/assign", data={"assignee": agent.id})

        notice = await socket.text_with('hx-target="#notices"')
        assert "Supervisor has given a conversation to you" in notice
        assert f'href="/desk/conversations/{waiting.id}"' in notice

    async def test_tells_an_agent_of_a_ticket_that_a_colleague_gives_them_and_of_none_they_take(
        self, client: httpx.AsyncClient, sign_in: SignIn, open_socket: OpenSocket, waiting: Conversation
    ) -> None:
        client.cookies.set("hamyar_language", "en")
        agent = await sign_in(Role.agent)
        socket = await open_socket(dict(client.cookies))
        await self._assign("HM-1001", agent, client)
        await sign_in(Role.supervisor)

        await self._assign("HM-1001", None, client)
        await self._assign("HM-1001", agent, client)

        notice = await socket.text_with('hx-target="#notices"')
        assert "Supervisor has given a ticket to you" in notice
        assert 'href="/desk/tickets/HM-1001"' in notice

    @staticmethod
    async def _assign(number: str, to: Agent | None, client: httpx.AsyncClient) -> None:
        changed = await client.patch(f"/api/v1/tickets/{number}", json={"assignee_id": to.id if to else None})
        assert changed.status_code == 200

    @pytest.mark.parametrize("path", ["/desk", "/desk/tickets", "/desk/profile"])
    async def test_is_connected_once_from_every_page_of_who_handles_conversations(
        self, client: httpx.AsyncClient, sign_in: SignIn, path: str
    ) -> None:
        await sign_in(Role.agent)
        assert (await client.get(path)).text.count('hx-ws:connect="/desk/live') == 1

        await sign_in(Role.editor)

        assert "hx-ws:connect" not in (await client.get("/desk/profile")).text

    async def test_ends_when_the_session_does(
        self,
        app: FastAPI,
        client: httpx.AsyncClient,
        sign_in: SignIn,
        open_socket: OpenSocket,
        says: Says,
    ) -> None:
        agent = await sign_in(Role.agent)
        socket = await open_socket(dict(client.cookies))
        await looking_at(socket, View())
        async with app.state.work.begin() as session:
            await AgentService(session, clock=app.state.clock).agents.end_sessions(agent_id=agent.id)

        await says("Hello?")

        event = await socket.receive()
        assert (event["type"], event["code"]) == ("websocket.close", SIGNED_OUT)

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"password": "another long one"}, SIGNED_OUT),
            ({"is_active": False}, SIGNED_OUT),
            ({"role": Role.editor}, NOT_ALLOWED),
        ],
    )
    async def test_ends_at_once_for_whoever_may_look_no_more(
        self,
        app: FastAPI,
        client: httpx.AsyncClient,
        sign_in: SignIn,
        open_socket: OpenSocket,
        change: dict[str, Any],
        code: int,
    ) -> None:
        agent = await sign_in(Role.agent)
        socket = await open_socket(dict(client.cookies))
        await looking_at(socket, View())

        async with app.state.work.begin() as session:
            await AgentService(session, clock=app.state.clock).change(agent.id, **change)

        event = await socket.receive()
        assert (event["type"], event["code"]) == ("websocket.close", code)

    async def test_ends_in_every_tab_of_whoever_signs_out(
        self, client: httpx.AsyncClient, sign_in: SignIn, open_socket: OpenSocket
    ) -> None:
        await sign_in(Role.agent)
        socket = await open_socket(dict(client.cookies))
        await looking_at(socket, View())

        await client.post("/desk/sign-out")

        event = await socket.receive()
        assert (event["type"], event["code"]) == ("websocket.close", SIGNED_OUT)

    async def test_says_nothing_of_a_push_in_whose_middle_the_browser_left(
        self, app: FastAPI, make_agent: Callable[..., Awaitable[Agent]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def leave(_desk: LiveDesk, _events: object) -> None:
            await asyncio.sleep(0)

        async def push(_desk: LiveDesk, _events: object) -> None:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                raise WebSocketDisconnect(1006) from None

        monkeypatch.setattr(LiveDesk, "_read", leave)
        monkeypatch.setattr(LiveDesk, "_write", push)
        said: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: said.append(context))

        await LiveDesk(cast(WebSocket, SimpleNamespace(app=app)), await make_agent("Sara")).run()
        gc.collect()

        assert said == []

    async def test_bears_nonsense_from_the_browser(
        self, client: httpx.AsyncClient, sign_in: SignIn, open_socket: OpenSocket
    ) -> None:
        await sign_in(Role.agent)
        socket = await open_socket(dict(client.cookies))

        await socket.send("nonsense")
        await socket.send('{"tab": "nowhere"}')

        await looking_at(socket, View(conversation="of nobody"))
