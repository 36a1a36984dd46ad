from types import SimpleNamespace
from typing import Any

import pytest

from connectors.text_reader import TextReader
from crm.conversations.ports import ReadTurn
from sentiment.frustration import load_weights


@pytest.fixture
def reader() -> TextReader:
    """A reader of moods alone, for which nothing is encoded."""
    nothing: Any = SimpleNamespace(fingerprint="encoder")
    return TextReader(nothing, nothing, load_weights())


class TestMood:
    def test_names_an_earlier_low_rating_at_the_message_that_it_came_with(self, reader: TextReader) -> None:
        first = ReadTurn(
            sequence=7,
            text="سلام، کلاس فردا هست؟",
            sentiment_score=0.0,
            signals=(),
            vector=None,
            outcome=None,
            rating=2,
            rated_days_ago=45.0,
        )

        (cause,) = reader.mood([first], {"low_rating": 0.2}).causes

        assert (cause.code, cause.sequence) == ("rated_2", 7)
        assert cause.weight == pytest.approx(0.1)
