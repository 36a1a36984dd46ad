"""Adding to a ticket, and closing one."""

import pytest

from bot.names import OFFERS, Actions, Responses
from tests.bot.conftest import FakeApi, RunningActions, responses_in, slots_in

TICKETS = "GET /conversations/c-1/tickets"
TICKET = {"number": "HM-1042", "status": "open", "subject": "مشکل پرداخت"}
OTHER = TICKET | {"number": "HM-1043"}


class TestChooseTicket:
    @pytest.mark.parametrize(
        ("text", "note"),
        [
            ("add to my ticket that the parcel came back", "the parcel came back"),
            ("به تیکتم اضافه کن که بسته برگشت خورد", "بسته برگشت خورد"),
            ("I'd like to add something to my ticket", None),
        ],
    )
    async def test_takes_the_note_out_of_the_message(
        self, actions: RunningActions, api: FakeApi, text: str, note: str | None
    ) -> None:
        api.answers(TICKETS, [TICKET])

        result = await actions.run(Actions.CHOOSE_TICKET, text=text)

        assert slots_in(result) == {"noted_ticket": "HM-1042", "ticket_note": note, "ticket_number": None}

    async def test_keeps_the_note_while_the_contact_chooses(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers(TICKETS, [TICKET, OTHER])

        result = await actions.run(Actions.CHOOSE_TICKET, text="add to my ticket that it came back")

        assert responses_in(result) == [Responses.CHOOSE_TICKET_FOR_NOTE]
        assert slots_in(result)["noted_ticket"] is None
        assert slots_in(result)["ticket_note"] == "it came back"

    @pytest.mark.parametrize("earlier", ["it came back", None])
    async def test_takes_no_button_for_a_note(self, actions: RunningActions, api: FakeApi, earlier: str | None) -> None:
        api.answers("GET /tickets/HM-1042", TICKET)
        slots = {"ticket_number": "HM-1042", "ticket_note": earlier}

        result = await actions.run(
            Actions.CHOOSE_TICKET, text='/add_to_ticket{"ticket_number": "HM-1042"}', slots=slots
        )

        assert slots_in(result)["ticket_note"] == earlier


class TestCloseTicket:
    async def test_closes_a_named_ticket(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers("GET /tickets/HM-1042", TICKET)
        api.answers("POST /tickets/HM-1042/closure", TICKET | {"status": "closed"})

        result = await actions.run(Actions.CLOSE_TICKET, slots={"ticket_number": "HM-1042"})

        assert responses_in(result) == [Responses.TICKET_CLOSED]

    @pytest.mark.parametrize(
        ("tickets", "response"),
        [
            ([], Responses.NO_OPEN_TICKETS),
            ([TICKET], Responses.CONFIRM_CLOSING),
            ([TICKET, OTHER], Responses.CHOOSE_TICKET_TO_CLOSE),
        ],
    )
    async def test_closes_none_that_is_not_named(
        self, actions: RunningActions, api: FakeApi, tickets: list[dict[str, str]], response: str
    ) -> None:
        api.answers(TICKETS, tickets)

        result = await actions.run(Actions.CLOSE_TICKET)

        assert responses_in(result) == [response]
        assert slots_in(result)["closing_ticket"] == ("HM-1042" if response == Responses.CONFIRM_CLOSING else None)
        assert api.calls == [TICKETS]


class TestAgree:
    async def test_closes_the_ticket_that_was_just_asked_about(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers("GET /tickets/HM-1042", TICKET)
        api.answers("POST /tickets/HM-1042/closure", TICKET | {"status": "closed"})

        result = await actions.run(
            Actions.AGREE, text="بله", slots={"closing_ticket": "HM-1042"}, done_before=Actions.CLOSE_TICKET
        )

        assert responses_in(result) == [Responses.TICKET_CLOSED]
        assert slots_in(result)["closing_ticket"] is None
        assert slots_in(result)["ticket_at_hand"]["is_closed"]

    @pytest.mark.parametrize(
        ("slot", "done_before"),
        [
            (None, Actions.CLOSE_TICKET),
            ("HM-1042", "utter_all_right"),
            (None, "utter_greet"),
        ],
    )
    async def test_closes_nothing_that_was_not_just_asked_about(
        self, actions: RunningActions, api: FakeApi, slot: str | None, done_before: str
    ) -> None:
        result = await actions.run(Actions.AGREE, text="بله", slots={"closing_ticket": slot}, done_before=done_before)

        assert responses_in(result) == [Responses.WHAT_NEXT]
        assert api.calls == []

    async def test_asks_which_where_there_was_a_choice(self, actions: RunningActions) -> None:
        result = await actions.run(Actions.AGREE, text="اره", done_before=Actions.ANSWER_FROM_KNOWLEDGE_BASE)

        assert responses_in(result) == [Responses.WHICH_ONE]

    @pytest.mark.parametrize("said", [Responses.DONT_KNOW, Responses.OWN_CASE_UNANSWERED, Responses.TICKET_IS_CLOSED])
    async def test_opens_the_form_that_was_offered_just_before(self, actions: RunningActions, said: str) -> None:
        result = await actions.run(Actions.AGREE, text="باشه", just_set={"offer": OFFERS[said]})

        assert result["events"][-1]["name"] == "ticket_form"
        assert result["responses"] == []

    async def test_calls_the_person_who_was_offered_just_before(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers("POST /conversations/c-1/handoff", {})

        await actions.run(Actions.AGREE, text="yes", just_set={"offer": "talk_to_person"})

        assert api.calls == ["POST /conversations/c-1/handoff"]

    async def test_takes_an_ok_after_an_answer_for_no_wish(self, actions: RunningActions) -> None:
        result = await actions.run(Actions.AGREE, text="اوکی", just_set={"last_article": "12"})

        assert responses_in(result) == [Responses.ALL_RIGHT]

    async def test_gives_the_choices_once(self, actions: RunningActions) -> None:
        result = await actions.run(Actions.AGREE, text="hmm", done_before=Actions.AGREE)

        assert responses_in(result) == [Responses.ALL_RIGHT]

    @pytest.mark.parametrize("action", [Actions.AGREE, Actions.ACCEPT_NO])
    async def test_goes_on_with_a_ticket_that_was_begun(self, actions: RunningActions, action: str) -> None:
        result = await actions.run(action, text="نه ادامه بده", slots={"ticket_subject": "گواهی"})

        assert responses_in(result) == [Responses.TICKET_BEGUN]
        assert result["events"][-1]["name"] == "ticket_form"

    async def test_remembers_no_offer_of_long_ago(self, actions: RunningActions) -> None:
        result = await actions.run(Actions.AGREE, text="yes", slots={"offer": "open_ticket"})

        assert responses_in(result) == [Responses.WHAT_NEXT]

    async def test_closes_no_ticket_that_is_not_the_contacts_own(self, actions: RunningActions, api: FakeApi) -> None:
        api.refuses("GET /tickets/HM-1042", 404, "ticket_not_found")

        result = await actions.run(
            Actions.AGREE, text="yes", slots={"closing_ticket": "HM-1042"}, done_before=Actions.CLOSE_TICKET
        )

        assert responses_in(result) == [Responses.TICKET_NOT_FOUND]
        assert api.calls == ["GET /tickets/HM-1042"]


class TestAcceptNo:
    async def test_answers_what_is_asked_in_words_of_a_no(self, actions: RunningActions, api: FakeApi) -> None:
        answers = "POST /knowledge/answers"
        api.answers(answers, {"band": "decline", "confidence": 0.1, "answer": None, "offers": [], "gap_id": None})

        result = await actions.run(Actions.ACCEPT_NO, text="پس نمیشه؟", intent={"name": "deny", "confidence": 0.9})

        assert responses_in(result) == [Responses.DONT_KNOW]
        assert api.body_of(answers)["question"] == "پس نمیشه؟"

    @pytest.mark.parametrize("text", ["نه", "no?", "نه ممنون"])
    async def test_takes_a_no_for_one(self, actions: RunningActions, text: str) -> None:
        result = await actions.run(Actions.ACCEPT_NO, text=text, intent={"name": "deny", "confidence": 0.9})

        assert responses_in(result) == [Responses.ALL_RIGHT]


class TestNumberAlone:
    @pytest.fixture(autouse=True)
    def ticket(self, api: FakeApi) -> None:
        api.answers("GET /tickets/HM-1042", TICKET)
        api.answers("POST /tickets/HM-1042/closure", TICKET | {"status": "closed"})
        api.refuses("GET /tickets/HM-77123", 404, "ticket_not_found")

    @pytest.mark.parametrize("text", ["۱۰۴۲", "1042", "شماره‌ش ۱۰۴۲", "it's 1042"])
    async def test_that_is_a_ticket_of_theirs_asks_how_it_stands(self, actions: RunningActions, text: str) -> None:
        result = await actions.run(Actions.TAKE_DETAIL, text=text)

        assert responses_in(result) == ["utter_ticket_status_open"]

    async def test_after_the_word_is_a_tickets_whosever(self, actions: RunningActions, api: FakeApi) -> None:
        api.refuses("GET /tickets/HM-5", 404, "ticket_not_found")

        result = await actions.run(Actions.TAKE_DETAIL, text="تیکت ۵")

        assert responses_in(result) == [Responses.TICKET_NOT_FOUND]

    async def test_that_is_none_of_theirs_may_be_anything(self, actions: RunningActions) -> None:
        result = await actions.run(Actions.TAKE_DETAIL, text="77123")

        assert responses_in(result) == [Responses.NOTED]

    async def test_is_said_not_to_be_found_where_one_was_asked_for(self, actions: RunningActions) -> None:
        result = await actions.run(Actions.TAKE_DETAIL, text="77123", just_set={"asked_which_ticket": "ticket_status"})

        assert responses_in(result) == [Responses.TICKET_NOT_FOUND]

    @pytest.mark.parametrize("text", ["۱۰۴۲", "HM-1042"])
    async def test_is_closed_after_which_one_to_close(self, actions: RunningActions, text: str) -> None:
        slots = {"ticket_number": "HM-1042"} if text.startswith("HM") else {}

        result = await actions.run(
            Actions.TAKE_DETAIL, text=text, slots=slots, just_set={"asked_which_ticket": "close_ticket"}
        )

        assert responses_in(result) == [Responses.TICKET_CLOSED]

    async def test_is_added_to_after_which_one_to_add_to(self, actions: RunningActions) -> None:
        result = await actions.run(
            Actions.TAKE_DETAIL,
            text="1042",
            slots={"ticket_note": "it came back"},
            just_set={"asked_which_ticket": "add_to_ticket"},
        )

        assert slots_in(result)["noted_ticket"] == "HM-1042"
        assert {"event": "followup", "timestamp": None, "name": "note_form"} in result["events"]


class TestContactDetailByItself:
    async def test_is_kept(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers("POST /conversations/c-1/contact-detail", status_code=204)

        await actions.run(Actions.TAKE_DETAIL, text="شماره‌ام ۰۹۱۲۱۲۳۴۵۶۷")

        assert api.body_of("POST /conversations/c-1/contact-detail") == {"contact_detail": "09121234567"}


class TestYesToWhatWaited:
    async def test_is_answered_in_the_words_in_which_it_was_wished(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers("POST /knowledge/answers", {"band": "decline", "confidence": 0.1})

        await actions.run(
            Actions.AGREE,
            text="yes",
            said_before=("close my ticket and send me the invoice", "close_ticket"),
            just_set={"offer": "request_invoice"},
        )

        assert api.body_of("POST /knowledge/answers")["question"] == "send me the invoice"


class TestCloseItAgain:
    async def test_after_the_question_whether_to_is_a_yes(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers("GET /tickets/HM-1042", TICKET)
        api.answers("POST /tickets/HM-1042/closure", TICKET | {"status": "closed"})

        result = await actions.run(
            Actions.CLOSE_TICKET, text="ببندش", just_set={"closing_ticket": "HM-1042", "offer": "close_ticket"}
        )

        assert responses_in(result) == [Responses.TICKET_CLOSED]
