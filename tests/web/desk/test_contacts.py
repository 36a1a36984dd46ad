"""A contact's page."""

import re
from collections.abc import Awaitable, Callable

import httpx
import pytest
from fastapi import FastAPI

from crm.contacts.service import remember_contact_detail
from crm.enums import Role
from crm.models import Agent, Contact, Conversation
from tests.web.desk.conftest import HOSTILE

SignIn = Callable[[Role], Awaitable[Agent]]


@pytest.fixture(autouse=True)
async def agent(client: httpx.AsyncClient, sign_in: SignIn) -> Agent:
    client.cookies.set("hamyar_language", "en")
    return await sign_in(Role.agent)


@pytest.fixture
def address(waiting: Conversation) -> str:
    return f"/desk/contacts/{waiting.contact_id}"


async def known(app: FastAPI, conversation: Conversation) -> tuple[str, str, str]:
    async with app.state.work.reading() as session:
        contact = await session.get_one(Contact, conversation.contact_id)
        return contact.name, contact.email, contact.phone


async def shown(client: httpx.AsyncClient, address: str) -> dict[str, str]:
    """What the form remembers of the page as it stands."""
    return dict(re.findall(r'name="(shown_\w+)" value="([^"]*)"', (await client.get(address)).text))


class TestShowContact:
    async def test_is_at_hand_beside_a_conversation_and_leads_to_all_of_theirs(
        self, client: httpx.AsyncClient, waiting: Conversation, address: str
    ) -> None:
        conversation = (await client.get(f"/desk/conversations/{waiting.id}")).text
        ticket = (await client.get("/desk/tickets/HM-1001")).text

        page = (await client.get(address)).text

        assert f'href="{address}"' in conversation
        assert f'href="{address}"' in ticket
        assert f'href="/desk/conversations/{waiting.id}"' in page
        assert 'href="/desk/tickets/HM-1001"' in page

    async def test_an_unknown_one_is_a_page_that_says_so(self, client: httpx.AsyncClient) -> None:
        response = await client.get("/desk/contacts/99")

        assert response.status_code == 404
        assert "There is no such contact." in response.text


class TestChangeContact:
    async def test_names_a_visitor_everywhere(
        self, app: FastAPI, client: httpx.AsyncClient, waiting: Conversation, address: str
    ) -> None:
        form = {"name": f" Sara {HOSTILE} ", "email": "Sara@example.com", "phone": "۰۹۱۲ ۰۰۰ ۰۰۰۱"}

        response = await client.post(address, data=form, follow_redirects=True)

        assert "Saved." in response.text
        inbox = (await client.get("/desk")).text
        assert "<bdi>Sara &lt;script&gt;" in inbox
        assert "<script>alert" not in inbox + response.text
        assert (await known(app, waiting))[1:] == ("sara@example.com", "0912 000 0001")

    async def test_may_forget_what_was_wrong(
        self, app: FastAPI, client: httpx.AsyncClient, waiting: Conversation, address: str
    ) -> None:
        await client.post(address, data={"name": "Sara", "email": "wrong@example.com"})

        await client.post(address, data={**await shown(client, address), "name": "Sara", "email": ""})

        assert await known(app, waiting) == ("Sara", "", "")

    async def test_undoes_nothing_that_came_in_while_the_page_was_open(
        self, app: FastAPI, client: httpx.AsyncClient, waiting: Conversation, address: str
    ) -> None:
        form = {**await shown(client, address), "name": "Sara", "email": "", "phone": ""}
        async with app.state.work.begin() as session:
            remember_contact_detail(await session.get_one(Contact, waiting.contact_id), "09120000001")

        await client.post(address, data=form)

        assert await known(app, waiting) == ("Sara", "", "09120000001")

    async def test_checks_only_what_was_changed(
        self, app: FastAPI, client: httpx.AsyncClient, waiting: Conversation, address: str
    ) -> None:
        async with app.state.work.begin() as session:
            (await session.get_one(Contact, waiting.contact_id)).phone = "ext. 12"

        form = {**await shown(client, address), "name": "Sara", "phone": "ext. 12"}
        await client.post(address, data=form)

        assert await known(app, waiting) == ("Sara", "", "ext. 12")

    async def test_what_came_in_stays_also_where_something_is_wrong(
        self, app: FastAPI, client: httpx.AsyncClient, waiting: Conversation, address: str
    ) -> None:
        form = {**await shown(client, address), "name": "Sara", "email": "nobody", "phone": ""}
        async with app.state.work.begin() as session:
            remember_contact_detail(await session.get_one(Contact, waiting.contact_id), "09120000001")

        response = await client.post(address, data=form)

        assert 'name="phone" type="tel" value="09120000001"' in response.text
        assert 'name="email" type="email" value="nobody"' in response.text

    @pytest.mark.parametrize("wrong", [{"email": "nobody"}, {"phone": "no number"}])
    async def test_keeps_what_was_typed_and_changes_nothing_where_something_is_wrong(
        self, app: FastAPI, client: httpx.AsyncClient, waiting: Conversation, address: str, wrong: dict[str, str]
    ) -> None:
        response = await client.post(address, data={"name": "Sara", **wrong})

        assert response.status_code == 422
        assert "is not written as one" in response.text
        assert 'value="Sara"' in response.text
        assert f'value="{next(iter(wrong.values()))}"' in response.text
        assert await known(app, waiting) == ("", "", "")
