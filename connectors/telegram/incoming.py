"""What Telegram tells us, in our own terms.

`Incoming.handle` is where both ways in meet. It returns when an update is dealt with for good, and raises when Telegram
must deliver it again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from telegram import Bot, CallbackQuery, InlineKeyboardMarkup, Message, Update, User
from telegram.constants import ChatType
from telegram.error import TelegramError

from connectors.ports import Rate, Receive
from connectors.telegram import keyboards, responses
from connectors.telegram.commands import command_of, words_behind
from connectors.telegram.files import file_of
from connectors.telegram.group import AgentsGroup
from connectors.telegram.keyboards import Choice, LanguageChoice, Score, Suggestion
from connectors.telegram.ports import Button, Notice, Notices, Say, Threads
from connectors.telegram.tokens import number_of
from core.errors import Conflict, InvalidInput, NotFound
from core.tasks import end
from crm.conversations.commands import START_OVER, TALK_TO_PERSON
from crm.conversations.contents import has_words
from crm.conversations.files import safe_file_name
from crm.conversations.ports import IncomingFile, IncomingMessage
from crm.conversations.service import RatingRequestOver
from crm.wording import DEFAULT_LANGUAGE, Words

logger = logging.getLogger(__name__)

ALLOWED_UPDATES = [Update.MESSAGE, Update.EDITED_MESSAGE, Update.CALLBACK_QUERY]
_GROUPS = (ChatType.GROUP, ChatType.SUPERGROUP)
# https://core.telegram.org/bots/api#answercallbackquery
_MAX_NOTICE_CHARACTERS = 200


class UpdateUnreadable(Exception):
    """The library can make nothing of an update."""


@dataclass(frozen=True)
class Writer:
    """Whoever wrote or pressed, in their private chat with the bot."""

    chat: str
    name: str
    # Of their Telegram app, where it is one of ours.
    screen_language: str | None
    # What they wrote or pressed, which Telegram may bring again.
    act: str


Order = Callable[[Message, Writer], Awaitable[None]]


class Incoming:
    """Turns updates into messages, and answers commands itself."""

    def __init__(
        self,
        bot: Bot,
        *,
        inbox_id: int,
        receive: Receive,
        rate: Rate,
        threads: Threads,
        say: Say,
        notices: Notices,
        group: AgentsGroup,
    ) -> None:
        self._bot = bot
        self._inbox_id = inbox_id
        self._receive = receive
        self._rate = rate
        self._threads = threads
        self._say = say
        self._notices = notices
        self._acknowledging: set[asyncio.Task[None]] = set()
        self._group = group
        self._commands: dict[str, Order] = {
            "start": self._start,
            "human": self._ask_person,
            "new": self._start_over,
            "language": self._language,
            # Of agents; in nobody's menu.
            "link": self._link,
        }

    async def handle(self, raw: dict[str, Any]) -> None:
        """Deal with one update; what it holds of a contact is stored when this returns.

        Channels are left alone, and of groups all but the agents'.

        Raises:
            UpdateUnreadable: it would be no better the next time.
        """
        try:
            update = Update.de_json(raw, self._bot)
        except Exception as error:
            # Whatever the library meets with in there: a missing field, a date beyond all calendars.
            raise UpdateUnreadable(f"{type(error).__name__}: {error}") from error
        if update.message:
            await self._take_message(update.message)
        elif update.edited_message:
            await self._take_edit(update.edited_message)
        elif update.callback_query:
            await self._take_press(update.callback_query)

    async def stop(self) -> None:
        """Let go of presses that Telegram has not been told of."""
        for task in tuple(self._acknowledging):
            await end(task)

    async def _take_message(self, message: Message) -> None:
        if message.chat.type in _GROUPS:
            await self._group.take(message, command_of(message))
            return
        if message.chat.type != ChatType.PRIVATE or message.from_user is None:
            return
        writer = _writer(message.chat.id, message.from_user, _act(message))
        if order := self._order_of(message):
            await order(message, writer)
            return
        words = _words_of(message)
        response = None if words else _placeholder_of(message)
        if response:
            words = f"{(await self._words(response, writer)).text} {_details(message)}".strip()
        if words is not None:
            # Where somebody is and how to reach them are answers to questions of ours, though not in words.
            says_nothing = response and not (message.location or message.contact)
            await self._store(
                writer,
                _external_id(message),
                words,
                file=file_of(message),
                response=response if says_nothing else None,
            )

    def _order_of(self, message: Message) -> Order | None:
        """What a command has us do; one that we do not have is like any words where it is not all that is written."""
        command = command_of(message)
        if command in self._commands:
            return self._commands[command]
        return self._help if command and not words_behind(message) else None

    async def _take_edit(self, message: Message) -> None:
        """Keep a contact's new wording: no new question, unless there was none that could be stored before.

        Telegram also tells of edits that change no words, such as a live location that moves.
        """
        if message.chat.type != ChatType.PRIVATE or message.from_user is None:
            return
        words = _words_of(message)
        if words is None or self._order_of(message):
            return
        at = message.edit_date or message.date
        try:
            is_known = await self._threads.correct(self._inbox_id, _external_id(message), words, at=at)
        except InvalidInput as error:
            await self._send_back(_writer(message.chat.id, message.from_user, _act(message)), error)
            return
        if not is_known:
            await self._take_message(message)

    async def _store(
        self,
        writer: Writer,
        external_id: str,
        text: str,
        payload: str | None = None,
        *,
        file: IncomingFile | None = None,
        response: str | None = None,
        wants_answer: bool = True,
    ) -> None:
        """Hand a message on; one that nobody could answer is sent back to its writer and not stored."""
        incoming = IncomingMessage(
            inbox_id=self._inbox_id,
            contact_external_id=writer.chat,
            external_id=external_id,
            text=text,
            payload=payload,
            contact_name=writer.name,
            language=writer.screen_language,
            file=file,
            response=response,
            wants_answer=wants_answer,
        )
        try:
            await self._receive(incoming)
        except InvalidInput as error:
            await self._send_back(writer, error)

    async def _send_back(self, writer: Writer, error: InvalidInput) -> None:
        """Tell a contact that their words were not stored, and why."""
        too_long = error.code == "message_too_long"
        name = responses.MESSAGE_TOO_LONG if too_long else responses.MESSAGE_UNREADABLE
        await self._tell(writer, await self._words(name, writer))

    # Commands

    async def _start(self, _message: Message, writer: Writer) -> None:
        words = await self._words(responses.START, writer)
        await self._tell(writer, words, keyboards.for_suggestions(words.buttons))

    async def _help(self, _message: Message, writer: Writer) -> None:
        await self._tell(writer, await self._words(responses.HELP, writer))

    async def _ask_person(self, message: Message, writer: Writer) -> None:
        if said := words_behind(message):
            # What they want a person for is theirs to read; the request is what is answered.
            await self._store(writer, f"{_external_id(message)}#words", said, wants_answer=False)
        words = await self._words(responses.ASK_PERSON, writer)
        await self._store(writer, _external_id(message), words.text, TALK_TO_PERSON)

    async def _start_over(self, message: Message, writer: Writer) -> None:
        words = await self._words(responses.START_OVER, writer)
        await self._store(writer, _external_id(message), words.text, START_OVER)
        if said := words_behind(message):
            await self._store(writer, f"{_external_id(message)}#words", said)

    async def _language(self, message: Message, writer: Writer) -> None:
        chosen = words_behind(message).lower()
        if chosen in keyboards.LANGUAGE_TITLES:
            await self._choose_language(writer, chosen)
            return
        words = await self._words(responses.ASK_LANGUAGE, writer)
        await self._tell(writer, words, keyboards.for_languages())

    async def _link(self, message: Message, writer: Writer) -> None:
        language = await self._threads.language(self._inbox_id, writer.chat)
        await self._group.link_privately(message, language or writer.screen_language or DEFAULT_LANGUAGE)

    async def _choose_language(self, writer: Writer, language: str) -> None:
        await self._threads.choose_language(self._inbox_id, writer.chat, language, contact_name=writer.name)
        await self._tell(writer, self._say(responses.LANGUAGE_CHOSEN, language))

    # Buttons

    async def _take_press(self, query: CallbackQuery) -> None:
        if query.message is None or query.message.chat.type != ChatType.PRIVATE:
            return
        writer = _writer(query.message.chat.id, query.from_user, f"callback:{query.id}")
        notice = await self._store_press(query, writer)
        # Only now that the press is stored, and Telegram need not wait for it before it brings what others did.
        task = asyncio.create_task(_acknowledge(query, notice), name="acknowledge a press")
        self._acknowledging.add(task)
        task.add_done_callback(self._acknowledging.discard)

    async def _store_press(self, query: CallbackQuery, writer: Writer) -> str | None:
        """Do what a button stands for; returns what to show the contact when that cannot be done."""
        match keyboards.read_press(query.data):
            case Choice(message_id, index):
                button = await self._threads.find_button(self._inbox_id, writer.chat, message_id, index)
                return await self._store_choice(query, writer, button)
            case Suggestion(index):
                offered = (await self._words(responses.START, writer)).buttons[index : index + 1]
                chosen = Button(title=offered[0]["title"], payload=offered[0]["payload"]) if offered else None
                return await self._store_choice(query, writer, chosen)
            case Score(score, request):
                return await self._store_rating(writer, score, request)
            case LanguageChoice(language):
                await self._choose_language(writer, language)
                return None
            case None:
                return await self._store_choice(query, writer, None)

    async def _store_choice(self, query: CallbackQuery, writer: Writer, button: Button | None) -> str | None:
        """Store a choice as the contact's message, unless it is no longer on offer."""
        if button is None:
            return (await self._words(responses.CHOICE_GONE, writer)).text
        await self._store(writer, f"callback:{query.id}", button.title, button.payload)
        return None

    async def _store_rating(self, writer: Writer, score: int, request: int | None) -> str | None:
        """Store a rating, unless nobody asked for it or another request is the one that stands."""
        try:
            await self._rate(self._inbox_id, writer.chat, score, request=request)
        except RatingRequestOver:
            return (await self._words(responses.CHOICE_GONE, writer)).text
        except (Conflict, NotFound, InvalidInput):
            return (await self._words(responses.RATING_REFUSED, writer)).text
        return None

    async def _tell(self, writer: Writer, words: Words, keyboard: InlineKeyboardMarkup | None = None) -> None:
        """Answer what somebody did with words of ours that belong to no conversation."""
        await self._notices.queue(Notice(chat=writer.chat, cause=writer.act, text=words.text, keyboard=keyboard))

    async def _words(self, name: str, writer: Writer) -> Words:
        """Our words in the contact's language: the conversation's, or else their app's."""
        language = await self._threads.language(self._inbox_id, writer.chat)
        return self._say(name, language or writer.screen_language or DEFAULT_LANGUAGE)


async def _acknowledge(query: CallbackQuery, notice: str | None) -> None:
    """Stop the button's spinner, perhaps with a notice, and take stars away that were pressed."""
    if isinstance(keyboards.read_press(query.data), Score) and isinstance(query.message, Message):
        await _try(query.message.edit_reply_markup(None))
    await _try(query.answer(notice[:_MAX_NOTICE_CHARACTERS] if notice else None))


async def _try(call: Awaitable[object]) -> None:
    """Make a call whose failure costs the contact nothing: the press may be too old, the message gone."""
    try:
        await call
    except TelegramError as error:
        logger.debug("a button could not be updated: %s", type(error).__name__)


def _writer(chat_id: int, user: User, act: str) -> Writer:
    code = (user.language_code or "").partition("-")[0].lower()
    return Writer(str(chat_id), user.full_name, code if code in keyboards.LANGUAGE_TITLES else None, act)


def _external_id(message: Message) -> str:
    """Telegram counts messages within each chat with a bot: with an inbox's next bot they begin at 1 again."""
    return f"{number_of(message.get_bot().token)}:{message.chat.id}:{message.message_id}"


def _act(message: Message) -> str:
    """What was done: an edit is another act than the message itself."""
    edited = f":{message.edit_date.timestamp():.0f}" if message.edit_date else ""
    return f"{_external_id(message)}{edited}"


def _words_of(message: Message) -> str | None:
    """What they wrote; what a file came with is none where nobody can see it."""
    if message.caption and not has_words(message.caption):
        return None
    return message.text or message.caption


def _placeholder_of(message: Message) -> str | None:
    """The response that stands for something without words; `None` for Telegram's own notices."""
    found = (response for attribute, response in responses.PLACEHOLDERS.items() if getattr(message, attribute))
    return next(found, None)


def _details(message: Message) -> str:
    """What a message without words holds, as far as it can be written."""
    if message.location:
        place = [message.venue.title, message.venue.address] if message.venue else []
        latitude, longitude = message.location.latitude, message.location.longitude
        lines = [*place, _left_to_right(f"{latitude}, {longitude}"), _map_of(latitude, longitude)]
        return "\n".join(line for line in lines if line)
    if message.contact:
        name = f"{message.contact.first_name} {message.contact.last_name or ''}".strip()
        return f"{name}\n{_left_to_right(message.contact.phone_number)}"
    if message.poll:
        return "\n".join([message.poll.question, *(f"• {option.text}" for option in message.poll.options)])
    if message.dice:
        return f"{message.dice.emoji} {message.dice.value}"
    if message.sticker:
        return message.sticker.emoji or ""
    file = file_of(message)
    return safe_file_name(file.name) if file else ""


def _left_to_right(numbers: str) -> str:
    """Numbers that keep their order, and their sign its place, within a Persian text."""
    return f"\u2066{numbers}\u2069"


def _map_of(latitude: float, longitude: float) -> str:
    return f"https://www.openstreetmap.org/?mlat={latitude}&mlon={longitude}#map=16/{latitude}/{longitude}"
