"""One's own account."""

from collections.abc import Awaitable, Callable

import httpx
import pytest
from fastapi import FastAPI

from crm.enums import Role
from crm.models import Agent

SignIn = Callable[[Role], Awaitable[Agent]]
PATH = "/desk/profile"
NEW = "another long password"


@pytest.fixture(autouse=True)
def english(client: httpx.AsyncClient) -> None:
    client.cookies.set("hamyar_language", "en")


@pytest.fixture
async def elsewhere(app: FastAPI, client: httpx.AsyncClient) -> httpx.AsyncClient:
    """The same person's browser at home."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


class TestShowProfile:
    async def test_is_for_everybody_who_works_here(self, client: httpx.AsyncClient, sign_in: SignIn) -> None:
        assert (await client.get(PATH)).status_code == 303
        for role in Role:
            agent = await sign_in(role)

            page = (await client.get(PATH)).text

            assert agent.email in page
            assert f'href="{PATH}" aria-current="page"' in page


class TestChangePassword:
    async def test_is_refused_without_sign_in(self, client: httpx.AsyncClient) -> None:
        response = await client.post(f"{PATH}/password", data={"present": "x", "new": NEW})

        assert response.status_code == 401

    @pytest.mark.parametrize("role", list(Role))
    async def test_keeps_this_browser_signed_in_and_no_other(
        self, client: httpx.AsyncClient, elsewhere: httpx.AsyncClient, sign_in: SignIn, role: Role
    ) -> None:
        agent = await sign_in(role)
        await elsewhere.post("/desk/sign-in", data={"email": agent.email, "password": agent.email})

        response = await client.post(
            f"{PATH}/password", data={"present": agent.email, "new": NEW}, follow_redirects=True
        )

        assert "Your new password is in force." in response.text
        assert (await elsewhere.get(PATH)).status_code == 303
        signed_in = await elsewhere.post("/desk/sign-in", data={"email": agent.email, "password": NEW})
        assert signed_in.status_code == 303

    @pytest.mark.parametrize(
        ("present", "new", "words"),
        [
            ("a guess", NEW, "This is not your present password."),
            (None, "short", "A password needs 10 to 256 characters."),
        ],
    )
    async def test_changes_nothing_that_is_wrong(
        self, client: httpx.AsyncClient, sign_in: SignIn, present: str | None, new: str, words: str
    ) -> None:
        agent = await sign_in(Role.agent)

        response = await client.post(f"{PATH}/password", data={"present": present or agent.email, "new": new})

        assert response.status_code == 422
        assert words in response.text
        assert (await client.get(PATH)).status_code == 200
        signed_in = await client.post("/desk/sign-in", data={"email": agent.email, "password": agent.email})
        assert signed_in.status_code == 303

    async def test_slows_down_whoever_tries_passwords_at_an_open_desk(
        self, client: httpx.AsyncClient, sign_in: SignIn
    ) -> None:
        agent = await sign_in(Role.agent)
        for _time in range(3):
            await client.post(f"{PATH}/password", data={"present": "a guess", "new": NEW})

        response = await client.post(f"{PATH}/password", data={"present": agent.email, "new": NEW})

        assert "Too many tries." in response.text
