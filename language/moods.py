"""Texts whose likeness to each other the encoder's training must not lose: those that moods and intents learn from."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from language.detection import Language, detect
from language.encoder import readable
from language.intent_lines import INTENTS_FOLDER, read_intent_lines
from language.reading import text_for_encoder

MOODS_FOLDER = Path("sentiment/data")
# Fewer of a language say nothing of how its texts lie to each other.
FEWEST = 300


def read_moods(moods: Path = MOODS_FOLDER, intents: Path = INTENTS_FOLDER) -> list[list[str]]:
    """The texts as the encoder reads them, each once, a list for each language; raises OSError and BrokenIntents.

    Moods are tables whose last column is the text, below a header.
    """
    lines = [line for file in sorted(moods.glob("*.tsv")) for line in file.read_text("utf-8").splitlines()[1:]]
    written = [line.rsplit("\t", 1)[-1] for line in lines] + [text for _, text in read_intent_lines(intents)]
    by_language: dict[Language, dict[str, None]] = defaultdict(dict)
    for text in written:
        read = readable(text_for_encoder(text, detect(text).language), "query").strip()
        if read:
            by_language[detect(read).language][read] = None
    return [list(texts) for _, texts in sorted(by_language.items()) if len(texts) >= FEWEST]
