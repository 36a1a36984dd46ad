"""What the adapter makes of Rasa's answers, good, bad and none."""

import asyncio
from typing import Any

import httpx
import pytest

from connectors.rasa_rest import ModelRefused, RasaBot, RasaModels, RasaSilent
from crm.conversations.ports import BotFailed, BotTurn, Reading
from crm.enums import Outcome

READING = Reading(vector=b"", language="en", sentiment="neutral", sentiment_score=0.0)
TURN = BotTurn(
    conversation_id="c",
    message_id="1",
    text="hello",
    reading=READING,
    language="en",
    frustration=0.0,
    contact_known=False,
    state=None,
)


def bot_over(transport: httpx.MockTransport, *, timeout_seconds: float = 60) -> RasaBot:
    client = httpx.AsyncClient(transport=transport, base_url="http://rasa")
    return RasaBot(client, token="token", timeout_seconds=timeout_seconds)


def bot_that_gets(body: Any, *, status_code: int = 200) -> RasaBot:
    return bot_over(httpx.MockTransport(lambda _: httpx.Response(status_code, json=body)))


class TestAnswer:
    async def test_reads_words_buttons_source_and_outcome(self) -> None:
        message = {
            "text": "CRM is ...",
            "buttons": [{"title": "Yes", "payload": "/affirm", "type": "postback"}],
            "custom": {"outcome": "answered", "article": {"title": "CRM", "url": "/help/crm", "article_id": 1}},
        }
        bot = bot_that_gets({"messages": [message], "state": [], "intent": {"name": "ask", "confidence": 0.9}})

        answer = await bot.answer(TURN)

        (reply,) = answer.replies
        assert reply.text == "CRM is ..."
        assert reply.buttons == [{"title": "Yes", "payload": "/affirm"}]
        assert reply.articles == [{"title": "CRM", "url": "/help/crm"}]
        assert (answer.outcome, answer.intent) == (Outcome.answered, "ask")

    @pytest.mark.parametrize(
        "body",
        [
            [],
            {"messages": None, "state": []},
            {"messages": [{"text": "hi", "custom": {"outcome": {"not": "one"}}}], "state": []},
            {"messages": [{"text": "hi", "custom": {"article": {"title": "no address"}}}], "state": []},
            {"messages": [{"text": "hi", "buttons": [{"title": "leads nowhere"}]}], "state": []},
        ],
    )
    async def test_nonsense_is_a_failure_of_the_bot(self, body: Any) -> None:
        with pytest.raises(BotFailed):
            await bot_that_gets(body).answer(TURN)

    async def test_so_is_an_error(self) -> None:
        with pytest.raises(BotFailed):
            await bot_that_gets({"error": "RuntimeError"}, status_code=503).answer(TURN)

    async def test_so_is_an_answer_that_never_ends(self) -> None:
        async def hang(_: httpx.Request) -> httpx.Response:
            await asyncio.Event().wait()
            raise AssertionError("nobody waits so long")

        with pytest.raises(BotFailed):
            await bot_over(httpx.MockTransport(hang), timeout_seconds=0).answer(TURN)


def models_over(answer: httpx.Response | Exception) -> RasaModels:
    def handle(_: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    client = httpx.AsyncClient(transport=httpx.MockTransport(handle), base_url="http://rasa")
    return RasaModels(client, token="token")


class TestModels:
    async def test_which_one_serves_is_unknown_where_rasa_does_not_say(self) -> None:
        assert await models_over(httpx.Response(200, json={"serving": "a"})).serving() == "a"
        assert await models_over(httpx.Response(200, json={"serving": None})).serving() is None
        assert await models_over(httpx.Response(200, json=[])).serving() is None
        assert await models_over(httpx.Response(401, json={"error": "unauthorized"})).serving() is None
        assert await models_over(httpx.ConnectError("nobody there")).serving() is None

    async def test_a_refusal_has_its_reason(self) -> None:
        refused = httpx.Response(409, json={"error": "model_refused", "message": "another encoder"})

        with pytest.raises(ModelRefused, match="another encoder"):
            await models_over(refused).use("a")

    @pytest.mark.parametrize(
        "answer",
        [
            httpx.Response(404, json={"error": "model_unknown"}),
            httpx.Response(409, json=[]),
            httpx.Response(500),
            httpx.ConnectError("nobody there"),
        ],
    )
    async def test_anything_else_is_silence(self, answer: httpx.Response | Exception) -> None:
        with pytest.raises(RasaSilent):
            await models_over(answer).use("a")
