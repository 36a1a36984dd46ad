"""The matching form of a text, and the storable one.

`normalise` makes texts that people would call the same look the same: it is for search, classification and the
encoder, and is never shown. `safe_text` changes nothing that can be stored.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Literal

_SURROGATES = re.compile("[\ud800-\udfff]")
# Unicode's normal forms put combining marks in order, which Python does in quadratic time: long texts go in slices.
_SLICE = 1_000
# Some thirty parts of a turn ask for the form of the same words; so many messages are remembered, up to this length.
_REMEMBERED = 256
_REMEMBERED_CHARACTERS = 1_000
_PERSIAN_LETTER = "\u0621-\u063a\u0641-\u064a\u066e-\u06d3"
# Three or more in a row are emphasis ("سلاااام", "!!!", "pleaseee"). Latin words do double letters, so inside one two
# stay.
_REPEATED_TO_ONE = re.compile(rf"([{_PERSIAN_LETTER}]|[^\w\s]|_)\1{{2,}}|([a-vx-z])\2{{2,}}(?![a-z])")
_REPEATED_TO_TWO = re.compile(r"([a-vx-z])\1{2,}")

_SAME_LETTER = {
    "ي": "ی",
    "ى": "ی",
    "ې": "ی",
    "ے": "ی",
    "ك": "ک",
    "ڪ": "ک",
    "ګ": "گ",
    "أ": "ا",
    "إ": "ا",
    "ٱ": "ا",
    "ؤ": "و",
    "ة": "ه",
    "ۀ": "ه",
    "ە": "ه",
    "ہ": "ه",
    "ۂ": "ه",
    "ھ": "ه",
    "؟": "?",
    "،": ",",
    "؛": ";",
    "٪": "%",
    "٫": ".",
    "٬": ",",
    "«": '"',
    "»": '"',
    "“": '"',
    "”": '"',
    "„": '"',
    "‘": "'",
    "’": "'",
    "–": "-",
    "—": "-",
    "‐": "-",
    "−": "-",
}
_PERSIAN_DIGITS = "۰۱۲۳۴۵۶۷۸۹"
_ARABIC_DIGITS = "٠١٢٣٤٥٦٧٨٩"
# Tatweel, soft hyphen, zero-width joiner, bidirectional and other invisible controls.
_INVISIBLE = "\u0640\u00ad\u200d\u200e\u200f\u061c\u2060\ufeff\u180e"
_INVISIBLE_RANGES = [
    (0x0610, 0x061A),
    (0x064B, 0x065F),
    (0x0670, 0x0670),
    (0x06D6, 0x06DC),
    (0x06DF, 0x06E8),
    (0x06EA, 0x06ED),
    (0x202A, 0x202E),
    (0x2061, 0x206F),
    (0xFE00, 0xFE0F),
    (0xFFF9, 0xFFFB),
    (0xD800, 0xDFFF),
    (0xE0000, 0xE007F),
]


def safe_text(text: str) -> str:
    """The text as any database, JSON or file can hold it, and otherwise as written.

    NUL is removed and a lone surrogate becomes U+FFFD.
    """
    text = text.replace("\0", "")
    if _SURROGATES.search(text):
        # Through UTF-16, so that two halves of one character that came separately are joined.
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def normalise(text: str) -> str:
    """The form of a text for matching, never for showing. Takes any str whatever, and normalising twice changes
    nothing.

    Unicode's NFKC, lower case, one letter for each of ye, kaf, alef and he, ASCII digits and punctuation, no
    diacritics, tatweel or invisible controls, no letters repeated for emphasis, single spaces. The half-space becomes
    a space: that is how E5's own character map reads it, and how many people type it.
    """
    return _remembered(text) if len(text) <= _REMEMBERED_CHARACTERS else _normalised(text)


@lru_cache(maxsize=_REMEMBERED)
def _remembered(text: str) -> str:
    return _normalised(text)


def _normalised(text: str) -> str:
    text = _compose("NFKC", text).lower().translate(_TABLE)
    text = _compose("NFC", text)
    text = _REPEATED_TO_ONE.sub(r"\1\2", text)
    text = _REPEATED_TO_TWO.sub(r"\1\1", text)
    return " ".join(text.split())


def joined_form(text: str) -> str:
    """The form of a text in which its words are looked for: normalised, but a word with half-spaces is one.

    So it has each part of what `normalise` makes of such a word, and the word as those write it who leave them out.
    """
    return normalise(text.replace("\u200c", ""))


def same_letters(text: str) -> str:
    """The text with one letter for each of ye, kaf, alef and he and with ASCII digits, character for character.

    Places in it are places in the text as written; what else `normalise` does would move them.
    """
    return text.translate(_LETTERS)


def _compose(form: Literal["NFC", "NFKC"], text: str) -> str:
    if len(text) <= _SLICE:
        return unicodedata.normalize(form, text)
    slices = (text[start : start + _SLICE] for start in range(0, len(text), _SLICE))
    return "".join(unicodedata.normalize(form, part) for part in slices)


def _build_table() -> dict[int, str | None]:
    table: dict[int, str | None] = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), 0x200B, 0x200C, 0xFFFD], " ")
    table.update({ord(letter): same for letter, same in _SAME_LETTER.items()})
    for digits in (_PERSIAN_DIGITS, _ARABIC_DIGITS):
        table.update({ord(digit): str(value) for value, digit in enumerate(digits)})
    table.update(dict.fromkeys(map(ord, _INVISIBLE)))
    for first, last in _INVISIBLE_RANGES:
        table.update(dict.fromkeys(range(first, last + 1)))
    return table


_TABLE = _build_table()
_LETTERS = {place: same for place, same in _TABLE.items() if same and (chr(place).isalpha() or chr(place).isdecimal())}
