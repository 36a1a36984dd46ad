"""The parts of a mail as they come, whatever is broken in them."""

from email.message import Message


def content_of(part: Message) -> bytes:
    """A part's content as it was before it was encoded; nothing where it cannot be read."""
    try:
        content = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):
        return b""
    return content if isinstance(content, bytes) else b""
