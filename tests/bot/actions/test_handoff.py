"""Bringing in a person."""

from bot.names import Actions, Responses
from tests.bot.conftest import FakeApi, RunningActions, responses_in

HANDOFF = "POST /conversations/c-1/handoff"


class TestHandOff:
    async def test_says_nothing_itself(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers(HANDOFF, {"status": "waiting", "ticket_number": "HM-1"})

        result = await actions.run(Actions.HAND_OFF)

        assert api.body_of(HANDOFF) == {"reason": "contact_asked"}
        assert result["responses"] == []

    async def test_says_so_when_nobody_could_be_called(self, actions: RunningActions, api: FakeApi) -> None:
        api.is_down(HANDOFF)

        result = await actions.run(Actions.HAND_OFF)

        assert responses_in(result) == [Responses.BACKEND_DOWN]
