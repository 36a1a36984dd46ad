"""What a contact may choose from by its place: the buttons of what was said last."""

from collections.abc import Sequence

from crm.enums import Author, MessageKind
from crm.models import Message
from language.choosing import chosen_place


def offered_in(messages: Sequence[Message]) -> list[str]:
    """The payloads of the choices that are open after these messages, which come latest first.

    None are where something else was said since, or where what was said begins with something else: an answer has its
    own first and second. Whoever has chosen one of them may go on to the next.
    """
    said: Message | None = None
    for message in messages:
        if message.author is not Author.contact:
            # The first thing said, once all are seen.
            said = message
        elif said and _is_choice(said):
            break
        elif not _chooses(message):
            return []
        else:
            said = None
    return [button["payload"] for button in said.buttons] if said and _is_choice(said) else []


def _is_choice(message: Message) -> bool:
    return message.kind is not MessageKind.rating_request and len(message.buttons) > 1


def _chooses(message: Message) -> bool:
    return bool(message.payload) or chosen_place(message.latest_text) is not None
