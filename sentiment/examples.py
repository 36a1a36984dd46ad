"""The training utterances: tab-separated files under `sentiment/data`, written for this project."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from language.data_lines import numbered_lines
from sentiment.mood import SentimentLabel, Signal

DATA_FOLDER = Path(__file__).with_name("data")
HEADER = ["language", "label", "signals", "text"]
LANGUAGES = ("fa", "en", "finglish")


class BrokenExample(Exception):
    """A line of a file of examples cannot be read; the message names file, line and reason."""


@dataclass(frozen=True)
class Example:
    """One utterance with what a careful reader says of it; `kind` is the sort of text, from the file's name."""

    kind: str
    language: str
    label: SentimentLabel
    signals: frozenset[Signal]
    text: str


def read_examples(path: Path) -> list[Example]:
    """The examples of a file, or of all `.tsv` files of a folder in order of name; raises BrokenExample and OSError."""
    files = sorted(path.glob("*.tsv")) if path.is_dir() else [path]
    examples = [example for file in files for example in _read_file(file)]
    if not examples:
        raise BrokenExample(f"{path}: there is nothing in it.")
    return examples


def _read_file(file: Path) -> list[Example]:
    lines = numbered_lines(file)
    number, header = next(lines, (1, b""))
    place = f"{file.name}, line {number}"
    if _cells(header, place) != HEADER:
        raise BrokenExample(f"{place}: the header must be {', '.join(HEADER)}, separated by tabs.")
    kind = file.stem.partition("_")[0]
    return [_read_line(kind, line, f"{file.name}, line {number}") for number, line in lines]


def _cells(line: bytes, place: str) -> list[str]:
    try:
        return line.decode("utf-8").rstrip("\r\n").split("\t")
    except UnicodeDecodeError as error:
        raise BrokenExample(f"{place}: not UTF-8.") from error


def _read_line(kind: str, line: bytes, place: str) -> Example:
    cells = _cells(line, place)
    if len(cells) != len(HEADER) or not cells[-1].strip():
        raise BrokenExample(f"{place}: four cells separated by tabs are needed, the last one not blank.")
    language, label, signals, text = cells
    if language not in LANGUAGES:
        raise BrokenExample(f"{place}: unknown language {language!r}.")
    try:
        found = frozenset(map(Signal, filter(None, signals.split(","))))
        return Example(kind, language, SentimentLabel(label), found, text)
    except ValueError as error:
        raise BrokenExample(f"{place}: {error}.") from error
