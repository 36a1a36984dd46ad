"""What the adapter makes of Rasa's answers, good, bad and none."""

import asyncio
from typing import Any

import httpx
import pytest

from connectors.rasa_rest import RasaBot
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
