"""Messages on their way to Telegram, and what its refusals mean to the outbox."""

import asyncio
import html
import logging
from dataclasses import dataclass
from typing import Any

import httpx
from aiolimiter import AsyncLimiter
from telegram import Bot, InlineKeyboardMarkup, InputFile, LinkPreviewOptions, Message, ReplyParameters
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, ChatMigrated, InvalidToken, NetworkError, RetryAfter, TelegramError

from connectors.telegram import keyboards
from connectors.telegram.markup import split, to_html, units
from connectors.telegram.pace import MESSAGES_PER_SECOND, Pace, Timer, seconds_of
from connectors.telegram.ports import Notice
from crm.conversations.files import File
from crm.conversations.ports import OutgoingMessage, SendLater, SendRefused, SendUncertain

logger = logging.getLogger(__name__)

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
# One part may take some forty seconds, and the outbox cuts a call off after fifty: crm.conversations.sending.
_MOST_BEFORE_ANOTHER_PART_SECONDS = 4.0
_LONGEST_WAIT_FOR_A_TURN_SECONDS = 5.0
# After a silence; these come on top of what goes out at a steady pace in the same second.
_AT_ONCE = 3
# Failures before the request left; after any other nobody can know whether Telegram took the message.
_NEVER_LEFT = (
    # What the library and httpx say of a client that was closed, as a bot's is when an admin changes it.
    RuntimeError,
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)

# Telegram takes captions of 1024 characters; an agent's name goes on top. https://core.telegram.org/bots/api#sendphoto
_MAX_CAPTION_UNITS = 880
# Larger pictures, and those of other types, go as files.
_MAX_PHOTO_BYTES = 10 * 1024 * 1024
_PHOTO_TYPES = ("image/jpeg", "image/png")
# Telegram answers when it has the whole file where it belongs.
_FILE_ANSWER_SECONDS = 60.0
# Well within the time after which the outbox gives a sending up: crm.conversations.outbox.FILE_SENDING_LIMIT.
_LONGEST_UPLOAD_SECONDS = 240.0


@dataclass(frozen=True)
class _Part:
    """What one call sends: words as HTML, and perhaps the file that they stand under."""

    words: str
    file: File | None = None
    keyboard: InlineKeyboardMarkup | None = None
    # The message that it is the reply to.
    answers: int | None = None


class GroupMoved(Exception):
    """A group has another number now: Telegram has made a supergroup of it."""

    def __init__(self, chat: int) -> None:
        super().__init__(chat)
        self.chat = chat


class Outgoing:
    """Sends to chats at the pace that Telegram allows."""

    def __init__(self, bot: Bot, *, timer: Timer, public_url: str) -> None:
        self._bot = bot
        self._public_url = public_url
        self._timer = timer
        self._pace = Pace(timer)
        self._overall = AsyncLimiter(_AT_ONCE, _AT_ONCE / (MESSAGES_PER_SECOND - _AT_ONCE))

    async def send(self, message: OutgoingMessage) -> str:
        """Send a message, a long one in parts and a file first; returns the id of the last part.

        `SendLater` and `SendUncertain` say how many parts are behind us; a message that is given back with that number
        goes on from there.

        Raises:
            SendLater, SendRefused, SendUncertain
        """
        chat = message.contact_external_id
        parts = self._parts_of(message)
        sent_id = 0
        began = self._timer.now()
        for arrived, part in enumerate(parts[message.parts_sent :], start=message.parts_sent):
            if arrived > message.parts_sent and self._timer.now() - began > _MOST_BEFORE_ANOTHER_PART_SECONDS:
                raise SendLater("the rest goes in another call", after_seconds=0, parts_sent=arrived)
            try:
                sent_id = await self._send_part(chat, part)
            except SendLater as later:
                later.parts_sent = arrived
                raise
            except SendUncertain as doubt:
                doubt.parts_sent = arrived + 1 if arrived + 1 < len(parts) else 0
                raise
        return f"{chat}:{sent_id}"

    async def send_alert(self, chat: int, text: str) -> str:
        """Write to the agents' group, in Telegram's HTML; returns the message's id.

        Raises:
            SendLater, SendRefused, SendUncertain, GroupMoved
        """
        return await self._tell(str(chat), _Part(text))

    async def send_notice(self, notice: Notice) -> str:
        """Say something outside of any conversation; returns the message's id.

        Raises:
            SendLater, SendRefused, SendUncertain, GroupMoved
        """
        return await self._tell(
            notice.chat, _Part(to_html(notice.text), keyboard=notice.keyboard, answers=notice.answers)
        )

    async def show_typing(self, chat: str) -> None:
        """Show that an answer is being written, unless messages need all that Telegram allows; never fails."""
        if not self._overall.has_capacity():
            return
        try:
            async with self._overall:
                await self._bot.send_chat_action(chat, ChatAction.TYPING)
        except TelegramError as error:
            logger.debug("no typing sign: %s", type(error).__name__)

    async def _tell(self, chat: str, part: _Part) -> str:
        await self._turn(chat)
        try:
            sent_id = await self._call(chat, part)
        except ChatMigrated as migrated:
            raise GroupMoved(migrated.new_chat_id) from migrated
        except TelegramError as error:
            raise outcome_of(error) from error
        return f"{chat}:{sent_id}"

    def _parts_of(self, message: OutgoingMessage) -> list[_Part]:
        notes = [str(article["note"]) for article in message.articles if article.get("note")]
        # Buttons hold titles alone.
        words = [to_html(part) for part in split("\n\n".join([message.text, *notes]))]
        if message.file and units(message.text) > _MAX_CAPTION_UNITS:
            words.insert(0, "")
        if message.agent_name:
            words[0] = f"<b>{html.escape(message.agent_name, quote=False)}</b>\n{words[0]}".rstrip()
        keyboard = keyboards.for_message(message, public_url=self._public_url)
        last = len(words) - 1
        return [
            _Part(part, message.file if index == 0 else None, keyboard if index == last else None)
            for index, part in enumerate(words)
        ]

    async def _send_part(self, chat: str, part: _Part) -> int:
        await self._turn(chat)
        try:
            return await self._call(chat, part)
        except TelegramError as error:
            raise outcome_of(error) from error
        except TimeoutError as error:
            raise SendUncertain("the file took too long") from error

    async def _turn(self, chat: str) -> None:
        """Wait until Telegram allows another message; while we wait, nothing has left.

        Raises:
            SendLater: that takes so long that the outbox might cut off the call itself.
        """
        try:
            async with asyncio.timeout(_LONGEST_WAIT_FOR_A_TURN_SECONDS):
                await self._pace.wait(chat, longest=_LONGEST_WAIT_FOR_A_TURN_SECONDS)
                await self._overall.acquire()
        except TimeoutError as error:
            raise SendLater("many others go before it", after_seconds=_LONGEST_WAIT_FOR_A_TURN_SECONDS) from error

    async def _call(self, chat: str, part: _Part) -> int:
        try:
            sent = await (self._send_file(chat, part, part.file) if part.file else self._send_words(chat, part))
        except (TelegramError, TimeoutError, RuntimeError):
            # The last one is the library's, of a client that is closed.
            raise
        except Exception as error:
            # It reads Telegram's answer, which only comes once the message is there.
            raise SendUncertain(f"the answer could not be read ({type(error).__name__})") from error
        return sent.message_id

    async def _send_words(self, chat: str, part: _Part) -> Message:
        return await self._bot.send_message(
            chat,
            part.words,
            parse_mode=ParseMode.HTML,
            reply_markup=part.keyboard,
            link_preview_options=_NO_PREVIEW,
            reply_parameters=_reply_to(part.answers),
        )

    async def _send_file(self, chat: str, part: _Part, file: File) -> Message:
        upload = InputFile(file.content, filename=file.name or None)
        more: dict[str, Any] = {
            "caption": part.words,
            "parse_mode": ParseMode.HTML,
            "reply_markup": part.keyboard,
            "read_timeout": _FILE_ANSWER_SECONDS,
        }
        async with asyncio.timeout(_LONGEST_UPLOAD_SECONDS):
            if file.content_type in _PHOTO_TYPES and len(file.content) <= _MAX_PHOTO_BYTES:
                try:
                    return await self._bot.send_photo(chat, upload, **more)
                except BadRequest as refusal:
                    # Nothing was sent. It may be too long and thin for a photo, and still be welcome as a file.
                    logger.info("a picture goes as a file, since Telegram says: %s", refusal.message)
            return await self._bot.send_document(chat, upload, **more)


def _reply_to(message_id: int | None) -> ReplyParameters | None:
    return ReplyParameters(message_id, allow_sending_without_reply=True) if message_id else None


def outcome_of(error: TelegramError) -> SendLater | SendRefused | SendUncertain:
    """What a failed call means for the message."""
    if isinstance(error, RetryAfter):
        return SendLater("rate_limited", after_seconds=seconds_of(error))
    if isinstance(error, InvalidToken):
        # Ours to mend, so the message waits until somebody has. The library's text would show the token.
        return SendLater("token_refused")
    # BadRequest is a NetworkError to the library, yet a definite answer.
    if isinstance(error, NetworkError) and not isinstance(error, BadRequest):
        if isinstance(error.__cause__, _NEVER_LEFT):
            return SendLater(type(error.__cause__).__name__)
        return SendUncertain(error.message)
    # The answer to a request that went well, and cannot be read.
    if type(error) is TelegramError:
        return SendUncertain(error.message)
    return SendRefused(error.message)
