"""What a text means among known intents, how sure that is, and whether it means any of them.

Fitting takes scikit-learn; reading is matrix products. Nothing here knows Rasa.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import KFold, StratifiedKFold, StratifiedShuffleSplit
from sklearn.preprocessing import normalize
from sklearn.svm import LinearSVC

from bot.nlu.wording import Wording

_ARRAYS_FILE = "arrays.npz"
_SEED = 42
_FOLDS = 4
# From here on half of the texts say enough about the other half, and four more fits would take minutes.
_MANY_TEXTS = 2_500
# From fewer texts left out neither confidence nor scope can be told: then nothing is declined for its scope.
_FEWEST_LEFT_OUT = 20
_KEPT_IN_SCOPE = 0.95
_NEIGHBOURS = 3
# Nearness is asked of so many texts of an intent at most, so that reading stays fast.
_KNOWN_PER_INTENT = 200
# How far the spread of vectors within an intent is taken for the same in every direction.
_SHRINKAGE = 0.7
_WORDING_C = 1.0
# Brings a cosine to the size of the other scores, so that the search for their weights starts near its end.
_SHARPNESS = 20.0
# Nearness in meaning and in words, and the logarithm of the confidence (docs/evidence/intents.md says how chosen).
_SCOPE_WEIGHTS = np.array([1.0, 0.75, 0.35])


@dataclass(frozen=True)
class Texts:
    """Texts in their matching form, a row of `vectors` each."""

    texts: Sequence[str]
    vectors: np.ndarray

    def __len__(self) -> int:
        return len(self.texts)

    def __getitem__(self, places: np.ndarray) -> "Texts":
        return Texts([self.texts[place] for place in places], self.vectors[places])


@dataclass(frozen=True)
class Meaning:
    """How likely each intent is, in the order of the model's labels, and how far inside the scope a text is."""

    probabilities: np.ndarray
    scope: float
    is_in_scope: bool


class OutdatedModel(ValueError):
    """The model was made by a version that judged otherwise."""


@dataclass(frozen=True)
class _Sight:
    """What the judges look at: unit vectors and wording of the texts, and their cosines with each known example."""

    vectors: np.ndarray
    rows: csr_matrix
    cosines: np.ndarray


class IntentModel:
    """Three judges weighed by how well they foretell texts left out: of vectors, of wording, and the nearest example.

    A linear discriminant of the vectors knows what an intent's examples have in common, the nearest example what is
    said of one alone, a linear SVM the words. The same texts left out calibrate the confidence and set the threshold of
    the scope: a text is in scope when it is nearer to a training text than to what people ask elsewhere (the
    background), worded like one, and its intent is clear. A training text whose label is `outside` is background too.
    """

    def __init__(self, arrays: dict[str, np.ndarray]) -> None:
        self._arrays = arrays
        self._wording = Wording(arrays["rarity"], arrays["known_runs"])
        self._known_wording = csr_matrix(
            (arrays["known_data"], arrays["known_indices"], arrays["known_indptr"]),
            shape=(len(arrays["known_runs"]), len(arrays["known_vectors"])),
        )
        self.labels = [str(label) for label in arrays["labels"]]

    @classmethod
    def fit(
        cls, examples: Texts, labels: Sequence[str], background: Texts, *, outside: "str | None" = None
    ) -> "IntentModel":
        """Learn from examples and their labels, of which there are two kinds at least."""
        named = np.array(labels)
        model = cls._fit(examples, named, background, outside)
        trials = []
        for kept, left in _splits(named):
            left = left[np.isin(named[left], named[kept])]
            if len(left) and len(set(named[kept])) > 1:
                part = cls._fit(examples[kept], named[kept], background, outside)
                trials.append((part, examples[left], named[left]))
        if sum(len(left) for _, left, _ in trials) >= _FEWEST_LEFT_OUT:
            model._calibrate(trials, outside)
        return model

    @classmethod
    def _fit(cls, examples: Texts, labels: np.ndarray, background: Texts, outside: "str | None") -> "IntentModel":
        wording = Wording.of(examples.texts, background.texts)
        rows = wording.rows(examples.texts)
        vectors = normalize(examples.vectors)
        by_wording = LinearSVC(C=_WORDING_C, tol=1e-2, random_state=_SEED).fit(rows, labels)
        names = by_wording.classes_
        vector_weights, vector_bias = _discriminant(vectors, labels)
        wording_weights, wording_bias = _as_columns(by_wording)
        known = _some_of_each(labels)
        known_wording = rows[known].T.tocsr()
        elsewhere = np.vstack([background.vectors, examples.vectors[labels == outside]])
        arrays = {
            "labels": names.astype(str),
            "inside": names != outside,
            "rarity": wording.rarity,
            "known_runs": wording.known,
            "vector_weights": vector_weights,
            "vector_bias": vector_bias,
            "wording_weights": wording_weights,
            "wording_bias": wording_bias,
            "known_vectors": vectors[known],
            "known_labels": np.searchsorted(names, labels[known]),
            "known_data": known_wording.data,
            "known_indices": known_wording.indices,
            "known_indptr": known_wording.indptr,
            "elsewhere": normalize(elsewhere) if len(elsewhere) else elsewhere,
            "weights": np.ones(3),
            "scope_weights": _SCOPE_WEIGHTS,
            "threshold": np.array(-np.inf),
        }
        return cls({name: _in_single(array) for name, array in arrays.items()})

    def _calibrate(self, trials: "list[tuple[IntentModel, Texts, np.ndarray]]", outside: "str | None") -> None:
        """Learn from models that have not seen the texts they are tried on how far this one can be trusted."""
        scores = [part._scores(part._look_at(left)) for part, left, _ in trials]
        rights = [np.searchsorted(part.labels, labels) for part, _, labels in trials]
        weights = _best_weights(scores, rights)
        signs = []
        for part, left, labels in trials:
            part._arrays["weights"] = weights
            signs.append(part._signs(left)[1][labels != outside])
        found = np.vstack(signs)
        self._arrays["weights"] = weights
        if len(found):
            # What an encoder calls near, another calls far; so each sign is measured by how much it varies.
            scope_weights = _SCOPE_WEIGHTS / np.maximum(found.std(axis=0), 1e-6)
            threshold = np.array(np.quantile(found @ scope_weights, 1 - _KEPT_IN_SCOPE))
            self._arrays.update(scope_weights=scope_weights, threshold=threshold)

    def read(self, text: str, vector: np.ndarray) -> Meaning:
        """The meaning of one text in its matching form."""
        probabilities, signs = self._signs(Texts([text], vector.reshape(1, -1)))
        scope = float(signs[0] @ self._arrays["scope_weights"])
        return Meaning(probabilities[0], scope, scope >= float(self._arrays["threshold"]))

    def save(self, folder: Path) -> None:
        np.savez_compressed(folder / _ARRAYS_FILE, **self._arrays)

    @classmethod
    def load(cls, folder: Path) -> "IntentModel":
        """What `save` left there; `OutdatedModel` where an earlier version of this file did."""
        with np.load(folder / _ARRAYS_FILE, allow_pickle=False) as arrays:
            if "known_labels" not in arrays:
                raise OutdatedModel
            return cls(dict(arrays))

    def _signs(self, read: Texts) -> "tuple[np.ndarray, np.ndarray]":
        """Probabilities, and by what the scope is told: nearness in meaning and in words, and clearness."""
        arrays = self._arrays
        sight = self._look_at(read)
        scores, weights = self._scores(sight), arrays["weights"]
        inside = arrays["inside"][arrays["known_labels"]]
        nearness = _nearness(sight.cosines[:, inside]) - _nearness(sight.vectors @ arrays["elsewhere"].T)
        likeness = _nearness((sight.rows @ self._known_wording).toarray()[:, inside])
        # The nearest example has its say in the nearness.
        clearness = _log_softmax(_weighed(weights[:2], scores[:2]))[:, arrays["inside"]].max(axis=1)
        return np.exp(_log_softmax(_weighed(weights, scores))), np.column_stack([nearness, likeness, clearness])

    def _look_at(self, read: Texts) -> "_Sight":
        vectors = normalize(read.vectors)
        return _Sight(vectors, self._wording.rows(read.texts), vectors @ self._arrays["known_vectors"].T)

    def _scores(self, sight: "_Sight") -> np.ndarray:
        """What each judge says of each text and label: of vectors, of wording, of the nearest example."""
        arrays = self._arrays
        by_vector = sight.vectors @ arrays["vector_weights"] + arrays["vector_bias"]
        by_wording = sight.rows @ arrays["wording_weights"] + arrays["wording_bias"]
        firsts = np.searchsorted(arrays["known_labels"], np.arange(len(self.labels)))
        nearest = np.maximum.reduceat(sight.cosines, firsts, axis=1)
        # In double precision, for steps as small as the search for the best weights takes.
        return np.stack([by_vector, by_wording, _SHARPNESS * nearest]).astype(np.float64)


def _splits(labels: np.ndarray) -> "list[tuple[np.ndarray, np.ndarray]]":
    """Which texts to learn from and which to leave out, so that nearly each is left out once."""
    fewest = np.unique(labels, return_counts=True)[1].min()
    if len(labels) > _MANY_TEXTS and fewest > 1:
        splitter: Any = StratifiedShuffleSplit(1, train_size=0.5, random_state=_SEED)
    elif fewest > 1:
        splitter = StratifiedKFold(min(_FOLDS, fewest), shuffle=True, random_state=_SEED)
    else:
        splitter = KFold(min(_FOLDS, len(labels)), shuffle=True, random_state=_SEED)
    return list(splitter.split(labels, labels))


def _discriminant(vectors: np.ndarray, labels: np.ndarray) -> "tuple[np.ndarray, np.ndarray]":
    """Weights (a column per label) and bias; all 0 where each text has a label of its own, and so no spread."""
    count = len(np.unique(labels))
    if count == len(labels):
        return np.zeros((vectors.shape[1], count)), np.zeros(count)
    return _as_columns(LinearDiscriminantAnalysis(solver="lsqr", shrinkage=_SHRINKAGE).fit(vectors, labels))


def _best_weights(scores: "list[np.ndarray]", rights: "list[np.ndarray]") -> np.ndarray:
    """The weights of the judges under which texts left out were likeliest to be read rightly.

    Their size is the temperature that calibrates the sum (Guo et al., ICML 2017).
    """

    def surprise(weights: np.ndarray) -> float:
        return -sum(
            _log_softmax(_weighed(weights, score))[np.arange(len(right)), right].sum()
            for score, right in zip(scores, rights, strict=True)
        )

    count = len(scores[0])
    return np.asarray(minimize(surprise, np.ones(count), bounds=[(0, 10)] * count, method="L-BFGS-B").x)


def _weighed(weights: np.ndarray, scores: np.ndarray) -> np.ndarray:
    return np.asarray(np.tensordot(weights, scores, axes=1))


def _log_softmax(scores: np.ndarray) -> np.ndarray:
    scores = scores - scores.max(axis=1, keepdims=True)
    return scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))


def _nearness(likeness: np.ndarray) -> np.ndarray:
    """The mean likeness to the nearest few; 0 where there is nothing to be near to."""
    few = min(_NEIGHBOURS, likeness.shape[1])
    return np.partition(likeness, -few, axis=1)[:, -few:].mean(axis=1) if few else np.zeros(len(likeness))


def _as_columns(model: Any) -> "tuple[np.ndarray, np.ndarray]":
    """A column per class; scikit-learn gives one row for two classes, which stands for the second."""
    weights, bias = model.coef_.T, model.intercept_
    if weights.shape[1] == 1:
        return np.hstack([-weights, weights]) / 2, np.concatenate([-bias, bias]) / 2
    return weights, bias


def _some_of_each(labels: np.ndarray) -> np.ndarray:
    """Places of so many texts of each label, label after label in their order."""
    chooser = np.random.default_rng(_SEED)
    places = [chooser.permutation(np.flatnonzero(labels == label))[:_KNOWN_PER_INTENT] for label in np.unique(labels)]
    return np.concatenate(places)


def _in_single(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float32) if array.dtype == np.float64 else array
