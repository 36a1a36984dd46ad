"""Mails of ours that a server took and could not deliver, as it reports them later. RFC 3464"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser

from connectors.email.addresses import one_line
from connectors.email.message_ids import ids_in
from connectors.email.parts import content_of

_MAX_FIELD_CHARACTERS = 1000
_MAX_ERROR_CHARACTERS = 200
_MAX_HEADER_BYTES = 200_000


@dataclass(frozen=True)
class Bounce:
    """A mail that did not arrive: the Message-IDs of what came back of it, and why, in the server's words."""

    message_ids: tuple[str, ...]
    error: str


def bounce_of(content_type: str, parts: Sequence[Message]) -> Bounce | None:
    """What a mail of this type and parts says came back; `None` for one that reports no failure for good."""
    if content_type != "multipart/report":
        return None
    error = next((_error_in(one) for one in _recipients(parts) if _has_failed(one)), None)
    if error is None:
        return None
    return Bounce(tuple(number for mail in _returned(parts) for number in ids_in(_field(mail, "Message-ID"))), error)


def _recipients(parts: Sequence[Message]) -> Iterator[Message]:
    """The fields on each recipient; the first ones are on the mail itself, and have no `Action`."""
    for part in parts:
        blocks = part.get_payload() if part.get_content_type() == "message/delivery-status" else []
        if isinstance(blocks, list):
            yield from (block for block in blocks if isinstance(block, Message))


def _has_failed(recipient: Message) -> bool:
    """A delayed mail may still arrive."""
    return _field(recipient, "Action").partition("(")[0].strip().lower() == "failed"


def _error_in(recipient: Message) -> str:
    said = f"{_field(recipient, 'Status')} {_field(recipient, 'Diagnostic-Code')}"
    return one_line(said, limit=_MAX_ERROR_CHARACTERS)


def _returned(parts: Sequence[Message]) -> Iterator[Message]:
    """The mails that came back, or their headers."""
    for part in parts:
        match part.get_content_type():
            case "message/rfc822":
                inner = part.get_payload()
                if isinstance(inner, list) and inner and isinstance(inner[0], Message):
                    yield inner[0]
            case "text/rfc822-headers":
                yield BytesHeaderParser().parsebytes(content_of(part)[:_MAX_HEADER_BYTES])


def _field(message: Message, name: str) -> str:
    return str(message.get(name, ""))[:_MAX_FIELD_CHARACTERS]
