"""Measure the shipped model as it is: `./hamyar evaluate sentiment --data D.jsonl [--json] [--report DIR]`.

Each line of the data is `{"text": ..., "label": "negative" | "neutral" | "positive", "lang": ...}`; a language that is
not said is that of the text. Beside the model stands what a plain lexicon reaches on the same lines. With `--report`, a
page with figures is left in a folder.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import f1_score, precision_recall_fscore_support

from language.data_lines import NotJson, language_of, numbered_lines, read_json
from language.encoder import Encoder, EncoderError, TextEncoder
from language.reading import encode_as_served
from language.report_page import Said, calibration_error, write_report
from sentiment.baseline import LexiconModel
from sentiment.model import WEIGHTS_FOLDER, MoodModel, SentimentModel, SentimentModelError
from sentiment.mood import Sentiment, SentimentLabel
from sentiment.train import ENCODER_FOLDER

_LABELS = [label.value for label in SentimentLabel]
_SHOWN = ("texts", "accuracy", "macro_f1", "binary_f1", "ece", "ms_p50")


class BrokenLine(Exception):
    """A line of the data cannot be used; the message has its number."""


@dataclass(frozen=True)
class LabelledText:
    text: str
    label: SentimentLabel
    language: str


def read_labelled(path: Path, *, key: str = "label") -> list[LabelledText]:
    """The lines of a JSONL file in UTF-8, each with its label under `key`; a broken one raises BrokenLine."""
    texts = [_read_line(number, line, key) for number, line in numbered_lines(path)]
    if not texts:
        raise BrokenLine(f"{path}: there is nothing in it.")
    return texts


def evaluate(
    texts: Sequence[LabelledText], encoder: TextEncoder, model: MoodModel
) -> tuple[dict[str, Any], list[Said]]:
    """The report on a model, whose keys are those that `--json` prints, and what was said of each text."""
    moods: list[Sentiment] = []
    encoding, reading = [], []
    for one in texts:
        started = time.perf_counter()
        vector = encode_as_served(encoder, [one.text])[0]
        encoded = time.perf_counter()
        moods.append(model.predict(vector, one.text))
        encoding.append(encoded - started)
        reading.append(time.perf_counter() - encoded)
    lexicon = LexiconModel()
    said = [
        Said(one.label.value, mood.label.value, mood.probabilities[mood.label])
        for one, mood in zip(texts, moods, strict=True)
    ]
    report = {
        "texts": len(texts),
        **_scores(texts, moods),
        "per_class": _per_class(texts, moods),
        "per_language": _per_language(texts, moods),
        "ece": round(calibration_error(said) or 0.0, 4),
        "baseline": {"name": "lexicon", **_scores(texts, [lexicon.predict(None, one.text) for one in texts])},
        "ms_p50": round(1000 * float(np.median(reading)), 3),
        "encoding_ms_p50": round(1000 * float(np.median(encoding)), 3),
    }
    return report, said


def write_page(folder: Path, report: dict[str, Any], said: Sequence[Said]) -> Path:
    """Leave a page with the reliability and the confusion of the labels."""
    return write_report(folder, title="Sentiment", figures={name: report[name] for name in _SHOWN}, said=said)


def _scores(texts: Sequence[LabelledText], moods: Sequence[Sentiment]) -> dict[str, float | None]:
    """F1 averaged over the classes: over all three, and over two on the texts that are not neutral.

    For two classes the model says which of negative and positive it holds likelier.
    """
    coloured = [place for place, one in enumerate(texts) if one.label is not SentimentLabel.neutral]
    truth = [one.label.value for one in texts]
    two = ["positive" if moods[place].score >= 0 else "negative" for place in coloured]
    two_truth = [truth[place] for place in coloured]
    return {
        "accuracy": round(float(np.mean([mood.label == label for mood, label in zip(moods, truth, strict=True)])), 4),
        "macro_f1": _macro_f1(truth, [mood.label.value for mood in moods]),
        "binary_f1": _macro_f1(two_truth, two) if coloured else None,
    }


def _macro_f1(truth: Sequence[str], said: Sequence[str]) -> float:
    return round(float(f1_score(truth, said, labels=sorted(set(truth)), average="macro", zero_division=0)), 4)


def _per_class(texts: Sequence[LabelledText], moods: Sequence[Sentiment]) -> dict[str, dict[str, float]]:
    truth, said = [one.label.value for one in texts], [mood.label.value for mood in moods]
    columns = precision_recall_fscore_support(truth, said, labels=_LABELS, zero_division=0)
    return {
        label: {
            "precision": round(float(precision), 4),
            "recall": round(float(recall), 4),
            "f1": round(float(f1), 4),
            "texts": int(count),
        }
        for label, precision, recall, f1, count in zip(_LABELS, *columns, strict=True)
    }


def _per_language(texts: Sequence[LabelledText], moods: Sequence[Sentiment]) -> dict[str, dict[str, float | None]]:
    report = {}
    for language in sorted({one.language for one in texts}):
        places = [place for place, one in enumerate(texts) if one.language == language]
        scores = _scores([texts[place] for place in places], [moods[place] for place in places])
        report[language] = {"texts": len(places), **scores}
    return report


def _read_line(number: int, line: bytes, key: str) -> LabelledText:
    try:
        content = read_json(line)
        text, label = content["text"], content[key]
    except NotJson as error:
        raise BrokenLine(f"Line {number} is {error}.") from error
    except (KeyError, TypeError) as error:
        raise BrokenLine(f'Line {number} must be an object with "text" and "{key}".') from error
    if not isinstance(text, str) or not text.strip():
        raise BrokenLine(f"Line {number} has no text.")
    if label not in _LABELS:
        raise BrokenLine(f"Line {number} has the unknown label {label!r}; the labels are {', '.join(_LABELS)}.")
    return LabelledText(text, SentimentLabel(label), language_of(text, content.get("lang")))


def _in_words(report: dict[str, Any]) -> str:
    baseline = report["baseline"]
    lines = [
        f"{report['texts']} texts",
        f"                 model   {baseline['name']}",
        *(f"{name:<16} {_number(report[name])}   {_number(baseline[name])}" for name in ("macro_f1", "binary_f1")),
        f"{'calibration error':<16} {_number(report['ece'])}",
        *(f"{label:<16} {_row(row)}" for label, row in report["per_class"].items()),
        *(f"{language:<16} {_row(row)}" for language, row in report["per_language"].items()),
        f"reading a message takes {report['ms_p50']} ms after {report['encoding_ms_p50']} ms of encoding (medians)",
    ]
    return "\n".join(lines)


def _row(row: dict[str, Any]) -> str:
    return "  ".join(f"{name} {value if name == 'texts' else _number(value)}" for name, value in row.items())


def _number(value: float | None) -> str:
    return "    -" if value is None else f"{value:.3f}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="./hamyar evaluate sentiment", description="Measure the sentiment model.")
    parser.add_argument("--data", type=Path, required=True, help="a .jsonl file of text, label and lang")
    parser.add_argument("--label", default="label", help="the key under which a line has its label")
    parser.add_argument("--encoder", type=Path, default=ENCODER_FOLDER, help="the encoder's folder")
    parser.add_argument("--weights", type=Path, default=WEIGHTS_FOLDER, help="the folder with the model's weights")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument("--report", type=Path, metavar="DIR", help="write report.html there: reliability, confusion")
    options = parser.parse_args(arguments)
    try:
        texts = read_labelled(options.data, key=options.label)
        encoder = Encoder.open(options.encoder)
        model = SentimentModel.load(options.weights, encoder=encoder.fingerprint)
        report, said = evaluate(texts, encoder, model)
        if options.report:
            write_page(options.report, report, said)
    except (BrokenLine, EncoderError, SentimentModelError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(report, ensure_ascii=False, indent=1) if options.json else _in_words(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
