"""The channels that we have to call or to be called by, as this process has them open."""

import logging
from collections.abc import Sequence

from connectors.ports import Connector
from connectors.registry import Doors, Wanted, wanted_inboxes
from connectors.telegram.connector import TelegramConnector
from connectors.telegram.webhook import Webhook

logger = logging.getLogger(__name__)


class Channels:
    """Keeps a connector for every inbox that is to be open: what admins change at the desk counts without a restart.

    An inbox that cannot be opened is logged and left until something about it changes; it holds up no other one.
    """

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        # By inbox; read by the outbox and others, and changed here alone.
        self.connectors: dict[int, Connector] = {}
        self._stamps: dict[int, str] = {}

    async def start(self) -> None:
        """Open all that is to be open."""
        for wanted in (await wanted_inboxes(self._doors)).values():
            await self._open(wanted)

    async def stop(self) -> None:
        """Close all."""
        for inbox_id in list(self.connectors):
            await self._close(inbox_id)

    async def changed(self) -> Sequence[str]:
        """Inboxes that are no longer open as they should be."""
        wanted = {inbox_id: one.stamp for inbox_id, one in (await wanted_inboxes(self._doors)).items()}
        return [str(one) for one in wanted.keys() | self._stamps.keys() if wanted.get(one) != self._stamps.get(one)]

    async def renew(self, inbox_id: str) -> None:
        """Open, close or change one inbox's connector, as it should be now."""
        key = int(inbox_id)
        wanted = (await wanted_inboxes(self._doors)).get(key)
        if wanted and wanted.stamp == self._stamps.get(key):
            return
        await self._close(key)
        if wanted:
            await self._open(wanted)

    def telegram(self, inbox_id: int) -> TelegramConnector | None:
        """An inbox's bot, where it is open."""
        connector = self.connectors.get(inbox_id)
        return connector if isinstance(connector, TelegramConnector) else None

    def telegram_usernames(self) -> list[str]:
        """What the bots that are connected are called."""
        bots = (one for one in self.connectors.values() if isinstance(one, TelegramConnector))
        return [bot.username for bot in bots if bot.username]

    def webhook(self, inbox_key: str) -> Webhook | None:
        """What Telegram calls an inbox's bot by."""
        bots = (one for one in self.connectors.values() if isinstance(one, TelegramConnector))
        return next((bot.webhook for bot in bots if bot.inbox_key == inbox_key), None)

    async def _open(self, wanted: Wanted) -> None:
        # Also of one that fails: it would fail again.
        self._stamps[wanted.inbox.id] = wanted.stamp
        try:
            connector = wanted.open()
            await connector.start()
        except Exception:
            logger.exception("the inbox %s cannot be opened", wanted.inbox.key)
            return
        self.connectors[wanted.inbox.id] = connector

    async def _close(self, inbox_id: int) -> None:
        self._stamps.pop(inbox_id, None)
        if connector := self.connectors.pop(inbox_id, None):
            try:
                await connector.stop()
            except Exception:
                logger.exception("an inbox could not be closed properly")
