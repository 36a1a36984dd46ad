"""Showing contacts that an answer is being written to them, on the channels that we call."""

import asyncio
import math
import time
from collections.abc import Callable, Mapping

from connectors.ports import Connector
from core.tasks import end_all

# Telegram shows it for five. https://core.telegram.org/bots/api#sendchataction
SHOWN_SECONDS = 4.0
# Contacts remembered before those whose sign is out are forgotten.
_REMEMBERED = 1000


class TypingSigns:
    """Has connectors show the sign, in the background: whoever writes waits for nobody. `connectors` are those that are
    open, by inbox.
    """

    def __init__(self, connectors: Mapping[int, Connector], *, now: Callable[[], float] = time.monotonic) -> None:
        self._connectors = connectors
        self._now = now
        self._shown_at: dict[tuple[int, str], float] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False

    def show(self, inbox_id: int, contact_external_id: str) -> None:
        """Show it, unless it is still to be seen."""
        connector = self._connectors.get(inbox_id)
        if self._stopping or connector is None or self._is_shown(inbox_id, contact_external_id):
            return
        task = asyncio.create_task(connector.show_typing(contact_external_id), name="typing")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Let go of what is still being shown."""
        self._stopping = True
        await end_all(tuple(self._tasks))

    def _is_shown(self, inbox_id: int, contact_external_id: str) -> bool:
        contact, now = (inbox_id, contact_external_id), self._now()
        if len(self._shown_at) >= _REMEMBERED:
            self._shown_at = {one: at for one, at in self._shown_at.items() if now - at < SHOWN_SECONDS}
        if now - self._shown_at.get(contact, -math.inf) < SHOWN_SECONDS:
            return True
        self._shown_at[contact] = now
        return False
