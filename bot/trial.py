"""Try a model beside the one that serves: whole conversations, the project's test messages, and people's labels."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.commands import without_command
from bot.labelled_rows import OOS, Row
from bot.models import Trial
from bot.names import Intents
from bot.test import DEFAULT_CONVERSATIONS, Outcome, play

TEST_MESSAGES = Path("tests/nlu/held_out.yml")
# What a message that is none of our business may be taken for.
_DECLINED = frozenset({Intents.OUT_OF_SCOPE, Intents.NLU_FALLBACK})


class NothingToCompare(Exception):
    """The model that serves cannot be loaded any more."""


@dataclass(frozen=True)
class Measured:
    """What one model makes of everything."""

    played: Outcome
    accuracy: float | None
    labelled_accuracy: float | None


def try_beside(candidate: Path, serving: Path, *, name: str, labelled: Sequence[Row]) -> Trial:
    """What the candidate makes of everything, beside what the serving model of this name does.

    Raises NothingToCompare, and whatever Rasa raises on a candidate that cannot be loaded.
    """
    messages = own_messages()
    try:
        loaded = _load(serving)
    except Exception as error:
        raise NothingToCompare(str(error)) from error
    before = _measured(loaded, messages, labelled)
    # One after the other: each opens an encoder of its own, and two take half a gigabyte more.
    del loaded
    now = _measured(_load(candidate), messages, labelled)
    return Trial(
        against=name,
        conversations=now.played.total,
        failed=now.played.failed,
        failed_anew=sorted(set(now.played.failed) - set(before.played.failed)),
        texts=len(messages),
        accuracy=now.accuracy or 0.0,
        accuracy_before=before.accuracy or 0.0,
        labelled=len(labelled),
        labelled_accuracy=now.labelled_accuracy,
        labelled_accuracy_before=before.labelled_accuracy,
    )


def _measured(agent: Any, messages: Sequence[Row], labelled: Sequence[Row]) -> Measured:
    return Measured(play(agent, DEFAULT_CONVERSATIONS), _accuracy(agent, messages), _accuracy(agent, labelled))


def own_messages() -> list[Row]:
    """The project's own messages, which no training file holds."""
    by_intent: dict[str, list[str]] = yaml.safe_load(TEST_MESSAGES.read_text(encoding="utf-8"))
    return [Row(text, intent, "unknown") for intent, texts in by_intent.items() for text in texts]


def _accuracy(agent: Any, rows: Sequence[Row]) -> float | None:
    """The share that is understood; None without a text."""
    if not rows:
        return None
    return round(sum(asyncio.run(_is_understood(agent, row)) for row in rows) / len(rows), 4)


async def _is_understood(agent: Any, row: Row) -> bool:
    from rasa.core.channels.channel import UserMessage

    parsed = await agent.processor.parse_message(UserMessage(without_command(row.text)))
    said = parsed["intent"]["name"]
    return said in _DECLINED if row.label in {OOS, Intents.OUT_OF_SCOPE} else said == row.label


def _load(model: Path) -> Any:
    from rasa.core.agent import Agent

    return Agent.load(str(model))
