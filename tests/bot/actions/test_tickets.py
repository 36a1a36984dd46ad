"""The ticket form, opening a ticket, and its status."""

from typing import Any

import pytest

from bot.names import NO_CONTACT_DETAIL, TICKET_STATUS_RESPONSES, Actions, Responses
from tests.bot.conftest import FakeApi, RunningActions, responses_in, slots_in

DOMAIN = {"forms": {"ticket_form": {"required_slots": ["ticket_subject", "ticket_description", "contact_detail"]}}}
INFORM = {"name": "inform", "confidence": 0.9}
QUESTION = {"name": "ask_knowledge", "confidence": 0.9}
TICKETS = "POST /tickets"
FULL_FORM = {"ticket_subject": "مشکل پرداخت", "ticket_description": "پول کم شد", "contact_detail": "09121234567"}


async def fill(
    actions: RunningActions,
    slot: str,
    text: str,
    *,
    intent: dict[str, Any] = INFORM,
    slots: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Answer the form's request for a slot with a text."""
    return await actions.run(
        Actions.VALIDATE_TICKET_FORM,
        text=text,
        intent=intent,
        slots={"requested_slot": slot, **(slots or {})},
        candidates={slot: text},
        domain=DOMAIN,
    )


class TestValidateTicketForm:
    async def test_takes_a_subject_in_one_line(self, actions: RunningActions) -> None:
        result = await fill(actions, "ticket_subject", "  مشکل \n پرداخت ")

        assert slots_in(result)["ticket_subject"] == "مشکل پرداخت"

    async def test_cuts_a_subject_that_is_too_long(self, actions: RunningActions) -> None:
        result = await fill(actions, "ticket_subject", "و" * 5000)

        assert len(slots_in(result)["ticket_subject"]) == 200

    @pytest.mark.parametrize(
        ("slot", "text", "response"),
        [
            ("ticket_subject", "؟", Responses.INVALID_SUBJECT),
            ("ticket_description", "بد", Responses.INVALID_DESCRIPTION),
            ("contact_detail", "همان قبلی", Responses.INVALID_CONTACT_DETAIL),
            ("contact_detail", "0912", Responses.INVALID_CONTACT_DETAIL),
        ],
    )
    async def test_asks_again_for_what_is_of_no_use(
        self, actions: RunningActions, slot: str, text: str, response: str
    ) -> None:
        result = await fill(actions, slot, text)

        assert slots_in(result)[slot] is None
        assert responses_in(result) == [response]

    async def test_writes_no_wish_to_leave_into_the_ticket(self, actions: RunningActions) -> None:
        text = "راستش ولش کن مهم نیست"
        slots = {"requested_slot": "contact_detail", "ticket_subject": "فیلم", "ticket_description": "پخش نمی‌شود"}

        result = await actions.run(
            Actions.VALIDATE_TICKET_FORM,
            text=text,
            intent={"name": "cancel", "confidence": 0.97},
            slots=slots,
            candidates={"contact_detail": text},
            domain=DOMAIN,
            loop="ticket_form",
        )

        assert responses_in(result) == []
        assert "correction" not in slots_in(result)

    @pytest.mark.parametrize(
        ("known", "response"), [(None, Responses.AMENDED), ("sara@example.com", Responses.CORRECTED)]
    )
    async def test_says_that_it_corrected_only_what_was_given_before(
        self, actions: RunningActions, known: str | None, response: str
    ) -> None:
        slots = {"requested_slot": "ticket_description", "ticket_subject": "پرداخت", "contact_detail": known}

        result = await actions.run(
            Actions.VALIDATE_TICKET_FORM,
            text="sara2@example.com",
            intent={"name": "inform", "confidence": 0.9},
            slots=slots,
            candidates={"ticket_description": "sara2@example.com"},
            domain=DOMAIN,
            loop="ticket_form",
        )

        assert responses_in(result) == [response]
        assert slots_in(result)["contact_detail"] == "sara2@example.com"

    async def test_takes_a_contact_detail_out_of_a_sentence(self, actions: RunningActions) -> None:
        result = await fill(actions, "contact_detail", "لطفاً به ۰۹۱۲۱۲۳۴۵۶۷ زنگ بزنید")

        assert slots_in(result)["contact_detail"] == "09121234567"

    async def test_takes_no_for_an_answer(self, actions: RunningActions) -> None:
        result = await fill(actions, "contact_detail", NO_CONTACT_DETAIL)

        assert slots_in(result)["contact_detail"] == NO_CONTACT_DETAIL
        assert result["responses"] == []

    @pytest.mark.parametrize("slot", ["ticket_subject", "ticket_description", "contact_detail"])
    async def test_steps_aside_for_a_question(self, actions: RunningActions, slot: str) -> None:
        result = await fill(actions, slot, "راستی قیمت دوره چنده؟", intent=QUESTION)

        assert slots_in(result) == {slot: None}
        assert result["events"][-1]["event"] == "action_execution_rejected"
        assert result["events"][-1]["name"] == "ticket_form"

    async def test_takes_a_problem_for_a_subject_though_it_sounds_like_a_question(
        self, actions: RunningActions
    ) -> None:
        result = await fill(actions, "ticket_subject", "نمی‌توانم وارد حسابم شوم", intent=QUESTION)

        assert slots_in(result)["ticket_subject"] == "نمی‌توانم وارد حسابم شوم"

    async def test_takes_a_sentence_that_may_be_a_question_for_an_answer(self, actions: RunningActions) -> None:
        result = await fill(actions, "ticket_subject", "چرا؟؟؟", intent=QUESTION | {"confidence": 0.3})

        assert slots_in(result)["ticket_subject"] == "چرا؟؟؟"

    async def test_does_not_ask_for_a_contact_detail_that_the_app_has(self, actions: RunningActions) -> None:
        slots = {"contact_known": True, "ticket_subject": "مشکل پرداخت"}

        result = await fill(actions, "ticket_description", "پول کم شد ولی ثبت‌نام نشد", slots=slots)

        assert slots_in(result)["requested_slot"] is None

    async def test_goes_on_after_the_question_was_answered(self, actions: RunningActions) -> None:
        result = await actions.run(
            Actions.VALIDATE_TICKET_FORM,
            text="قیمت دوره چنده؟",
            intent=QUESTION,
            slots={"requested_slot": "ticket_subject"},
            domain=DOMAIN,
        )

        assert result["events"] == []


class TestBeginTicket:
    async def test_forgets_an_earlier_form(self, actions: RunningActions) -> None:
        slots = {"ticket_subject": "الف", "ticket_description": "ب", "contact_detail": "sara@example.com"}

        result = await actions.run(Actions.BEGIN_TICKET, slots=slots)

        assert slots_in(result) == {"ticket_subject": None, "ticket_description": None, "correction": None}

    async def test_asks_again_for_a_contact_detail_that_was_withheld(self, actions: RunningActions) -> None:
        result = await actions.run(Actions.BEGIN_TICKET, slots={"contact_detail": NO_CONTACT_DETAIL})

        assert slots_in(result)["contact_detail"] is None


class TestBegunTicket:
    @pytest.mark.parametrize(
        ("text", "subject", "description"),
        [
            ("یه تیکت بزن که فاکتورم اشتباهه", "فاکتورم اشتباهه", None),
            (
                "open a ticket: I was charged 1,250,000 toman twice",
                "I was charged 1,250,000 toman twice",
                "I was charged 1,250,000 toman twice",
            ),
        ],
    )
    async def test_says_what_was_dictated_with_the_wish(
        self, actions: RunningActions, text: str, subject: str, description: str | None
    ) -> None:
        result = await actions.run(Actions.BEGIN_TICKET, text=text)

        assert responses_in(result) == [Responses.TICKET_BEGUN]
        assert slots_in(result)["ticket_subject"] == subject
        assert slots_in(result)["ticket_description"] == description

    @pytest.mark.parametrize("action", [Actions.BEGIN_TICKET, Actions.AGREE])
    async def test_is_about_the_message_to_which_it_was_offered(self, actions: RunningActions, action: str) -> None:
        result = await actions.run(
            action,
            text="آره",
            said_before=("هنوز مدرکم صادر نشده", "order_status"),
            just_set={"offer": "open_ticket"},
        )

        assert slots_in(result)["ticket_subject"] == "هنوز مدرکم صادر نشده"
        assert slots_in(result)["ticket_description"] is None

    async def test_is_all_said_by_a_question_that_had_no_answer(self, actions: RunningActions) -> None:
        question = "پارکینگ هم دارید؟"

        result = await actions.run(
            Actions.AGREE, text="آره", said_before=(question, "ask_knowledge"), just_set={"offer": "open_ticket"}
        )

        assert slots_in(result)["ticket_description"] == question

    @pytest.mark.parametrize("scrap", ["so what do I do", "سه روز پیش", "الان چیکار کنم", "🤔"])
    async def test_is_about_what_was_told_before_a_scrap(self, actions: RunningActions, scrap: str) -> None:
        result = await actions.run(
            Actions.AGREE,
            text="آره",
            said_first=("I paid but have no course", "payment_trouble"),
            said_before=(scrap, "nlu_fallback"),
            just_set={"offer": "open_ticket"},
        )

        assert slots_in(result)["ticket_subject"] == "I paid but have no course"

    @pytest.mark.parametrize(
        "said", [("🤔", "nlu_fallback"), ("سلام خوبی", "greet"), ("دوباره بازش کن", "nlu_fallback")]
    )
    async def test_is_about_nothing_that_names_no_matter(self, actions: RunningActions, said: tuple[str, str]) -> None:
        result = await actions.run(Actions.AGREE, text="آره", said_before=said, just_set={"offer": "open_ticket"})

        assert slots_in(result)["ticket_subject"] is None


class TestGoBack:
    @pytest.mark.parametrize(
        ("requested", "forgotten"),
        [("ticket_description", "ticket_subject"), ("contact_detail", "ticket_description")],
    )
    async def test_forgets_the_answer_before(self, actions: RunningActions, requested: str, forgotten: str) -> None:
        result = await actions.run(Actions.GO_BACK, slots={"requested_slot": requested})

        assert slots_in(result) == {forgotten: None}

    @pytest.mark.parametrize("requested", ["ticket_subject", None])
    async def test_has_nowhere_to_go_from_the_first(self, actions: RunningActions, requested: str | None) -> None:
        result = await actions.run(Actions.GO_BACK, slots={"requested_slot": requested})

        assert result["events"] == []


class TestOpenTicket:
    async def test_opens_the_ticket_once_per_message(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers(TICKETS, {"number": "HM-1042", "status": "new", "subject": "مشکل پرداخت"}, status_code=201)

        result = await actions.run(Actions.OPEN_TICKET, slots=FULL_FORM)

        assert api.body_of(TICKETS) == {
            "conversation_id": "c-1",
            "subject": "مشکل پرداخت",
            "description": "پول کم شد",
            "contact_detail": "09121234567",
            "idempotency_key": "c-1:m-7",
        }
        assert responses_in(result) == [Responses.TICKET_OPENED]
        assert result["responses"][0]["ticket_number"] == "HM-1042"

    async def test_sends_no_contact_detail_where_it_was_withheld(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers(TICKETS, {"number": "HM-1042", "status": "new", "subject": "x"})

        await actions.run(Actions.OPEN_TICKET, slots=FULL_FORM | {"contact_detail": NO_CONTACT_DETAIL})

        assert "contact_detail" not in api.body_of(TICKETS)

    @pytest.mark.parametrize("missing", ["ticket_subject", "ticket_description"])
    async def test_opens_nothing_for_a_form_that_ended_early(
        self, actions: RunningActions, api: FakeApi, missing: str
    ) -> None:
        result = await actions.run(Actions.OPEN_TICKET, slots=FULL_FORM | {missing: None})

        assert api.calls == []
        assert responses_in(result) == [Responses.TICKET_INCOMPLETE]


class TestShowTicketStatus:
    @pytest.mark.parametrize("status", sorted(TICKET_STATUS_RESPONSES))
    async def test_has_words_for_every_status(self, actions: RunningActions, api: FakeApi, status: str) -> None:
        api.answers("GET /tickets/HM-1042", {"number": "HM-1042", "status": status, "subject": "x"})

        result = await actions.run(Actions.SHOW_TICKET_STATUS, slots={"ticket_number": "HM-1042"})

        assert responses_in(result) == [TICKET_STATUS_RESPONSES[status]]
        assert api.requests[0].url.params["conversation_id"] == "c-1"

    async def test_does_not_find_what_is_not_the_contacts(self, actions: RunningActions, api: FakeApi) -> None:
        api.refuses("GET /tickets/HM-9", 404, "ticket_not_found")

        result = await actions.run(Actions.SHOW_TICKET_STATUS, slots={"ticket_number": "HM-9"})

        assert responses_in(result) == [Responses.TICKET_NOT_FOUND]
        assert slots_in(result)["ticket_number"] is None

    @pytest.mark.parametrize(
        ("text", "number"),
        [
            ("تیکت ۱۰۲۳ چی شد؟", "HM-1023"),
            ("تیکت شمارهٔ ۱۰۲۳ کجاست", "HM-1023"),
            ("how is ticket 1023?", "HM-1023"),
            ("any news on ticket number 1023", "HM-1023"),
            ("tiket 1023 chi shod", "HM-1023"),
        ],
    )
    async def test_takes_a_bare_number_after_the_word_for_a_tickets(
        self, actions: RunningActions, api: FakeApi, text: str, number: str
    ) -> None:
        api.refuses(f"GET /tickets/{number}", 404, "ticket_not_found")

        result = await actions.run(Actions.SHOW_TICKET_STATUS, text=text)

        assert responses_in(result) == [Responses.TICKET_NOT_FOUND]
        assert result["responses"][0]["ticket_number"] == number

    @pytest.mark.parametrize("text", ["تیکتم چی شد؟ ۱۰۲۳", "my ticket from 12:30", "تیکت ۱۴۰۴/۰۷/۱۲ چی شد", "ticket 5"])
    async def test_takes_no_other_number_for_one(self, actions: RunningActions, api: FakeApi, text: str) -> None:
        api.answers("GET /conversations/c-1/tickets", [])

        result = await actions.run(Actions.SHOW_TICKET_STATUS, text=text)

        assert responses_in(result) == [Responses.NO_TICKETS]

    @pytest.mark.parametrize("number", ["../conversations", "HM-", "1042", "سلام"])
    async def test_never_asks_for_what_is_no_number(self, actions: RunningActions, api: FakeApi, number: str) -> None:
        result = await actions.run(Actions.SHOW_TICKET_STATUS, slots={"ticket_number": number})

        assert api.calls == []
        assert responses_in(result) == [Responses.TICKET_NOT_FOUND]

    @pytest.mark.parametrize("number", ["hm-۱", "HM-1/../..", "HM-1?x=1"])
    async def test_asks_for_a_number_in_canonical_form(
        self, actions: RunningActions, api: FakeApi, number: str
    ) -> None:
        api.answers("GET /tickets/HM-1", {"number": "HM-1", "status": "open", "subject": "x"})

        await actions.run(Actions.SHOW_TICKET_STATUS, slots={"ticket_number": number})

        assert api.calls == ["GET /tickets/HM-1"]

    async def test_without_a_number_tells_of_the_only_ticket(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers("GET /conversations/c-1/tickets", [{"number": "HM-1", "status": "open", "subject": "x"}])

        result = await actions.run(Actions.SHOW_TICKET_STATUS)

        assert responses_in(result) == [TICKET_STATUS_RESPONSES["open"]]

    async def test_without_a_number_lets_the_contact_choose(self, actions: RunningActions, api: FakeApi) -> None:
        tickets = [{"number": f"HM-{number}", "status": "open", "subject": "x"} for number in range(1, 9)]
        api.answers("GET /conversations/c-1/tickets", tickets)

        result = await actions.run(Actions.SHOW_TICKET_STATUS)

        (message,) = result["responses"]
        assert message["response"] == Responses.TICKET_LIST
        assert len(message["buttons"]) == 5
        assert message["buttons"][0]["payload"] == '/ticket_status{"ticket_number": "HM-1"}'

    async def test_says_that_there_is_none(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers("GET /conversations/c-1/tickets", [])

        result = await actions.run(Actions.SHOW_TICKET_STATUS)

        assert responses_in(result) == [Responses.NO_TICKETS]


class TestQuestionOfSomebodyWithoutTicket:
    async def test_is_looked_up_where_it_speaks_of_none(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers("GET /conversations/c-1/tickets", [])
        api.answers("POST /knowledge/answers", {"band": "decline", "confidence": 0.1})

        result = await actions.run(Actions.SHOW_TICKET_STATUS, text="جوابشو کی میدن؟")

        assert responses_in(result) == [Responses.DONT_KNOW]
