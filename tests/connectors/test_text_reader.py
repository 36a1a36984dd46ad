from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from connectors.text_reader import TextReader
from crm.conversations.ports import ReadTurn
from language.vocabulary import consonants_of
from sentiment.frustration import load_weights
from sentiment.mood import Sentiment, SentimentLabel, Signal


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


NOTHING_FELT = Sentiment(
    SentimentLabel.neutral, 0.0, dict.fromkeys(SentimentLabel, 1 / 3), dict.fromkeys(Signal, 0.0), frozenset()
)


class Recording:
    """An encoder that says what it was given."""

    fingerprint = "encoder"

    def __init__(self) -> None:
        self.read: list[str] = []

    async def encode(self, text: str, *, kind: str) -> NDArray[np.float32]:
        self.read.append(text)
        return np.zeros(4, np.float32)


class Names:
    def sounding(self, consonants: str) -> list[tuple[str, int]]:
        return [("بارسلونا", 1)] if consonants == consonants_of("بارسلونا") else []

    def count(self, word: str) -> int:
        return 0


class TestRead:
    async def test_reads_names_in_latin_letters_by_the_words_in_use(self) -> None:
        encoder, moods = Recording(), SimpleNamespace(read=lambda *_: NOTHING_FELT)
        reader = TextReader(cast(Any, encoder), cast(Any, moods), load_weights(), words=Names())

        await reader.read("shahr bareselona koja ast", expected_language="fa")

        assert "بارسلونا" in encoder.read[0]

    async def test_answers_in_the_language_before_where_one_unknown_word_tells_none(self) -> None:
        encoder, moods = Recording(), SimpleNamespace(read=lambda *_: NOTHING_FELT)
        reader = TextReader(cast(Any, encoder), cast(Any, moods), load_weights(), words=Names())

        assert (await reader.read("pipedrive", expected_language="en")).language == "en"

    @pytest.mark.parametrize("text", ["میخوام خودمو بکشم", "khodamo mikosham", "I want to end it all"])
    async def test_hears_a_life_in_danger_that_the_model_does_not(self, text: str) -> None:
        moods = SimpleNamespace(read=lambda *_: NOTHING_FELT)
        reader = TextReader(cast(Any, Recording()), cast(Any, moods), load_weights())

        assert (await reader.read(text, expected_language="fa")).signals == ("danger", "vulnerable")
