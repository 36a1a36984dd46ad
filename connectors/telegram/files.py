"""Files that contacts send: what Telegram calls them, and getting them."""

import asyncio

from telegram import Bot, Message
from telegram.error import BadRequest, Forbidden, InvalidToken, RetryAfter, TelegramError

from connectors.telegram.pace import seconds_of
from crm.conversations.files import MAX_FILE_BYTES
from crm.conversations.ports import FetchLater, FetchRefused, IncomingFile
from crm.enums import AttachmentKind

# Well within the time after which another process tries: crm.conversations.downloads.FETCHING_LIMIT.
_LONGEST_FETCH_SECONDS = 240.0

# Attribute of Telegram's message -> what it is to us. In this order, since an animation is also a document.
_KINDS = {
    "animation": AttachmentKind.video,
    "video": AttachmentKind.video,
    "video_note": AttachmentKind.video,
    "voice": AttachmentKind.voice,
    "audio": AttachmentKind.audio,
    "document": AttachmentKind.document,
}


def file_of(message: Message) -> IncomingFile | None:
    """The file that a message carries; of a photo's sizes, the largest."""
    if message.photo:
        return IncomingFile(source=message.photo[-1].file_id, kind=AttachmentKind.photo)
    for attribute, kind in _KINDS.items():
        if attached := getattr(message, attribute):
            name = getattr(attached, "file_name", None) or ""
            return IncomingFile(source=attached.file_id, kind=kind, name=name)
    return None


class Files:
    """Gets files from Telegram."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def fetch(self, source: str) -> bytes:
        """The bytes of a file by its `file_id`.

        Raises:
            FetchLater, FetchRefused
        """
        try:
            async with asyncio.timeout(_LONGEST_FETCH_SECONDS):
                return await self._fetch(source)
        except TelegramError as error:
            raise _outcome_of(error) from error
        except TimeoutError as error:
            raise FetchLater("the file took too long") from error

    async def _fetch(self, source: str) -> bytes:
        file = await self._bot.get_file(source)
        # A Bot API server of one's own gives out larger ones than Telegram's.
        if (file.file_size or 0) > MAX_FILE_BYTES:
            raise FetchRefused("file is too big")
        try:
            return bytes(await file.download_as_bytearray())
        except InvalidToken as error:
            # The library's name for every 404; the token was good a moment ago.
            raise FetchRefused("file is gone") from error


def _outcome_of(error: TelegramError) -> FetchLater | FetchRefused:
    """What a failed call means for the file; asking once more does no harm, so doubt means later."""
    if isinstance(error, RetryAfter):
        return FetchLater("rate_limited", after_seconds=seconds_of(error))
    if isinstance(error, BadRequest | Forbidden):
        return FetchRefused(error.message)
    # Not the error's own text: that of InvalidToken shows the token.
    return FetchLater(type(error).__name__)
