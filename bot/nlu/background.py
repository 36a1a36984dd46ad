"""What anybody may ask: texts of other businesses and of no business, against which nearness is measured."""

import json
from pathlib import Path

from language.support_questions import DATA_FOLDER, KEPT_APART

_GENERAL = DATA_FOLDER.parent / "general_passages.jsonl"
# Every tenth does as well as all, and is encoded in seconds. Of general questions fewer: they are far from what a
# desk is asked, and with many of them its near misses pass.
_STEP = 10
_GENERAL_STEP = 25


def background_texts() -> "list[str]":
    """English and informal Persian questions of the encoder's training businesses, and general ones."""
    texts = []
    for path in sorted(DATA_FOLDER.glob("*.jsonl")):
        if path.stem not in KEPT_APART:
            for group in _some_of(path, _STEP):
                texts += [group["english"], *group.get("english_informal", ()), group["informal"][0]]
    return texts + [passage["questions"][0] for passage in _some_of(_GENERAL, _GENERAL_STEP)]


def _some_of(path: Path, step: int) -> "list[dict]":
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()[::step]]
