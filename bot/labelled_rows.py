"""Rows of labelled text, from files that anybody may have written."""

from dataclasses import dataclass
from pathlib import Path

from bot.names import Intents
from language.data_lines import NotJson, language_of, numbered_lines, read_json
from language.intent_lines import read_intent_lines

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


def shipped_rows() -> list[Row]:
    """What the shipped bot learns from."""
    return [Row(text, _scoped(intent), "unknown") for intent, text in read_intent_lines()]


def read_rows(path: Path, *, known: "set[str] | None" = None, key: str = "label") -> list[Row]:
    """The rows of a JSONL file in UTF-8, each with its label under `key`; with `known`, no others but "oos"."""
    try:
        rows = [_row(f"{path.name}, line {number}", line, known, key) for number, line in numbered_lines(path)]
    except OSError as error:
        raise BrokenLine(f"{path}: {error.strerror}.") from error
    if not rows:
        raise BrokenLine(f"{path.name}: there is nothing in it.")
    return rows


def _scoped(label: str) -> str:
    return OOS if label == Intents.OUT_OF_SCOPE else label


def _row(where: str, line: bytes, known: "set[str] | None", key: str) -> Row:
    try:
        content = read_json(line)
        text, label = content["text"], content[key]
    except NotJson as error:
        raise BrokenLine(f"{where}: {error}.") from error
    except (KeyError, TypeError) as error:
        raise BrokenLine(f'{where}: must be an object with "text" and "{key}".') from error
    if not isinstance(text, str) or not text.strip():
        raise BrokenLine(f"{where}: no text.")
    if not isinstance(label, str) or not label.strip():
        raise BrokenLine(f"{where}: no label.")
    label = _scoped(label)
    if known is not None and label not in known | {OOS}:
        raise BrokenLine(f"{where}: the label {label!r} is not in the training rows.")
    return Row(text, label, language_of(text, content.get("lang")))
