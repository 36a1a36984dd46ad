"""Intents, confidence and scope, told from vectors and wording."""

import numpy as np
import pytest

from bot.nlu.intent_model import IntentModel, OutdatedModel, Texts

AXES = {"refund": 0, "invoice": 1, "weather": 2}
WORDS = {"refund": "money back please", "invoice": "send the bill", "weather": "rain or sun"}


def texts(label: str, count: int, *, seed: int = 0) -> Texts:
    """So many texts of a kind: vectors about its axis, each with one of nine words more."""
    scatter = np.random.default_rng(seed).normal(scale=0.1, size=(count, 4))
    return Texts(
        [f"{WORDS[label]} {(seed + number) % 9}" for number in range(count)], (np.eye(4)[AXES[label]] + scatter)
    )


def joined(*parts: Texts) -> Texts:
    return Texts([text for part in parts for text in part.texts], np.vstack([part.vectors for part in parts]))


NOTHING = Texts([], np.zeros((0, 4)))
EXAMPLES = joined(texts("refund", 20), texts("invoice", 20, seed=1))
LABELS = ["refund"] * 20 + ["invoice"] * 20
ELSEWHERE = texts("weather", 20, seed=2)


@pytest.fixture(scope="module")
def model() -> IntentModel:
    return IntentModel.fit(EXAMPLES, LABELS, ELSEWHERE)


def read(model: IntentModel, asked: Texts) -> list:
    return [model.read(text, vector) for text, vector in zip(asked.texts, asked.vectors, strict=True)]


class TestRead:
    def test_tells_the_intents_apart(self, model) -> None:
        asked = read(model, texts("invoice", 10, seed=5))

        assert all(model.labels[meaning.probabilities.argmax()] == "invoice" for meaning in asked)

    def test_keeps_what_is_like_the_examples_in_scope_and_nothing_else(self, model) -> None:
        inside = [meaning.is_in_scope for meaning in read(model, texts("refund", 20, seed=6))]
        outside = [meaning.is_in_scope for meaning in read(model, texts("weather", 20, seed=7))]

        assert sum(inside) >= 16
        assert not any(outside)

    def test_survives_a_text_without_meaning(self, model) -> None:
        meaning = model.read("", np.zeros(4))

        assert np.isfinite(meaning.probabilities).all()
        assert not meaning.is_in_scope


class TestFit:
    def test_learns_the_scope_from_examples_of_what_is_outside_it(self) -> None:
        with_weather = joined(EXAMPLES, ELSEWHERE)
        model = IntentModel.fit(with_weather, [*LABELS, *["weather"] * 20], NOTHING, outside="weather")

        assert not any(meaning.is_in_scope for meaning in read(model, texts("weather", 10, seed=7)))

    def test_is_less_sure_where_examples_are_labelled_at_random(self, model) -> None:
        shuffled = list(np.random.default_rng(3).permutation(LABELS))
        confused = IntentModel.fit(EXAMPLES, shuffled, ELSEWHERE)

        (sure,), (unsure,) = (read(one, texts("refund", 1, seed=8)) for one in (model, confused))

        assert unsure.probabilities.max() < 0.75 < sure.probabilities.max()

    @pytest.mark.parametrize("labels", [["refund", "invoice"], ["refund", "refund", "invoice"]])
    def test_declines_nothing_for_its_scope_after_too_few_examples(self, labels) -> None:
        few = joined(*(texts(label, 1, seed=number) for number, label in enumerate(labels)))

        model = IntentModel.fit(few, labels, NOTHING)

        assert all(meaning.is_in_scope for meaning in read(model, ELSEWHERE))

    def test_learns_an_intent_of_one_example_beside_many_that_are_outside(self) -> None:
        alone = joined(texts("refund", 1, seed=5), texts("weather", 30, seed=6))

        model = IntentModel.fit(alone, ["refund", *["weather"] * 30], NOTHING, outside="weather")

        assert np.isfinite(read(model, texts("refund", 1, seed=7))[0].probabilities).all()

    def test_knows_again_what_one_example_alone_says(self) -> None:
        rare = texts("weather", 1, seed=8)
        model = IntentModel.fit(joined(EXAMPLES, rare), [*LABELS[:-1], LABELS[-1], LABELS[0]], ELSEWHERE)

        (meaning,) = read(model, rare)

        assert model.labels[meaning.probabilities.argmax()] == LABELS[0]

    def test_gives_the_same_model_from_the_same_examples(self, model, tmp_path) -> None:
        again = IntentModel.fit(EXAMPLES, LABELS, ELSEWHERE)
        (tmp_path / "a").mkdir()
        (tmp_path / "b").mkdir()

        model.save(tmp_path / "a")
        again.save(tmp_path / "b")

        one, other = (np.load(tmp_path / name / "arrays.npz") for name in ("a", "b"))
        assert set(one) == set(other)
        assert all(np.array_equal(one[name], other[name]) for name in one)


class TestLoad:
    def test_reads_as_before(self, model, tmp_path) -> None:
        model.save(tmp_path)

        (before,), (after,) = (read(one, texts("refund", 1, seed=9)) for one in (model, IntentModel.load(tmp_path)))

        assert np.array_equal(before.probabilities, after.probabilities)
        assert before.scope == after.scope

    def test_refuses_a_model_of_an_earlier_version(self, model, tmp_path) -> None:
        model.save(tmp_path)
        with np.load(tmp_path / "arrays.npz") as arrays:
            earlier = {name: array for name, array in arrays.items() if name != "known_labels"}
        np.savez_compressed(tmp_path / "arrays.npz", **earlier)

        with pytest.raises(OutdatedModel):
            IntentModel.load(tmp_path)
