"""What a file may be called and how large it may be, and what its bytes show it to be: nothing a sender says counts."""

import unicodedata
from dataclasses import dataclass

from core.errors import InvalidInput
from language.normalise import safe_text

# As much as Telegram gives out to bots. https://core.telegram.org/bots/api#getfile
MAX_FILE_BYTES = 20 * 1024 * 1024
MAX_NAME_CHARACTERS = 120
UNKNOWN_TYPE = "application/octet-stream"
# What a browser may show or play, and the ending such a file gets where it has no name. SVG is left out: it can hold
# scripts.
ENDINGS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "audio/ogg": ".ogg",
    "audio/mpeg": ".mp3",
    "audio/mp4": ".m4a",
    "video/mp4": ".mp4",
}
_BEGINNINGS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
)
_OTHER_ENDINGS = {"image/jpeg": ("jpeg",), "audio/ogg": ("oga", "opus"), "video/mp4": ("mov", "m4v")}
# Without those that carry macros.
_OFFICE = ("docx", "xlsx", "pptx", "odt", "ods", "odp")
_DOCUMENTS = ((b"%PDF-", ("pdf",)), (b"PK\x03\x04", _OFFICE))
# Persian names need it, though Unicode counts it among the invisible characters.
_ZWNJ = "\u200c"


class FileTooLarge(InvalidInput):
    """A file may have twenty megabytes at the most."""

    code = "file_too_large"


class FileEmpty(InvalidInput):
    """There is nothing in this file."""

    code = "file_empty"


class FileKindRefused(InvalidInput):
    """Only pictures, sounds, films, PDF and office documents can be sent."""

    code = "file_kind_refused"


@dataclass(frozen=True)
class File:
    """A file at hand."""

    name: str
    content: bytes

    @property
    def content_type(self) -> str:
        """What its bytes show it to be."""
        return content_type_of(self.content)


def checked_file(file: File) -> File:
    """The file as it can be stored, under a name that can be shown.

    Raises:
        FileEmpty, FileTooLarge
    """
    if not file.content:
        raise FileEmpty
    if len(file.content) > MAX_FILE_BYTES:
        raise FileTooLarge
    return File(safe_file_name(file.name), file.content)


def visitors_file(file: File) -> File:
    """A file from somebody whom nobody knows, under a name whose ending says what it is.

    Raises:
        FileEmpty, FileTooLarge, FileKindRefused
    """
    file = checked_file(file)
    stem, _dot, ending = file.name.rpartition(".")
    kind = file.content_type
    allowed: tuple[str, ...] = next((endings for start, endings in _DOCUMENTS if file.content.startswith(start)), ())
    if kind in ENDINGS:
        allowed = (ENDINGS[kind].removeprefix("."), *_OTHER_ENDINGS.get(kind, ()))
    if ending.lower() in allowed and stem:
        return file
    # An office document is known by its ending alone: its bytes are those of any ZIP file.
    if not allowed or len(allowed) == len(_OFFICE):
        raise FileKindRefused
    return File(safe_file_name(f"{file.name}.{allowed[0]}") if file.name else "", file.content)


def safe_file_name(name: str) -> str:
    """A name without folders, control characters and marks that turn its letters round; empty where nothing is left.

    A long one is cut before its ending, so that nobody takes a program for a picture.
    """
    last = safe_text(name).replace("\\", "/").rpartition("/")[2]
    kept = "".join(character for character in last if _is_plain(character)).strip(" .")
    stem, dot, ending = kept.rpartition(".")
    if len(kept) <= MAX_NAME_CHARACTERS:
        return kept
    ending = f"{dot}{ending}"[-MAX_NAME_CHARACTERS // 2 :]
    return f"{(stem or kept)[: MAX_NAME_CHARACTERS - len(ending)]}{ending}"


def _is_plain(character: str) -> bool:
    return character == _ZWNJ or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def content_type_of(content: bytes) -> str:
    """One of the types that a browser may show, by the first bytes; everything else is only bytes."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[4:8] == b"ftyp":
        return "audio/mp4" if content[8:11] == b"M4A" else "video/mp4"
    return next((kind for beginning, kind in _BEGINNINGS if content.startswith(beginning)), UNKNOWN_TYPE)
