"""The training utterances: tab-separated files under `sentiment/data`, written for this project."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

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
    """The examples of a file, or of all `.tsv` files of a folder in order of name; raises BrokenExample."""
    files = sorted(path.glob("*.tsv")) if path.is_dir() else [path]
    return [example for file in files for example in _read_file(file)]


def _read_file(file: Path) -> list[Example]:
    header, *lines = file.read_text(encoding="utf-8").splitlines()
    if header.split("\t") != HEADER:
        raise BrokenExample(f"{file.name}, line 1: the header must be {', '.join(HEADER)}, separated by tabs.")
    kind = file.stem.partition("_")[0]
    return [_read_line(kind, line, f"{file.name}, line {number}") for number, line in enumerate(lines, start=2)]


def _read_line(kind: str, line: str, place: str) -> Example:
    cells = line.split("\t")
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
