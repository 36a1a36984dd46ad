"""Choices without buttons: numbered lines, and an answer that is nothing but a number."""

import re

from core.digits import digits
from crm.conversations.ports import OutgoingMessage
from crm.enums import MessageKind
from language.normalise import normalise

_NUMBER = re.compile(r"[\[(]?(?P<number>[0-9]{1,2})[\])]?[.)]?")


def number_in(text: str) -> int | None:
    """The number that an answer consists of, in any digits; `None` where it says anything else."""
    match = _NUMBER.fullmatch(normalise(text[:40]).strip()) if len(text.strip()) <= 40 else None
    return int(match["number"]) if match else None


def numbered(message: OutgoingMessage) -> list[str]:
    """A message's choices, one a line; none where a rating is asked for, which has its own scale."""
    if message.kind is MessageKind.rating_request:
        return []
    return [
        f"{digits(number, message.language)}. {button['title']}"
        for number, button in enumerate(message.buttons, start=1)
    ]
