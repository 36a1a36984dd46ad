"""Labelled messages as training data, without what tells whose they were; in the format of `./hamyar evaluate intents`.

`python -m web.training_examples --output FILE` writes them for a training that is started at the terminal.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

from sqlalchemy.ext.asyncio import AsyncSession

from bot.names import Intents
from core.config import Settings
from core.database import Database
from crm.labels.repository import TEACHES_NOTHING, LabelRepository
from knowledge_base.personal import Personal, without_personal
from language.normalise import normalise, safe_text

OOS = "oos"
# Longer messages are pasted logs and letters, which teach nothing of how people ask.
LONGEST_EXAMPLE = 500
UNKNOWN_LANGUAGE = "unknown"
# Not the articles' "[number]": what contacts write has digits where they are, and some intents live by that.
SPECIMENS = {
    Personal.name: "",
    Personal.email: "name@example.com",
    Personal.phone: "09120000000",
    Personal.card: "6037000000000000",
    Personal.iban: "IR000000000000000000000000",
    Personal.number: "10001",
    Personal.link: "https://example.com",
    Personal.address: "خیابان نمونه، پلاک ۱۲",
}


class Example(TypedDict):
    text: str
    label: str
    lang: str


async def examples(session: AsyncSession) -> list[Example]:
    """What was labelled, each text once, with the label that it was given last; without what teaches nothing."""
    labels = LabelRepository(session)
    agents = await labels.agent_names()
    found: dict[str, Example] = {}
    for one in await labels.labelled():
        text = impersonal(one.message.latest_text, known=[*one.known, *agents])
        key = normalise(text)
        if key and len(text) <= LONGEST_EXAMPLE:
            label = OOS if one.label.intent == Intents.OUT_OF_SCOPE else one.label.intent
            found.setdefault(key, Example(text=text, label=label, lang=one.message.language or UNKNOWN_LANGUAGE))
    return [one for one in found.values() if one["label"] != TEACHES_NOTHING]


def impersonal(text: str, *, known: Sequence[str]) -> str:
    """The text in one line with specimens in place of numbers and addresses, and without names.

    A leading slash goes too: it is a command to Rasa.
    """
    replaced = without_personal(safe_text(text), known=known, placeholders=SPECIMENS)
    return " ".join(replaced.split()).lstrip("/ ")


def as_lines(rows: Sequence[Example]) -> str:
    """JSONL."""
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)


async def _of_settings() -> list[Example]:
    database = Database(Settings().database_url)
    try:
        async with database.reading() as session:
            return await examples(session)
    finally:
        await database.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Write them and say how many."""
    parser = argparse.ArgumentParser(prog="python -m web.training_examples", description="Write labelled messages.")
    parser.add_argument("--output", type=Path, required=True)
    output: Path = parser.parse_args(arguments).output
    rows = asyncio.run(_of_settings())
    output.parent.mkdir(parents=True, exist_ok=True)
    # Half of it would stop the next training.
    unfinished = output.with_name(f".{output.name}.unfinished")
    unfinished.write_text(as_lines(rows), encoding="utf-8")
    unfinished.replace(output)
    print(f"{len(rows)} labelled texts")
    return 0


if __name__ == "__main__":
    sys.exit(main())
