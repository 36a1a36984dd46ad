"""Neutral passages with questions, which keep the encoder good at what it was good at while it learns support talk.

Lines of `data/general_passages.jsonl`: `{"id", "language", "passage", "questions"}`, written for this project.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from language.data_lines import NotJson, numbered_lines, read_json

DATA_FILE = Path(__file__).with_name("data") / "general_passages.jsonl"
_FIELDS = {"id", "language", "passage", "questions"}


class BrokenPassage(Exception):
    """A line cannot be used; the message names file, line and reason."""


@dataclass(frozen=True)
class GeneralPassage:
    """A passage on anything but support, and questions that it alone answers."""

    id: str
    passage: str
    questions: tuple[str, ...]


def read_passages(file: Path = DATA_FILE) -> list[GeneralPassage]:
    """The passages of a file; raises BrokenPassage and OSError."""
    passages = [_read_line(line, f"{file.name}, line {number}") for number, line in numbered_lines(file)]
    if len({one.id for one in passages}) < len(passages):
        raise BrokenPassage(f"{file.name}: an id stands there twice.")
    return passages


def _read_line(line: bytes, place: str) -> GeneralPassage:
    try:
        fields = read_json(line)
    except NotJson as error:
        raise BrokenPassage(f"{place}: {error}.") from error
    if not isinstance(fields, dict) or set(fields) != _FIELDS:
        raise BrokenPassage(f"{place}: the fields must be {', '.join(sorted(_FIELDS))}.")
    questions = fields["questions"]
    texts = [fields["id"], fields["passage"], *(questions if isinstance(questions, list) else [None])]
    if not questions or not all(isinstance(text, str) and text.strip() for text in texts):
        raise BrokenPassage(f"{place}: a passage and at least one question are needed, none of them blank.")
    return GeneralPassage(fields["id"], fields["passage"], tuple(fields["questions"]))
