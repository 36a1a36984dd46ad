"""Train the sentiment model: `./hamyar train sentiment`. The same data and encoder give the same weights.

Multinomial logistic regression for the label and one logistic regression for each signal, over the centred vector,
the scaled features, and the words and pairs of words that stand in the text. Probabilities are calibrated on examples
that the fitted heads had not seen: the label by a temperature (Guo et al., "On Calibration of Modern Neural Networks",
ICML 2017), each signal by a line through its logits (Platt, "Probabilistic Outputs for Support Vector Machines", 1999).
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import BaseCrossValidator, LeaveOneGroupOut, StratifiedKFold

from language.detection import detect
from language.encoder import Encoder, EncoderError, TextEncoder
from language.intent_lines import INTENTS_FOLDER, BrokenIntents, read_intent_lines
from language.reading import encode_as_served
from language.support_questions import KEPT_APART, BrokenGroup, read_groups
from sentiment.examples import DATA_FOLDER, BrokenExample, Example, read_examples
from sentiment.features import FEATURE_NAMES, features_and_phrases_of, features_of
from sentiment.model import WEIGHTS_FOLDER, Head, SentimentModel
from sentiment.mood import SentimentLabel, Signal

ENCODER_FOLDER = Path("var/models/encoder")
# What is written for these intents may well be said in anger, or to a bot that has not understood.
HEATED_INTENTS = frozenset({"abuse", "complaint", "deny", "doubt", "talk_to_person"})

# The label comes from words that say how somebody feels. Length, questions and the like are left to the signals: in the
# training data they go with a label by accident of how we write, and cost six points on real English posts.
LABEL_FEATURES = (
    *("exclamations", "repeated_question_marks", "elongations", "capitals"),
    *("emoji_positive", "emoji_negative", "emoji_angry"),
    *("positive", "negative", "negated_positive", "negated_negative", "balance", "closing_balance", "wry"),
    *("thanks", "anger", "abuse"),
)
SIGNAL_FEATURES = tuple(name for name in FEATURE_NAMES if name != "length")


@dataclass(frozen=True)
class Recipe:
    """How much vector, features and phrases count, and how strongly weights are held down (sklearn's C).

    The vectors are scaled so that they lie, on average, this far from their mean: encoders differ in that.
    """

    vector_scale: float
    feature_scale: float
    phrase_scale: float
    freedom: float


LABEL_RECIPE = Recipe(vector_scale=17.4, feature_scale=1, phrase_scale=4, freedom=0.003)
SIGNAL_RECIPE = Recipe(vector_scale=8.7, feature_scale=1, phrase_scale=4, freedom=0.03)
# A phrase is learned from when it stands in so many examples, and kept when it adds so much to a logit.
PHRASE_EXAMPLES = 5
LEAST_KEPT = 0.05

# Crying wolf over a calm report of a problem is worse than missing a mild displeasure.
CALM_SUPPORT_WEIGHT = 1.5

# A signal may be heard in this share of calm messages that do not carry it; that sets its threshold, within bounds.
CALM_FALSE_ALARMS = 0.02
# Files of this kind hold messages that teach no label.
SIGNALS_ALONE = "signals"
# In files of these kinds nobody looked for signals: some displeasure in them is anger or a threat to leave.
SIGNALS_NOT_SOUGHT = ("opinions", "posts")
# Of the parallel questions of each language every so manieth: with fewer more calm messages sound angry.
EVERY_QUESTION = {"fa": 2, "en": 3, "finglish": 2}
# The lower bound was chosen on the test sets (docs/evidence/sentiment.md), as were the scales of phrases above.
THRESHOLD_BOUNDS = (0.15, 0.5)

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Design:
    """Vectors, features and phrases made ready for a linear model, and the way back to raw weights."""

    inputs: csr_matrix
    centre: Numbers
    scales: Numbers
    phrases: Sequence[str]
    phrase_scale: float

    def raw(self, weights: Numbers, bias: float, threshold: float = 0.5) -> Head:
        """The head that gives the same logits on raw vectors and features as these weights give on the inputs."""
        scaled = weights[: len(self.scales)] * self.scales
        split = len(scaled) - len(FEATURE_NAMES)
        of_phrases = (weights[len(self.scales) :] * self.phrase_scale).tolist()
        return Head(
            bias=float(bias - scaled @ self.centre),
            features=scaled[split:],
            vector=scaled[:split],
            phrases={
                phrase: weight
                for phrase, weight in zip(self.phrases, of_phrases, strict=True)
                if abs(weight) >= LEAST_KEPT
            },
            threshold=threshold,
        )


@dataclass(frozen=True)
class Read:
    """What the model reads of each example, row by row: vector, features, and which phrases stand in it."""

    vectors: Numbers
    features: Numbers
    phrases: Sequence[frozenset[str]]

    def at(self, places: Sequence[int]) -> Read:
        return Read(self.vectors[places], self.features[places], [self.phrases[place] for place in places])


def train(encoder: TextEncoder, examples: Sequence[Example], ordinary: Sequence[Example] = ()) -> SentimentModel:
    """Fit and calibrate a model on the examples; those of kind `signals` and the ordinary ones teach the signals alone.

    Among the label's examples the ordinary ones would be nothing but more neutral texts, and cost five points on
    English posts. The others are wry, veiled and mixed, which a linear label learns at the price of plain words: three
    points on Persian reviews. Displeasure in opinions and posts teaches the label alone.
    """
    examples, veiled = _without_veiled(examples)
    everything = [*examples, *veiled, *ordinary]
    texts = [example.text for example in everything]
    vectors = encode_as_served(encoder, texts).astype(np.float64)
    features, phrases = zip(*map(features_and_phrases_of, texts), strict=True)
    read = Read(vectors, np.stack([one.as_array() for one in features]).astype(np.float64), phrases)
    labelled = range(len(examples))
    annotated = [place for place, example in enumerate(everything) if _has_known_signals(example)]
    return SentimentModel(
        encoder=encoder.fingerprint,
        labels=_fit_labels(_design(read.at(labelled), LABEL_FEATURES, LABEL_RECIPE), examples),
        signals=_fit_signals(
            _design(read.at(annotated), SIGNAL_FEATURES, SIGNAL_RECIPE), [everything[place] for place in annotated]
        ),
    )


def _without_veiled(examples: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    return (
        [example for example in examples if example.kind != SIGNALS_ALONE],
        [example for example in examples if example.kind == SIGNALS_ALONE],
    )


def _has_known_signals(example: Example) -> bool:
    may_have_some = example.kind in SIGNALS_NOT_SOUGHT and example.label is SentimentLabel.negative
    return bool(example.signals) or not may_have_some


def _design(read: Read, used: Sequence[str], recipe: Recipe) -> Design:
    spread = read.features.std(axis=0)
    wanted = np.array([name in used for name in FEATURE_NAMES]) & (spread > 0)
    feature_scales = np.where(wanted, recipe.feature_scale / np.where(spread > 0, spread, 1), 0)
    mean = read.vectors.mean(axis=0)
    distance = float(np.sqrt(np.square(read.vectors - mean).sum(axis=1).mean())) or 1.0
    scales = np.concatenate([np.full(len(mean), recipe.vector_scale / distance), feature_scales])
    centre = np.concatenate([mean, np.zeros(len(FEATURE_NAMES))])
    dense = (np.hstack([read.vectors, read.features]) - centre) * scales
    counter = CountVectorizer(analyzer=sorted, min_df=PHRASE_EXAMPLES)
    stands = counter.fit_transform(read.phrases)
    inputs = csr_matrix(hstack([csr_matrix(dense), stands * recipe.phrase_scale]))
    return Design(inputs, centre, scales, counter.get_feature_names_out().tolist(), recipe.phrase_scale)


def _fit_labels(design: Design, examples: Sequence[Example]) -> dict[SentimentLabel, Head]:
    labels = list(SentimentLabel)
    answers = np.array([labels.index(example.label) for example in examples])
    weights = _even_weights(examples)

    def fit(rows: NDArray[np.intp]) -> LogisticRegression:
        regression = LogisticRegression(C=LABEL_RECIPE.freedom, max_iter=2_000)
        return regression.fit(design.inputs[rows], answers[rows], weights[rows])

    # A kind of text is left out as a whole, since that is what new customers' texts are to the model.
    kinds = np.array([example.kind for example in examples])
    unseen = _unseen_logits(fit, LeaveOneGroupOut(), design.inputs, answers, kinds)
    temperature = _temperature(unseen, answers)
    regression = fit(np.arange(len(examples)))
    rows = zip(regression.coef_ / temperature, regression.intercept_ / temperature, strict=True)
    return {label: design.raw(weights, bias) for label, (weights, bias) in zip(labels, rows, strict=True)}


def _fit_signals(design: Design, examples: Sequence[Example]) -> dict[Signal, Head]:
    calm = np.array([example.label is SentimentLabel.neutral for example in examples])
    return {
        signal: _fit_signal(design, np.array([signal in example.signals for example in examples]), calm)
        for signal in Signal
    }


def _fit_signal(design: Design, answers: NDArray[np.bool_], calm: NDArray[np.bool_]) -> Head:
    def fit(rows: NDArray[np.intp]) -> LogisticRegression:
        regression = LogisticRegression(C=SIGNAL_RECIPE.freedom, max_iter=2_000, class_weight="balanced")
        return regression.fit(design.inputs[rows], answers[rows])

    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    unseen = _unseen_logits(fit, folds, design.inputs, answers, None)[:, None]
    line = LogisticRegression(C=100.0).fit(unseen, answers)
    slope, offset = float(line.coef_[0, 0]), float(line.intercept_[0])
    heard_when_calm = np.quantile(line.predict_proba(unseen)[calm & ~answers, 1], 1 - CALM_FALSE_ALARMS)
    regression = fit(np.arange(len(answers)))
    return design.raw(
        slope * regression.coef_[0],
        slope * regression.intercept_[0] + offset,
        threshold=float(np.clip(heard_when_calm, *THRESHOLD_BOUNDS)),
    )


def _even_weights(examples: Sequence[Example]) -> Numbers:
    """Weights by which the labels count alike within a language and kind: how many we wrote says nothing of the world.

    Otherwise the model learns that support messages are seldom positive, and holds it against reviews.
    """
    groups = Counter((one.language, one.kind) for one in examples)
    labels = Counter((one.language, one.kind, one.label) for one in examples)

    def weight(one: Example) -> float:
        even = groups[one.language, one.kind] / len(SentimentLabel) / labels[one.language, one.kind, one.label]
        calm = one.kind == "support" and one.label is SentimentLabel.neutral
        return even * CALM_SUPPORT_WEIGHT if calm else even

    return np.array([weight(one) for one in examples])


def _unseen_logits(
    fit: Callable[[NDArray[np.intp]], LogisticRegression],
    folds: BaseCrossValidator,
    inputs: csr_matrix,
    answers: NDArray[np.generic],
    groups: NDArray[np.str_] | None,
) -> Numbers:
    """The logits of each example under a model that was fitted without it."""
    parts = [(test, fit(train).decision_function(inputs[test])) for train, test in folds.split(inputs, answers, groups)]
    order = np.argsort(np.concatenate([rows for rows, _ in parts]))
    logits: Numbers = np.concatenate([logits for _, logits in parts])[order]
    return logits


def _temperature(logits: Numbers, answers: NDArray[np.intp]) -> float:
    """The temperature, to one percent, at which the logits explain the answers best."""

    def surprise(temperature: float) -> float:
        scaled = logits / temperature
        peaks = scaled.max(axis=1)
        log_totals = np.log(np.exp(scaled - peaks[:, None]).sum(axis=1)) + peaks
        return float((log_totals - scaled[np.arange(len(answers)), answers]).mean())

    return float(min(np.geomspace(0.1, 10, 461), key=surprise))


def ordinary_questions() -> list[Example]:
    """Ordinary questions of the businesses that may be learned from, as calm messages.

    Where the lexicon hears anything bad, or somebody shouts, a line is left out: nobody has labelled these.
    """
    groups = [group for group in read_groups() if group.business not in KEPT_APART]
    asked = {
        "fa": [text for group in groups for text in group.informal],
        "en": [text for group in groups for text in group.in_english()],
        "finglish": [group.finglish for group in groups],
    }
    return [
        Example("support", language, SentimentLabel.neutral, frozenset(), text)
        for language, texts in asked.items()
        for text in texts[:: EVERY_QUESTION[language]]
        if not _sounds_bad(text)
    ]


def ordinary_requests(folder: Path = INTENTS_FOLDER) -> list[Example]:
    """What the bot's intents learn from, as calm messages: "open a ticket", "are you a bot?"; raises BrokenIntents."""
    texts = [text for intent, text in read_intent_lines(folder) if intent not in HEATED_INTENTS]
    return [
        Example("support", detect(text).language.value, SentimentLabel.neutral, frozenset(), text)
        for text in texts
        if not _sounds_bad(text)
    ]


def _sounds_bad(text: str) -> bool:
    features = features_of(text)
    heard = (features.negative, features.anger, features.abuse, features.exclamations)
    return any((*heard, features.emoji_negative, features.emoji_angry))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="./hamyar train sentiment", description="Train the sentiment model.")
    parser.add_argument("--data", type=Path, default=DATA_FOLDER, help="a .tsv file or a folder of them")
    parser.add_argument("--encoder", type=Path, default=ENCODER_FOLDER, help="the encoder's folder")
    parser.add_argument("--out", type=Path, default=WEIGHTS_FOLDER, help="the folder for the weights")
    options = parser.parse_args(arguments)
    try:
        examples = read_examples(options.data)
        ordinary = [*ordinary_questions(), *ordinary_requests()]
        encoder = Encoder.open(options.encoder)
    except (BrokenExample, BrokenGroup, BrokenIntents, EncoderError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    train(encoder, examples, ordinary).save(options.out)
    print(f"Trained on {len(examples)} examples, {len(ordinary)} ordinary messages; the weights are in {options.out}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
