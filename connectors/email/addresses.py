"""Names, addresses and subjects as they can be shown, compared and written into a header."""

import re
import unicodedata
from email.utils import parseaddr, unquote

from language.normalise import normalise, safe_text

MAX_ADDRESS_CHARACTERS = 254
MAX_NAME_CHARACTERS = 120
MAX_SUBJECT_CHARACTERS = 250
MAX_KEY_CHARACTERS = 120
_ADDRESS = re.compile(r"[^\s@<>\"(),;:\\\[\]]+@[^\s@<>\"(),;:\\\[\]]+")
_BRACKETS = re.compile(r"<([^<>]*)>")
# What mail programs put before the subject of an answer, in normalised words.
_ANSWER = re.compile(
    r"\s*(?:(?:re|fwd?|aw|wg|sv|vs|antw|tr|پاسخ|جواب|باز ?ارسال|ارسال مجدد|هدایت|فوروارد)\s*(?:[\[(]\d{1,3}[\])])?\s*:)"
)
# Persian names need it, though Unicode counts it among the invisible characters.
_ZWNJ = "\u200c"


def sender_of(value: str) -> tuple[str, str]:
    """The name and the address, in lower case, of a `From`; both empty where nobody could be written to."""
    name, address = _in_brackets(value) or parseaddr(value)
    address = address.strip().lower()
    if len(address) > MAX_ADDRESS_CHARACTERS or not _ADDRESS.fullmatch(address) or not address.isprintable():
        return "", ""
    return name, address


def one_line(text: str, *, limit: int) -> str:
    """A text without line breaks, control characters and marks that turn its letters round."""
    kept = "".join(character if _is_plain(character) else " " for character in safe_text(text[: 4 * limit]))
    return " ".join(kept.split())[:limit].strip()


def subject_key(subject: str) -> str:
    """What is the same in the subjects of a mail and of the answers to it."""
    key = normalise(subject)
    while match := _ANSWER.match(key):
        key = key[match.end() :]
    return key.strip()[:MAX_KEY_CHARACTERS]


def _in_brackets(value: str) -> tuple[str, str] | None:
    """What stands between the last angle brackets, and the name before them; `None` where there is no such address.

    `parseaddr` finds nobody where a name has a comma, and takes an address that somebody has for a name.
    """
    found = [match for match in _BRACKETS.finditer(value) if "@" in match[1]]
    if not found:
        return None
    name = value[: found[-1].start()].strip()
    return unquote(name) if name.endswith('"') else name.lstrip('"'), found[-1][1]


def _is_plain(character: str) -> bool:
    return character == _ZWNJ or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
