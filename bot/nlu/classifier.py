"""A linear intent classifier over the message's vector and its character n-grams."""

import json
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.featurizers.featurizer import Featurizer
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import csr_matrix, hstack, vstack
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize

_WEIGHTS_FILE = "weights.npz"
_LABELS_FILE = "labels.json"
_RANKING_LENGTH = 5


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class LinearIntentClassifier(IntentClassifier, GraphComponent):
    """Multinomial logistic regression, each intent weighing the same however many examples it has.

    Rasa's own LogisticRegressionClassifier fixes C at 1 and fails on blank text. Here `regularization` is C, the
    counts of n-grams are brought to unit length times `sparse_scale`, and a blank text gets no intent at confidence
    zero, which the fallback then takes. Prediction is a plain matrix product; the model is two arrays and some labels.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        return [Featurizer]

    @staticmethod
    def required_packages() -> list[str]:
        return ["sklearn"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"regularization": 3.0, "sparse_scale": 3.0, "max_iterations": 300}

    def __init__(self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._labels: list[str] = []
        self._ngram_weights = np.zeros((0, 0), dtype=np.float32)
        self._vector_weights = np.zeros((0, 0), dtype=np.float32)
        self._bias = np.zeros(0, dtype=np.float32)

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
            component._labels = json.loads((folder / _LABELS_FILE).read_text(encoding="utf-8"))
            with np.load(folder / _WEIGHTS_FILE, allow_pickle=False) as arrays:
                component._ngram_weights = arrays["ngram_weights"]
                component._vector_weights = arrays["vector_weights"]
                component._bias = arrays["bias"]
        return component

    def train(self, training_data: TrainingData) -> Resource:
        examples = [message for message in training_data.intent_examples if (message.get(TEXT) or "").strip()]
        ngrams, vectors = self._ngrams(examples), _vectors(examples)
        # The vectors of all texts have much in common; without it the fit converges in a tenth of the steps.
        centre = vectors.mean(axis=0)
        model = LogisticRegression(
            C=self._config["regularization"],
            class_weight="balanced",
            max_iter=self._config["max_iterations"],
            tol=1e-3,
            random_state=42,
        )
        features = hstack([ngrams, csr_matrix(vectors - centre)], format="csr")
        model.fit(features, [message.get(INTENT) for message in examples])
        self._labels = [str(label) for label in model.classes_]
        weights = model.coef_.T.astype(np.float32)
        self._ngram_weights, self._vector_weights = np.split(weights, [ngrams.shape[1]])
        self._bias = model.intercept_.astype(np.float32) - centre @ self._vector_weights
        self._persist()
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            ranking = self._rank(message) if (message.get(TEXT) or "").strip() else []
            best = ranking[0] if ranking else {"name": None, "confidence": 0.0}
            message.set(INTENT, best, add_to_output=True)
            message.set("intent_ranking", ranking[:_RANKING_LENGTH], add_to_output=True)
        return messages

    def _rank(self, message: Message) -> list[dict[str, Any]]:
        ngrams, vectors = self._ngrams([message]), _vectors([message])
        scores = (ngrams @ self._ngram_weights + vectors @ self._vector_weights + self._bias)[0]
        exponentials = np.exp(scores - scores.max())
        probabilities = exponentials / exponentials.sum()
        order = np.argsort(-probabilities, kind="stable")
        return [{"name": self._labels[index], "confidence": float(probabilities[index])} for index in order]

    def _ngrams(self, messages: list[Message]) -> csr_matrix:
        counts = vstack([message.get_sparse_features(TEXT)[1].features for message in messages], format="csr")
        return normalize(counts.astype(np.float32)) * self._config["sparse_scale"]

    def _persist(self) -> None:
        arrays = {
            "ngram_weights": self._ngram_weights,
            "vector_weights": self._vector_weights,
            "bias": self._bias,
        }
        with self._model_storage.write_to(self._resource) as folder:
            (folder / _LABELS_FILE).write_text(json.dumps(self._labels), encoding="utf-8")
            np.savez_compressed(folder / _WEIGHTS_FILE, **arrays)


def _vectors(messages: list[Message]) -> np.ndarray:
    return np.vstack([message.get_dense_features(TEXT)[1].features for message in messages])
