"""Accounts, as an admin keeps them."""

import re
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


def opened(page: str) -> str:
    """The one dialog that is open when the page comes."""
    (dialog,) = re.findall(r'<section class="dialog"[^>]* data-opened.*?</section>', page, re.DOTALL)
    return str(dialog)


@pytest.fixture(autouse=True)
async def admin(client: httpx.AsyncClient, sign_in: SignIn) -> Agent:
    client.cookies.set("hamyar_language", "en")
    return await sign_in(Role.admin)


async def shown(client: httpx.AsyncClient, person: Agent) -> dict[str, str]:
    """What a person's form remembers of the page as it stands."""
    page = (await client.get("/desk/people")).text
    (form,) = re.findall(rf'action="/desk/people/{person.id}".*?</form>', page, re.DOTALL)
    return dict(re.findall(r'name="(shown_\w+)" value="([^"]*)"', form))


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
        dialog = opened(response.text)
        assert words in dialog
        assert f'value="{(NEW | wrong)["email"]}"' in dialog
        assert 'value="supervisor" selected' in dialog
        assert NEW["password"] not in response.text


class TestChangePerson:
    async def test_an_account_has_a_name_of_more_than_spaces(
        self, client: httpx.AsyncClient, make_agent: Callable[..., Awaitable[Agent]]
    ) -> None:
        sara = await make_agent("Sara")

        response = await client.post(f"/desk/people/{sara.id}", data={"name": "   ", "role": "agent"})

        assert response.status_code == 422
        assert "needs 1 to 120 characters" in opened(response.text)
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

    async def test_undoes_nothing_that_a_colleague_did_while_the_page_was_open(
        self, client: httpx.AsyncClient, make_agent: Callable[..., Awaitable[Agent]]
    ) -> None:
        sara = await make_agent("Sara")
        form = {"name": "Sara Rad", "role": "agent", "is_active": "true", **await shown(client, sara)}
        await client.patch(f"/api/v1/agents/{sara.id}", json={"role": "editor", "is_active": False})

        await client.post(f"/desk/people/{sara.id}", data=form)

        now = await shown(client, sara)
        assert now == {"shown_name": "Sara Rad", "shown_role": "editor", "shown_is_active": "false"}

    async def test_shows_what_a_colleague_did_beside_what_was_typed_in_vain(
        self, client: httpx.AsyncClient, make_agent: Callable[..., Awaitable[Agent]]
    ) -> None:
        sara = await make_agent("Sara")
        form = {"name": "Sara Rad", "role": "agent", "is_active": "true", **await shown(client, sara)}
        await client.patch(f"/api/v1/agents/{sara.id}", json={"role": "editor", "is_active": False})

        response = await client.post(f"/desk/people/{sara.id}", data={**form, "password": "short"})

        dialog = opened(response.text)
        assert 'value="Sara Rad"' in dialog
        assert 'value="editor" selected' in dialog
        assert "checked" not in dialog

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
        assert '<option value="agent" selected>' in (await client.get("/desk/people")).text

    async def test_what_was_typed_in_vain_is_still_there(
        self, client: httpx.AsyncClient, make_agent: Callable[..., Awaitable[Agent]]
    ) -> None:
        sara = await make_agent("Sara")

        response = await client.post(
            f"/desk/people/{sara.id}", data={"name": "Sara Rad", "role": "editor", "password": "short"}
        )

        dialog = opened(response.text)
        assert f'id="person-{sara.id}"' in dialog
        assert "needs 10 to 256 characters" in dialog
        assert 'value="Sara Rad"' in dialog
        assert 'value="editor" selected' in dialog
        assert "checked" not in dialog
        assert "short" not in dialog
