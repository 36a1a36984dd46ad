"""Messages that were set aside, as admins see and deal with them."""

from collections.abc import Awaitable, Callable

import httpx
import pytest
from fastapi import FastAPI

from connectors.parking import ParkedUpdates, StoredParking
from connectors.ports import Unhandled
from crm.enums import Outcome, ParkedReason, Role, TurnState
from crm.models import Agent, Conversation, Inbox, Message, ParkedUpdate
from tests.web.desk.conftest import HOSTILE

SignIn = Callable[[Role], Awaitable[Agent]]


@pytest.fixture(autouse=True)
def english(client: httpx.AsyncClient) -> None:
    client.cookies.set("hamyar_language", "en")


@pytest.fixture
async def parked(app: FastAPI, conversation: Conversation) -> Message:
    """A message that failed three times."""
    async with app.state.work.begin() as session:
        (message,) = await app.state.open_conversations(session).conversations.pending(conversation.id, limit=1)
        message.turn = TurnState.parked
        message.attempts = 3
        message.outcome = Outcome.failed
        message.error = f"ValueError: {HOSTILE}"
    return message


async def again(app: FastAPI, message: Message) -> Message:
    async with app.state.work.reading() as session:
        return await session.get_one(Message, message.id)


class TestListParked:
    async def test_shows_the_message_and_its_error_as_text(
        self, client: httpx.AsyncClient, sign_in: SignIn, parked: Message
    ) -> None:
        await sign_in(Role.admin)

        page = (await client.get("/desk/parked")).text

        assert "Where is my invoice?" in page
        assert "ValueError: &lt;script&gt;" in page
        assert f'href="/desk/conversations/{parked.conversation_id}"' in page
        assert "<script>alert" not in page

    async def test_says_that_there_are_none(self, client: httpx.AsyncClient, sign_in: SignIn) -> None:
        await sign_in(Role.admin)

        assert "Nothing was set aside" in (await client.get("/desk/parked")).text

    @pytest.mark.parametrize("role", [Role.agent, Role.supervisor, Role.editor])
    async def test_is_for_admins_alone(
        self, role: Role, app: FastAPI, client: httpx.AsyncClient, sign_in: SignIn, parked: Message
    ) -> None:
        await sign_in(role)

        assert (await client.get("/desk/parked")).status_code == 403
        for action in ("try-again", "dismiss"):
            assert (await client.post(f"/desk/parked/{parked.id}/{action}")).status_code == 403

        assert (await again(app, parked)).turn is TurnState.parked


class TestTryAgain:
    async def test_makes_the_turn_due(
        self, app: FastAPI, client: httpx.AsyncClient, sign_in: SignIn, parked: Message
    ) -> None:
        await sign_in(Role.admin)

        response = await client.post(f"/desk/parked/{parked.id}/try-again")

        assert response.headers["location"] == "/desk/parked"
        message = await again(app, parked)
        assert (message.turn, message.attempts, message.error) == (TurnState.pending, 0, None)

    async def test_of_one_that_was_not_set_aside_is_refused(
        self, client: httpx.AsyncClient, sign_in: SignIn, parked: Message
    ) -> None:
        await sign_in(Role.admin)
        await client.post(f"/desk/parked/{parked.id}/dismiss")

        for number in (parked.id, 999):
            assert (await client.post(f"/desk/parked/{number}/try-again")).status_code == 409


class TestDismiss:
    async def test_takes_it_off_the_list_and_keeps_its_error(
        self, app: FastAPI, client: httpx.AsyncClient, sign_in: SignIn, parked: Message
    ) -> None:
        await sign_in(Role.admin)

        await client.post(f"/desk/parked/{parked.id}/dismiss")

        message = await again(app, parked)
        assert message.turn is TurnState.done
        assert message.error
        assert "Nothing was set aside" in (await client.get("/desk/parked")).text


class TestUpdates:
    @pytest.fixture
    async def update(self, app: FastAPI, inbox: Inbox) -> ParkedUpdate:
        """Something came in that could not be read."""
        unhandled = Unhandled(external_id="7", sender=HOSTILE, text=HOSTILE, raw=b"{}", error=f"OSError: {HOSTILE}")
        await StoredParking(app.state.work, app.state.clock, inbox.id).park(unhandled)
        return await self.only(app)

    async def only(self, app: FastAPI) -> ParkedUpdate:
        async with app.state.work.reading() as session:
            (update,) = await ParkedUpdates(session).latest(limit=10)
        return update

    async def test_are_listed_as_text(
        self, client: httpx.AsyncClient, sign_in: SignIn, update: ParkedUpdate, inbox: Inbox
    ) -> None:
        await sign_in(Role.admin)

        page = (await client.get("/desk/parked")).text

        assert inbox.name in page
        assert "OSError: &lt;script&gt;" in page
        assert "<script>alert" not in page
        assert "Nothing was set aside" not in page

    async def test_that_look_automatic_say_so(
        self, app: FastAPI, client: httpx.AsyncClient, sign_in: SignIn, inbox: Inbox
    ) -> None:
        automatic = Unhandled(external_id="1:7", reason=ParkedReason.automatic, sender="news@shop.example")
        await StoredParking(app.state.work, app.state.clock, inbox.id).park(automatic)
        await sign_in(Role.admin)

        assert "It looks automatic." in (await client.get("/desk/parked")).text

    async def test_are_tried_again_in_the_background(
        self, app: FastAPI, client: httpx.AsyncClient, sign_in: SignIn, update: ParkedUpdate
    ) -> None:
        await sign_in(Role.admin)

        response = await client.post(f"/desk/parked/updates/{update.id}/try-again")

        assert response.headers["location"] == "/desk/parked"
        assert (await self.only(app)).is_due
        assert "Is being tried again" in (await client.get("/desk/parked")).text

    async def test_are_forgotten(self, client: httpx.AsyncClient, sign_in: SignIn, update: ParkedUpdate) -> None:
        await sign_in(Role.admin)

        await client.post(f"/desk/parked/updates/{update.id}/dismiss")

        assert "Nothing was set aside" in (await client.get("/desk/parked")).text
        for action in ("try-again", "dismiss"):
            assert (await client.post(f"/desk/parked/updates/{update.id}/{action}")).status_code == 409

    @pytest.mark.parametrize("role", [Role.agent, Role.supervisor, Role.editor])
    async def test_are_for_admins_alone(
        self, role: Role, app: FastAPI, client: httpx.AsyncClient, sign_in: SignIn, update: ParkedUpdate
    ) -> None:
        await sign_in(role)

        for action in ("try-again", "dismiss"):
            assert (await client.post(f"/desk/parked/updates/{update.id}/{action}")).status_code == 403

        assert not (await self.only(app)).is_due
