"""Taking down a rating."""

import pytest

from bot.names import Actions, Responses
from tests.bot.conftest import FakeApi, RunningActions, responses_in, slots_in

INSULT = {"name": "abuse", "confidence": 0.9}
RATING = "POST /conversations/c-1/rating"


class TestRateConversation:
    @pytest.mark.parametrize(("slot", "text"), [("4", '/rate_conversation{"rating": "4"}'), (None, "نمره‌ام ۴ است")])
    async def test_stores_a_rating_from_a_button_or_from_words(
        self, actions: RunningActions, api: FakeApi, slot: str | None, text: str
    ) -> None:
        api.answers(RATING, status_code=204)

        result = await actions.run(Actions.RATE_CONVERSATION, text=text, slots={"rating": slot})

        assert api.body_of(RATING) == {"score": 4, "offered": True}
        assert responses_in(result) == [Responses.RATING_THANKS]
        assert slots_in(result) == {"rating": None}

    async def test_asks_for_the_reason_of_a_low_one(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers(RATING, status_code=204)

        result = await actions.run(Actions.RATE_CONVERSATION, text="۱ ستاره")

        assert responses_in(result) == [Responses.RATING_LOW]

    @pytest.mark.parametrize("text", ["می‌خوام امتیاز بدم", "rate 9"])
    async def test_asks_for_a_rating_where_there_is_none(
        self, actions: RunningActions, api: FakeApi, text: str
    ) -> None:
        result = await actions.run(Actions.RATE_CONVERSATION, text=text)

        assert api.calls == []
        assert responses_in(result) == [Responses.ASK_RATING]

    async def test_is_given_unasked_by_a_number_alone_right_after_the_bot_has_asked_and_not_before(
        self, actions: RunningActions, api: FakeApi
    ) -> None:
        api.answers(RATING, status_code=204)

        await actions.run(Actions.RATE_CONVERSATION, text="4", just_set={"offer": "rate_conversation"})
        assert api.body_of(RATING)["offered"]

        api.requests.clear()
        await actions.run(Actions.RATE_CONVERSATION, text="4")
        assert "offered" not in api.body_of(RATING)

    async def test_is_taken_with_its_reason_after_it_was_asked_for_whatever_it_was_understood_as(
        self, actions: RunningActions, api: FakeApi
    ) -> None:
        api.answers(RATING, status_code=204)

        await actions.run(
            Actions.ANSWER_FROM_KNOWLEDGE_BASE, text="3, could be faster", just_set={"offer": "rate_conversation"}
        )

        assert api.body_of(RATING) == {"score": 3, "comment": "3, could be faster", "offered": True}

    async def test_a_question_about_other_marks_is_looked_up(self, actions: RunningActions, api: FakeApi) -> None:
        api.answers("POST /knowledge/answers", {"band": "decline", "confidence": 0.1})

        result = await actions.run(Actions.RATE_CONVERSATION, text="نمرهٔ بالاتر حساب میشه؟")
        wished = await actions.run(Actions.RATE_CONVERSATION, text="میشه امتیاز بدم؟")

        assert (responses_in(result), responses_in(wished)) == ([Responses.DONT_KNOW], [Responses.ASK_RATING])

    async def test_a_number_that_counts_something_else_is_looked_up(
        self, actions: RunningActions, api: FakeApi
    ) -> None:
        api.refuses(RATING, 409, "not_asked")
        api.answers("POST /knowledge/answers", {"band": "decline", "confidence": 0.1})

        result = await actions.run(Actions.RATE_CONVERSATION, text="۵ بار زدم")

        assert responses_in(result) == [Responses.DONT_KNOW]

    async def test_tells_when_it_is_refused(self, actions: RunningActions, api: FakeApi) -> None:
        api.refuses(RATING, 409, "already_rated")

        result = await actions.run(Actions.RATE_CONVERSATION, slots={"rating": "5"})

        assert responses_in(result) == [Responses.RATING_REFUSED]

    async def test_is_taken_from_words_that_were_heard_as_an_insult(
        self, actions: RunningActions, api: FakeApi
    ) -> None:
        api.answers(RATING, status_code=204)

        result = await actions.run(Actions.OWN_UP, text="امتیاز ۱ میدم چون افتضاح بودین", intent=INSULT)

        assert api.body_of(RATING) == {"score": 1, "comment": "امتیاز ۱ میدم چون افتضاح بودین"}
        assert responses_in(result) == [Responses.RATING_THANKS]

    async def test_is_an_insult_where_nobody_asked_for_one(self, actions: RunningActions, api: FakeApi) -> None:
        api.refuses(RATING, 409, "rating_not_asked")

        result = await actions.run(Actions.OWN_UP, text="امتیاز ۱ میدم چون افتضاح بودین", intent=INSULT)

        assert responses_in(result) == [Responses.ABUSE]
