"""What the adapter makes of Rasa's answers, good, bad and none."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC
from typing import Any

import httpx
import pytest

from connectors.rasa_rest import ModelRefused, RasaBot, RasaModels, RasaSilent, RasaSlow, open_client
from crm.conversations.ports import BotFailed, BotTurn, Reading
from crm.enums import Outcome
from web.answer_notes import AnswerNotes

READING = Reading(vector=b"", language="en", sentiment="neutral", sentiment_score=0.0)
TURN = BotTurn(
    conversation_id="c",
    message_id="1",
    text="hello",
    reading=READING,
    language="en",
    frustration=0.0,
    contact_known=False,
    apologised=False,
    state=None,
)


def bot_over(transport: httpx.MockTransport, *, timeout_seconds: float = 60) -> RasaBot:
    client = httpx.AsyncClient(transport=transport, base_url="http://rasa")
    return RasaBot(client, token="token", timeout_seconds=timeout_seconds, notes=AnswerNotes(UTC))


def answered(**article: Any) -> dict[str, Any]:
    """What our action says where the knowledge base has the answer."""
    source = {"title": "CRM", "url": "/help/crm", "updated_at": "2026-11-23T08:00:00Z"} | article
    return {"text": "CRM is ...", "custom": {"outcome": "answered", "article": source}}


def bot_that_gets(body: Any, *, status_code: int = 200) -> RasaBot:
    return bot_over(httpx.MockTransport(lambda _: httpx.Response(status_code, json=body)))


NOTHING_TO_SAY = b'{"messages": [], "state": [], "intent": null}'


def http(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


class SocketRasa:
    """A Rasa at a real socket, which can be killed and started again at the same address."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.asked = 0
        self.connections: list[asyncio.StreamWriter] = []

    async def start(self, port: int = 0) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        listening: int = self._server.sockets[0].getsockname()[1]
        return listening

    async def kill(self) -> None:
        self._server.close()
        for connection in self.connections:
            connection.transport.abort()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append(writer)
        while head := await _read_head(reader):
            length = next(int(line[15:]) for line in head.lower().splitlines() if line.startswith(b"content-length:"))
            await reader.readexactly(length)
            self.asked += 1
            if not self.answer:
                writer.transport.abort()
                return
            writer.write(self.answer)


async def _read_head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


@asynccontextmanager
async def bot_at(rasa: SocketRasa) -> AsyncIterator[tuple[RasaBot, int]]:
    port = await rasa.start()
    async with open_client(f"http://127.0.0.1:{port}", connections=2) as client:
        yield RasaBot(client, token="token", timeout_seconds=5, notes=AnswerNotes(UTC)), port
    await rasa.kill()


class TestOpenClient:
    async def test_keeps_its_connection(self) -> None:
        rasa = SocketRasa(http(NOTHING_TO_SAY))

        async with bot_at(rasa) as (bot, _):
            await bot.answer(TURN)
            await bot.answer(TURN)

        assert (rasa.asked, len(rasa.connections)) == (2, 1)

    async def test_asks_a_rasa_that_was_killed_and_started_again_once(self) -> None:
        rasa = SocketRasa(http(NOTHING_TO_SAY))

        async with bot_at(rasa) as (bot, port):
            await bot.answer(TURN)
            await rasa.kill()
            await rasa.start(port)
            await bot.answer(TURN)

        assert rasa.asked == 2

    @pytest.mark.parametrize("answer", [b"", b"no HTTP\r\n\r\n", http(NOTHING_TO_SAY)[:-5] + b"\0\0\0\0\0"])
    async def test_an_answer_that_is_none_fails_the_turn_and_is_not_asked_for_again(self, answer: bytes) -> None:
        rasa = SocketRasa(answer)

        async with bot_at(rasa) as (bot, _):
            with pytest.raises(BotFailed):
                await bot.answer(TURN)

        assert rasa.asked == 1

    async def test_a_rasa_that_is_not_there_fails_the_turn(self) -> None:
        rasa = SocketRasa(b"")

        async with bot_at(rasa) as (bot, _):
            await rasa.kill()
            with pytest.raises(BotFailed):
                await bot.answer(TURN)


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
        assert reply.articles == [{"title": "CRM", "url": "/help/crm", "note": ""}]
        assert (answer.outcome, answer.intent) == (Outcome.answered, "ask")

    @pytest.mark.parametrize(
        ("language", "note"), [("en", "Last changed on 23 November 2026"), ("fa", "آخرین تغییر: ۲ آذر ۱۴۰۵")]
    )
    async def test_an_answer_says_when_it_was_changed(self, language: str, note: str) -> None:
        bot = bot_that_gets({"messages": [answered(language=language)], "state": []})

        (reply,) = (await bot.answer(replace(TURN, language=language))).replies

        assert [article["note"] for article in reply.articles] == [note]

    @pytest.mark.parametrize(("name", "outcome"), [("ticket_form", Outcome.asked), (None, None)])
    async def test_what_a_form_asks_for_is_told_from_what_it_has_got(
        self, name: str | None, outcome: Outcome | None
    ) -> None:
        began, last = {"event": "active_loop", "name": "ticket_form"}, {"event": "active_loop", "name": name}
        bot = bot_that_gets({"messages": [{"text": "Which ticket?"}], "state": [began, {"event": "bot"}, last]})

        assert (await bot.answer(TURN)).outcome is outcome

    async def test_an_answer_in_another_language_comes_after_a_word_on_it(self) -> None:
        foreign = answered(language="en", other_language=True)
        bot = bot_that_gets({"messages": [{"text": "سلام"}, foreign], "state": []})

        answer = await bot.answer(replace(TURN, language="fa"))

        greeting, word, reply = answer.replies
        assert (greeting.text, reply.text) == ("سلام", "CRM is ...")
        assert "هنوز به زبان شما نوشته نشده است" in word.text
        assert not word.articles
        assert answer.outcome is Outcome.answered

    @pytest.mark.parametrize(
        "body",
        [
            [],
            {"messages": None, "state": []},
            {"messages": [{"text": "hi", "custom": {"outcome": {"not": "one"}}}], "state": []},
            {"messages": [{"text": "hi", "custom": {"article": {"title": "no address"}}}], "state": []},
            {"messages": [answered(updated_at="yesterday")], "state": []},
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
            httpx.ConnectTimeout("nobody there"),
        ],
    )
    async def test_anything_else_is_silence(self, answer: httpx.Response | Exception) -> None:
        with pytest.raises(RasaSilent):
            await models_over(answer).use("a")

    @pytest.mark.parametrize("late", [httpx.ReadTimeout("late"), httpx.TimeoutException("late")])
    async def test_an_answer_that_is_late_may_still_come_true(self, late: Exception) -> None:
        with pytest.raises(RasaSlow):
            await models_over(late).use("a")
