"""Rows of labelled text, from files that anybody may have written."""

import json
from dataclasses import dataclass
from pathlib import Path

OOS = "oos"
"""The label of what is out of scope."""


class BrokenLine(Exception):
    """A row cannot be used; the message has its number."""


@dataclass(frozen=True)
class Row:
    """A text and what it means."""

    text: str
    label: str
    language: str


def read_rows(path: Path, *, known: "set[str] | None" = None) -> list[Row]:
    """The rows of a JSONL file in UTF-8; with `known`, any other label but "oos" is refused."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise BrokenLine(f"{path}: {error.strerror}.") from error
    rows = [_row(f"{path.name}, line {number}", line, known) for number, line in enumerate(lines, 1) if line.strip()]
    if not rows:
        raise BrokenLine(f"{path.name}: there is nothing in it.")
    return rows


def _row(where: str, line: bytes, known: "set[str] | None") -> Row:
    try:
        content = json.loads(line.decode("utf-8"))
        text, label = content["text"], content["label"]
    except UnicodeDecodeError as error:
        raise BrokenLine(f"{where}: not UTF-8.") from error
    except ValueError as error:
        raise BrokenLine(f"{where}: not JSON ({error}).") from error
    except (KeyError, TypeError) as error:
        raise BrokenLine(f'{where}: must be an object with "text" and "label".') from error
    if not isinstance(text, str) or not text.strip():
        raise BrokenLine(f"{where}: no text.")
    if not isinstance(label, str) or not label.strip():
        raise BrokenLine(f"{where}: no label.")
    if known is not None and label not in known | {OOS}:
        raise BrokenLine(f"{where}: the label {label!r} is not in the training rows.")
    return Row(text, label, str(content.get("lang") or "unknown"))
