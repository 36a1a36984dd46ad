"""The endpoint that Rasa calls."""

import httpx
import pytest

from bot.actions.endpoints import PATH
from tests.bot.conftest import ACTIONS_TOKEN, FakeApi, RunningActions

CALL = {"next_action": "action_go_back", "sender_id": "c-1", "tracker": {"sender_id": "c-1", "slots": {}, "events": []}}


class TestRunAction:
    @pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer "}])
    async def test_refuses_a_call_without_the_token(self, client: httpx.AsyncClient, headers: dict[str, str]) -> None:
        response = await client.post(PATH, json=CALL, headers=headers)

        assert response.status_code == 401

    async def test_takes_the_token_as_a_parameter_too(self, client: httpx.AsyncClient) -> None:
        response = await client.post(PATH, json=CALL, params={"token": ACTIONS_TOKEN})

        assert response.status_code == 200
        assert response.json() == {"events": [], "responses": []}

    async def test_does_not_know_an_action_that_is_not_ours(self, client: httpx.AsyncClient) -> None:
        response = await client.post(PATH, json=CALL | {"next_action": "action_x"}, params={"token": ACTIONS_TOKEN})

        assert response.status_code == 404
        assert response.json()["action_name"] == "action_x"

    @pytest.mark.parametrize("body", ["", "[]", "null", "{"])
    async def test_refuses_a_body_that_is_no_call(self, client: httpx.AsyncClient, body: str) -> None:
        response = await client.post(PATH, content=body, params={"token": ACTIONS_TOKEN})

        assert response.status_code == 422

    async def test_an_action_that_breaks_is_a_server_error(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers("GET /conversations/c-1/tickets", [{"number": "HM-1", "status": "lost", "subject": "x"}])

        response = await actions.client.post(
            PATH,
            json=CALL | {"next_action": "action_show_ticket_status"},
            params={"token": ACTIONS_TOKEN},
        )

        assert response.status_code == 500
