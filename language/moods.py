"""Texts whose likeness to each other the encoder's training must not lose: those that moods and intents learn from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from language.data_lines import numbered_lines
from language.detection import Language, detect
from language.encoder import readable
from language.intent_lines import INTENTS_FOLDER, read_intent_lines
from language.reading import text_for_encoder

MOODS_FOLDER = Path("sentiment/data")
# Fewer of a language say nothing of how its texts lie to each other.
FEWEST = 300


class BrokenMoods(Exception):
    """A line of a table cannot be read; the message names file, line and reason."""


def read_moods(moods: Path = MOODS_FOLDER, intents: Path = INTENTS_FOLDER) -> list[list[str]]:
    """The texts as the encoder reads them, each once, a list for each language.

    Moods are tables whose last column is the text, below a header. Raises OSError, BrokenMoods and BrokenIntents.
    """
    tables = sorted(moods.glob("*.tsv"))
    written = [text for table in tables for text in _texts(table)] + [text for _, text in read_intent_lines(intents)]
    by_language: dict[Language, dict[str, None]] = defaultdict(dict)
    for text in written:
        read = readable(text_for_encoder(text, detect(text).language), "query").strip()
        if read:
            by_language[detect(read).language][read] = None
    return [list(texts) for _, texts in sorted(by_language.items()) if len(texts) >= FEWEST]


def _texts(table: Path) -> Iterator[str]:
    for number, line in islice(numbered_lines(table), 1, None):
        try:
            yield line.decode("utf-8").rstrip("\r\n").rsplit("\t", 1)[-1]
        except UnicodeDecodeError as error:
            raise BrokenMoods(f"{table.name}, line {number}: not UTF-8.") from error
