"""What a contact may choose from by its place: the buttons of what was said last."""

from collections.abc import Sequence

from crm.enums import Author, MessageKind
from crm.models import Message
from language.choosing import chosen_place


def offered_in(messages: Sequence[Message]) -> list[str]:
    """The payloads of the choices that are open after these messages, which come latest first.

    None are where an answer was given or something else said since: an answer has its own first and second. Whoever has
    chosen one of them may go on to the next.
    """
    said: list[Message] = []
    for message in messages:
        if message.author is not Author.contact:
            said.insert(0, message)
        elif (payloads := _choices_of(said)) or not _chooses(message):
            return payloads
        else:
            said = []
    return _choices_of(said)


def _choices_of(turn: Sequence[Message]) -> list[str]:
    """Those that a turn's messages, in their order, begin with."""
    for message in turn:
        if len(message.buttons) > 1 and message.kind is not MessageKind.rating_request:
            return [button["payload"] for button in message.buttons]
        if message.articles:
            return []
    return []


def _chooses(message: Message) -> bool:
    return bool(message.payload) or chosen_place(message.latest_text) is not None
