"""Asking Telegram for updates, where it cannot call us."""

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

from telegram import Bot
from telegram.request import BaseRequest

from connectors.telegram.incoming import ALLOWED_UPDATES

# Telegram holds the line open this long when there is nothing new.
LONG_POLL_SECONDS = 25


class Poller:
    """Fetches updates in order and confirms each only after it was dealt with.

    Telegram keeps an update for 24 hours until a higher offset is asked for, so nothing needs to be kept here: after a
    crash the unconfirmed ones come again, and their external ids tell those already stored.
    https://core.telegram.org/bots/api#getupdates
    """

    def __init__(self, bot: Bot, handle: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        self._bot = bot
        self._handle = handle
        self._offset = 0

    async def step(self) -> None:
        """Fetch once and deal with what came; an update whose handling raises, and all after it, will come again."""
        for update in await self._fetch():
            await self._handle(update)
            self._offset = update["update_id"] + 1

    async def _fetch(self) -> list[dict[str, Any]]:
        # Not `get_updates`, which parses all updates or none: one that the library cannot read would come back for
        # ever and hold up everybody else's.
        query = urlencode(
            {"offset": self._offset, "timeout": LONG_POLL_SECONDS, "allowed_updates": json.dumps(ALLOWED_UPDATES)}
        )
        answer = await self._bot.request.retrieve(
            f"{self._bot.base_url}/getUpdates?{query}", read_timeout=LONG_POLL_SECONDS + 10
        )
        updates: list[dict[str, Any]] = BaseRequest.parse_json_payload(answer)["result"]
        return updates
