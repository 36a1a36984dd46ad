"""Commands such as `/start`, and what is written behind them."""

from telegram import Message
from telegram.constants import MessageEntityType


def command_of(message: Message) -> str | None:
    """The command that a message is: `start` of `/start@our_bot from_site`."""
    for entity in message.entities:
        if entity.type == MessageEntityType.BOT_COMMAND and entity.offset == 0:
            return message.parse_entity(entity)[1:].partition("@")[0].lower()
    return None


def words_behind(message: Message) -> str:
    """What was written behind a command, in the same message."""
    _command, *words = (message.text or "").split(maxsplit=1) or [""]
    return "".join(words).strip()
