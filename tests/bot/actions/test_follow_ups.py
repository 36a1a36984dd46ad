"""What is said right after a ticket was opened."""

from typing import Any

import pytest

from bot.names import TICKET_STATUS_RESPONSES, Actions, Responses
from tests.bot.conftest import FakeApi, RunningActions, responses_in, slots_in

TICKET = {"number": "HM-1042", "status": "new", "subject": "مشکل پرداخت"}
JUST_OPENED = {"number": "HM-1042", "is_closed": False, "has_contact": False}
ANSWERS = "POST /knowledge/answers"
ADDITIONS = "POST /tickets/HM-1042/additions"
CONTACT_DETAIL = "POST /conversations/c-1/contact-detail"


async def say(
    actions: RunningActions,
    text: str,
    *,
    action: str = Actions.ACCEPT_NO,
    slots: dict[str, Any] | None = None,
    **known: Any,
) -> dict[str, Any]:
    """Say something that was understood as something else, right after the ticket was opened."""
    intent = {"name": "inform" if action == Actions.TAKE_DETAIL else "deny", "confidence": 0.9}
    just_set = {"ticket_at_hand": JUST_OPENED | known}
    return await actions.run(action, text=text, intent=intent, just_set=just_set, slots=slots)


class TestClosing:
    @pytest.mark.parametrize(
        "text", ["close it please", "ببندش", "لطفاً تیکت رو ببندید", "please close the ticket", "bebandesh"]
    )
    @pytest.mark.parametrize("action", [Actions.ACCEPT_NO, Actions.AGREE, Actions.CLOSE_TICKET, Actions.OWN_UP])
    async def test_is_asked_about_whatever_it_was_taken_for(
        self, actions: RunningActions, api: FakeApi, text: str, action: str
    ) -> None:
        api.answers("GET /tickets/HM-1042", TICKET)

        result = await say(actions, text, action=action)

        assert responses_in(result) == [Responses.CONFIRM_CLOSING]
        assert slots_in(result)["offer"] == "close_ticket"

    @pytest.mark.parametrize(
        "text", ["don't close it", "نبندش", "نه", "close to my house there is no branch of yours at all"]
    )
    async def test_is_not_heard_in_anything_else(self, actions: RunningActions, text: str) -> None:
        assert responses_in(await say(actions, text)) == [Responses.ALL_RIGHT]


class TestOpeningAgain:
    @pytest.mark.parametrize("text", ["open it again please", "reopen it", "دوباره بازش کن", "تیکت رو دوباره باز کنید"])
    @pytest.mark.parametrize(
        ("is_closed", "response"), [(True, Responses.TICKET_IS_CLOSED), (False, Responses.TICKET_STILL_OPEN)]
    )
    @pytest.mark.parametrize("action", [Actions.BEGIN_TICKET, Actions.ACCEPT_NO])
    async def test_begins_no_new_form(
        self, actions: RunningActions, text: str, is_closed: bool, response: str, action: str
    ) -> None:
        result = await say(actions, text, action=action, is_closed=is_closed)

        assert responses_in(result) == [response]
        assert "ticket_form" not in [event.get("name") for event in result["events"]]

    async def test_is_no_other_wish_for_a_ticket(self, actions: RunningActions) -> None:
        result = await say(actions, "یه تیکت دیگه باز کن", action=Actions.BEGIN_TICKET)

        assert result["responses"] == []


class TestAfterthought:
    @pytest.mark.parametrize(
        "text",
        [
            "راستی یادم رفت بگم کارتم بانک ملی بود",
            "by the way, I paid with my Visa card",
            "I forgot to say it was on Monday",
            "ببخشید پریروز بود",
            "sorry, it was Tuesday",
        ],
    )
    async def test_goes_into_the_ticket(self, actions: RunningActions, api: FakeApi, text: str) -> None:
        api.answers(ADDITIONS, TICKET)

        result = await say(actions, text)

        assert api.body_of(ADDITIONS)["text"] == text
        assert responses_in(result) == [Responses.ADDED_TO_TICKET]

    async def test_may_be_a_bare_detail(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers(ADDITIONS, TICKET)

        result = await say(actions, "شماره سفارشم 77341", action=Actions.TAKE_DETAIL)

        assert responses_in(result) == [Responses.ADDED_TO_TICKET]

    async def test_is_no_question(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers(ANSWERS, {"band": "decline", "confidence": 0.1, "answer": None, "offers": [], "gap_id": None})

        await say(actions, "راستی قیمت دوره چنده؟")

        assert api.calls == [ANSWERS]

    @pytest.mark.parametrize("text", ["نه ممنون کاری ندارم", "no thanks", "مرسی از شما"])
    async def test_is_no_courtesy(self, actions: RunningActions, api: FakeApi, text: str) -> None:
        result = await say(actions, text)

        assert api.calls == []
        assert responses_in(result) == [Responses.ALL_RIGHT]

    async def test_is_none_later_on(self, actions: RunningActions, api: FakeApi) -> None:
        earlier = {"ticket_at_hand": JUST_OPENED}

        await actions.run(Actions.ACCEPT_NO, text="راستی یادم رفت بگم کارتم بانک ملی بود", slots=earlier)

        assert api.calls == []


class TestContactDetail:
    async def test_that_was_missing_is_kept(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers(CONTACT_DETAIL, status_code=204)

        result = await say(actions, "۰۹۱۲۱۲۳۴۵۶۷", action=Actions.TAKE_DETAIL)

        assert api.body_of(CONTACT_DETAIL) == {"contact_detail": "09121234567"}
        assert responses_in(result) == [Responses.CONTACT_KEPT]

    async def test_beside_one_that_was_given_goes_into_the_ticket(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers(ADDITIONS, TICKET)

        await say(actions, "sara@example.com", action=Actions.TAKE_DETAIL, has_contact=True)

        assert api.calls == [ADDITIONS]

    @pytest.mark.parametrize(
        ("text", "action"),
        [("ببخشید ایمیلم اشتباه شد sara@example.com", Actions.ACCEPT_NO), ("نه sara@example.com", Actions.TAKE_DETAIL)],
    )
    async def test_takes_the_place_of_the_wrong_one_that_was_given(
        self, actions: RunningActions, api: FakeApi, text: str, action: str
    ) -> None:
        api.answers(CONTACT_DETAIL, status_code=204)
        given = {"contact_detail": "sara@exmaple.com"}

        result = await say(actions, text, action=action, slots=given, has_contact=True)

        assert api.body_of(CONTACT_DETAIL) == {"contact_detail": "sara@example.com", "instead_of": "sara@exmaple.com"}
        assert responses_in(result) == [Responses.CONTACT_KEPT]
        assert slots_in(result)["contact_detail"] == "sara@example.com"

    async def test_of_somebody_else_too_goes_into_the_ticket(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers(ADDITIONS, TICKET)
        given = {"contact_detail": "sara@example.com"}

        await say(actions, "راستی به همکارم هم بفرستید reza@example.com", slots=given, has_contact=True)

        assert api.calls == [ADDITIONS]


class TestNumberOfTheTicket:
    @pytest.mark.parametrize("text", ["پیگیری ۱۰۴۲", "۱۰۴۲", "status of 1042"])
    async def test_asks_how_it_stands(self, actions: RunningActions, api: FakeApi, text: str) -> None:
        api.answers("GET /tickets/HM-1042", TICKET)

        result = await say(actions, text, action=Actions.TAKE_DETAIL)

        assert responses_in(result) == [TICKET_STATUS_RESPONSES["new"]]
