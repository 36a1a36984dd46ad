"""The address that Telegram calls."""

import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response

from core.errors import InvalidInput, NotAllowed, NotFound
from core.security import same_secret

# Telegram sends a few kilobytes; files travel by id.
MAX_BODY_BYTES = 256 * 1024
SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 - the header's name

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


def webhook_router(find: Callable[[str], Webhook | None]) -> APIRouter:
    """The route of every bot; `find` knows their webhooks by inbox key.

    It says 200 only after `handle` returned, and any failure makes Telegram try again.
    """
    router = APIRouter()

    @router.post(path_for("{inbox_key}"), include_in_schema=False)
    async def take_update(inbox_key: str, request: Request) -> Response:
        """Take one update from Telegram."""
        webhook = find(inbox_key)
        if webhook is None:
            raise NotFound
        if not same_secret(request.headers.get(SECRET_HEADER, ""), webhook.secret):
            raise NotAllowed
        await webhook.handle(_parsed(await _body(request)))
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
