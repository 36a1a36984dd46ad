"""Files of data that anybody may have written: a JSON object on each line, in UTF-8."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from language.detection import detect
from language.normalise import safe_text

_LONGEST_LINE = 2_000_000


class NotJson(Exception):
    """A line cannot be read; the message says what it is: "not UTF-8" or "not JSON (why)"."""


def numbered_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines of a file that are not blank, by their number; raises OSError."""
    with path.open("rb") as file:
        # No longer ones: a file without a single end of line need not fit into memory.
        for number, line in enumerate(iter(lambda: file.readline(_LONGEST_LINE), b""), start=1):
            # Spreadsheets and editors of Windows begin a file with a mark of its encoding.
            own = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
            if own.strip():
                yield number, own


def read_json(line: bytes) -> Any:
    """What a line says, its texts made such that anything can hold them; raises NotJson."""
    try:
        return _safe(json.loads(line.decode("utf-8")))
    except UnicodeDecodeError as error:
        raise NotJson("not UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise NotJson(f"not JSON ({error})") from error


def language_code(said: object) -> object:
    """`fa` of `fa-IR`, `FA` or `fa_IR`; None where nothing is said, and what is no text as it is."""
    return re.split("[-_]", said.strip().lower())[0] or None if isinstance(said, str) else said


def language_of(text: str, said: object) -> str:
    """The language that a line's `lang` says; where it says none, the one that its text is written in."""
    code = language_code(said)
    return code if isinstance(code, str) else detect(text).language.value


def _safe(value: Any) -> Any:
    if isinstance(value, str):
        return safe_text(value)
    if isinstance(value, list):
        return [_safe(one) for one in value]
    return {name: _safe(one) for name, one in value.items()} if isinstance(value, dict) else value
