"""Asking Telegram for updates, where it cannot call us."""

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

from telegram import Bot
from telegram.request import BaseRequest

from connectors.telegram.incoming import ALLOWED_UPDATES
from connectors.telegram.ports import Hold, Offsets

# Telegram holds the line open this long when there is nothing new.
LONG_POLL_SECONDS = 25


class Poller:
    """Fetches updates in order and confirms each only after it was dealt with, where no other process does so.

    Telegram keeps an update for 24 hours until a higher offset is asked for. The offset is kept too, so that whoever
    goes on after a crash or a change of processes asks for nothing that was dealt with; what was, but whose offset was
    lost, comes again, and its external id tells that it is stored.
    https://core.telegram.org/bots/api#getupdates
    """

    def __init__(
        self, bot: Bot, handle: Callable[[dict[str, Any]], Awaitable[None]], *, hold: Hold, offsets: Offsets
    ) -> None:
        self._bot = bot
        self._handle = handle
        self._hold = hold
        self._offsets = offsets
        # Not known before we may ask.
        self._offset: int | None = None

    async def step(self) -> bool:
        """Fetch once and deal with what came; false while another process asks.

        An update whose handling raises, and all after it, will come again: `handle` raises only so often for one.
        """
        if not await self._hold():
            self._offset = None
            return False
        if self._offset is None:
            self._offset = await self._offsets.read()
        updates = await self._fetch(self._offset)
        if not updates:
            # All before it is confirmed. After a quiet week, Telegram may count on from a lower number.
            self._offset = 0
            return True
        await self._deal_with(updates)
        return True

    async def _deal_with(self, updates: list[dict[str, Any]]) -> None:
        done = 0
        try:
            for update in updates:
                if not await self._hold():
                    return
                await self._handle(update)
                done = self._offset = update["update_id"] + 1
        finally:
            if done:
                await self._offsets.keep(done)

    async def _fetch(self, offset: int) -> list[dict[str, Any]]:
        # Not `get_updates`, which parses all updates or none: one that the library cannot read would come back for
        # ever and hold up everybody else's.
        query = urlencode(
            {"offset": offset, "timeout": LONG_POLL_SECONDS, "allowed_updates": json.dumps(ALLOWED_UPDATES)}
        )
        answer = await self._bot.request.retrieve(
            f"{self._bot.base_url}/getUpdates?{query}", read_timeout=LONG_POLL_SECONDS + 10
        )
        updates: list[dict[str, Any]] = BaseRequest.parse_json_payload(answer)["result"]
        return updates
