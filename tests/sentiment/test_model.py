import json
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from language.encoder import Encoder
from language.hashing_encoder import HashingEncoder
from language.intent_lines import plain
from language.reading import encode_as_served
from sentiment.examples import DATA_FOLDER, Example, read_examples
from sentiment.frustration import ContactTurn, frustration, heard_signals, load_weights
from sentiment.model import WEIGHTS_FILE, WEIGHTS_FOLDER, SentimentModel, SentimentModelError
from sentiment.mood import Sentiment, SentimentLabel, Signal
from sentiment.reader import MoodReader
from sentiment.train import HEATED_INTENTS, ordinary_requests, train

ENCODER_FOLDER = Path(__file__).parents[2] / "var" / "models" / "encoder"
CONVERSATIONS = Path(__file__).parents[1] / "nlu" / "conversations"
CASES = [Path(__file__).with_name(name) for name in ("cases.tsv", "fresh_cases.tsv")]
HANDOFF_THRESHOLD = 0.6


@pytest.fixture(scope="module")
def encoder() -> HashingEncoder:
    return HashingEncoder()


@pytest.fixture(scope="module")
def model(encoder) -> SentimentModel:
    """A model trained on a tenth of the data, over vectors that need no network's weights."""
    return train(encoder, read_examples(DATA_FOLDER)[::10])


class TestPredict:
    def test_gives_probabilities_that_sum_to_one_and_a_score_within_bounds(self, model, encoder):
        mood = predicted(model, encoder, "مرسی، عالی بود!")

        assert sum(mood.probabilities.values()) == pytest.approx(1)
        assert -1 <= mood.score <= 1
        assert mood.label is max(mood.probabilities, key=mood.probabilities.get)
        assert set(mood.signal_probabilities) == set(Signal)

    def test_tells_thanks_from_an_insult(self, model, encoder):
        thanks, insult = predicted(model, encoder, "ممنون عالی بود"), predicted(model, encoder, "you stupid idiots!!!")

        assert thanks.score > insult.score
        assert insult.signal_probabilities[Signal.abuse] > thanks.signal_probabilities[Signal.abuse]

    @pytest.mark.parametrize("text", ["", "\0", "\ud800", "‮", "x" * 100_000])
    def test_takes_any_text(self, model, encoder, text):
        assert predicted(model, encoder, text).label in SentimentLabel


class TestTrain:
    def test_learns_words_that_no_lexicon_holds(self, encoder):
        glad = [Example("support", "en", SentimentLabel.neutral, frozenset(), f"a zorbly day {n}") for n in range(20)]
        cross = [Example("posts", "en", SentimentLabel.negative, {Signal.anger}, f"what a frib {n}") for n in range(20)]
        rest = read_examples(DATA_FOLDER)[::20]

        learned = train(encoder, [*rest, *cross], glad)

        assert learned.signals[Signal.anger].phrases["frib"] > 0.05
        assert learned.signals[Signal.anger].phrases.get("zorbly", 0.0) < 0

    def test_does_not_take_displeasure_in_which_nobody_sought_signals_for_calm(self, encoder):
        def dull(kind: str) -> list[Example]:
            return [Example(kind, "en", SentimentLabel.negative, frozenset(), f"what a frib {n}") for n in range(20)]

        rest = read_examples(DATA_FOLDER)[::20]

        assert train(encoder, [*rest, *dull("support")]).signals[Signal.anger].phrases["frib"] < 0
        assert "frib" not in train(encoder, [*rest, *dull("opinions")]).signals[Signal.anger].phrases

    def test_gives_the_same_weights_twice(self, tmp_path, model, encoder):
        model.save(tmp_path / "one")
        train(encoder, read_examples(DATA_FOLDER)[::10]).save(tmp_path / "two")

        assert (tmp_path / "one" / WEIGHTS_FILE).read_bytes() == (tmp_path / "two" / WEIGHTS_FILE).read_bytes()


class TestLoad:
    def test_gives_back_what_was_saved(self, tmp_path, model, encoder):
        model.save(tmp_path)

        loaded = SentimentModel.load(tmp_path, encoder=encoder.fingerprint)

        assert predicted(loaded, encoder, "خیلی بد بود").score == pytest.approx(
            predicted(model, encoder, "خیلی بد بود").score, abs=0.01
        )

    def test_refuses_weights_made_with_another_encoder_and_says_what_to_do(self, tmp_path, model):
        model.save(tmp_path)

        with pytest.raises(SentimentModelError, match=r"made with the encoder .* train sentiment"):
            SentimentModel.load(tmp_path, encoder="another")

    def test_refuses_weights_made_with_other_features(self, tmp_path, model, encoder):
        model.save(tmp_path)
        path = tmp_path / WEIGHTS_FILE
        path.write_text(json.dumps(json.loads(path.read_text()) | {"feature_names": ["tone"]}))

        with pytest.raises(SentimentModelError, match="other features"):
            SentimentModel.load(tmp_path, encoder=encoder.fingerprint)

    @pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"encoder": "e"}'])
    def test_refuses_damaged_weights(self, tmp_path, content):
        (tmp_path / WEIGHTS_FILE).write_text(content)

        with pytest.raises(SentimentModelError, match="damaged"):
            SentimentModel.load(tmp_path, encoder="e")

    def test_says_when_there_are_no_weights(self, tmp_path):
        with pytest.raises(SentimentModelError, match="no sentiment weights"):
            SentimentModel.load(tmp_path, encoder="e")


class TestOrdinaryRequests:
    def test_takes_calm_lines_alone(self, tmp_path):
        (tmp_path / "tickets.yml").write_text(
            "nlu:\n- intent: ticket_status\n  examples: |\n    - how is my ticket?\n"
            "- intent: abuse\n  examples: |\n    - you donkey\n- regex: ticket\n  examples: |\n    - x\n"
        )

        found = ordinary_requests(tmp_path)

        assert [(one.text, one.label, one.signals) for one in found] == [
            ("how is my ticket?", SentimentLabel.neutral, frozenset())
        ]


@pytest.fixture(scope="module")
def read() -> list[tuple[Example, Sentiment]]:
    """Every test case with the mood that the shipped model reads in it."""
    encoder = Encoder.open(ENCODER_FOLDER)
    reader = MoodReader(SentimentModel.load(WEIGHTS_FOLDER, encoder=encoder.fingerprint))
    examples = [example for path in CASES for example in read_examples(path)]
    assert len(examples) > 250
    return [(one, reader.read(encoded(encoder, one.text), one.text)) for one in examples]


@pytest.mark.model
class TestShippedModel:
    """The figures of docs/models/sentiment.md, a little below them so that a retraining is not a failure."""

    def test_finds_angry_messages(self, read):
        angry = [mood for one, mood in read if one.signals & {Signal.anger, Signal.abuse}]

        assert share(bool(mood.signals & {Signal.anger, Signal.abuse}) for mood in angry) >= 0.9

    def test_hands_off_for_angry_messages_and_not_for_calm_reports(self, read):
        weights = load_weights()

        def hands_off(mood: Sentiment) -> bool:
            turn = ContactTurn(score=mood.score, signals=frozenset(mood.signals))
            return frustration([turn], weights).reaches(HANDOFF_THRESHOLD)

        assert share(hands_off(mood) for one, mood in read if one.signals & {Signal.anger, Signal.abuse}) >= 0.9
        assert share(hands_off(mood) for one, mood in read if one.label is SentimentLabel.neutral) <= 0.02

    def test_leaves_calm_requests_of_the_conversation_tests_to_the_bot(self):
        encoder, weights = Encoder.open(ENCODER_FOLDER), load_weights()
        reader = MoodReader(SentimentModel.load(WEIGHTS_FOLDER, encoder=encoder.fingerprint))
        asked = sorted(calm_steps(CONVERSATIONS))
        assert len(asked) > 80

        def hands_off(text: str) -> bool:
            mood = reader.read(encoded(encoder, text), text)
            turn = ContactTurn(score=mood.score, signals=frozenset(heard_signals(mood, weights)))
            return frustration([turn], weights).reaches(HANDOFF_THRESHOLD)

        assert [text for text in asked if hands_off(text)] == []

    @pytest.mark.parametrize(
        "text",
        [
            *("فردا عمل دارم چیکار کنم", "تصادف کردم", "بابام رفت از دنیا", "از دنیا رفت", "باردارم", "کرونا گرفتم"),
            *("madarbozorgam fot karde nemiresam", "I'm pregnant and can't sit that long"),
        ],
    )
    def test_hears_illness_and_loss_that_are_told_in_few_words(self, text):
        assert Signal.vulnerable in heard(text)

    @pytest.mark.parametrize(
        "text",
        [
            "روز یکشنبه و سه شنبه سر کار هستم و نمیتونم شرکت کنم",
            "I'm at work on Sundays and can't attend, can I move to the next term?",
            *("ساده تر بگو", "نفهمیدم", "بیشتر توضیح بده", "خب CSAT چی؟", "خطر ریزش مشتری یعنی چی؟"),
            *("خب پس پایپلاین فروش چی؟", "اطلاعات منو پاک کنید", "اگه قسط رو دیر بدم چی میشه"),
            "اصلا ولش کن خودم درستش کردم",
        ],
    )
    def test_hears_nothing_in_plain_questions_requests_and_other_reasons_not_to_come(self, text):
        assert heard(text) == frozenset()

    @pytest.mark.parametrize("text", ["سر کارم گذاشتین؟", "مرسی از پاسخگویی سریعتون! دو هفته‌ست علاف شدم"])
    def test_hears_reproach(self, text):
        assert Signal.anger in heard(text)

    @pytest.mark.parametrize("text", ["به به چه پشتیبانی عالی‌ای، فقط سه روزه منتظرم", "Thanks for nothing"])
    def test_takes_wry_praise_for_none(self, text):
        assert read_alone(text).score < 0

    def test_labels_most_messages_as_a_reader_would(self, read):
        assert share(mood.label is one.label for one, mood in read) >= 0.85


def read_alone(text: str) -> Sentiment:
    encoder = Encoder.open(ENCODER_FOLDER)
    return MoodReader(SentimentModel.load(WEIGHTS_FOLDER, encoder=encoder.fingerprint)).read(
        encoded(encoder, text), text
    )


def heard(text: str) -> frozenset[Signal]:
    return heard_signals(read_alone(text), load_weights())


def calm_steps(folder: Path) -> set[str]:
    """What contacts say in the bot's conversation tests, but for what may well be said in anger."""
    stories = [
        story for file in folder.glob("*.yml") for story in yaml.safe_load(file.read_text(encoding="utf-8"))["stories"]
    ]
    steps = [step for story in stories for step in story["steps"] if step.get("intent") not in HEATED_INTENTS]
    said = {plain(step["user"]).strip() for step in steps if "user" in step}
    return {text for text in said if not text.startswith("/")}


def predicted(model: SentimentModel, encoder: HashingEncoder, text: str) -> Sentiment:
    return model.predict(encoded(encoder, text), text)


def encoded(encoder, text: str):
    return encode_as_served(encoder, [text])[0]


def share(answers: Sequence[bool]) -> float:
    answers = list(answers)
    assert answers
    return sum(answers) / len(answers)
