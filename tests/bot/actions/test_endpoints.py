"""The endpoint that Rasa calls."""

from collections.abc import AsyncIterator

import httpx
import pytest

from bot.actions.endpoints import PATH
from tests.bot.conftest import ACTIONS_TOKEN, FakeApi, RunningActions

CALL = {"next_action": "action_go_back", "sender_id": "c-1", "tracker": {"sender_id": "c-1", "slots": {}, "events": []}}

RASA = {"authorization": f"Bearer {ACTIONS_TOKEN}"}


class TestRunAction:
    @pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer "}])
    async def test_refuses_a_call_without_the_token(self, client: httpx.AsyncClient, headers: dict[str, str]) -> None:
        response = await client.post(PATH, json=CALL, headers=headers)

        assert response.status_code == 401

    async def test_runs_a_call_with_the_token(self, client: httpx.AsyncClient) -> None:
        response = await client.post(PATH, json=CALL, headers=RASA)

        assert response.status_code == 200
        assert response.json() == {"events": [], "responses": []}

    async def test_takes_no_token_from_the_address_which_logs_keep(self, client: httpx.AsyncClient) -> None:
        response = await client.post(PATH, json=CALL, params={"token": ACTIONS_TOKEN})

        assert response.status_code == 401

    async def test_reads_nothing_of_a_call_without_the_token(self, client: httpx.AsyncClient) -> None:
        read = 0

        async def body() -> AsyncIterator[bytes]:
            nonlocal read
            read += 1
            yield b"{"

        response = await client.post(PATH, content=body(), headers={"content-type": "application/json"})

        assert (response.status_code, read) == (401, 0)

    async def test_tokens_cannot_be_guessed_for_long_and_the_right_one_still_opens(
        self, client: httpx.AsyncClient
    ) -> None:
        wrong = {"authorization": "Bearer wrong"}
        guessed = {(await client.post(PATH, json=CALL, headers=wrong)).status_code for _ in range(20)}

        refused = await client.post(PATH, json=CALL, headers=wrong)

        assert (guessed, refused.status_code) == ({401}, 429)
        assert int(refused.headers["retry-after"]) >= 1
        assert (await client.post(PATH, json=CALL, headers=RASA)).status_code == 200

    async def test_does_not_know_an_action_that_is_not_ours(self, client: httpx.AsyncClient) -> None:
        response = await client.post(PATH, json=CALL | {"next_action": "action_x"}, headers=RASA)

        assert response.status_code == 404
        assert response.json()["action_name"] == "action_x"

    @pytest.mark.parametrize("body", ["", "[]", "null", "{", "[" * 100_000])
    async def test_refuses_a_body_that_is_no_call(self, client: httpx.AsyncClient, body: str) -> None:
        response = await client.post(PATH, content=body, headers=RASA)

        assert response.status_code == 422

    async def test_an_action_that_breaks_is_a_server_error(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers("GET /conversations/c-1/tickets", [{"number": "HM-1", "status": "lost", "subject": "x"}])

        response = await actions.client.post(
            PATH,
            json=CALL | {"next_action": "action_show_ticket_status"},
            headers=RASA,
        )

        assert response.status_code == 500
