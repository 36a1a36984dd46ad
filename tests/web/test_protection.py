"""What no request gets past, whatever its route."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from starlette.datastructures import QueryParams
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from web.app import create_app
from web.errors import add_error_handlers
from web.parts import Parts
from web.protection import MAX_BODY_BYTES, Protection

FOREIGN = ({"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"})


class TestOtherSites:
    @pytest.mark.parametrize("headers", [*FOREIGN, {"sec-fetch-site": "same-site"}])
    async def test_cannot_sign_anybody_in(self, client: httpx.AsyncClient, headers: dict[str, str]) -> None:
        response = await client.post("/desk/sign-in", data={"email": "eve@example.com"}, headers=headers)

        assert response.status_code == 403
        assert response.json()["error"]["code"] == "cross_site_request"

    @pytest.mark.parametrize("headers", FOREIGN)
    async def test_may_open_the_widget(self, client: httpx.AsyncClient, headers: dict[str, str]) -> None:
        response = await client.post("/widget/session", json={"inbox": "no such inbox"}, headers=headers)

        assert response.json()["error"]["code"] == "widget_not_allowed"


class TestBody:
    async def test_has_an_end_though_its_length_was_not_told(self, client: httpx.AsyncClient) -> None:
        sent = 0

        async def endless() -> AsyncIterator[bytes]:
            nonlocal sent
            while sent < 10 * MAX_BODY_BYTES:
                sent += 100_000
                yield b"x" * 100_000

        response = await client.post("/api/v1/session", content=endless(), headers={"content-type": "application/json"})

        assert response.status_code == 413
        assert response.json()["error"]["code"]
        assert sent <= MAX_BODY_BYTES + 100_000


class TestNul:
    async def test_reaches_no_route_since_postgresql_cannot_look_for_it(self) -> None:
        async def echo(scope: Scope, receive: Receive, send: Send) -> None:
            await JSONResponse([scope["path"], dict(QueryParams(scope["query_string"]))])(scope, receive, send)

        async with httpx.AsyncClient(transport=httpx.ASGITransport(Protection(echo)), base_url="http://test") as client:
            response = await client.get("/help/a%00b?q=%00")

        assert response.json() == ["/help/a\ufffdb", {"q": "\ufffd"}]


class TestHeaders:
    @pytest.mark.parametrize("path", ["/desk/sign-in", "/api/v1/session", "/api/v1/none"])
    async def test_let_no_browser_keep_what_agents_see(self, client: httpx.AsyncClient, path: str) -> None:
        assert (await client.get(path)).headers.get_list("cache-control") == ["no-store"]

    async def test_leave_a_stricter_word_of_a_page_alone(self) -> None:
        async def page(scope: Scope, receive: Receive, send: Send) -> None:
            await JSONResponse({}, headers={"Cache-Control": "private, no-store"})(scope, receive, send)

        async with httpx.AsyncClient(transport=httpx.ASGITransport(Protection(page)), base_url="http://test") as client:
            response = await client.get("/desk")

        assert response.headers.get_list("cache-control") == ["private, no-store"]

    @pytest.mark.parametrize("path", ["/help", "/static/desk.css", "/widget/widget.js"])
    async def test_say_nothing_of_keeping_what_everybody_sees(self, client: httpx.AsyncClient, path: str) -> None:
        assert "no-store" not in (await client.get(path)).headers.get("cache-control", "")

    @pytest.mark.parametrize("path", ["/api/docs", "/health/live", "/desk/sign-in"])
    async def test_let_pages_reach_this_site_alone_and_stand_in_no_other(
        self, client: httpx.AsyncClient, path: str
    ) -> None:
        policy = (await client.get(path)).headers["content-security-policy"].split("; ")

        assert {"connect-src 'self'", "script-src 'self'", "frame-ancestors 'none'"} <= set(policy)

    @pytest.mark.parametrize(("is_https", "told"), [(True, "max-age=15552000"), (False, None)])
    async def test_tell_of_https_where_the_site_has_it(self, parts: Parts, is_https: bool, told: str | None) -> None:
        parts.settings.public_url = "https://support.example.com" if is_https else "http://localhost:8000"
        transport = httpx.ASGITransport(create_app(parts))

        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            response = await client.get("/desk/sign-in")

        assert response.headers.get("strict-transport-security") == told


class TestFailures:
    async def test_carry_the_security_headers_too(self) -> None:
        app = FastAPI()
        add_error_handlers(app)
        app.add_middleware(Protection)

        @app.get("/api/broken")
        async def broken() -> None:
            raise RuntimeError("as told")

        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            response = await client.get("/api/broken")

        assert response.json()["error"]["code"] == "internal_error"
        assert "default-src 'self'" in response.headers["content-security-policy"]
