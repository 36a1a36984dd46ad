"""Answering from the knowledge base."""

import json
from typing import Any

import pytest

from bot.names import Actions, Intents, Outcomes, Responses
from tests.bot.conftest import FakeApi, RunningActions, responses_in

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

    @pytest.mark.parametrize("answer", [knowledge("decline", gap_id=9), knowledge("offer"), knowledge("answer")])
    async def test_says_that_it_does_not_know(
        self, actions: RunningActions, api: FakeApi, answer: dict[str, Any]
    ) -> None:
        api.answers(ANSWERS, answer)

        result = await actions.run(Actions.ANSWER_FROM_KNOWLEDGE_BASE)

        assert responses_in(result) == [Responses.DONT_KNOW]
        assert result["responses"][0]["custom"]["outcome"] == Outcomes.NOT_UNDERSTOOD


class TestOwnUp:
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
