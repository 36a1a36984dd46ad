"""The message's vector as Rasa's dense sentence feature."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.names import MetadataKeys
from bot.nlu.metadata import metadata_of
from language.encoder import MANIFEST_FILE, READING_VERSION, Encoder, TextEncoder
from language.reading import encode_as_served
from language.vectors import from_base64

DEFAULT_ENCODER_FOLDER = "var/models/encoder"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class MessageVectorFeaturizer(DenseFeaturizer, GraphComponent):
    """Take the vector that the app computed; compute it where there is none, as in training.

    The encoder is opened only when a text without a vector comes, so the serving process usually never loads it.
    A blank text has the zero vector.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        return [Tokenizer]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"scale": 1.0, "dimension": 384, "encoder_folder": None, **DenseFeaturizer.get_default_config()}

    def __init__(self, config: dict[str, Any], name: str) -> None:
        super().__init__(name, config)
        self._scale = float(config["scale"])
        self._dimension = int(config["dimension"])
        self._folder = config["encoder_folder"]
        self._encoder: TextEncoder | None = None

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "MessageVectorFeaturizer":
        return cls(config, execution_context.node_name)

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> "str | None":
        """What Rasa's training cache has to look at beside config and data."""
        return encoder_fingerprint(config.get("encoder_folder"))

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Any scale and any folder will do; a missing folder is found out when it is needed."""

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        self._featurize([message for message in training_data.training_examples if message.get(TEXT)])
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        self._featurize(messages)
        return messages

    def _featurize(self, messages: Sequence[Message]) -> None:
        vectors = [self._given_vector(message) for message in messages]
        missing = [index for index, vector in enumerate(vectors) if vector is None]
        for index, vector in zip(
            missing, self._encode([messages[index].get(TEXT) or "" for index in missing]), strict=False
        ):
            vectors[index] = vector
        for message, vector in zip(messages, vectors, strict=False):
            feature = (vector * self._scale).reshape(1, -1)
            message.add_features(Features(feature, FEATURE_TYPE_SENTENCE, TEXT, self._config["alias"]))

    def _given_vector(self, message: Message) -> np.ndarray | None:
        encoded = metadata_of(message).get(MetadataKeys.VECTOR)
        return from_base64(encoded, dimension=self._dimension) if encoded else None

    def _encode(self, texts: Sequence[str]) -> Sequence[np.ndarray]:
        if not texts:
            return []
        if self._encoder is None:
            self._encoder = self._open_encoder()
        written = [index for index, text in enumerate(texts) if text.strip()]
        vectors = np.zeros((len(texts), self._dimension), dtype=np.float32)
        if written:
            vectors[written] = encode_as_served(self._encoder, [texts[index] for index in written])
        return list(vectors)

    def _open_encoder(self) -> TextEncoder:
        encoder = open_encoder(self._folder)
        if encoder.dimension != self._dimension:
            raise InvalidConfigException(f"The encoder has {encoder.dimension} dimensions; write that into config.yml.")
        return encoder


def open_encoder(folder: "str | None") -> Encoder:
    """The encoder in a folder, or where the settings say that it is."""
    return Encoder.open(_place(folder))


def encoder_fingerprint(folder: "str | None") -> "str | None":
    """Which encoder is there, without opening it; None where there is none, as where only vectors are taken."""
    try:
        manifest = json.loads((_place(folder) / MANIFEST_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return f"{manifest['fingerprint']}-{READING_VERSION}"


def _place(folder: "str | None") -> Path:
    return Path(folder or os.environ.get("ENCODER_FOLDER") or DEFAULT_ENCODER_FOLDER)
