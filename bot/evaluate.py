"""Measure understanding on any data: `./hamyar evaluate intents --train T.jsonl --test U.jsonl [--json]`.

Rows are `{"text", "label"[, "lang"]}`; the label "oos" is out of scope, and a language that is not said is that of the
text. The pipeline of config.yml learns the training rows (what ships, where none are named) in a folder that is thrown
away, and reads the test rows as it would read contacts' messages. With `--stock`, so does Rasa's default pipeline,
which takes minutes; with `--report`, a page with figures is left in a folder.
"""

import argparse
import contextlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from bot.labelled_rows import OOS, BrokenLine, Row, read_rows, shipped_rows
from bot.pipeline_reader import STOCK_PIPELINE, PipelineReader, Reading, shipped_pipeline, trained_on
from language.encoder import EncoderError
from language.intent_lines import BrokenIntents
from language.perturbations import PERTURBATIONS
from language.report_page import Said, calibration_error, write_report

_KEPT_IN_SCOPE = 0.95
_SHOWN = ("accuracy", "macro_f1", "in_scope_accuracy", "ece", "oos_recall", "oos_recall_at_95", "in_scope_kept")


def main(arguments: "Sequence[str] | None" = None) -> int:
    """Print the figures; 2 when a file cannot be used."""
    options = _options(arguments)
    try:
        training = read_rows(options.train, key=options.label) if options.train else shipped_rows()
        test = read_rows(options.test, known={row.label for row in training}, key=options.label)
        if len({row.label for row in training}) < 2:
            raise BrokenLine(f"{options.train.name}: there is nothing to tell apart with fewer than two labels.")
        # Rasa says on standard output that it has trained; only the report belongs there.
        with contextlib.redirect_stdout(sys.stderr):
            report, readings = evaluate(training, test, with_stock=options.stock)
        if options.report:
            write_page(options.report, test, readings, report)
    except (BrokenIntents, BrokenLine, EncoderError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(report, ensure_ascii=False) if options.json else _in_words(report))
    return 0


def _options(arguments: "Sequence[str] | None") -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./hamyar evaluate intents", description="Measure the understanding.")
    parser.add_argument("--train", type=Path, help='lines of {"text", "label"[, "lang"]}; what ships where left out')
    parser.add_argument("--test", type=Path, required=True, help='the same; the label "oos" is out of scope')
    parser.add_argument("--label", default="label", help="the key under which a line has its label")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--stock", action="store_true", help="train Rasa's default pipeline too, which takes minutes")
    parser.add_argument("--report", type=Path, metavar="DIR", help="write report.html there: reliability, confusion")
    return parser.parse_args(arguments)


def evaluate(
    training: Sequence[Row], test: Sequence[Row], *, with_stock: bool = False
) -> "tuple[dict[str, Any], list[Reading]]":
    """The report, whose keys are those that `--json` prints, and what was read in each test row."""
    with trained_on(training, shipped_pipeline(), later=STOCK_PIPELINE if with_stock else ()) as reader:
        readings = [reader.read(row.text) for row in test]
        perturbed = _perturbed(reader, test, readings)
    report = {
        **figures(test, readings),
        "per_language": _per_language(test, readings),
        "baseline": baseline(training, test),
        "perturbed": perturbed,
        "ms_p50": round(float(np.median([one.milliseconds for one in readings])), 3),
        "training_seconds": round(reader.training_seconds, 1),
        "texts": len(test),
    }
    if with_stock:
        with trained_on(training, STOCK_PIPELINE) as stock:
            stock_figures = figures(test, [stock.read(row.text) for row in test])
        seconds = round(stock.training_seconds, 1)
        report["stock"] = {"name": "stock Rasa (DIET)", **stock_figures, "training_seconds": seconds}
    return report, readings


def figures(test: Sequence[Row], readings: Sequence[Reading]) -> dict[str, "float | None"]:
    """How much was right. Declining counts where the test set has texts to decline; without any, the likeliest does."""
    truth = np.array([row.label for row in test])
    likeliest = np.array([one.likeliest for one in readings])
    decided = np.array([one.decided for one in readings])
    scope = np.array([one.scope for one in readings])
    outside = truth == OOS
    said = decided if outside.any() else likeliest
    has_both = outside.any() and not outside.all()
    return {
        "accuracy": _share(said == truth),
        "macro_f1": round(float(f1_score(truth, said, labels=sorted(set(truth)), average="macro", zero_division=0)), 4),
        "in_scope_accuracy": _share((likeliest == truth)[~outside]),
        "ece": _rounded(calibration_error(_said_in_scope(test, readings))),
        "oos_recall": _share((decided == OOS)[outside]),
        "oos_recall_at_95": _share(scope[outside] < np.quantile(scope[~outside], 1 - _KEPT_IN_SCOPE))
        if has_both
        else None,
        "in_scope_kept": _share((decided != OOS)[~outside]),
    }


def write_page(folder: Path, test: Sequence[Row], readings: Sequence[Reading], report: dict[str, Any]) -> Path:
    """Leave a page with the reliability and the confusion of what is in scope."""
    shown = {name: report[name] for name in (*_SHOWN, "texts", "training_seconds", "ms_p50")}
    return write_report(folder, title="Intents", figures=shown, said=_said_in_scope(test, readings))


def _said_in_scope(test: Sequence[Row], readings: Sequence[Reading]) -> list[Said]:
    """Whether there is an intent at all is another decision than which."""
    return [
        Said(row.label, one.likeliest, one.confidence)
        for row, one in zip(test, readings, strict=True)
        if row.label != OOS
    ]


def _perturbed(reader: PipelineReader, test: Sequence[Row], readings: Sequence[Reading]) -> dict[str, "float | None"]:
    """What each change of spelling costs in accuracy, over the Persian in-scope texts it changes; null where none."""
    persian = [(row, one) for row, one in zip(test, readings, strict=True) if row.language == "fa" and row.label != OOS]
    losses: dict[str, float | None] = {}
    for name, change in PERTURBATIONS.items():
        changed = [(row, one, change(row.text)) for row, one in persian if change(row.text) != row.text]
        before = [one.likeliest == row.label for row, one, _ in changed]
        after = [reader.read(text).likeliest == row.label for row, _, text in changed]
        losses[name] = round(float(np.mean(before) - np.mean(after)), 4) if changed else None
    return losses


def baseline(training: Sequence[Row], test: Sequence[Row]) -> "dict[str, Any] | None":
    """The figures of a linear SVM of words; null where no text to learn from has a word, as with emoji alone."""
    words = TfidfVectorizer()
    analyse = words.build_analyzer()
    if not any(analyse(row.text) for row in training):
        return None
    # A margin is no confidence.
    return {"name": "tf-idf + linear SVM", **figures(test, _svm_readings(words, training, test)), "ece": None}


def _svm_readings(words: TfidfVectorizer, training: Sequence[Row], test: Sequence[Row]) -> list[Reading]:
    """What a linear SVM of words says; the size of its best margin is its scope score."""
    model = make_pipeline(words, LinearSVC(random_state=42))
    model.fit([row.text for row in training], [row.label for row in training])
    texts = [row.text for row in test]
    margins = model.decision_function(texts)
    best = margins.max(axis=1) if margins.ndim == 2 else np.abs(margins)
    labels = [str(label) for label in model.predict(texts)]
    return [Reading(label, label, 0.0, float(margin)) for label, margin in zip(labels, best, strict=True)]


def _per_language(test: Sequence[Row], readings: Sequence[Reading]) -> dict[str, Any]:
    report = {}
    for language in sorted({row.language for row in test}):
        places = [place for place, row in enumerate(test) if row.language == language]
        own = figures([test[place] for place in places], [readings[place] for place in places])
        report[language] = {"texts": len(places), **own}
    return report


def _share(flags: np.ndarray) -> "float | None":
    return round(float(np.mean(flags)), 4) if len(flags) else None


def _rounded(number: "float | None") -> "float | None":
    return None if number is None else round(number, 4)


def _in_words(report: dict[str, Any]) -> str:
    baselines = [report[name] for name in ("baseline", "stock") if report.get(name)]
    lines = [
        f"{report['texts']} texts; training took {report['training_seconds']} s",
        f"{'':20}model   {'   '.join(one['name'] for one in baselines)}",
    ]
    lines += [f"{name:<20}{'   '.join(_number(one[name]) for one in (report, *baselines))}" for name in _SHOWN]
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
