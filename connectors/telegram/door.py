"""The door that every update comes in by, whether Telegram calls or we ask."""

import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from telegram import Update

from connectors.parking import described
from connectors.ports import Parking, Unhandled
from connectors.telegram.incoming import UpdateUnreadable
from core.database import is_away

logger = logging.getLogger(__name__)

# An update that failed so often in a row is set aside: until then those behind it wait, where we ask all chats', some
# fifteen seconds. A database that is away sets nothing aside, since that would have to be written down there.
MAX_FAILURES = 5
# Updates whose failures are remembered; they fail seldom, and seldom several at once.
_REMEMBERED = 1000


class Door:
    """Hands updates on to `handle`, and sets aside those that it can never deal with."""

    def __init__(self, handle: Callable[[dict[str, Any]], Awaitable[None]], *, parking: Parking) -> None:
        self._handle = handle
        self._parking = parking
        self._failures: dict[str, int] = {}

    async def take(self, update: dict[str, Any]) -> None:
        """Deal with one update for good, or raise for Telegram to deliver it again."""
        key = str(update["update_id"])
        try:
            await self._handle(update)
        except UpdateUnreadable as error:
            # Neither the words nor the traceback, which shows them: they are a contact's.
            logger.error("an update from Telegram could not be read and is set aside")
            await self._park(update, str(error), attempts=1)
        except Exception as error:
            if is_away(error):
                # Not the update's fault, and not to be counted.
                raise
            attempts = self._failed(key)
            if attempts < MAX_FAILURES:
                raise
            logger.exception("an update from Telegram has failed %d times and is set aside", attempts)
            await self._park(update, described(error), attempts=attempts)
        self._failures.pop(key, None)

    def _failed(self, key: str) -> int:
        """How often it has failed, this time included."""
        if len(self._failures) >= _REMEMBERED:
            self._failures.clear()
        self._failures[key] = self._failures.get(key, 0) + 1
        return self._failures[key]

    async def _park(self, update: dict[str, Any], error: str, *, attempts: int) -> None:
        sender, text = glimpse(update)
        await self._parking.park(
            Unhandled(
                external_id=str(update["update_id"]),
                sender=sender,
                text=text,
                raw=json.dumps(update).encode(),
                error=error,
                attempts=attempts,
            )
        )


def glimpse(update: dict[str, Any]) -> tuple[str, str]:
    """Who wrote what, as far as an update of any form says so."""
    pressed = _object(update, Update.CALLBACK_QUERY)
    message = _object(update, Update.MESSAGE) or _object(update, Update.EDITED_MESSAGE)
    person = _object(pressed or message, "from")
    name = " ".join(str(person[field]) for field in ("first_name", "last_name", "username", "id") if field in person)
    words = pressed.get("data") or message.get("text") or message.get("caption") or ""
    return name, str(words)


def _object(holder: dict[str, Any], name: str) -> dict[str, Any]:
    value = holder.get(name)
    return value if isinstance(value, dict) else {}
