"""Accounts, as an admin keeps them."""

from collections.abc import Awaitable, Callable

import httpx
import pytest

from crm.enums import Role
from crm.models import Agent

SignIn = Callable[[Role], Awaitable[Agent]]
NEW = {
    "name": "Omid",
    "email": "omid@example.com",
    "password": "a long enough one",
    "role": "supervisor",
    "locale": "en",
}


@pytest.fixture(autouse=True)
async def admin(client: httpx.AsyncClient, sign_in: SignIn) -> Agent:
    client.cookies.set("hamyar_language", "en")
    return await sign_in(Role.admin)


class TestCreatePerson:
    async def test_the_new_colleague_can_sign_in(self, client: httpx.AsyncClient) -> None:
        response = await client.post("/desk/people", data=NEW)

        assert response.status_code == 303
        assert "omid@example.com" in (await client.get("/desk/people")).text
        client.cookies.clear()
        signed_in = await client.post("/desk/sign-in", data={"email": NEW["email"], "password": NEW["password"]})
        assert signed_in.headers["location"] == "/desk"

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"password": "short"}, "needs 10 to 256 characters"),
            ({"email": "nobody"}, "not an e-mail address"),
            ({"email": "admin@example.com"}, "has an account with this e-mail address already"),
            ({"name": ""}, "needs 1 to 120 characters"),
            ({"name": "   "}, "needs 1 to 120 characters"),
        ],
    )
    async def test_says_in_words_what_is_wrong_and_keeps_what_was_typed(
        self, client: httpx.AsyncClient, wrong: dict[str, str], words: str
    ) -> None:
        response = await client.post("/desk/people", data=NEW | wrong)

        assert response.status_code == 422
        assert words in response.text
        assert (NEW | wrong)["email"] in response.text
        assert NEW["password"] not in response.text


class TestChangePerson:
    async def test_an_account_has_a_name_of_more_than_spaces(
        self, client: httpx.AsyncClient, make_agent: Callable[..., Awaitable[Agent]]
    ) -> None:
        sara = await make_agent("Sara")

        response = await client.post(f"/desk/people/{sara.id}", data={"name": "   ", "role": "agent"})

        assert response.status_code == 422
        assert "<bdi>Sara</bdi>" in (await client.get("/desk/people")).text

    async def test_refuses_a_number_that_no_account_can_have(self, client: httpx.AsyncClient) -> None:
        response = await client.post("/desk/people/99999999999999999999", data={"name": "Sara", "role": "agent"})

        assert response.status_code == 422

    async def test_a_switched_off_account_cannot_sign_in(
        self, client: httpx.AsyncClient, make_agent: Callable[..., Awaitable[Agent]]
    ) -> None:
        sara = await make_agent("Sara")

        await client.post(f"/desk/people/{sara.id}", data={"name": "Sara", "role": "agent"})

        response = await client.post("/desk/sign-in", data={"email": sara.email, "password": sara.email})
        assert response.status_code == 401

    async def test_the_last_admin_stays_and_nothing_else_is_changed(
        self, client: httpx.AsyncClient, admin: Agent
    ) -> None:
        form = {"name": "Renamed", "role": "agent", "is_active": "true"}

        response = await client.post(f"/desk/people/{admin.id}", data=form)

        assert response.status_code == 422
        assert "last admin" in response.text
        page = await client.get("/desk/people")
        assert page.status_code == 200
        assert "Renamed" not in page.text

    async def test_a_password_that_is_too_short_changes_nothing(
        self, client: httpx.AsyncClient, make_agent: Callable[..., Awaitable[Agent]]
    ) -> None:
        sara = await make_agent("Sara")
        form = {"name": "Sara", "role": "admin", "is_active": "true", "password": "short"}

        response = await client.post(f"/desk/people/{sara.id}", data=form)

        assert response.status_code == 422
        assert "Supervisor" in response.text
        assert '<option value="agent" selected>' in (await client.get("/desk/people")).text
