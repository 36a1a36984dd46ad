"""Every public door counts, and refuses in the same words: 429, `Retry-After`, the uniform body."""

import json
from collections.abc import Awaitable, Callable

import httpx
import pytest
from fastapi import FastAPI

from connectors.web_widget import limits
from core.config import Settings
from core.rate_limit import RateLimit
from crm.enums import Role
from crm.models import Agent, Inbox
from tests.web.conftest import SERVICE_TOKEN
from tests.web.desk.browser_socket import browser_socket, knocking_socket

SignIn = Callable[[Role], Awaitable[Agent]]


@pytest.fixture
def settings(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(limits, "FILES_GIVEN", "2/minute")
    return settings.model_copy(update={"widget_messages_per_minute": 2, "widget_sessions_per_minute": 3})


async def come(client: httpx.AsyncClient, inbox: Inbox) -> httpx.Response:
    return await client.post("/widget/session", json={"inbox": inbox.key, "language": "en"})


def assert_refused(response: httpx.Response) -> None:
    assert response.status_code == 429
    assert int(response.headers["retry-after"]) >= 1
    assert response.json()["error"]["code"] == "rate_limited"


class TestWidget:
    async def test_so_many_visitors_come_from_one_address(self, client: httpx.AsyncClient, inbox: Inbox) -> None:
        welcome = [(await come(client, inbox)).status_code for _ in range(3)]

        assert welcome == [200] * 3
        assert_refused(await come(client, inbox))

    async def test_so_many_sockets_are_opened_from_one_address(self, app: FastAPI) -> None:
        for _ in range(3 * limits.SHARERS):
            await (await browser_socket(app, "/widget/ws", {})).leave()

        refused = await knocking_socket(app, "/widget/ws", {})
        start, body = await refused.receive(), await refused.receive()

        assert (start["type"], start["status"]) == ("websocket.http.response.start", 429)
        assert int(dict(start["headers"])[b"retry-after"]) >= 1
        assert json.loads(body["body"])["error"]["code"] == "rate_limited"

    async def test_one_visitor_writes_so_often(self, client: httpx.AsyncClient, inbox: Inbox) -> None:
        token = (await come(client, inbox)).json()["token"]
        who = {"authorization": f"Bearer {token}"}
        answers = [await client.post("/widget/introduction", json={}, headers=who) for _ in range(3)]

        assert [answer.status_code for answer in answers[:2]] == [204, 204]
        assert_refused(answers[2])

    def test_one_address_may_send_what_ten_visitors_may(self, settings: Settings) -> None:
        widget = limits.WidgetLimits(settings)
        for number in range(limits.SHARERS):
            for _ in range(2):
                widget.message(f"visitor {number}", host="203.0.113.7")

        with pytest.raises(Exception, match="Too many requests"):
            widget.message("one more", host="203.0.113.7")
        widget.message("somebody else", host="203.0.113.8")

    async def test_files_are_given_out_so_often(self, client: httpx.AsyncClient) -> None:
        for _ in range(2):
            assert (await client.get("/widget/files/forged")).status_code == 404

        assert_refused(await client.get("/widget/files/forged"))


class TestHelp:
    async def test_searching_is_limited_and_reading_is_not(self, app: FastAPI, client: httpx.AsyncClient) -> None:
        app.state.search_limit = RateLimit("1/minute")
        await client.get("/help/en?q=refund")

        refused = await client.get("/help/en?q=refund")

        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) >= 1
        assert (await client.get("/help/en")).status_code == 200


class TestApi:
    async def test_tokens_cannot_be_guessed_for_long_and_the_right_one_still_opens(
        self, app: FastAPI, client: httpx.AsyncClient
    ) -> None:
        app.state.wrong_token_limit = RateLimit("2/minute")
        wrong, right = {"authorization": "Bearer wrong"}, {"authorization": f"Bearer {SERVICE_TOKEN}"}
        guessed = [(await client.get("/api/v1/tickets", headers=wrong)).status_code for _ in range(2)]

        assert guessed == [401, 401]
        assert_refused(await client.get("/api/v1/tickets", headers=wrong))
        assert (await client.get("/api/v1/tickets", headers=right)).status_code == 200

    async def test_one_account_asks_so_often_whatever_it_asks_for(
        self, app: FastAPI, client: httpx.AsyncClient, sign_in: SignIn
    ) -> None:
        await sign_in(Role.agent)
        app.state.account_limit = RateLimit("2/minute")
        await client.get("/api/v1/tickets")
        await client.get("/desk/tickets")

        page = await client.get("/desk/tickets")

        assert_refused(await client.get("/api/v1/tickets"))
        assert page.status_code == 429
        assert int(page.headers["retry-after"]) >= 1

    async def test_signing_in_is_limited(self, client: httpx.AsyncClient) -> None:
        said = {"email": "sara@example.com", "password": "wrong password"}
        tries = [(await client.post("/api/v1/session", json=said)).status_code for _ in range(3)]

        assert tries == [401] * 3
        assert_refused(await client.post("/api/v1/session", json=said))
