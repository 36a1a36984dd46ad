"""The bot behind its one adapter: Rasa, over the turn channel of `bot/channel.py`.

Rasa keeps nothing: the dialogue's state goes along with each message and comes back with the answer.
"""

import asyncio
import base64
from datetime import datetime
from typing import Any, Protocol

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from pydantic import AwareDatetime, BaseModel, ValidationError

from core.json import dumps
from crm.conversations.ports import BotAnswer, BotFailed, BotTurn, Reply
from crm.enums import Outcome

TURN_PATH = "/webhooks/hamyar/turn"
MODEL_PATH = "/webhooks/hamyar/model"
READY_PATH = "/webhooks/hamyar/ready"
READY_SECONDS = 1.0
LOADS_WITHIN_SECONDS = 60.0
# The transport leaves aiohttp's own error where an answer is no HTTP.
_NO_ANSWER = (httpx.HTTPError, aiohttp.ClientError)


class ModelRefused(Exception):
    """Rasa could not load the model and goes on with the one it has; the message says why and what to do."""


class RasaSilent(Exception):
    """Rasa does not answer, or does not know the model."""


class RasaSlow(Exception):
    """Rasa was asked and has not answered in time; it may still do what it was asked for."""


def open_client(url: str, *, connections: int) -> httpx.AsyncClient:
    """A client for Rasa; waiting for one of its connections is part of a call's time.

    Over aiohttp, which asks in one write and reads in C: every turn pays for this call.
    """
    limits = httpx.Limits(max_connections=connections)
    return httpx.AsyncClient(base_url=url, transport=AiohttpTransport(limits=limits, trust_env=False), trust_env=False)


class _Button(BaseModel):
    title: str
    payload: str


class _Article(BaseModel):
    title: str
    url: str
    updated_at: AwareDatetime | None = None
    other_language: bool = False


class _Custom(BaseModel):
    """What our actions attach to a message."""

    outcome: Outcome | None = None
    article: _Article | None = None


class _Message(BaseModel):
    text: str | None = None
    buttons: list[_Button] | None = None
    custom: _Custom | None = None


class _Intent(BaseModel):
    name: str | None = None
    likeliest: str | None = None
    confidence: float | None = None


class _TurnAnswer(BaseModel):
    messages: list[_Message]
    state: list[Any]
    intent: _Intent | None = None


class AnswerNotes(Protocol):
    """What a contact is told of an answer beside its own words, in their language."""

    def dated(self, changed_at: datetime, *, language: str) -> str:
        """When its article was last changed."""
        ...

    def foreign(self, *, language: str) -> str:
        """That it is in a language other than theirs."""
        ...


class RasaBot:
    """Asks Rasa for the answer to one message."""

    def __init__(self, client: httpx.AsyncClient, *, token: str, timeout_seconds: float, notes: AnswerNotes) -> None:
        self._client = client
        self._notes = notes
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._timeout_seconds = timeout_seconds

    async def answer(self, turn: BotTurn) -> BotAnswer:
        try:
            # The client's own time-outs are for each step: a Rasa that dribbles would pass them and outlive the lease.
            async with asyncio.timeout(self._timeout_seconds):
                response = await self._client.post(
                    TURN_PATH, content=dumps(_request(turn)), headers=self._headers, timeout=self._timeout_seconds
                )
            response.raise_for_status()
            answer = _TurnAnswer.model_validate_json(response.content)
        except (*_NO_ANSWER, TimeoutError) as error:
            raise BotFailed(f"{type(error).__name__}: {error}") from error
        except ValidationError as error:
            raise BotFailed(f"Rasa's answer has an unknown form: {error.error_count()} errors") from error
        return self._answer(answer, language=turn.language)

    async def is_ready(self) -> bool:
        try:
            response = await self._client.get(READY_PATH, timeout=READY_SECONDS)
        except _NO_ANSWER:
            return False
        return response.is_success

    def _answer(self, answer: _TurnAnswer, *, language: str) -> BotAnswer:
        outcomes = [message.custom.outcome for message in answer.messages if message.custom]
        said = [message for message in answer.messages if message.text or message.buttons]
        return BotAnswer(
            replies=[reply for message in said for reply in self._replies(message, language=language)],
            state=answer.state,
            outcome=next((outcome for outcome in outcomes if outcome), Outcome.asked if _asks(answer.state) else None),
            intent=answer.intent.name if answer.intent else None,
            likeliest_intent=answer.intent.likeliest if answer.intent else None,
            intent_confidence=answer.intent.confidence if answer.intent else None,
        )

    def _replies(self, message: _Message, *, language: str) -> list[Reply]:
        """A message; one in another language comes after a word on it, which has a direction of its own."""
        article = message.custom.article if message.custom else None
        reply = Reply(
            text=message.text or "",
            buttons=[button.model_dump() for button in message.buttons or []],
            articles=[self._card(article, language=language)] if article else [],
        )
        if article is None or not article.other_language:
            return [reply]
        return [Reply(text=self._notes.foreign(language=language)), reply]

    def _card(self, article: _Article, *, language: str) -> dict[str, str]:
        """An article as channels show it: what leads to it, and a note in the contact's language."""
        note = self._notes.dated(article.updated_at, language=language) if article.updated_at else ""
        return {"title": article.title, "url": article.url, "note": note}


class RasaModels:
    """Which of its kept models Rasa serves."""

    def __init__(self, client: httpx.AsyncClient, *, token: str) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {token}"}

    async def serving(self) -> str | None:
        """The model's name; None where Rasa does not say."""
        try:
            response = await self._client.get(MODEL_PATH, headers=self._headers, timeout=READY_SECONDS)
            return _Serving.model_validate_json(response.content).serving if response.is_success else None
        except (*_NO_ANSWER, ValidationError):
            return None

    async def use(self, name: str) -> None:
        """Have Rasa serve this model from the next turn on.

        Raises:
            ModelRefused, RasaSilent: the earlier one goes on serving.
            RasaSlow: it does so for now.
        """
        try:
            response = await self._client.post(
                MODEL_PATH, json={"name": name}, headers=self._headers, timeout=LOADS_WITHIN_SECONDS
            )
            if response.status_code == httpx.codes.CONFLICT:
                raise ModelRefused(_Refusal.model_validate_json(response.content).message)
            response.raise_for_status()
        except (httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise RasaSilent(type(error).__name__) from error
        except httpx.TimeoutException as error:
            raise RasaSlow from error
        except (*_NO_ANSWER, ValidationError) as error:
            raise RasaSilent(f"{type(error).__name__}: {error}") from error


class _Serving(BaseModel):
    serving: str | None


class _Refusal(BaseModel):
    message: str


def _asks(state: list[Any]) -> bool:
    """Whether a form waits for an answer after this turn."""
    forms = [event.get("name") for event in state if isinstance(event, dict) and event.get("event") == "active_loop"]
    return bool(forms and forms[-1])


def _request(turn: BotTurn) -> dict[str, Any]:
    reading = turn.reading
    return {
        "conversation_id": turn.conversation_id,
        "message_id": turn.message_id,
        "text": turn.text,
        "metadata": {
            "vector": base64.b64encode(reading.vector).decode() if reading.vector else None,
            "language": turn.language,
            "sentiment": {"label": reading.sentiment, "score": reading.sentiment_score},
            "frustration": turn.frustration,
            "contact_known": turn.contact_known,
            "apologised": turn.apologised,
        },
        "state": turn.state,
    }
