"""What people who work here said that messages mean, added to the training data that ships."""

import json
from collections.abc import Container, Iterable
from pathlib import Path
from typing import Any

import yaml

from bot.labelled_rows import OOS, Row, read_rows
from bot.names import INTENT_NAMES, Intents
from language.intent_lines import read_intent_lines, text_of
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
    return {normalise(text): intent for intent, text in read_intent_lines(SHIPPED)}


def _without(words: Iterable[str], folder: Path) -> Path:
    """A copy of the data that ships, less some examples of intents."""
    unwanted = set(words)
    folder.mkdir()
    for file in SHIPPED.glob("*.yml"):
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        content["nlu"] = [kept for entry in content["nlu"] if (kept := _less(entry, unwanted))]
        (folder / file.name).write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return folder


def _less(entry: dict[str, Any], unwanted: Container[str]) -> "dict[str, Any] | None":
    """An entry without some of its examples; as it is where it is no intent's, and nothing where none is left."""
    if "intent" not in entry:
        return entry
    lines = [line for line in entry["examples"].splitlines() if normalise(text_of(line)) not in unwanted]
    return {**entry, "examples": "\n".join(lines) + "\n"} if any(map(text_of, lines)) else None
