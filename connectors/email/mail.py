"""A mail as it comes over the wire, in our own terms. Takes any bytes: whoever sends one chooses every one of them."""

import codecs
import hashlib
import logging
import re
from binascii import Error as BinasciiError
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import HeaderParseError, MessageError
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser

from connectors.email.addresses import MAX_NAME_CHARACTERS, MAX_SUBJECT_CHARACTERS, one_line, sender_of, subject_key
from connectors.email.automatic import is_automatic, is_refuted
from connectors.email.bounces import Bounce, bounce_of
from connectors.email.html_text import to_text
from connectors.email.message_ids import external_id_of, ids_in
from connectors.email.parts import content_of
from connectors.email.quotes import without_quotes
from crm.conversations.files import File, FileEmpty, FileKindRefused, FileTooLarge, safe_file_name, visitors_file
from language.normalise import safe_text

logger = logging.getLogger(__name__)

MAX_FILES = 10
MAX_REFERENCES = 30
# Of text that is read at all; a message holds far less.
MAX_TEXT_BYTES = 200_000
MAX_ORIGINAL_CHARACTERS = 100_000
_MAX_PARTS = 100
# The parser looks for the end of each at every line: a second or two at these bounds, and minutes far beyond.
_MOST_MULTIPARTS = 50
_MOST_LINES_TIMES_MULTIPARTS = 20_000_000
# In lower case; what may stand between is what the parser strips.
_MULTIPART = re.compile(rb"content-type:[\x00-\x20]*multipart/")
_DEEPEST_PART = 10
_MAX_HEADER_CHARACTERS = 10_000
# Pictures of signatures and those that tell their sender of being read.
_SMALLEST_INLINE_BYTES = 5_000
_HEADERS_END = re.compile(rb"\r?\n\r?\n")
# Old Persian mail programs write it and do not say so.
_OLD_PERSIAN = "windows-1256"
# UTF-8 with one wrong byte, as a gateway's footer brings it, has far fewer, and text in another charset far more.
_LETTERS_PER_BROKEN_ONE = 10
# No charsets of mails, and slow on long texts.
_NO_CHARSETS = ("idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined")


@dataclass(frozen=True, kw_only=True)
class Mail:
    """What somebody wrote by e-mail."""

    # The Message-ID with a digest of sender and body; for a mail without, a digest of all of it.
    external_id: str
    address: str
    name: str
    subject: str
    # Their own words, and all that the mail said.
    text: str
    original: str
    # The mails that it answers, the latest first.
    references: tuple[str, ...] = ()
    files: tuple[File, ...] = ()
    # Names of those that we do not take.
    refused: tuple[str, ...] = ()
    is_automatic: bool = False
    # The sender's domain disowns it, by what our mail server says.
    is_refuted: bool = False
    # A mail of somebody's that did not arrive, where this one reports it.
    bounce: Bounce | None = None

    @property
    def subject_key(self) -> str:
        return subject_key(self.subject)


@dataclass(frozen=True)
class _Bodies:
    plain: str
    html: str

    def own(self) -> str:
        """What the writer wrote; the HTML where there is no plain text."""
        return without_quotes(self.plain if self.plain.strip() else to_text(self.html))

    def whole(self) -> str:
        return self.plain.strip() or to_text(self.html, with_quotes=True)


def read_mail(raw: bytes, *, own_address: str, is_whole: bool = True) -> Mail | None:
    """The mail; `None` where nobody could be answered. Of one that is cut off, no files."""
    message = _parsed(raw)
    name, address = sender_of(_header(message, "From"))
    if not address:
        return None
    parts = list(_parts(message))
    bodies = _Bodies(_text_of(parts, "text/plain"), _text_of(parts, "text/html"))
    files, refused = _files(parts) if is_whole else ([], [])
    return Mail(
        external_id=_external_id(message, raw, address),
        address=address,
        name=one_line(_decoded(name), limit=MAX_NAME_CHARACTERS),
        subject=one_line(_decoded(_header(message, "Subject")), limit=MAX_SUBJECT_CHARACTERS),
        text=safe_text(bodies.own()).strip(),
        original=safe_text(bodies.whole())[:MAX_ORIGINAL_CHARACTERS],
        references=_references(message),
        files=tuple(files),
        refused=tuple(refused),
        is_automatic=is_automatic(
            lambda field: _header(message, field),
            address=address,
            own=own_address,
            content_type=message.get_content_type(),
        ),
        is_refuted=is_refuted(_header(message, "Authentication-Results")),
        bounce=bounce_of(message.get_content_type(), parts),
    )


def glimpse(raw: bytes) -> tuple[str, str]:
    """The sender and the subject, as far as a mail of any form says so."""
    try:
        headers = BytesHeaderParser().parsebytes(raw[:MAX_TEXT_BYTES], headersonly=True)
        sender, subject = (_decoded(_header(headers, name)) for name in ("From", "Subject"))
    except Exception:
        logger.exception("not even the headers of a mail can be read")
        return "", ""
    return one_line(sender, limit=MAX_SUBJECT_CHARACTERS), one_line(subject, limit=MAX_SUBJECT_CHARACTERS)


def _parsed(raw: bytes) -> Message:
    try:
        if not _is_costly(raw):
            return message_from_bytes(raw)
    except (RecursionError, MessageError, ValueError, LookupError):
        pass
    logger.warning("a mail has a form that cannot be read; its headers are")
    message = BytesHeaderParser().parsebytes(raw[:MAX_TEXT_BYTES], headersonly=True)
    message.set_payload("")
    return message


def _is_costly(raw: bytes) -> bool:
    """Whether a mail's parts, which may stand in each other, would keep the parser busy for long."""
    parts = len(_MULTIPART.findall(raw.lower()))
    lines = max(raw.count(b"\n"), raw.count(b"\r"))
    return parts > _MOST_MULTIPARTS or parts * lines > _MOST_LINES_TIMES_MULTIPARTS


def _header(message: Message, name: str) -> str:
    """A field's first value, unfolded; raw bytes are taken for UTF-8."""
    value = next((value for key, value in message.raw_items() if key.lower() == name.lower()), "")
    text = str(value)[:_MAX_HEADER_CHARACTERS]
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace").replace("\r", "").replace("\n", "")


def _decoded(value: str) -> str:
    """Encoded words as what they stand for."""
    try:
        pieces = decode_header(value)
    except (HeaderParseError, BinasciiError, ValueError):
        return value
    return "".join(piece if isinstance(piece, str) else _as_text(piece, charset) for piece, charset in pieces)


def _as_text(content: bytes, charset: str | None) -> str:
    """Bytes in the charset that they are said to be in, or in the likeliest; never fails."""
    for name in (charset, "utf-8"):
        try:
            if name and codecs.lookup(name).name.replace("-", "_") not in _NO_CHARSETS:
                return content.decode(name)
        except (LookupError, ValueError):
            continue
    # Not to its end: where we or the server cut a text, half a letter is left.
    likely = codecs.getincrementaldecoder("utf-8")("replace").decode(content)
    foreign = sum(not letter.isascii() for letter in likely)
    is_likely = _LETTERS_PER_BROKEN_ONE * likely.count("\ufffd") < foreign
    return likely if is_likely else content.decode(_OLD_PERSIAN, "replace")


def _parts(message: Message, depth: int = 0) -> Iterator[Message]:
    """The parts that hold something; what is inside a forwarded mail's own file stays in there."""
    pending = [(message, depth)]
    for _ in range(_MAX_PARTS):
        if not pending:
            return
        part, depth = pending.pop(0)
        # Only of one with parts: of any other, `get_payload` decodes what it is not asked to, and may fail.
        inner = part.get_payload() if part.is_multipart() else []
        if part.get_content_maintype() == "multipart" and isinstance(inner, list):
            if depth < _DEEPEST_PART:
                pending = [(one, depth + 1) for one in inner if isinstance(one, Message)] + pending
        else:
            yield part


def _is_file(part: Message) -> bool:
    return bool(part.get_content_disposition() == "attachment" or _name_of(part)) or (
        part.get_content_maintype() not in ("text", "multipart")
    )


def _text_of(parts: list[Message], content_type: str) -> str:
    texts = [
        _as_text(content_of(part)[:MAX_TEXT_BYTES], _charset(part))
        for part in parts
        if part.get_content_type() == content_type and not _is_file(part)
    ]
    return "\n\n".join(texts)[:MAX_TEXT_BYTES]


def _charset(part: Message) -> str | None:
    try:
        charset = part.get_content_charset()
    except (LookupError, ValueError):
        return None
    # Persian in a part that is said to be ASCII is a mistake that is often made.
    return None if charset in ("us-ascii", "ascii") else charset


def _files(parts: list[Message]) -> tuple[list[File], list[str]]:
    """The files that we take, and the names of those that we do not."""
    taken: list[File] = []
    refused: list[str] = []
    for part in filter(_is_file, parts):
        content = content_of(part)
        is_inline = part.get_content_disposition() != "attachment" and part["Content-ID"] is not None
        if is_inline and len(content) < _SMALLEST_INLINE_BYTES:
            continue
        name = _name_of(part)
        try:
            if len(taken) >= MAX_FILES:
                raise FileTooLarge
            taken.append(visitors_file(File(name, content)))
        except (FileEmpty, FileTooLarge, FileKindRefused):
            refused.append(safe_file_name(name))
    return taken, refused[:MAX_FILES]


def _name_of(part: Message) -> str:
    try:
        name = part.get_filename()
    except (LookupError, ValueError, TypeError):
        return ""
    return _decoded(str(name)[:1000]) if name else ""


def _external_id(message: Message, raw: bytes, address: str) -> str:
    given = ids_in(_header(message, "Message-ID"))
    if not given:
        return f"sha256:{hashlib.sha256(raw).hexdigest()}"
    return external_id_of(given[0], address=address, body=_HEADERS_END.split(raw, maxsplit=1)[-1])


def _references(message: Message) -> tuple[str, ...]:
    named = ids_in(_header(message, "References"))[::-1][:MAX_REFERENCES]
    return tuple(dict.fromkeys([*ids_in(_header(message, "In-Reply-To"))[:MAX_REFERENCES], *named]))
