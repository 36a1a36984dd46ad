"""What a connector is, and what it is given. A connector translates and nothing else."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from crm.conversations.ports import ChannelSender, FileSource, IncomingMessage

# Stores a message once and wakes the bot; when it returns, the message is committed and the channel may be told "ok".
# Raises core.errors.InvalidInput (message_empty, message_too_long) for a text that nobody could answer.
Receive = Callable[[IncomingMessage], Awaitable[object]]
# Stores a contact's rating, 1 to 5, of the conversation with this address in this inbox.
Rate = Callable[[int, str, int], Awaitable[object]]


class Connector(ChannelSender, FileSource, Protocol):
    """One channel: brings messages in through `Receive`, their files when asked, and replies out through `send`."""

    async def start(self) -> None:
        """Begin to take messages; called once, when all else is ready."""
        ...

    async def stop(self) -> None:
        """Stop taking messages and let go of every connection."""
        ...

    async def show_typing(self, contact_external_id: str) -> None:
        """Tell the contact that an answer is being written, where the channel can; never fails."""
        ...
