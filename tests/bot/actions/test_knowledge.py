"""Answering from the knowledge base."""

import json
from typing import Any

import pytest

from bot.names import LATER_RESPONSES, Actions, Intents, Outcomes, Responses
from tests.bot.conftest import FakeApi, RunningActions, responses_in, slots_in

HANDOFF = "POST /conversations/c-1/handoff"
MIXED_UP = {"name": "nlu_fallback", "confidence": 0.6}
MONEY = [{"name": "request_refund", "confidence": 0.35}]
ANSWERS = "POST /knowledge/answers"
DOUBTS = "POST /knowledge/doubts"
ARTICLE = {
    "article_id": 12,
    "title": "قیمت دوره‌ها",
    "url": "/help/12",
    "text": "دورهٔ مبانی {۴٬۸۰۰٬۰۰۰} تومان است.",
    "language": "fa",
    "updated_at": "2026-11-01T00:00:00Z",
}


def knowledge(band: str, **fields: Any) -> dict[str, Any]:
    """An answer of the knowledge base."""
    return {"band": band, "confidence": 0.8, "answer": None, "offers": [], "gap_id": None} | fields


class TestAnswerFromKnowledgeBase:
    async def test_says_the_answer_with_its_source_in_one_message(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers(ANSWERS, knowledge("answer", answer=ARTICLE | {"other_language": True}))

        result = await actions.run(Actions.ANSWER_FROM_KNOWLEDGE_BASE)

        (message,) = result["responses"]
        assert message["text"] == ARTICLE["text"]
        assert message["custom"]["outcome"] == Outcomes.ANSWERED
        source = message["custom"]["article"]
        assert (source["url"], source["updated_at"]) == ("/help/12", ARTICLE["updated_at"])
        assert source["other_language"]

    async def test_asks_with_what_the_app_knows_of_the_message(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers(ANSWERS, knowledge("decline"))

        await actions.run(
            Actions.ANSWER_FROM_KNOWLEDGE_BASE,
            text="price?",
            slots={"language": "en"},
            metadata={"vector": "AAAA"},
        )

        assert api.body_of(ANSWERS) == {
            "question": "price?",
            "language": "en",
            "conversation_id": "c-1",
            "message_id": "m-7",
            "vector": "AAAA",
        }

    async def test_leaves_the_vector_out_where_there_is_none(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers(ANSWERS, knowledge("decline"))

        await actions.run(Actions.ANSWER_FROM_KNOWLEDGE_BASE)

        assert "vector" not in api.body_of(ANSWERS)

    async def test_offers_the_nearest_articles_as_buttons(self, actions: RunningActions, api: FakeApi) -> None:
        offers = [{"article_id": 3, "title": "الف", "url": "/3"}, {"article_id": 4, "title": "ب", "url": "/4"}]
        api.answers(ANSWERS, knowledge("offer", offers=offers))

        result = await actions.run(Actions.ANSWER_FROM_KNOWLEDGE_BASE)

        (message,) = result["responses"]
        assert message["response"] == Responses.OFFER_ARTICLES
        assert message["custom"]["outcome"] == Outcomes.OFFERED
        assert message["buttons"] == [
            {"title": "الف", "payload": '/read_article{"article_id": "3"}'},
            {"title": "ب", "payload": '/read_article{"article_id": "4"}'},
        ]

    async def test_offers_a_person_beside_other_titles_and_no_titles_a_third_time_in_a_row(
        self, actions: RunningActions, api: FakeApi
    ) -> None:
        api.answers(ANSWERS, knowledge("offer", offers=[{"article_id": 3, "title": "الف", "url": "/3"}]))

        just_set: dict[str, Any] = {}
        said = []
        for _wording in range(4):
            result = await actions.run(Actions.ANSWER_FROM_KNOWLEDGE_BASE, just_set=just_set)
            just_set = slots_in(result)
            said.append(responses_in(result))

        titles, again = [Responses.OFFER_ARTICLES], [Responses.OFFER_ARTICLES_AGAIN, Responses.NONE_OF_THESE]
        assert said == [titles, again, [Responses.DONT_KNOW], titles]

    async def test_begins_anew_with_titles_after_something_else(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers(ANSWERS, knowledge("offer", offers=[{"article_id": 3, "title": "الف", "url": "/3"}]))

        result = await actions.run(Actions.ANSWER_FROM_KNOWLEDGE_BASE, slots={"apologies": [Responses.OFFER_ARTICLES]})

        assert responses_in(result) == [Responses.OFFER_ARTICLES]

    @pytest.mark.parametrize("answer", [knowledge("decline", gap_id=9), knowledge("offer"), knowledge("answer")])
    async def test_says_that_it_does_not_know(
        self, actions: RunningActions, api: FakeApi, answer: dict[str, Any]
    ) -> None:
        api.answers(ANSWERS, answer)

        result = await actions.run(Actions.ANSWER_FROM_KNOWLEDGE_BASE)

        assert responses_in(result) == [Responses.DONT_KNOW]
        assert result["responses"][0]["custom"]["outcome"] == Outcomes.NOT_UNDERSTOOD

    async def test_asks_no_question_twice(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers(ANSWERS, knowledge("decline"))
        slots = {"apologies": [Responses.CLARIFY_MONEY, Responses.NOT_HELPFUL]}

        result = await actions.run(Actions.ANSWER_FROM_KNOWLEDGE_BASE, intent=MIXED_UP, slots=slots, ranking=MONEY)

        assert responses_in(result) == [Responses.DONT_KNOW]

    async def test_asks_what_was_meant(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers(ANSWERS, knowledge("decline"))

        result = await actions.run(Actions.ANSWER_FROM_KNOWLEDGE_BASE, intent=MIXED_UP, ranking=MONEY)

        assert responses_in(result) == [Responses.CLARIFY_MONEY]
        assert slots_in(result) == {"apologies": [Responses.CLARIFY_MONEY]}

    async def test_an_answer_in_between_makes_no_apology_new(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers(ANSWERS, knowledge("answer", answer=ARTICLE))

        result = await actions.run(Actions.ANSWER_FROM_KNOWLEDGE_BASE, slots={"apologies": [Responses.DONT_KNOW]})

        assert slots_in(result) == {"last_article": "12"}


class TestOfferOfALook:
    @pytest.mark.parametrize(("offered", "said"), [("open_ticket", []), ("request_invoice", [Responses.OWN_CASE])])
    async def test_is_not_made_twice_in_a_row(
        self, actions: RunningActions, api: FakeApi, offered: str, said: list[str]
    ) -> None:
        api.answers(ANSWERS, knowledge("answer", answer=ARTICLE))

        result = await actions.run(
            Actions.ANSWER_FROM_KNOWLEDGE_BASE,
            intent={"name": "sign_in_trouble", "confidence": 0.9},
            just_set={"offer": offered},
        )

        assert [message["response"] for message in result["responses"][1:]] == said


class TestOwningUp:
    @pytest.mark.parametrize(
        ("action", "intent"),
        [
            (Actions.OWN_UP, "out_of_scope"),
            (Actions.OWN_UP, "doubt"),
            (Actions.OWN_UP, "abuse"),
            (Actions.ANSWER_FROM_KNOWLEDGE_BASE, "request_refund"),
            (Actions.ANSWER_FROM_KNOWLEDGE_BASE, "ask_knowledge"),
        ],
    )
    async def test_never_says_the_same_twice_and_ends_with_a_person(
        self, actions: RunningActions, api: FakeApi, action: str, intent: str
    ) -> None:
        api.answers(ANSWERS, knowledge("decline"))
        api.answers(HANDOFF, {"status": "waiting", "ticket_number": "HM-1"})
        api.answers(DOUBTS, status_code=204)
        said: list[str] = []
        apologies: Any = None

        for _ in range(3):
            result = await actions.run(
                action, intent={"name": intent, "confidence": 0.9}, slots={"apologies": apologies}
            )
            said += responses_in(result)
            apologies = slots_in(result)["apologies"]

        assert len(said) == len(set(said)) == 2
        assert api.body_of(HANDOFF)["reason"] == "not_understood"
        assert apologies is None

    async def test_leaves_the_other_wishes_to_the_person(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers(HANDOFF, {"status": "waiting", "ticket_number": "HM-1"})
        slots = {
            "apologies": [Responses.OUT_OF_SCOPE, Responses.OUT_OF_SCOPE_AGAIN],
            "other_wishes": ["request_invoice"],
        }

        result = await actions.run(Actions.OWN_UP, intent={"name": "out_of_scope"}, slots=slots)

        assert responses_in(result) == []
        assert slots_in(result)["other_wishes"] is None

    async def test_says_in_a_form_nothing_twice_then_offers_a_person_and_at_last_calls_one(
        self, actions: RunningActions, api: FakeApi
    ) -> None:
        api.answers(HANDOFF, {"status": "waiting", "ticket_number": "HM-1"})
        slots: dict[str, Any] = {}
        said = []
        for _question in range(4):
            result = await actions.run(Actions.OWN_UP, intent={"name": "out_of_scope"}, slots=slots, loop="ticket_form")
            slots = slots_in(result)
            said.append(responses_in(result))

        assert said == [
            ["utter_out_of_scope_in_form"],
            ["utter_out_of_scope_again_in_form"],
            ["utter_person_in_form"],
            [],
        ]
        assert api.calls == [HANDOFF]


class TestOtherWishes:
    async def test_have_their_turns_one_after_the_other(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers(ANSWERS, knowledge("answer", answer=ARTICLE))
        waiting = ["change_details", "request_invoice"]

        first = await actions.run(Actions.ANSWER_FROM_KNOWLEDGE_BASE, slots={"other_wishes": waiting})
        then = await actions.run(Actions.ANSWER_FROM_KNOWLEDGE_BASE, slots=slots_in(first))

        assert first["responses"][-1]["response"] == LATER_RESPONSES["change_details"]
        assert then["responses"][-1]["response"] == LATER_RESPONSES["request_invoice"]
        assert slots_in(then)["other_wishes"] is None

    async def test_are_not_spoken_of_when_they_come_up_by_themselves(
        self, actions: RunningActions, api: FakeApi
    ) -> None:
        api.answers(ANSWERS, knowledge("answer", answer=ARTICLE))
        intent = {"name": "request_invoice", "confidence": 0.9}

        result = await actions.run(
            Actions.ANSWER_FROM_KNOWLEDGE_BASE, intent=intent, slots={"other_wishes": ["request_invoice"]}
        )

        assert LATER_RESPONSES["request_invoice"] not in responses_in(result)
        assert slots_in(result)["other_wishes"] is None


class TestDoubt:
    async def test_tells_editors_of_an_answer_that_did_not_help(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers(DOUBTS, status_code=204)

        result = await actions.run(Actions.OWN_UP, intent={"name": Intents.DOUBT})

        assert api.body_of(DOUBTS) == {"conversation_id": "c-1"}
        assert responses_in(result) == [Responses.NOT_HELPFUL]

    async def test_answers_all_the_same_where_editors_cannot_be_told(
        self, actions: RunningActions, api: FakeApi
    ) -> None:
        api.refuses(DOUBTS, 500, "down")

        result = await actions.run(Actions.OWN_UP, intent={"name": Intents.DOUBT})

        assert responses_in(result) == [Responses.NOT_HELPFUL]

    @pytest.mark.parametrize("intent", [Intents.DOUBT, Intents.ASK_AGAIN])
    @pytest.mark.parametrize(
        ("done_before", "is_question"), [("utter_greet", True), (Actions.ANSWER_FROM_KNOWLEDGE_BASE, False)]
    )
    async def test_is_none_of_an_answer_that_was_never_given(
        self, actions: RunningActions, api: FakeApi, intent: str, done_before: str, *, is_question: bool
    ) -> None:
        api.answers(ANSWERS, knowledge("answer", answer=ARTICLE))
        api.answers(DOUBTS, status_code=204)

        await actions.run(
            Actions.OWN_UP, text="دوستم گفت اینجا خوبه، راسته؟", intent={"name": intent}, done_before=done_before
        )

        assert (ANSWERS in api.calls) is is_question

    async def test_tells_them_of_nothing_else(self, actions: RunningActions, api: FakeApi) -> None:
        await actions.run(Actions.OWN_UP, intent={"name": Intents.OUT_OF_SCOPE})

        assert api.calls == []


class TestReadArticle:
    async def test_says_the_chosen_article(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers("POST /knowledge/articles/12/answer", ARTICLE)

        result = await actions.run(Actions.READ_ARTICLE, slots={"article_id": "12", "language": "en"})

        assert result["responses"][0]["text"] == ARTICLE["text"]
        assert json.loads(api.requests[0].content)["language"] == "en"

    async def test_says_that_an_article_is_gone(self, actions: RunningActions, api: FakeApi) -> None:
        api.refuses("POST /knowledge/articles/12/answer", 404, "article_not_found")

        result = await actions.run(Actions.READ_ARTICLE, slots={"article_id": "12"})

        assert responses_in(result) == [Responses.ARTICLE_GONE]

    @pytest.mark.parametrize("article_id", [None, "", "../tickets", "12/../..", "۱۲", "-1"])
    async def test_asks_for_nothing_but_a_number(
        self, actions: RunningActions, api: FakeApi, article_id: str | None
    ) -> None:
        result = await actions.run(Actions.READ_ARTICLE, slots={"article_id": article_id})

        assert api.calls == []
        assert responses_in(result) == [Responses.ARTICLE_GONE]


ABUSE = {"name": "abuse", "confidence": 0.9}


class TestOwnUp:
    @pytest.mark.parametrize(
        ("mood", "response"), [("negative", Responses.ABUSE), (None, Responses.ABUSE), ("neutral", Responses.DONT_KNOW)]
    )
    async def test_tells_nobody_who_is_calm_that_they_are_upset(
        self, actions: RunningActions, mood: str | None, response: str
    ) -> None:
        result = await actions.run(Actions.OWN_UP, text="asdkjh", intent=ABUSE, slots={"sentiment": mood})

        assert responses_in(result) == [response]

    async def test_random_keys_were_not_understood(self, actions: RunningActions) -> None:
        result = await actions.run(Actions.OWN_UP, text="asdkjh", intent=ABUSE, slots={"sentiment": "neutral"})

        (said,) = result["responses"]
        assert said["custom"] == {"outcome": Outcomes.NOT_UNDERSTOOD}


class TestSeveralQuestions:
    @staticmethod
    def of_hours_and_instalments(body: dict[str, Any]) -> dict[str, Any]:
        """The knowledge base has an answer to each alone, and offers something else for both together."""
        known = {"ساعت پشتیبانی چنده؟": "۹ تا ۱۸", "قسطی هم میشه؟": "سه قسط"}
        if text := known.get(body["question"]):
            return knowledge("answer", answer=ARTICLE | {"text": text})
        offer = {"article_id": 3, "title": "x", "url": "/x"}
        return knowledge("offer", offers=[offer])

    async def test_in_one_message_are_answered_each(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers_each(ANSWERS, self.of_hours_and_instalments)

        result = await actions.run(Actions.ANSWER_FROM_KNOWLEDGE_BASE, text="ساعت پشتیبانی چنده؟ قسطی هم میشه؟")

        assert [message["text"] for message in result["responses"]] == ["۹ تا ۱۸", "سه قسط"]

    async def test_leave_titles_to_choose_from_for_the_one_without_an_answer(
        self, actions: RunningActions, api: FakeApi
    ) -> None:
        api.answers_each(ANSWERS, self.of_hours_and_instalments)

        result = await actions.run(Actions.ANSWER_FROM_KNOWLEDGE_BASE, text="ساعت پشتیبانی چنده؟ پارکینگ هم دارید؟")

        assert [message["text"] or message["response"] for message in result["responses"]] == [
            "۹ تا ۱۸",
            Responses.OFFER_ARTICLES_TOO,
        ]

    async def test_none_of_which_has_an_answer_are_looked_up_as_one(
        self, actions: RunningActions, api: FakeApi
    ) -> None:
        api.answers_each(ANSWERS, self.of_hours_and_instalments)

        result = await actions.run(Actions.ANSWER_FROM_KNOWLEDGE_BASE, text="پارکینگ دارید؟ آسانسور هم دارید؟")

        assert responses_in(result) == [Responses.OFFER_ARTICLES]

    async def test_and_of_wishes_without_an_answer_the_gravest_is_looked_up_by_itself(
        self, actions: RunningActions, api: FakeApi
    ) -> None:
        offer = {"article_id": 3, "title": "x", "url": "/x"}
        money = "پولم دو بار کم شد"
        api.answers_each(
            ANSWERS,
            lambda body: (
                knowledge("decline")
                if body["question"] in (money, "فاکتور می‌خوام")
                else knowledge("offer", offers=[offer])
            ),
        )

        result = await actions.run(
            Actions.ANSWER_FROM_KNOWLEDGE_BASE,
            text=f"{money}، فاکتور می‌خوام، ترم بعد هم میام",
            intent={"name": "payment_trouble", "confidence": 0.9},
        )

        assert responses_in(result) == [Responses.OWN_CASE_UNANSWERED]

    async def test_and_wishes_that_have_their_rules_in_articles_are_seen_to_at_once(
        self, actions: RunningActions, api: FakeApi
    ) -> None:
        api.answers_each(ANSWERS, lambda body: knowledge("answer", answer=ARTICLE | {"text": body["question"]}))

        result = await actions.run(
            Actions.ANSWER_FROM_KNOWLEDGE_BASE,
            text="cancel my order and send me the invoice",
            intent={"name": "cancel_purchase", "confidence": 0.9},
            slots={"other_wishes": ["request_invoice"]},
        )

        said = [message["text"] or message["response"] for message in result["responses"]]
        assert said == ["cancel my order", "send me the invoice", Responses.OWN_CASE]
        assert slots_in(result)["other_wishes"] is None


class TestAskedOn:
    async def test_is_looked_up_by_itself_where_the_words_around_it_hide_it(
        self, actions: RunningActions, api: FakeApi
    ) -> None:
        answer = knowledge("answer", answer=ARTICLE | {"text": "رضایت"})
        api.answers_each(ANSWERS, lambda body: answer if body["question"] == "CSAT" else knowledge("decline"))

        result = await actions.run(Actions.ANSWER_FROM_KNOWLEDGE_BASE, text="خب CSAT چی؟")

        assert result["responses"][0]["text"] == "رضایت"


class TestQuestionInAStory:
    @pytest.mark.parametrize("band", ["answer", "offer"])
    async def test_is_looked_up_by_itself_where_the_story_hides_it(
        self, actions: RunningActions, api: FakeApi, band: str
    ) -> None:
        found = knowledge(band, answer=ARTICLE, offers=[{"article_id": 3, "title": "x", "url": "/x"}])
        api.answers_each(
            ANSWERS, lambda body: found if body["question"] == "Which package suits us?" else knowledge("decline")
        )

        result = await actions.run(
            Actions.ANSWER_FROM_KNOWLEDGE_BASE, text="We are a small firm. Which package suits us?"
        )

        said = result["responses"][0]
        assert (said["text"] or said["response"]) == (ARTICLE["text"] if band == "answer" else Responses.OFFER_ARTICLES)


class TestRefusedWish:
    async def test_is_not_looked_up_along_with_the_question(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers(ANSWERS, knowledge("answer", answer=ARTICLE))

        await actions.run(
            Actions.ANSWER_FROM_KNOWLEDGE_BASE, text="do not open a ticket, only tell me how long a refund takes"
        )

        assert api.body_of(ANSWERS)["question"] == "only tell me how long a refund takes"


class TestComplaint:
    async def test_without_an_answer_is_offered_a_ticket_and_no_articles(
        self, actions: RunningActions, api: FakeApi
    ) -> None:
        api.answers(ANSWERS, knowledge("offer", offers=[{"article_id": 3, "title": "x", "url": "/x"}]))

        result = await actions.run(
            Actions.ANSWER_FROM_KNOWLEDGE_BASE,
            text="استاد همیشه دیر میاد",
            intent={"name": "complaint", "confidence": 0.9},
        )

        assert responses_in(result) == [Responses.COMPLAINT_UNANSWERED]
        assert slots_in(result)["offer"] == Intents.OPEN_TICKET


class TestSwitchLanguage:
    async def test_tells_the_last_answer_again(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers("POST /knowledge/articles/12/answer", ARTICLE | {"text": "4,800,000 toman", "language": "en"})

        result = await actions.run(
            Actions.SWITCH_LANGUAGE, text="say it in English", just_set={"language": "en", "last_article": "12"}
        )

        assert result["responses"][0]["response"] == Responses.LANGUAGE_SWITCHED
        assert result["responses"][1]["text"] == "4,800,000 toman"

    async def test_tells_nothing_that_was_not_just_said(self, actions: RunningActions) -> None:
        result = await actions.run(Actions.SWITCH_LANGUAGE, text="فارسی بگو", slots={"last_article": "12"})

        assert responses_in(result) == [Responses.LANGUAGE_SWITCHED]

    async def test_offers_again_what_was_just_offered(self, actions: RunningActions, api: FakeApi) -> None:
        offer = {"article_id": 3, "title": "RFM analysis", "url": "/x"}
        api.answers(ANSWERS, knowledge("offer", offers=[offer]))

        result = await actions.run(
            Actions.SWITCH_LANGUAGE,
            text="in English please",
            slots={"language": "en"},
            said_before=("RFM چیه", "ask_knowledge"),
            done_before=Actions.ANSWER_FROM_KNOWLEDGE_BASE,
        )

        assert responses_in(result) == [Responses.LANGUAGE_SWITCHED, Responses.OFFER_ARTICLES]
        assert (api.body_of(ANSWERS)["question"], api.body_of(ANSWERS)["language"]) == ("RFM چیه", "en")

    async def test_asks_which_where_it_does_not_speak_it(self, actions: RunningActions) -> None:
        result = await actions.run(Actions.SWITCH_LANGUAGE, text="به زبان ترکی جواب بده")

        assert responses_in(result) == [Responses.WHICH_LANGUAGE]


class TestWhatWantsNoTitles:
    @pytest.mark.parametrize(
        ("text", "response"),
        [
            ("الان کسی از همکاراتون هست؟", Responses.OFFER_PERSON),
            ("سلام، حسابدار یه شرکت هستم", Responses.GO_AHEAD),
            ("گواهی من کجاست", Responses.OFFER_ARTICLES),
        ],
    )
    async def test_is_not_given_any(self, actions: RunningActions, api: FakeApi, text: str, response: str) -> None:
        offers = [{"article_id": 1, "title": "فرصت‌های همکاری", "url": "/help/jobs"}]
        api.answers("POST /knowledge/answers", {"band": "offer", "confidence": 0.4, "offers": offers})

        result = await actions.run(Actions.ANSWER_FROM_KNOWLEDGE_BASE, text=text)

        assert responses_in(result) == [response]

    @pytest.mark.parametrize(("mood", "response"), [("neutral", "utter_dont_know"), ("negative", "utter_complaint")])
    async def test_a_calm_question_is_no_complaint(
        self, actions: RunningActions, api: FakeApi, mood: str, response: str
    ) -> None:
        api.answers("POST /knowledge/answers", {"band": "decline", "confidence": 0.1})

        result = await actions.run(
            Actions.ANSWER_FROM_KNOWLEDGE_BASE,
            text="خدماتتون چیه؟",
            intent={"name": "complaint", "confidence": 0.7},
            slots={"sentiment": mood},
        )

        (said,) = responses_in(result)
        assert said.startswith(response)

    async def test_what_fails_may_be_told_in_two_words(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers("POST /knowledge/answers", {"band": "decline", "confidence": 0.1})
        doubt = {"name": "doubt", "confidence": 0.6}

        result = await actions.run(Actions.OWN_UP, text="گواهیم نیومده", intent=doubt)

        assert responses_in(result) == [Responses.DONT_KNOW]
