"""The bot's actions as the app runs them: over its own API, without a socket."""

from typing import Any

import httpx
import pytest

from bot.actions.endpoints import PATH
from bot.names import Actions, Responses
from crm.conversations.service import ConversationService
from web.parts import Parts

CALL = {
    "next_action": Actions.HAND_OFF,
    "sender_id": "c",
    "tracker": {
        "sender_id": "c",
        "slots": {},
        "latest_message": {},
        "events": [],
        "paused": False,
        "followup_action": None,
        "active_loop": {},
        "latest_action_name": None,
    },
}


class TestBackend:
    async def test_an_error_of_the_api_is_told_to_the_contact_and_does_not_break_the_turn(
        self, client: httpx.AsyncClient, parts: Parts, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def break_down(*_: Any) -> None:
            raise RuntimeError("a bug")

        monkeypatch.setattr(ConversationService, "lock", break_down)
        token = parts.settings.actions_token.get_secret_value()

        response = await client.post(PATH, json=CALL, headers={"authorization": f"Bearer {token}"})

        assert response.status_code == 200
        assert [said["response"] for said in response.json()["responses"]] == [Responses.BACKEND_DOWN]
