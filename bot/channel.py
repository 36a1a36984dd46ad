"""The one way into Rasa, for the app alone: POST /webhooks/hamyar/turn, stateless, and which model answers there."""

import hmac
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.shared.exceptions import RasaException
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, json

from bot.commands import without_command
from bot.names import INTENT_NAMES, MetadataKeys
from bot.switch import ModelRefused, ModelUnknown
from bot.turns import CHANNEL_NAME, TurnRunner
from language.normalise import safe_text

logger = logging.getLogger(__name__)


class InvalidTurn(Exception):
    """The body of a request is not a turn; the message says why."""


class HamyarChannel(InputChannel):
    """Answers one message from the state given with it.

    200 `{"messages", "state", "intent"}`; 400 for a body that is no turn or has a blank text; 401 without the token;
    503 `{"error": class}` when a component or an action failed, in which case the old state is still the right one.

    `/model` says which kept model serves, and takes `{"name"}` of another: 404 where there is none of that name, 409
    `{"error", "message"}` where it cannot be loaded, in which case the old one goes on.
    """

    def __init__(self, token: str) -> None:
        self._token = token.encode()

    @classmethod
    def name(cls) -> str:
        return CHANNEL_NAME

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> "HamyarChannel":
        token = (credentials or {}).get("token")
        # An unset variable leaves its own name behind.
        if not token or "${" in token:
            raise RasaException("RASA_TOKEN is not set; the channel does not answer without a token.")
        return cls(token)

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        routes = Blueprint("hamyar")

        @routes.get("/ready")
        async def ready(_: Request) -> HTTPResponse:
            return json({"status": "ready"})

        @routes.post("/turn")
        async def turn(request: Request) -> HTTPResponse:
            if not self._is_authorised(request):
                return json({"error": "unauthorized"}, status=401)
            try:
                message, state = read_turn(request.json)
            except InvalidTurn as error:
                return json({"error": "invalid_turn", "message": str(error)}, status=400)
            return await _answer(TurnRunner(request.app.ctx.agent.processor), message, state)

        @routes.get("/model")
        async def model(request: Request) -> HTTPResponse:
            if not self._is_authorised(request):
                return json({"error": "unauthorized"}, status=401)
            return json({"serving": request.app.ctx.models.serving})

        @routes.post("/model")
        async def use_model(request: Request) -> HTTPResponse:
            if not self._is_authorised(request):
                return json({"error": "unauthorized"}, status=401)
            name = request.json.get("name") if isinstance(request.json, dict) else None
            return await _exchange(request, name if isinstance(name, str) else "")

        return routes

    def _is_authorised(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), self._token)


async def _answer(runner: TurnRunner, message: UserMessage, state: list[dict[str, Any]] | None) -> HTTPResponse:
    try:
        turn = await runner.run(message, state)
    except Exception as error:
        logger.exception("The turn of conversation %s failed", message.sender_id)
        return json({"error": type(error).__name__}, status=503)
    return json({"messages": turn.messages, "state": turn.state, "intent": turn.intent})


async def _exchange(request: Request, name: str) -> HTTPResponse:
    try:
        await request.app.ctx.models.use(name)
    except ModelUnknown:
        return json({"error": "model_unknown"}, status=404)
    except ModelRefused as refusal:
        logger.warning("The model %s was refused: %s", name, refusal)
        return json({"error": "model_refused", "message": str(refusal)}, status=409)
    return json({"serving": name})


def read_turn(body: Any) -> "tuple[UserMessage, list[dict[str, Any]] | None]":
    """The message and the state in a request's body.

    Raises InvalidTurn, so that nothing malformed reaches a component.
    """
    if not isinstance(body, dict):
        raise InvalidTurn("the body is no JSON object")
    state = body.get("state")
    if state is not None and not _is_list_of_objects(state):
        raise InvalidTurn("state is no list of events")
    metadata = body.get("metadata")
    if metadata is None:
        metadata = {}
    _check_metadata(metadata)
    message = UserMessage(
        text=without_foreign_command(safe_text(_text_of(body, "text"))),
        sender_id=_text_of(body, "conversation_id"),
        message_id=_text_of(body, "message_id"),
        input_channel=CHANNEL_NAME,
        metadata=metadata,
    )
    return message, state


def without_foreign_command(text: str) -> str:
    """The text, less a leading slash that does not begin one of our buttons' payloads.

    Rasa takes `/restart` and `/anything` for commands, whoever wrote them.
    """
    command = re.match(r"\s*/+\s*(\w*)", text)
    if command is None or command[1] in INTENT_NAMES:
        return text
    return without_command(text)


def _text_of(body: dict[str, Any], key: str) -> str:
    value = body.get(key)
    if not isinstance(value, str) or not value.strip():
        raise InvalidTurn(f"{key} is missing or blank")
    return value


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _check_metadata(metadata: Any) -> None:
    if not isinstance(metadata, dict):
        raise InvalidTurn("metadata is no JSON object")
    sentiment = metadata.get(MetadataKeys.SENTIMENT)
    if sentiment is not None and not isinstance(sentiment, dict):
        raise InvalidTurn("metadata.sentiment is no JSON object")
    vector = metadata.get(MetadataKeys.VECTOR)
    if vector is not None and not isinstance(vector, str):
        raise InvalidTurn("metadata.vector is no text")
