"""The Telegram channel as the app sees it."""

import asyncio
import json
import logging
from collections.abc import Callable
from enum import StrEnum

from telegram import BotCommand
from telegram.error import InvalidToken, TelegramError
from telegram.request import BaseRequest

from connectors.lease import Lease
from connectors.ports import Parking, Rate, Receive
from connectors.telegram import responses
from connectors.telegram.bots import make_bot
from connectors.telegram.door import Door
from connectors.telegram.files import Files
from connectors.telegram.group import AgentsGroup
from connectors.telegram.incoming import ALLOWED_UPDATES, Incoming
from connectors.telegram.outgoing import Outgoing
from connectors.telegram.pace import Backoff, SystemTimer, Timer
from connectors.telegram.polling import Poller
from connectors.telegram.ports import Colleagues, Notice, Notices, Offsets, Say, Threads
from connectors.telegram.tokens import number_of
from connectors.telegram.webhook import ChatLimits, Webhook, path_for
from core.tasks import end
from crm.conversations.ports import OutgoingMessage
from crm.enums import Channel
from crm.models import ParkedUpdate
from crm.wording import DEFAULT_LANGUAGE

logger = logging.getLogger(__name__)

# While another process polls.
STANDBY_SECONDS = 2.0


class Trouble(StrEnum):
    """Why a bot takes no messages at the moment."""

    token_refused = "token_refused"  # noqa: S105 - a word
    unreachable = "unreachable"


class TelegramConnector:
    """One bot, one inbox.

    The library's `Bot` does the talking. Its `Application` is left out: it swallows what a handler raises, and Telegram
    must hear of every failure in order to deliver again.
    """

    channel = Channel.telegram

    def __init__(
        self,
        *,
        token: str,
        inbox_id: int,
        inbox_key: str,
        receive: Receive,
        rate: Rate,
        threads: Threads,
        colleagues: Colleagues,
        words: Say,
        lease: Lease,
        offsets: Offsets,
        parking: Parking,
        notices: Notices,
        updates_per_minute: int,
        webhook: bool,
        secret: str,
        public_url: str = "",
        api_url: str = "https://api.telegram.org",
        proxy_url: str = "",
        request_factory: Callable[[], BaseRequest] | None = None,
        timer: Timer | None = None,
    ) -> None:
        if webhook and not (public_url and secret):
            raise ValueError("a webhook needs PUBLIC_URL and a secret")
        self._bot = make_bot(token, api_url=api_url, proxy_url=proxy_url, request_factory=request_factory)
        self.inbox_key = inbox_key
        # How it stands with Telegram: the bot's name once connected, and the trouble that it is in.
        self.username: str | None = None
        self.trouble: Trouble | None = None
        self._timer = timer or SystemTimer()
        self._words = words
        self._outgoing = Outgoing(self._bot, timer=self._timer, public_url=public_url)
        self._files = Files(self._bot)
        self._incoming = Incoming(
            self._bot,
            inbox_id=inbox_id,
            receive=receive,
            rate=rate,
            threads=threads,
            say=words,
            notices=notices,
            group=AgentsGroup(bot_number=number_of(token) or 0, colleagues=colleagues, say=words, notices=notices),
        )
        door = Door(self._incoming.handle, parking=parking)
        self._secret = secret
        self._webhook_url = f"{public_url.rstrip('/')}{path_for(inbox_key)}" if webhook else ""
        # What Telegram calls us by, where it does.
        self.webhook = Webhook(secret, door.take) if webhook else None
        self._lease = lease
        self._poller = Poller(
            self._bot,
            door.take,
            inbox_key=inbox_key,
            hold=lease.hold,
            offsets=offsets,
            limits=ChatLimits(updates_per_minute),
        )
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to take messages. Returns at once: Telegram may be out of reach for now, and the app has other work."""
        self._task = asyncio.create_task(self._run(), name="telegram")

    async def stop(self) -> None:
        """Stop taking messages. What is half done is rolled back, and Telegram delivers it again."""
        if self._task:
            await end(self._task)
            self._task = None
            await self._lease.release()
        await self._incoming.stop()
        await self._bot.shutdown()
        await self._bot.request.shutdown()

    async def send(self, message: OutgoingMessage) -> str | None:
        return await self._outgoing.send(message)

    async def send_alert(self, chat: int, text: str) -> str:
        return await self._outgoing.send_alert(chat, text)

    async def send_notice(self, notice: Notice) -> str:
        return await self._outgoing.send_notice(notice)

    async def fetch(self, source: str) -> bytes:
        return await self._files.fetch(source)

    async def take_again(self, parked: ParkedUpdate) -> None:
        await self._incoming.handle(json.loads(parked.raw or b"{}"))

    async def show_typing(self, contact_external_id: str) -> None:
        await self._outgoing.show_typing(contact_external_id)

    async def _run(self) -> None:
        """Connect, then poll for as long as we live; with a webhook connecting is all there is to do."""
        backoff, connected = Backoff(), False
        while not (connected and self._webhook_url):
            try:
                if not connected:
                    await self._connect()
                    connected = True
                elif not await self._poller.step():
                    await self._timer.sleep(STANDBY_SECONDS)
                self.trouble = None
                backoff.reset()
            except TelegramError as error:
                is_refused = isinstance(error, InvalidToken)
                self.trouble = Trouble.token_refused if is_refused else Trouble.unreachable
                # The text of InvalidToken shows the token.
                reason = "Telegram refused the bot's token" if is_refused else error.message
                await self._pause(backoff.after(error), reason)
            except Exception as error:
                logger.exception("an update from Telegram could not be handled; it will come again")
                await self._pause(backoff.after(error), type(error).__name__)

    async def _pause(self, seconds: float, reason: str) -> None:
        logger.warning("Telegram, inbox %s: %s; trying again in %.0f s", self.inbox_key, reason, seconds)
        await self._timer.sleep(seconds)

    async def _connect(self) -> None:
        """Tell Telegram how we take updates; those that waited for us are kept."""
        await self._bot.initialize()
        self.username = self._bot.username
        for language in ("fa", "en"):
            menu = [BotCommand(name, self._words(words, language).text) for name, words in responses.COMMANDS.items()]
            # Whose app speaks neither language sees the default one's.
            await self._bot.set_my_commands(menu, language_code=None if language == DEFAULT_LANGUAGE else language)
        if self._webhook_url:
            await self._bot.set_webhook(self._webhook_url, secret_token=self._secret, allowed_updates=ALLOWED_UPDATES)
        else:
            await self._bot.delete_webhook()
