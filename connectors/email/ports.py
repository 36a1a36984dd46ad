"""What the e-mail connector is given besides `receive` and `rate`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from connectors.email.bounces import Bounce
from connectors.email.mail import Mail
from crm.enums import MessageKind
from crm.wording import Words

# The product's own words by response name and language; `Wording.say` fits.
Say = Callable[[str, str], Words]
# Whether this process is the one that fetches mails; asking keeps it so for a while.
Hold = Callable[[], Awaitable[bool]]


@dataclass(frozen=True)
class Offer:
    """What a contact was last asked to choose from."""

    kind: MessageKind
    buttons: list[dict[str, str]]


@dataclass(frozen=True)
class Envelope:
    """Where a message goes and what it belongs to."""

    address: str
    subject: str
    # Message-IDs of the thread's mails, oldest first, and of the one that is answered.
    references: tuple[str, ...]
    answers: str | None
    # Whether the product wrote it by itself.
    is_automatic: bool


class Threads(Protocol):
    """What the connector asks about threads; one is named by its conversation's `contact_external_id`."""

    async def find(self, inbox_id: int, mail: Mail) -> str | None:
        """The sender's own thread that a mail belongs to; `None` when it begins one."""
        ...

    async def begin(self, inbox_id: int, mail: Mail) -> str:
        """Begin a thread, once however often the mail comes."""
        ...

    async def language(self, inbox_id: int, thread: str) -> str | None:
        """The language the thread is answered in; `None` before its first message."""
        ...

    async def offer(self, inbox_id: int, thread: str) -> Offer | None:
        """What was offered since the contact wrote last."""
        ...

    async def automatic_replies(self, inbox_id: int, address: str) -> int:
        """How many messages the product itself wrote to an address within the last hour."""
        ...

    async def strangers(self, inbox_id: int, mail: Mail) -> int:
        """How many addresses wrote for the first time within the last hour; 0 where the mail's wrote before."""
        ...

    async def files_sent(self, inbox_id: int, mail: Mail) -> int:
        """How many files a mail's sender has sent within the last day, besides those of the mail itself."""
        ...

    async def keep_original(self, inbox_id: int, external_id: str, text: str) -> None:
        """Keep all that a stored mail said, once."""
        ...

    async def note_bounce(self, bounce: Bounce) -> bool:
        """Have a message of ours count as not sent whose mail came back; false where it is none of ours."""
        ...

    async def envelope(self, message_id: int) -> Envelope | None:
        """Where a stored message goes; `None` when its thread is gone."""
        ...
