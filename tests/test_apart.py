"""What is measured was not learned: no line of `sentiment/data` stands close to a test set, no intent's line to theirs.

Moods also learn calm lines from the intents and from the businesses' questions, which nobody labelled; those are not
compared here: docs/models/sentiment.md has their counts.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest
import yaml

from language.intent_lines import read_intent_lines
from language.normalise import normalise
from sentiment.examples import DATA_FOLDER, read_examples

TESTS = Path(__file__).parent
# Shorter ones are said alike by everybody: "thanks a lot".
FEWEST_WORDS = 4


def cases() -> list[str]:
    return [one.text for name in ("cases", "fresh_cases") for one in read_examples(TESTS / "sentiment" / f"{name}.tsv")]


def messages() -> list[str]:
    return [row["text"] for row in json_lines("messages")]


def conversations() -> list[str]:
    return [text for name in ("handoff", "conversations") for row in json_lines(name) for text in row["messages"]]


def held_out() -> list[str]:
    by_intent = yaml.safe_load((TESTS / "nlu" / "held_out.yml").read_text(encoding="utf-8"))
    return [text for texts in by_intent.values() for text in texts]


class TestMoods:
    def test_learn_nothing_close_to_a_test_case_however_short(self):
        assert len(cases()) > 250
        assert list(close_pairs(cases(), moods())) == []

    @pytest.mark.parametrize("tested", [messages, conversations, held_out])
    def test_learn_nothing_close_to_a_sentence_of_the_other_sets(self, tested):
        assert len(sentences(tested())) > 100
        assert list(close_pairs(sentences(tested()), moods())) == []


class TestIntents:
    @pytest.mark.parametrize("tested", [messages, held_out])
    def test_learn_nothing_close_to_a_sentence_of_the_test_sets(self, tested):
        learned = [text for _, text in read_intent_lines()]

        assert len(tested()) > 190
        assert list(close_pairs(sentences(tested()), learned)) == []


def json_lines(name: str) -> list[dict]:
    lines = (TESTS / "data" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def moods() -> list[str]:
    learned = [one.text for one in read_examples(DATA_FOLDER)]
    assert len(learned) > 900
    return learned


def sentences(texts: Iterable[str]) -> list[str]:
    return [text for text in texts if len(text.split()) >= FEWEST_WORDS]


def close_pairs(tested: Sequence[str], learned: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The pairs that share more than half of their letters-in-fours (Jaccard)."""
    holding = defaultdict(set)
    for place, text in enumerate(learned):
        for gram in grams(text):
            holding[gram].add(place)
    for text in tested:
        for place in set().union(*(holding[gram] for gram in grams(text))):
            if 2 * len(grams(text) & grams(learned[place])) > len(grams(text) | grams(learned[place])):
                yield text, learned[place]


@cache
def grams(text: str) -> frozenset[str]:
    line = normalise(text)
    return frozenset(line[start : start + 4] for start in range(max(1, len(line) - 3)))
