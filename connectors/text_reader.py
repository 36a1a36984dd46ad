"""Reads contacts' texts for conversations: one encoding, from which language, mood and signals come."""

from collections.abc import Mapping, Sequence

import numpy as np

from crm.conversations.ports import Cause, Mood, Reading, ReadTurn
from crm.enums import Outcome
from language.batching import BatchingEncoder
from language.detection import Language, detect
from language.ratings import rating_in_words
from language.reading import text_for_encoder
from language.vocabulary import Words
from language.wanted import wanted_language
from sentiment.danger import DANGER, is_in_danger
from sentiment.frustration import ContactTurn, FrustrationWeights, changed_weights, frustration, heard_signals
from sentiment.mood import Sentiment, Signal
from sentiment.problems import problem_of
from sentiment.reader import MoodReader
from sentiment.requests import asks_for_person

# Below this, a text says too little of its language ("ok", a number) to answer in another one than before.
SURE_OF_LANGUAGE = 0.75
# A message as glad as this one takes off some of what was there before.
THANKFUL = 0.6
_ANSWERED_IN = {Language.fa: "fa", Language.finglish: "fa", Language.en: "en"}


class TextReader:
    """The `Reader` of conversations, over the shared encoder and the sentiment model.

    Finglish, and words typed wrongly, are read by `words` too.
    """

    def __init__(
        self, encoder: BatchingEncoder, moods: MoodReader, weights: FrustrationWeights, words: Words | None = None
    ) -> None:
        self._encoder = encoder
        self._moods = moods
        self._weights = weights
        self._words = words

    async def read(self, text: str, *, expected_language: str) -> Reading:
        detection = detect(text)
        vector = await self._encoder.encode(text_for_encoder(text, detection.language, self._words), kind="query")
        mood = self._moods.read(vector, text, self._words)
        sure = detection.confidence >= SURE_OF_LANGUAGE
        return Reading(
            vector=vector.astype("<f4").tobytes(),
            encoder=self._encoder.fingerprint,
            language=_ANSWERED_IN.get(detection.language, expected_language) if sure else expected_language,
            sentiment=mood.label.value,
            sentiment_score=mood.score,
            signals=self._signals(mood, text),
            problem=problem_of(text),
            asked_for_person=asks_for_person(text),
            wanted_language=wanted_language(text),
            rating=rating_in_words(text),
        )

    def mood(self, turns: Sequence[ReadTurn], weights: Mapping[str, float]) -> Mood:
        used = changed_weights(self._weights, weights)
        found = frustration([self._as_contact_turn(turn) for turn in turns], used)
        causes = tuple(
            Cause(code=cause.code.value, weight=cause.weight, sequence=turns[cause.turn].sequence)
            for cause in found.causes
        )
        return Mood(frustration=found.level, causes=causes)

    def _signals(self, mood: Sentiment, text: str) -> tuple[str, ...]:
        heard = {signal.value for signal in heard_signals(mood, self._weights)}
        if is_in_danger(text):
            heard |= {DANGER, Signal.vulnerable.value}
        return tuple(sorted(heard))

    def _as_contact_turn(self, turn: ReadTurn) -> ContactTurn:
        is_ours = turn.encoder == self._encoder.fingerprint
        return ContactTurn(
            score=turn.sentiment_score,
            signals=frozenset(turn.signals),
            # A vector of another encoder, from before a change of model, is like none.
            vector=np.frombuffer(turn.vector, dtype="<f4") if turn.vector and is_ours else None,
            # A technical failure is ours; the contact was not misunderstood.
            outcome=turn.outcome.value if turn.outcome and turn.outcome is not Outcome.failed else None,
            thanked=turn.sentiment_score >= THANKFUL,
            text=turn.text,
            asked_for_person=turn.asked_for_person,
            waited_minutes=turn.waited_minutes,
            rating=turn.rating,
            rated_days_ago=turn.rated_days_ago,
        )
