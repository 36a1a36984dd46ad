"""The components, each on its own."""

import numpy as np
import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.classifier import LinearIntentClassifier
from bot.nlu.featurizer import MessageVectorFeaturizer
from bot.nlu.identifiers import IdentifierExtractor
from bot.nlu.language import LanguageComponent
from bot.nlu.sentiment import SentimentComponent
from bot.nlu.tokenizer import BilingualTokenizer
from language.vectors import to_base64


def message(text: str, **metadata: object) -> Message:
    return Message({TEXT: text, "metadata": metadata})


@pytest.fixture(scope="module")
def tokenizer() -> BilingualTokenizer:
    return BilingualTokenizer(BilingualTokenizer.get_default_config())


class TestBilingualTokenizer:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("می‌خواهم لغو کنم", ["می‌خواهم", "لغو", "کنم"]),
            ("نرسیده؛چرا", ["نرسیده", "؛", "چرا"]),
            ("سلام،خوبی؟بله", ["سلام", "،", "خوبی", "؟", "بله"]),
            ("I can't sign in", ["I", "ca", "n't", "sign", "in"]),
        ],
    )
    def test_cuts_at_words_and_at_persian_punctuation(self, tokenizer, text, words) -> None:
        tokens = tokenizer.tokenize(message(text), TEXT)

        assert [text[token.start : token.end] for token in tokens] == words

    def test_gives_both_spellings_of_a_word_the_same_token(self, tokenizer) -> None:
        arabic, persian = (tokenizer.tokenize(message(text), TEXT) for text in ("كتابي ۱۲", "کتابی 12"))

        assert [token.text for token in arabic] == [token.text for token in persian]

    @pytest.mark.parametrize("text", ["", " ", "\u200c\u200b", "\u064b\u064b", "\ud800", "x" * 9000])
    def test_survives_any_text(self, tokenizer, text) -> None:
        for token in tokenizer.tokenize(message(text), TEXT):
            assert token.text.strip()


class TestMessageVectorFeaturizer:
    @pytest.fixture
    def featurizer(self, tmp_path) -> MessageVectorFeaturizer:
        config = MessageVectorFeaturizer.get_default_config() | {"encoder_folder": str(tmp_path / "none"), "scale": 10}
        return MessageVectorFeaturizer(config, "vectors")

    def test_takes_the_given_vector_without_an_encoder(self, featurizer) -> None:
        given = message("سلام", vector=to_base64(np.full(384, 0.5, dtype=np.float32)))

        featurizer.process([given])

        _, sentence = given.get_dense_features(TEXT)
        assert sentence.features.shape == (1, 384)
        assert np.allclose(sentence.features, 5.0)

    def test_refuses_a_vector_of_another_size(self, featurizer) -> None:
        with pytest.raises(ValueError, match="384"):
            featurizer.process([message("سلام", vector=to_base64(np.zeros(3, dtype=np.float32)))])

    def test_looks_for_the_encoder_only_when_a_vector_is_missing(self, featurizer) -> None:
        with pytest.raises(Exception, match="none"):
            featurizer.process([message("سلام")])


class TestIdentifierExtractor:
    def test_gives_canonical_values_at_their_places(self) -> None:
        found = message("وضعیت HM-۱۰۴۲؟")

        IdentifierExtractor().process([found])

        (entity,) = found.get(ENTITIES)
        assert (entity["entity"], entity["value"], entity["start"], entity["end"]) == (
            "ticket_number",
            "HM-1042",
            6,
            13,
        )


class TestLanguageComponent:
    @pytest.mark.parametrize(
        ("text", "given", "language"),
        [
            ("سلام وقت بخیر", None, "fa"),
            ("good morning everyone", None, "en"),
            ("salam khubi chetori", None, "fa"),
            ("hello", "fa", "fa"),
            ("سلام", "en", "en"),
            ("سلام", "klingon", "fa"),
            ("12345 !!!", None, None),
            ("", None, None),
        ],
    )
    def test_believes_the_app_and_then_the_text(self, text, given, language) -> None:
        read = message(text, language=given)

        LanguageComponent().process([read])

        assert read.get("language") == language


class TestSentimentComponent:
    def test_passes_on_what_the_app_read(self) -> None:
        read = message("x", sentiment={"label": "negative", "score": 0.9})

        SentimentComponent().process([read])

        assert read.get("sentiment") == {"label": "negative", "score": 0.9}

    @pytest.mark.parametrize("given", [None, "bad", {}, {"score": 1}])
    def test_has_no_opinion_of_its_own(self, given) -> None:
        read = message("x", sentiment=given)

        SentimentComponent().process([read])

        assert read.get("sentiment") is None


class TestLinearIntentClassifier:
    CONFIG = LinearIntentClassifier.get_default_config() | {"with_background": False, "encoder_folder": "none"}
    RESOURCE = Resource("classifier")

    @pytest.fixture
    def storage(self, tmp_path) -> LocalModelStorage:
        return LocalModelStorage.create(tmp_path)

    @pytest.fixture
    def trained(self, storage) -> LinearIntentClassifier:
        context = ExecutionContext(GraphSchema({}), "test")
        classifier = LinearIntentClassifier.create(self.CONFIG, storage, self.RESOURCE, context)
        examples = [
            self.example("good", 0, "greet"),
            self.example("morning", 0, "greet"),
            self.example("see you", 1, "goodbye"),
            self.example("until later", 1, "goodbye"),
        ]
        classifier.train(TrainingData(examples))
        return classifier

    @staticmethod
    def example(text: str, axis: int, intent: "str | None" = None) -> Message:
        made = Message({TEXT: text, "intent": intent})
        vector = np.zeros((1, 2), dtype=np.float32)
        vector[0, axis] = 1
        made.add_features(Features(vector, "sentence", TEXT, "vectors"))
        return made

    def test_ranks_the_intents_with_probabilities(self, trained) -> None:
        asked = self.example("see them", 1)

        trained.process([asked])

        assert asked.get("intent")["name"] == "goodbye"
        assert sum(entry["confidence"] for entry in asked.get("intent_ranking")) == pytest.approx(1)

    def test_says_the_same_after_a_restart(self, trained, storage) -> None:
        before, after = self.example("hi", 0), self.example("hi", 0)
        context = ExecutionContext(GraphSchema({}), "test")

        trained.process([before])
        LinearIntentClassifier.load(self.CONFIG, storage, self.RESOURCE, context).process([after])

        assert after.get("intent_ranking") == before.get("intent_ranking")

    def test_refuses_a_model_of_another_encoder(self, trained, storage, tmp_path) -> None:
        (tmp_path / "encoder.json").write_text('{"fingerprint": "another"}')
        config = self.CONFIG | {"encoder_folder": str(tmp_path)}

        with pytest.raises(InvalidConfigException, match="hamyar train rasa"):
            LinearIntentClassifier.load(config, storage, self.RESOURCE, ExecutionContext(GraphSchema({}), "test"))

    def test_declines_an_intent_that_is_too_unsure_and_still_ranks_it(self, trained, storage) -> None:
        asked = self.example("see them", 1)
        unsure = self.CONFIG | {"least_confidence": 1.0}

        context = ExecutionContext(GraphSchema({}), "test")
        LinearIntentClassifier.load(unsure, storage, self.RESOURCE, context).process([asked])

        assert asked.get("intent")["name"] == "nlu_fallback"
        assert asked.get("intent_ranking")[0]["name"] == "goodbye"

    @pytest.mark.parametrize("text", ["", "   ", None])
    def test_gives_a_blank_text_no_intent(self, trained, text) -> None:
        blank = Message({TEXT: text})

        trained.process([blank])

        assert blank.get("intent") == {"name": None, "confidence": 0.0}
