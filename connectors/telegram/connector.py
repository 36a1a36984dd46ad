"""The Telegram channel as the app sees it."""

import asyncio
import logging
import os
from collections.abc import Callable
from contextlib import suppress

from telegram import Bot, BotCommand
from telegram.error import InvalidToken, TelegramError
from telegram.request import BaseRequest, HTTPXRequest

from connectors.ports import Rate, Receive
from connectors.telegram import responses
from connectors.telegram.files import Files
from connectors.telegram.incoming import ALLOWED_UPDATES, Incoming
from connectors.telegram.outgoing import Outgoing
from connectors.telegram.pace import Backoff, SystemTimer, Timer
from connectors.telegram.polling import Poller
from connectors.telegram.ports import Say, Threads
from connectors.telegram.webhook import path_for, webhook_router
from crm.conversations.ports import OutgoingMessage
from crm.enums import Channel
from crm.wording import DEFAULT_LANGUAGE

logger = logging.getLogger(__name__)

# A send that takes longer is marked "maybe sent", so patience is cheap.
_ANSWER_SECONDS = 15.0
_CONNECT_SECONDS = 5.0


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
        words: Say,
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
        # The library's switch for durations as timedeltas; without it every 429 is a deprecation warning.
        os.environ.setdefault("PTB_TIMEDELTA", "1")
        request = request_factory() if request_factory else _request(proxy_url)
        api_url = api_url.rstrip("/")
        self._bot = Bot(
            token,
            base_url=f"{api_url}/bot",
            base_file_url=f"{api_url}/file/bot",
            request=request,
            get_updates_request=request,
        )
        self._timer = timer or SystemTimer()
        self._words = words
        self._outgoing = Outgoing(self._bot, timer=self._timer, public_url=public_url)
        self._files = Files(self._bot)
        incoming = Incoming(
            self._bot,
            inbox_id=inbox_id,
            receive=receive,
            rate=rate,
            threads=threads,
            say=words,
            outgoing=self._outgoing,
        )
        self._secret = secret
        self._webhook_url = f"{public_url.rstrip('/')}{path_for(inbox_key)}" if webhook else ""
        self.router = webhook_router(inbox_key, secret, incoming.handle) if webhook else None
        self._poller = Poller(self._bot, incoming.handle)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to take messages. Returns at once: Telegram may be out of reach for now, and the app has other work."""
        self._task = asyncio.create_task(self._run(), name="telegram")

    async def stop(self) -> None:
        """Stop taking messages. What is half done is rolled back, and Telegram delivers it again."""
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._bot.shutdown()
        await self._bot.request.shutdown()

    async def send(self, message: OutgoingMessage) -> str | None:
        return await self._outgoing.send(message)

    async def fetch(self, source: str) -> bytes:
        return await self._files.fetch(source)

    async def show_typing(self, contact_external_id: str) -> None:
        await self._outgoing.show_typing(contact_external_id)

    async def _run(self) -> None:
        """Connect, then poll for as long as we live; with a webhook connecting is all there is to do."""
        backoff, connected = Backoff(), False
        while not (connected and self._webhook_url):
            try:
                if connected:
                    await self._poller.step()
                else:
                    await self._connect()
                    connected = True
                backoff.reset()
            except TelegramError as error:
                # The text of InvalidToken shows the token.
                reason = "Telegram refused the bot's token" if isinstance(error, InvalidToken) else error.message
                await self._pause(backoff.after(error), reason)
            except Exception as error:
                logger.exception("an update from Telegram could not be handled; it will come again")
                await self._pause(backoff.after(error), type(error).__name__)

    async def _pause(self, seconds: float, reason: str) -> None:
        logger.warning("Telegram: %s; trying again in %.0f s", reason, seconds)
        await self._timer.sleep(seconds)

    async def _connect(self) -> None:
        """Tell Telegram how we take updates; those that waited for us are kept."""
        await self._bot.initialize()
        for language in ("fa", "en"):
            menu = [BotCommand(name, self._words(words, language).text) for name, words in responses.COMMANDS.items()]
            # Whose app speaks neither language sees the default one's.
            await self._bot.set_my_commands(menu, language_code=None if language == DEFAULT_LANGUAGE else language)
        if self._webhook_url:
            await self._bot.set_webhook(self._webhook_url, secret_token=self._secret, allowed_updates=ALLOWED_UPDATES)
        else:
            await self._bot.delete_webhook()


def _request(proxy_url: str) -> HTTPXRequest:
    return HTTPXRequest(
        connection_pool_size=64,
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_ANSWER_SECONDS,
        write_timeout=_ANSWER_SECONDS,
        pool_timeout=_CONNECT_SECONDS,
        proxy=proxy_url or None,
    )
