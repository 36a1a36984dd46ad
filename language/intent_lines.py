"""The lines that the bot's intents learn from, as plain text: Rasa's training files without their marks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

INTENTS_FOLDER = Path("bot/nlu/data")
# An entity in a line: [HM-1042](ticket) or [HM-1042]{"entity": "ticket"}.
_ENTITY = re.compile(r"\[([^\]]*)\](?:\([^)]*\)|\{[^}]*\})")


class BrokenIntents(Exception):
    """A file is no training file of intents; the message names it and the reason."""


def text_of(line: str) -> str:
    """The text of a line of examples, which begins with a dash; empty where there is none."""
    return plain(line.strip().removeprefix("-")).strip()


def plain(line: str) -> str:
    """A line without the marks of its entities."""
    return _ENTITY.sub(r"\1", line)


def read_intent_lines(folder: Path = INTENTS_FOLDER) -> Iterator[tuple[str, str]]:
    """Each line of the folder's `.yml` files with its intent first, in order of file names; raises BrokenIntents."""
    for file in sorted(folder.glob("*.yml")):
        content = file.read_bytes()
        try:
            entries = yaml.safe_load(content.decode("utf-8"))["nlu"]
            examples = [(entry["intent"], entry["examples"].splitlines()) for entry in entries if "intent" in entry]
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            raise BrokenIntents(f"{file.name}, line {line}: not UTF-8.") from error
        except yaml.YAMLError as error:
            raise BrokenIntents(f"{file.name} is no file of intents: {error}.") from error
        except (KeyError, TypeError, AttributeError) as error:
            raise BrokenIntents(f"{file.name} is no file of intents: {error!r}.") from error
        for intent, lines in examples:
            yield from ((intent, text) for text in map(text_of, lines) if text)
