"""Which intent a message has, how sure that is, and whether it has any: the only place that decides to fall back."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.featurizers.featurizer import Featurizer
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.names import Intents
from bot.nlu.background import background_texts
from bot.nlu.featurizer import encoder_fingerprint, open_encoder
from bot.nlu.intent_model import IntentModel, OutdatedModel, Texts
from language.detection import detect
from language.normalise import normalise
from language.reading import encode_as_served, text_for_encoder

SCOPE = "scope"
"""The message's attribute that says how far inside the scope it is: `{"score", "is_inside"}`."""

_ENCODER_FILE = "encoder.json"
_JUDGES = ("intent_model.py", "wording.py")
_RANKING_LENGTH = 5
# The encoder reads no more of a message either.
_MAX_CHARACTERS = 2_000


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class LinearIntentClassifier(IntentClassifier, GraphComponent):
    """Give calibrated confidences, and `nlu_fallback` where a message is out of scope or its intent too unsure.

    The ranking keeps what it would have been. A blank text gets no intent at confidence zero. A model that learned from
    another encoder's vectors is refused at load.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        return [Featurizer]

    @staticmethod
    def required_packages() -> list[str]:
        return ["sklearn"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        # Whom nobody else would serve is sent away only when that is sure; others are looked up.
        least = {"least_confidence": 0.4, "least_confidence_outside": 0.7}
        return {**least, "with_background": True, "encoder_folder": None}

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> "str | None":
        """What Rasa's training cache has to look at beside config and data."""
        background = background_texts() if config.get("with_background", True) else []
        judges = [(Path(__file__).parent / name).read_text(encoding="utf-8") for name in _JUDGES]
        parts = [encoder_fingerprint(config.get("encoder_folder")) or "", *judges, *background]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def __init__(self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._model: IntentModel | None = None

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "LinearIntentClassifier":
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "LinearIntentClassifier":
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            learned_from = json.loads((folder / _ENCODER_FILE).read_text(encoding="utf-8"))
            try:
                component._model = IntentModel.load(folder)
            except OutdatedModel as error:
                raise InvalidConfigException("An earlier version made the model; run: ./hamyar train rasa") from error
        present = encoder_fingerprint(config["encoder_folder"])
        if present is not None and present != learned_from:
            raise InvalidConfigException("The model was trained with another encoder; run: ./hamyar train rasa")
        return component

    def train(self, training_data: TrainingData) -> Resource:
        examples = [message for message in training_data.intent_examples if (message.get(TEXT) or "").strip()]
        texts = Texts([_matching(message.get(TEXT)) for message in examples], _vectors(examples))
        labels = [message.get(INTENT) for message in examples]
        background = self._background(texts.vectors.shape[1])
        self._model = IntentModel.fit(texts, labels, background, outside=Intents.OUT_OF_SCOPE)
        with self._model_storage.write_to(self._resource) as folder:
            self._model.save(folder)
            fingerprint = encoder_fingerprint(self._config["encoder_folder"])
            (folder / _ENCODER_FILE).write_text(json.dumps(fingerprint), encoding="utf-8")
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            if (message.get(TEXT) or "").strip():
                self._read(message)
            else:
                message.set(INTENT, {"name": None, "confidence": 0.0}, add_to_output=True)
                message.set("intent_ranking", [], add_to_output=True)
        return messages

    def _read(self, message: Message) -> None:
        model = self._model
        if model is None:
            raise RuntimeError("The classifier was neither trained nor loaded.")
        meaning = model.read(_matching(message.get(TEXT)), _vectors([message])[0])
        order = np.argsort(-meaning.probabilities, kind="stable")[:_RANKING_LENGTH]
        ranking = [{"name": model.labels[place], "confidence": float(meaning.probabilities[place])} for place in order]
        best = ranking[0]
        # What is known to be out of scope has an intent of its own, and an answer.
        is_outside = best["name"] == Intents.OUT_OF_SCOPE
        least = self._config["least_confidence_outside" if is_outside else "least_confidence"]
        if not (meaning.is_in_scope or is_outside) or best["confidence"] < least:
            best = {"name": Intents.NLU_FALLBACK, "confidence": 1 - best["confidence"]}
        message.set(INTENT, best, add_to_output=True)
        message.set("intent_ranking", ranking, add_to_output=True)
        message.set(SCOPE, {"score": meaning.scope, "is_inside": meaning.is_in_scope}, add_to_output=True)

    def _background(self, dimension: int) -> Texts:
        if not self._config["with_background"]:
            return Texts([], np.zeros((0, dimension), dtype=np.float32))
        texts = background_texts()
        vectors = encode_as_served(open_encoder(self._config["encoder_folder"]), texts)
        return Texts([_matching(text) for text in texts], vectors)


def _matching(text: str) -> str:
    """The text as its wording is compared: Finglish in Persian letters, one spelling of everything."""
    text = text[:_MAX_CHARACTERS]
    return normalise(text_for_encoder(text, detect(text).language))


def _vectors(messages: list[Message]) -> np.ndarray:
    return np.vstack([message.get_dense_features(TEXT)[1].features for message in messages])
