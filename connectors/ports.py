"""What a connector is, and what it is given. A connector translates and nothing else."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from crm.conversations.ports import ChannelSender, FileSource, IncomingMessage
from crm.enums import ParkedReason
from crm.models import ParkedUpdate

# Stores a message once and wakes the bot; when it returns, the message is committed and the channel may be told "ok".
# Raises core.errors.InvalidInput (message_empty, message_too_long) for a text that nobody could answer.
Receive = Callable[[IncomingMessage], Awaitable[object]]


class Rate(Protocol):
    """Stores a contact's rating, 1 to 5, of the conversation with this address in this inbox."""

    async def __call__(
        self, inbox_id: int, contact_external_id: str, score: int, *, request: int | None = None
    ) -> object:
        """`request` is the sequence number of the message that asked for it, where that is known.

        Raises:
            RatingNotAsked, RatingRequestOver
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Unhandled:
    """What came in and cannot be dealt with, and why; `sender` and `text` as far as they could be read."""

    external_id: str
    reason: ParkedReason = ParkedReason.failed
    sender: str = ""
    text: str = ""
    # All of it, where the channel does not give it out again.
    raw: bytes | None = None
    error: str = ""
    attempts: int = 1


class Parking(Protocol):
    """Where a connector sets aside what it cannot deal with."""

    async def park(self, unhandled: Unhandled) -> None:
        """Keep it for admins; when it returns, that is committed and the channel may be told "ok"."""
        ...


class Connector(ChannelSender, FileSource, Protocol):
    """One channel: brings messages in through `Receive`, their files when asked, and replies out through `send`."""

    async def start(self) -> None:
        """Begin to take messages; called once, when all else is ready."""
        ...

    async def stop(self) -> None:
        """Stop taking messages and let go of every connection."""
        ...

    async def take_again(self, parked: ParkedUpdate) -> None:
        """Deal with something that was set aside; raises whatever goes wrong."""
        ...

    async def show_typing(self, contact_external_id: str) -> None:
        """Tell the contact that an answer is being written, where the channel can; never fails."""
        ...
