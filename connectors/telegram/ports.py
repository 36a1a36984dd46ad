"""What the Telegram connector is given besides `receive` and `rate`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from telegram import InlineKeyboardMarkup

from crm.wording import Words

# The product's own words by response name and language; `Wording.say` fits.
Say = Callable[[str, str], Words]
# Whether this process is the one to ask Telegram, for a while; `Lease.hold` fits.
Hold = Callable[[], Awaitable[bool]]


@dataclass(frozen=True)
class Button:
    """A choice that a stored message offers: what it says and what it stands for."""

    title: str
    payload: str


class Offsets(Protocol):
    """Keeps how far polling has come."""

    async def read(self) -> int:
        """The next update to ask for; 0 where nothing is known."""
        ...

    async def keep(self, next_update_id: int) -> None:
        """All updates before this one are dealt with."""
        ...


@dataclass(frozen=True, kw_only=True)
class Notice:
    """What the bot says by itself in a chat, outside of any conversation."""

    chat: str
    # What it answers, by Telegram's numbers.
    cause: str
    text: str
    keyboard: InlineKeyboardMarkup | None = None
    # The message that it is the reply to.
    answers: int | None = None


class Notices(Protocol):
    """Where the bot's own words wait to be sent."""

    async def queue(self, notice: Notice) -> None:
        """Have it said, once however often its cause comes; when it returns, that is committed."""
        ...


class Linked(StrEnum):
    """What a code has paired."""

    group = "group"
    account = "account"


@dataclass(frozen=True)
class Answered:
    """The message of ours that a member of the group answered, as Telegram shows it with the answer."""

    chat: int
    message: int
    text: str


class Answer(StrEnum):
    """What became of an agent's reply in the group."""

    stored = "stored"
    alert_unknown = "alert_unknown"
    account_unknown = "account_unknown"
    not_allowed = "not_allowed"
    refused = "refused"


class Colleagues(Protocol):
    """What the connector asks about the inbox's agents' group.

    `message` names what a call comes from: Telegram may bring it again, and then the outcome is the same.
    """

    async def language_of(self, chat: int) -> str | None:
        """The language of the inbox's group; `None` for every other chat."""
        ...

    async def pair(self, code: str, *, chat: int, title: str, message: str) -> Linked | None:
        """Make a chat the inbox's group; `None` for a code that is not for that."""
        ...

    async def link(self, code: str, *, user_id: int, message: str) -> Linked | None:
        """Make a Telegram account an agent's; `None` for a code that is not for that."""
        ...

    async def answer(self, text: str, *, alert: Answered, user_id: int, message: str) -> Answer:
        """Send words to the contact of the alert that they answer, as the agent's whose account it is.

        `message` is where they stand; what stands there is sent once.
        """
        ...

    async def move(self, chat: int, *, to: int) -> None:
        """The group has another number from now on."""
        ...


class Threads(Protocol):
    """What the connector asks about a contact's conversation, found by inbox and chat."""

    async def find_button(self, inbox_id: int, contact_external_id: str, message_id: int, index: int) -> Button | None:
        """The button of a stored message; `None` when there is none, or the message is another contact's."""
        ...

    async def language(self, inbox_id: int, contact_external_id: str) -> str | None:
        """The language the contact is answered in; `None` before they chose one or wrote."""
        ...

    async def choose_language(
        self, inbox_id: int, contact_external_id: str, language: str, *, contact_name: str
    ) -> None:
        """Answer the contact in this language until they choose another."""
        ...

    async def correct(self, inbox_id: int, external_id: str, text: str, *, at: datetime) -> bool:
        """Keep what a contact changed their message to; false when there is no such message.

        Raises core.errors.InvalidInput, as `receive` does.
        """
        ...
