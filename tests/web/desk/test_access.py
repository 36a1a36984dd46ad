"""Who gets into which page of the desk."""

import re
from collections.abc import Awaitable, Callable, Iterator

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from crm.enums import Role
from crm.models import Agent

SignIn = Callable[[Role], Awaitable[Agent]]
OPEN = ("/desk/sign-in", "/desk/sign-out", "/desk/language")
# Pages of the knowledge base and of one's own account have tests of their own.
ELSEWHERE = ("/desk/knowledge", "/desk/articles", "/desk/profile")
ADMINS_PLACES = ("parked", "handoffs", "intents", "models", "widget", "telegram", "people")


@pytest.fixture
def routes(app: FastAPI) -> list[tuple[str, str]]:
    """Method and address of each closed route of the desk."""
    found = [
        (method, re.sub(r"{\w+}", "1", path))
        for method, path in _all_routes(app)
        if path.startswith("/desk") and path not in OPEN and not path.startswith(ELSEWHERE)
    ]
    assert len(found) > 12
    return found


def _all_routes(app: FastAPI) -> Iterator[tuple[str, str]]:
    for context in iter_route_contexts(app.routes):
        if isinstance(context.original_route, APIRoute):
            for method in context.methods or ():
                yield method, context.path or ""


def _place(path: str) -> str:
    return path.removeprefix("/desk/").partition("/")[0]


class TestWithoutSignIn:
    async def test_pages_ask_to_sign_in_and_changes_are_refused(
        self, client: httpx.AsyncClient, routes: list[tuple[str, str]]
    ) -> None:
        for method, path in routes:
            response = await client.request(method, path)
            if method == "GET":
                assert response.status_code == 303, path
                assert response.headers["location"] == f"/desk/sign-in?next={path}"
            else:
                assert response.status_code in (401, 422), path


class TestAsEditor:
    async def test_conversations_tickets_and_accounts_are_closed(
        self, client: httpx.AsyncClient, sign_in: SignIn, routes: list[tuple[str, str]]
    ) -> None:
        await sign_in(Role.editor)
        routes.remove(("GET", "/desk"))

        for method, path in routes:
            assert (await client.request(method, path)).status_code in (403, 422), (method, path)

    async def test_every_way_to_the_desk_leads_to_their_own_work(
        self, client: httpx.AsyncClient, sign_in: SignIn
    ) -> None:
        await sign_in(Role.editor)

        refused = (await client.get("/desk/tickets?lang=en")).text
        (way_on,) = re.findall(r'href="([^"]+)">To the desk<', refused)
        for way in (way_on, "/desk", "/desk?tab=mine"):
            page = await client.get(way, follow_redirects=True)

            assert (page.status_code, page.url.path) == (200, "/desk/knowledge"), way
            assert 'class="brand" href="/desk/knowledge"' in page.text


class TestOthersThanAdmins:
    @pytest.mark.parametrize("role", [Role.agent, Role.supervisor])
    async def test_find_the_places_of_admins_closed(
        self, client: httpx.AsyncClient, sign_in: SignIn, routes: list[tuple[str, str]], role: Role
    ) -> None:
        await sign_in(role)
        closed = [(method, path) for method, path in routes if _place(path) in ADMINS_PLACES]
        assert {_place(path) for _method, path in closed} == set(ADMINS_PLACES)

        for method, path in closed:
            refused = (403,) if method == "GET" else (403, 422)
            assert (await client.request(method, path)).status_code in refused, (method, path)


class TestAsAgent:
    async def test_accounts_are_closed(self, client: httpx.AsyncClient, sign_in: SignIn) -> None:
        await sign_in(Role.agent)

        assert (await client.get("/desk/people")).status_code == 403
        form = {"name": "Eve", "email": "eve@example.com", "password": "long enough password", "role": "admin"}
        assert (await client.post("/desk/people", data=form)).status_code == 403

    async def test_the_navigation_shows_only_what_is_open(self, client: httpx.AsyncClient, sign_in: SignIn) -> None:
        await sign_in(Role.agent)

        page = (await client.get("/desk")).text

        assert 'href="/desk/tickets"' in page
        assert "/desk/people" not in page
        assert "/desk/knowledge" not in page

    async def test_an_unknown_conversation_is_a_page_that_says_so(
        self, client: httpx.AsyncClient, sign_in: SignIn
    ) -> None:
        await sign_in(Role.agent)

        response = await client.get("/desk/conversations/none?lang=en")

        assert response.status_code == 404
        assert "There is no such conversation." in response.text


class TestAsAdmin:
    async def test_everything_is_open(self, client: httpx.AsyncClient, sign_in: SignIn) -> None:
        await sign_in(Role.admin)

        for path in ("/desk", "/desk?tab=resolved", "/desk/tickets", "/desk/people"):
            assert (await client.get(path)).status_code == 200, path

    async def test_a_phone_keeps_the_daily_places_at_hand_and_says_that_the_page_is_among_the_others(
        self, client: httpx.AsyncClient, sign_in: SignIn
    ) -> None:
        await sign_in(Role.admin)

        at_hand, others = (await client.get("/desk/people")).text.split('id="more"')

        for path in ("/desk", "/desk/tickets", "/desk/knowledge"):
            assert f'class="item" href="{path}"' in at_hand, path
        assert 'popovertarget="more" aria-current="true"' in at_hand
        assert 'href="/desk/people" aria-current="page"' in others
