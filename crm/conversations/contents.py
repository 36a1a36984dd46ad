"""What a message carries, as it can be stored: its words, and a file that came with them."""

from datetime import datetime

from core.errors import InvalidInput
from crm.conversations.files import File, checked_file
from crm.enums import AttachmentKind, AttachmentState
from crm.models import Attachment
from language.normalise import safe_text

# More than anybody types; a pasted log belongs into a file.
MAX_MESSAGE_CHARACTERS = 10_000
MAX_PAYLOAD_CHARACTERS = 1_000


class MessageEmpty(InvalidInput):
    """A message needs some text."""

    code = "message_empty"


class MessageTooLong(InvalidInput):
    """A message may have ten thousand characters at the most."""

    code = "message_too_long"


def has_words(text: str) -> bool:
    """Whether a text shows anything: spaces and marks that nobody sees, such as a zero-width space, say nothing."""
    return any(character.isprintable() and not character.isspace() for character in safe_text(text))


def checked_text(text: str) -> str:
    """The text as it can be stored, otherwise unchanged.

    Raises:
        MessageEmpty, MessageTooLong
    """
    if len(text) > MAX_MESSAGE_CHARACTERS:
        raise MessageTooLong
    if not has_words(text):
        raise MessageEmpty
    return safe_text(text)


def checked_words(text: str, file: File | None) -> str:
    """The text of a message, which a file may stand without.

    Raises:
        MessageEmpty, MessageTooLong
    """
    return "" if file and not has_words(text) else checked_text(text)


def attached(file: File, *, at: datetime) -> Attachment:
    """A file at hand, as part of a message.

    Raises:
        FileEmpty, FileTooLarge
    """
    file = checked_file(file)
    is_picture = file.content_type.startswith("image/")
    return Attachment(
        kind=AttachmentKind.photo if is_picture else AttachmentKind.document,
        name=file.name,
        state=AttachmentState.stored,
        created_at=at,
        content_type=file.content_type,
        size=len(file.content),
        content=file.content,
    )
