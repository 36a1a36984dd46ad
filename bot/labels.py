"""What people who work here said that messages mean, added to the training data that ships."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from bot.labelled_rows import OOS, Row, read_rows
from bot.names import INTENT_NAMES, Intents
from language.normalise import normalise

SHIPPED = Path("bot/nlu/data")


def data_with(labels: "Path | None", folder: Path) -> list[str]:
    """The NLU files to train on, those that are new in a folder; without a label, those that ship and no more.

    A text stands in them once. What ships counts until somebody here says otherwise of the same words, and what is
    labelled with an intent that this version does not have is passed over. Raises BrokenLine.
    """
    rows = usable_rows(labels)
    shipped = _shipped()
    fresh = [row for row in rows if shipped.get(normalise(row.text)) != row.label]
    if not fresh:
        return [str(SHIPPED)]
    # JSON as Rasa's older format takes it: in YAML, brackets in people's texts would be entities.
    common = [{"text": row.text, "intent": row.label} for row in fresh]
    added = folder / "labels.json"
    added.write_text(json.dumps({"rasa_nlu_data": {"common_examples": common}}), encoding="utf-8")
    contradicted = {normalise(row.text) for row in fresh} & shipped.keys()
    kept = _without(contradicted, folder / "shipped") if contradicted else SHIPPED
    return [str(kept), str(added)]


def usable_rows(labels: "Path | None") -> list[Row]:
    """What the file has for this version's intents, each text once; nothing where there is no file."""
    if not labels or not labels.is_file() or not labels.stat().st_size:
        return []
    rows = read_rows(labels)
    named = [Row(row.text, Intents.OUT_OF_SCOPE if row.label == OOS else row.label, row.language) for row in rows]
    by_words = {normalise(row.text): row for row in named if row.label in INTENT_NAMES}
    return list(by_words.values())


def _shipped() -> dict[str, str]:
    """The intent of each example, by its words."""
    return {
        normalise(example): entry["intent"]
        for file in SHIPPED.glob("*.yml")
        for entry in _entries(file)
        for example in _examples(entry)
    }


def _without(words: Iterable[str], folder: Path) -> Path:
    """A copy of the data that ships, less some examples."""
    unwanted = set(words)
    folder.mkdir()
    for file in SHIPPED.glob("*.yml"):
        kept = []
        for entry in _entries(file):
            lines = [f"- {one}\n" for one in _examples(entry) if normalise(one) not in unwanted]
            if lines:
                kept.append({**entry, "examples": "".join(lines)})
        content = {"version": "3.1", "nlu": kept}
        (folder / file.name).write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return folder


def _entries(file: Path) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = yaml.safe_load(file.read_text(encoding="utf-8"))["nlu"]
    return entries


def _examples(entry: dict[str, Any]) -> list[str]:
    return [line.strip().removeprefix("- ") for line in entry["examples"].splitlines() if line.strip()]
