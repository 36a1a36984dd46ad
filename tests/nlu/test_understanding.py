"""How well the trained model understands lines that it has not seen, and conversations as a whole."""

import asyncio
from pathlib import Path

import pytest
import yaml
from rasa.core.channels.channel import UserMessage

from bot.names import Intents
from bot.test import play

HELD_OUT = yaml.safe_load(Path("tests/nlu/held_out.yml").read_text(encoding="utf-8"))
# Both end at the knowledge base, which decides for itself.
LOOKED_UP = {Intents.ASK_KNOWLEDGE, Intents.NLU_FALLBACK, Intents.COMPLAINT}


@pytest.fixture(scope="module")
def readings(agent) -> "list[tuple[str, str, str]]":
    """Each held-out line with the intent it has and the intent it was given."""

    async def read(text: str) -> str:
        parsed = await agent.processor.parse_message(UserMessage(text))
        return parsed["intent"]["name"]

    return [(text, intent, asyncio.run(read(text))) for intent, texts in HELD_OUT.items() for text in texts]


class TestUnderstanding:
    def test_nine_of_ten_unseen_lines_are_understood(self, readings) -> None:
        wrong = [reading for reading in readings if reading[1] != reading[2]]

        assert len(readings) > 100
        assert len(wrong) <= len(readings) / 10, wrong

    def test_hardly_a_line_leads_to_something_that_nobody_asked_for(self, readings) -> None:
        astray = [reading for reading in readings if reading[2] not in {reading[1]} | LOOKED_UP]

        assert len(astray) <= len(readings) / 25, astray


class TestConversations:
    def test_all_go_as_written(self, agent) -> None:
        outcome = play(agent, Path("tests/nlu/conversations"))

        assert outcome.total >= 25
        assert outcome.failed == [], outcome.failures
