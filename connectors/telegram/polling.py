"""Asking Telegram for updates, where it cannot call us."""

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

from telegram import Bot
from telegram.request import BaseRequest

from connectors.telegram.incoming import ALLOWED_UPDATES
from connectors.telegram.ports import Hold, Offsets
from connectors.telegram.webhook import ChatLimits, chat_of
from core.errors import TooManyRequests

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
        self,
        bot: Bot,
        handle: Callable[[dict[str, Any]], Awaitable[None]],
        *,
        inbox_key: str,
        hold: Hold,
        offsets: Offsets,
        limits: ChatLimits,
    ) -> None:
        self._bot = bot
        self._handle = handle
        self._inbox_key = inbox_key
        self._limits = limits
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
        begun_at = self._offset
        waiting = {update["update_id"] for update in updates}
        try:
            for update in self._fairly(updates):
                if not await self._hold():
                    return
                await self._handle(update)
                waiting.discard(update["update_id"])
                # All before it is dealt with; what is after it and was too will come again, where one of these fails.
                self._offset = min(waiting, default=updates[-1]["update_id"] + 1)
        finally:
            if self._offset is not None and self._offset != begun_at:
                await self._offsets.keep(self._offset)

    def _fairly(self, updates: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The updates of chats that send more than is taken of one come after all others', in order within each chat.

        Refused they cannot be: Telegram has one queue for all chats that we ask for, and nobody else's goes on then.
        """
        busy: set[int] = set()
        others: list[dict[str, Any]] = []
        later: list[dict[str, Any]] = []
        for update in updates:
            chat = chat_of(update)
            if chat is not None and chat not in busy:
                try:
                    self._limits.update(self._inbox_key, update)
                except TooManyRequests:
                    busy.add(chat)
            (later if chat in busy else others).append(update)
        return others + later

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
