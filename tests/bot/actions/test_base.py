"""What every action does when the app does not answer."""

import pytest

from bot.names import IN_FORM, Actions, Responses
from tests.bot.conftest import FakeApi, RunningActions, responses_in, slots_in

HANDOFF = "POST /conversations/c-1/handoff"


class TestBackendFailure:
    @pytest.mark.parametrize("status_code", [400, 401, 403, 409, 422, 500, 503])
    async def test_becomes_a_handoff(self, actions: RunningActions, api: FakeApi, status_code: int) -> None:
        api.refuses("POST /knowledge/answers", status_code, "nope")
        api.answers(HANDOFF, {"status": "waiting", "ticket_number": "HM-1"})

        result = await actions.run(Actions.ANSWER_FROM_KNOWLEDGE_BASE)

        assert api.body_of(HANDOFF)["reason"] == "bot_failed"
        assert result == {"events": [], "responses": []}

    async def test_that_is_over_in_a_moment_is_not_noticed(self, actions: RunningActions, api: FakeApi) -> None:
        api.is_away_once("GET /conversations/c-1/tickets", then=[])

        result = await actions.run(Actions.SHOW_TICKET_STATUS)

        assert responses_in(result) == [Responses.NO_TICKETS]

    async def test_is_told_where_even_the_handoff_fails(self, actions: RunningActions, api: FakeApi) -> None:
        api.is_down("POST /knowledge/answers")
        api.is_down(HANDOFF)

        result = await actions.run(Actions.ANSWER_FROM_KNOWLEDGE_BASE)

        assert responses_in(result) == [Responses.BACKEND_DOWN]

    @pytest.mark.parametrize("body", [{}, [], {"band": "sure", "confidence": 1}, "no", {"band": "answer"}])
    async def test_includes_an_answer_that_is_none(
        self, actions: RunningActions, api: FakeApi, body: dict[str, object]
    ) -> None:
        api.answers("POST /knowledge/answers", body)
        api.answers(HANDOFF, {"status": "waiting", "ticket_number": "HM-1"})

        await actions.run(Actions.ANSWER_FROM_KNOWLEDGE_BASE)

        assert api.calls == ["POST /knowledge/answers", HANDOFF]


class TestChoosingByPlace:
    @pytest.mark.parametrize("action", [Actions.ANSWER_FROM_KNOWLEDGE_BASE, Actions.OWN_UP, Actions.TAKE_DETAIL])
    async def test_among_nothing_is_asked_about(self, actions: RunningActions, api: FakeApi, action: str) -> None:
        result = await actions.run(action, text="همون دومی رو بگو")

        assert responses_in(result) == [Responses.WHICH_ONE]
        assert api.calls == []


class TestSilence:
    @pytest.mark.parametrize("text", ["...", " … ", "-"])
    async def test_is_not_looked_up(self, actions: RunningActions, api: FakeApi, text: str) -> None:
        result = await actions.run(Actions.ANSWER_FROM_KNOWLEDGE_BASE, text=text)

        assert responses_in(result) == [Responses.ALL_RIGHT]
        assert api.calls == []


class TestWithinAForm:
    async def test_no_response_offers_what_leads_out_of_it(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers("GET /conversations/c-1/tickets", [])

        outside = await actions.run(Actions.SHOW_TICKET_STATUS)
        inside = await actions.run(Actions.SHOW_TICKET_STATUS, loop="ticket_form")

        assert responses_in(outside) == [Responses.NO_TICKETS]
        assert responses_in(inside) == [IN_FORM[Responses.NO_TICKETS]]

    async def test_other_wishes_wait_for_its_end(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers("GET /conversations/c-1/tickets", [])

        result = await actions.run(
            Actions.SHOW_TICKET_STATUS, slots={"other_wishes": ["request_invoice"]}, loop="ticket_form"
        )

        assert len(result["responses"]) == 1
        assert "other_wishes" not in slots_in(result)


class TestBackend:
    async def test_shows_the_service_token(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers(HANDOFF, {"status": "waiting", "ticket_number": "HM-1"})

        await actions.run(Actions.HAND_OFF)

        assert api.requests[0].headers["Authorization"] == "Bearer service-token"
