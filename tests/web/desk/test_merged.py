"""A conversation that was joined to another one: links to it, and pages that still show it, lead there."""

import json
from collections.abc import Awaitable, Callable

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from crm.contacts.service import ContactService
from crm.conversations.service import ConversationService
from crm.enums import Role
from crm.models import Agent, Conversation, Inbox, MergedConversation, Message
from tests.web.desk.browser_socket import BrowserSocket

SignIn = Callable[[Role], Awaitable[Agent]]
Says = Callable[..., Awaitable[Conversation]]
HTMX = {"hx-request": "true"}


@pytest.fixture(autouse=True)
def english(client: httpx.AsyncClient) -> None:
    client.cookies.set("hamyar_language", "en")


async def recognise(app: FastAPI, inbox: Inbox, *, known: str, former: str) -> None:
    """The site says that this visitor is that person, the bot having dealt with all that was written."""
    async with app.state.work.begin() as session:
        for message in await session.scalars(select(Message)):
            message.turn = None
        for conversation in await session.scalars(select(Conversation)):
            conversation.leased_until = None
    async with app.state.work.begin() as session:
        contacts = ContactService(session, clock=app.state.parts.clock)
        await contacts.recognise(inbox.id, known=known, former=former, name="", email="")


@pytest.fixture
async def old(says: Says) -> Conversation:
    """What a visitor wrote before they signed in."""
    return await says("where is my parcel", visitor="stranger")


@pytest.fixture
async def new(app: FastAPI, inbox: Inbox, says: Says, old: Conversation) -> Conversation:
    """Their conversation of before, of which the other one is a part now."""
    conversation = await says("thanks for last week", visitor="sara")
    await recognise(app, inbox, known="sara", former="stranger")
    return conversation


@pytest.fixture
async def live(
    client: httpx.AsyncClient, open_socket: Callable[..., Awaitable[BrowserSocket]], sign_in: SignIn
) -> BrowserSocket:
    await sign_in(Role.agent)
    return await open_socket(dict(client.cookies))


class TestLinks:
    async def test_lead_to_where_it_is_now_and_keep_the_list(
        self, client: httpx.AsyncClient, sign_in: SignIn, old: Conversation, new: Conversation
    ) -> None:
        await sign_in(Role.agent)

        bare = await client.get(f"/desk/conversations/{old.id}")
        beside_a_list = await client.get(f"/desk/conversations/{old.id}?tab=with_bot")
        page = await client.get(beside_a_list.headers["location"])

        assert (bare.status_code, bare.headers["location"]) == (302, f"/desk/conversations/{new.id}")
        assert beside_a_list.headers["location"] == f"/desk/conversations/{new.id}?tab=with_bot"
        assert "where is my parcel" in page.text
        assert "thanks for last week" in page.text

    async def test_lead_on_however_often_it_was_joined(
        self,
        app: FastAPI,
        client: httpx.AsyncClient,
        inbox: Inbox,
        says: Says,
        sign_in: SignIn,
        old: Conversation,
        new: Conversation,
    ) -> None:
        third = await says("another one", visitor="sara-elsewhere")
        await recognise(app, inbox, known="sara-elsewhere", former="sara")
        await sign_in(Role.agent)

        for one in (old, new):
            response = await client.get(f"/desk/conversations/{one.id}")
            assert response.headers["location"] == f"/desk/conversations/{third.id}"

    @pytest.mark.parametrize("role", [None, Role.editor])
    async def test_tell_nothing_to_those_who_may_not_see_it(
        self, client: httpx.AsyncClient, sign_in: SignIn, old: Conversation, new: Conversation, role: Role | None
    ) -> None:
        if role:
            await sign_in(role)

        response = await client.get(f"/desk/conversations/{old.id}")

        assert new.id not in response.headers.get("location", "") + response.text

    async def test_of_one_that_never_was_lead_nowhere(
        self, client: httpx.AsyncClient, sign_in: SignIn, new: Conversation
    ) -> None:
        await sign_in(Role.agent)

        assert (await client.get("/desk/conversations/%3Cscript%3E")).status_code == 404

    async def test_of_the_api_give_the_conversation_with_all_its_messages(
        self, as_program: httpx.AsyncClient, old: Conversation, new: Conversation
    ) -> None:
        found = (await as_program.get(f"/api/v1/conversations/{old.id}")).json()
        messages = (await as_program.get(f"/api/v1/conversations/{old.id}/messages")).json()

        assert found["id"] == new.id
        assert {"where is my parcel", "thanks for last week"} <= {message["text"] for message in messages}

    async def test_end_with_the_conversation_itself(self, app: FastAPI, old: Conversation, new: Conversation) -> None:
        async with app.state.work.begin() as session:
            await session.delete(await session.get_one(Conversation, new.id))

        async with app.state.work.reading() as session:
            assert await session.get(MergedConversation, old.id) is None


class TestOpenPage:
    async def test_sends_the_reply_to_where_the_contact_is_and_goes_there(
        self, app: FastAPI, client: httpx.AsyncClient, sign_in: SignIn, old: Conversation, new: Conversation
    ) -> None:
        await sign_in(Role.agent)

        response = await client.post(
            f"/desk/conversations/{old.id}/messages", data={"text": "It is on its way."}, headers=HTMX
        )

        assert response.headers["hx-redirect"] == f"/desk/conversations/{new.id}"
        async with app.state.work.reading() as session:
            service: ConversationService = app.state.open_conversations(session)
            texts = [message.text for message in await service.conversations.messages(new.id)]
        assert "It is on its way." in texts

    async def test_says_that_the_conversation_goes_on_elsewhere(
        self, app: FastAPI, inbox: Inbox, says: Says, live: BrowserSocket, old: Conversation
    ) -> None:
        new = await says("thanks for last week", visitor="sara")
        await live.send(json.dumps({"tab": "with_bot", "conversation": old.id}))
        await live.text_with("where is my parcel")

        await recognise(app, inbox, known="sara", former="stranger")

        told = await live.text_with("joined to their earlier one")
        assert f'hx-target="#head-{old.id}"' in told
        assert f"/desk/conversations/{new.id}?tab=with_bot" in told
