"""What the Telegram connector is given besides `receive` and `rate`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from crm.wording import Words

# The product's own words by response name and language; `Wording.say` fits.
Say = Callable[[str, str], Words]


@dataclass(frozen=True)
class Button:
    """A choice that a stored message offers: what it says and what it stands for."""

    title: str
    payload: str


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
