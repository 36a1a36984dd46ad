"""Measure understanding on any data: `./hamyar evaluate intents --train T.jsonl --test U.jsonl [--json]`.

Rows are `{"text", "label"[, "lang"]}`; the label "oos" is out of scope. The pipeline of config.yml learns the training
rows in a folder that is thrown away, and reads the test rows as it would read contacts' messages.
"""

import argparse
import asyncio
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from bot.environment import prepare_environment, settle_rasa
from bot.names import Intents, MetadataKeys
from language.encoder import EncoderError
from language.perturbations import PERTURBATIONS

OOS = "oos"
_KEPT_IN_SCOPE = 0.95


class BrokenLine(Exception):
    """A row cannot be used; the message has its number."""


@dataclass(frozen=True)
class Row:
    """A text and what it means."""

    text: str
    label: str
    language: str


@dataclass(frozen=True)
class Reading:
    """The likeliest intent, what the pipeline decided, and its confidence in the likeliest as the scope score."""

    likeliest: str
    decided: str
    score: float
    milliseconds: float


def main(arguments: "Sequence[str] | None" = None) -> int:
    """Print the figures; 2 when a file cannot be used."""
    parser = argparse.ArgumentParser(prog="./hamyar evaluate intents", description="Measure the understanding.")
    parser.add_argument("--train", type=Path, required=True, help='lines of {"text", "label"[, "lang"]}')
    parser.add_argument("--test", type=Path, required=True, help='the same; the label "oos" is out of scope')
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    try:
        training = read_rows(options.train)
        test = read_rows(options.test, known={row.label for row in training})
        if len({row.label for row in training}) < 2:
            raise BrokenLine(f"{options.train.name}: there is nothing to tell apart with fewer than two labels.")
        # Rasa says on standard output that it has trained; only the report belongs there.
        with contextlib.redirect_stdout(sys.stderr):
            report = evaluate(training, test)
    except (BrokenLine, EncoderError) as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(report, ensure_ascii=False) if options.json else _in_words(report))
    return 0


def read_rows(path: Path, *, known: "set[str] | None" = None) -> list[Row]:
    """The rows of a JSONL file in UTF-8; with `known`, any other label but "oos" is refused."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise BrokenLine(f"{path}: {error.strerror}.") from error
    rows = [_row(f"{path.name}, line {number}", line, known) for number, line in enumerate(lines, 1) if line.strip()]
    if not rows:
        raise BrokenLine(f"{path.name}: there is nothing in it.")
    return rows


def _row(where: str, line: bytes, known: "set[str] | None") -> Row:
    try:
        content = json.loads(line.decode("utf-8"))
        text, label = content["text"], content["label"]
    except UnicodeDecodeError as error:
        raise BrokenLine(f"{where}: not UTF-8.") from error
    except ValueError as error:
        raise BrokenLine(f"{where}: not JSON ({error}).") from error
    except (KeyError, TypeError) as error:
        raise BrokenLine(f'{where}: must be an object with "text" and "label".') from error
    if not isinstance(text, str) or not text.strip():
        raise BrokenLine(f"{where}: no text.")
    if not isinstance(label, str) or not label.strip():
        raise BrokenLine(f"{where}: no label.")
    if known is not None and label not in known | {OOS}:
        raise BrokenLine(f"{where}: the label {label!r} is not in the training rows.")
    return Row(text, label, str(content.get("lang") or "unknown"))


def evaluate(training: Sequence[Row], test: Sequence[Row]) -> dict[str, Any]:
    """The report; its keys are those that `--json` prints."""
    prepare_environment()
    # Here, because TensorFlow reads the environment when it is imported.
    from rasa.core.agent import Agent

    settle_rasa()
    with tempfile.TemporaryDirectory(prefix="hamyar-intents-") as folder:
        started = time.perf_counter()
        names = _intent_names(training)
        agent = Agent.load(_train(training, names, Path(folder)))
        seconds = time.perf_counter() - started
        reader = _Reader(agent, names)
        readings = [reader.read(row.text) for row in test]
        perturbed = _perturbed(reader, test, readings)
    return {
        **figures(test, readings),
        "per_language": _per_language(test, readings),
        "baseline": {"name": "tf-idf + linear SVM", **_baseline(training, test)},
        "perturbed": perturbed,
        "ms_p50": round(float(np.median([one.milliseconds for one in readings])), 3),
        "training_seconds": round(seconds, 1),
        "texts": len(test),
    }


def figures(test: Sequence[Row], readings: Sequence[Reading]) -> dict[str, "float | None"]:
    """How much was right. Declining counts where the test set has texts to decline; without any, the likeliest does."""
    truth = np.array([row.label for row in test])
    likeliest = np.array([one.likeliest for one in readings])
    decided = np.array([one.decided for one in readings])
    scores = np.array([one.score for one in readings])
    outside = truth == OOS
    said = decided if outside.any() else likeliest
    has_both = outside.any() and not outside.all()
    return {
        "accuracy": _share(said == truth),
        "macro_f1": round(float(f1_score(truth, said, labels=sorted(set(truth)), average="macro", zero_division=0)), 4),
        "in_scope_accuracy": _share((likeliest == truth)[~outside]),
        "oos_recall": _share((decided == OOS)[outside]),
        "oos_recall_at_95": _share(scores[outside] < np.quantile(scores[~outside], 1 - _KEPT_IN_SCOPE))
        if has_both
        else None,
        "in_scope_kept": _share((decided != OOS)[~outside]),
    }


class _Reader:
    """A trained pipeline, asked as the app asks it: the vector comes along with the text."""

    def __init__(self, agent: Any, names: dict[str, str]) -> None:
        from bot.nlu.featurizer import open_encoder

        self._agent = agent
        self._labels = {name: label for label, name in names.items()}
        self._encoder = open_encoder(None)

    def read(self, text: str) -> Reading:
        from rasa.core.channels.channel import UserMessage

        from bot.nlu.featurizer import encode_as_served
        from language.vectors import to_base64

        vector = to_base64(encode_as_served(self._encoder, [text])[0])
        # A leading slash would be a command to Rasa.
        message = UserMessage(text.lstrip("/") or text, metadata={MetadataKeys.VECTOR: vector})
        started = time.perf_counter()
        parsed = asyncio.run(self._agent.processor.parse_message(message))
        milliseconds = 1000 * (time.perf_counter() - started)
        # What was declined has the fallback before what it would have been; where there is nothing to read, nothing is.
        ranking = [one for one in parsed.get("intent_ranking", []) if one["name"] != Intents.NLU_FALLBACK]
        ranking = ranking or [{"name": None, "confidence": 0.0}]
        score = ranking[0]["confidence"]
        likeliest, decided = (self._labels.get(name, OOS) for name in (ranking[0]["name"], parsed["intent"]["name"]))
        return Reading(likeliest, decided, score, milliseconds)


def _intent_names(rows: Sequence[Row]) -> dict[str, str]:
    """What the labels are called in training: Rasa reads more into a name with a slash than a label means."""
    labels = sorted({row.label for row in rows})
    return {label: Intents.OUT_OF_SCOPE if label == OOS else f"intent_{number}" for number, label in enumerate(labels)}


def _train(rows: Sequence[Row], names: dict[str, str], folder: Path) -> str:
    """The path of a model of the shipped pipeline, trained on the rows."""
    from rasa.model_training import train_nlu

    # JSON as Rasa's older format takes it: in YAML, brackets in people's texts would be entities.
    common = [{"text": row.text, "intent": names[row.label]} for row in rows]
    data = folder / "data.json"
    data.write_text(json.dumps({"rasa_nlu_data": {"common_examples": common}}), encoding="utf-8")
    config = folder / "config.yml"
    shipped = yaml.safe_load(Path("config.yml").read_text(encoding="utf-8"))
    config.write_text(yaml.safe_dump({**shipped, "policies": []}, sort_keys=False), encoding="utf-8")
    model = train_nlu(str(config), str(data), str(folder), fixed_model_name="model")
    if model is None:
        raise BrokenLine("Rasa refused the training rows; its messages are above.")
    return model


def _perturbed(reader: _Reader, test: Sequence[Row], readings: Sequence[Reading]) -> dict[str, "float | None"]:
    """What each change of spelling costs in accuracy, over the Persian in-scope texts it changes; null where none."""
    persian = [(row, one) for row, one in zip(test, readings, strict=True) if row.language == "fa" and row.label != OOS]
    losses: dict[str, float | None] = {}
    for name, change in PERTURBATIONS.items():
        changed = [(row, one, change(row.text)) for row, one in persian if change(row.text) != row.text]
        before = [one.likeliest == row.label for row, one, _ in changed]
        after = [reader.read(text).likeliest == row.label for row, _, text in changed]
        losses[name] = round(float(np.mean(before) - np.mean(after)), 4) if changed else None
    return losses


def _baseline(training: Sequence[Row], test: Sequence[Row]) -> dict[str, "float | None"]:
    """Which label a linear SVM of words gives; the size of its best margin is its scope score."""
    model = make_pipeline(TfidfVectorizer(), LinearSVC(random_state=42))
    model.fit([row.text for row in training], [row.label for row in training])
    texts = [row.text for row in test]
    margins = model.decision_function(texts)
    best = margins.max(axis=1) if margins.ndim == 2 else np.abs(margins)
    labels = model.predict(texts)
    readings = [Reading(str(label), str(label), float(score), 0.0) for label, score in zip(labels, best, strict=True)]
    return figures(test, readings)


def _per_language(test: Sequence[Row], readings: Sequence[Reading]) -> dict[str, Any]:
    report = {}
    for language in sorted({row.language for row in test}):
        places = [place for place, row in enumerate(test) if row.language == language]
        own = figures([test[place] for place in places], [readings[place] for place in places])
        report[language] = {"texts": len(places), **own}
    return report


def _share(flags: np.ndarray) -> "float | None":
    return round(float(np.mean(flags)), 4) if len(flags) else None


def _in_words(report: dict[str, Any]) -> str:
    baseline = report["baseline"]
    names = ("accuracy", "macro_f1", "in_scope_accuracy", "oos_recall", "oos_recall_at_95", "in_scope_kept")
    lines = [
        f"{report['texts']} texts; training took {report['training_seconds']} s",
        f"{'':20}model   {baseline['name']}",
    ]
    lines += [f"{name:<20}{_number(report[name])}   {_number(baseline[name])}" for name in names]
    lines += [
        f"{language:<20}{_number(row['accuracy'])}   of {row['texts']}"
        for language, row in report["per_language"].items()
    ]
    lines += [f"lost by {name:<12}{_number(loss)}" for name, loss in report["perturbed"].items()]
    return "\n".join([*lines, f"{'ms_p50':<20}{report['ms_p50']}"])


def _number(value: "float | None") -> str:
    return "    -" if value is None else f"{value:.3f}"


if __name__ == "__main__":
    sys.exit(main())
