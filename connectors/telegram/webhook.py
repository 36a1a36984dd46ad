"""The address that Telegram calls."""

import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from telegram import Update

from core.errors import InvalidInput, NotAllowed, NotFound
from core.rate_limit import RateLimit
from core.security import same_secret

# Telegram sends a few kilobytes; files travel by id.
MAX_BODY_BYTES = 256 * 1024
SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 - the header's name

# Of a group, where many write.
MEMBERS = 10

Handle = Callable[[dict[str, Any]], Awaitable[None]]


class UpdateTooLarge(InvalidInput):
    """No update of Telegram's is this large."""

    status_code = 413
    code = "update_too_large"


class UpdateUnreadable(InvalidInput):
    """This is not an update of Telegram's."""

    status_code = 400
    code = "update_unreadable"


def path_for(inbox_key: str) -> str:
    """Where Telegram calls for an inbox."""
    return f"/telegram/{inbox_key}/webhook"


def secret_for(secret_key: str, inbox_key: str) -> str:
    """What Telegram must show when it calls for an inbox: derived, so that there is nothing more to keep."""
    return hmac.new(secret_key.encode(), f"telegram-webhook:{inbox_key}".encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class Webhook:
    """What Telegram must show when it calls for a bot, and what its updates are handed to."""

    secret: str
    handle: Handle


class ChatLimits:
    """Counts what Telegram delivers of each chat.

    Telegram keeps a chat's updates in a queue of their own: refused with `Retry-After`, the first one comes again after
    that and the others follow it, while other chats' go on. Only what is 24 hours old is dropped.
    https://github.com/tdlib/telegram-bot-api/blob/a94b95e/telegram-bot-api/WebhookActor.cpp
    """

    def __init__(self, updates_per_minute: int) -> None:
        self._private = RateLimit(f"{updates_per_minute}/minute")
        self._groups = RateLimit(f"{updates_per_minute * MEMBERS}/minute")

    def update(self, inbox_key: str, update: dict[str, Any]) -> None:
        """An update comes.

        Raises:
            TooManyRequests
        """
        chat = chat_of(update)
        if chat is not None:
            # Groups have negative numbers.
            (self._groups if chat < 0 else self._private).hit(inbox_key, str(chat))


def webhook_router(find: Callable[[str], Webhook | None], limits: ChatLimits) -> APIRouter:
    """The route of every bot; `find` knows their webhooks by inbox key.

    It says 200 only after `handle` returned, and any failure or refusal makes Telegram try again.
    """
    router = APIRouter()

    # A plain route: FastAPI's has nothing to do here, and takes as long for that as we do for an update.
    @router.route(path_for("{inbox_key}"), methods=["POST"], include_in_schema=False)
    async def take_update(request: Request) -> Response:
        """Take one update from Telegram."""
        inbox_key: str = request.path_params["inbox_key"]
        webhook = find(inbox_key)
        if webhook is None:
            raise NotFound
        if not same_secret(request.headers.get(SECRET_HEADER, ""), webhook.secret):
            raise NotAllowed
        update = _parsed(await _body(request))
        limits.update(inbox_key, update)
        await webhook.handle(update)
        return Response()

    return router


async def _body(request: Request) -> bytes:
    """The body, read no further than is allowed."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise UpdateTooLarge
    return bytes(body)


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        update = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UpdateUnreadable from error
    if not isinstance(update, dict) or not isinstance(update.get("update_id"), int):
        raise UpdateUnreadable
    return update


def chat_of(update: dict[str, Any]) -> int | None:
    """The number of the chat that an update comes from."""
    pressed = update.get(Update.CALLBACK_QUERY)
    holder = pressed if isinstance(pressed, dict) else update
    message = holder.get(Update.MESSAGE) or holder.get(Update.EDITED_MESSAGE)
    chat = message.get("chat") if isinstance(message, dict) else None
    number = chat.get("id") if isinstance(chat, dict) else None
    return number if isinstance(number, int) else None
