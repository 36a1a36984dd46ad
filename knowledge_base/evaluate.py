"""Measure retrieval on any data set: `python -m knowledge_base.evaluate --corpus C.jsonl --queries Q.jsonl [--json]`.

The corpus has a line `{"id", "text"[, "title", "lang"]}` per article, queries `{"query", "positive_ids"[, "lang"]}`;
an empty list means that nothing answers. Ids may be numbers, what may be left out may also be null, and a language
that is not said is that of the text. Everything goes through the code and the weights that serve contacts.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log2
from pathlib import Path
from statistics import fmean, median
from typing import Annotated, Any, TypeVar

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from core.config import ROOT, RankingSettings
from knowledge_base.embedder import ArticleText, Embedder
from knowledge_base.enums import Band
from knowledge_base.lexical import terms
from knowledge_base.projection import Projection
from knowledge_base.question import MAX_CHARACTERS, answer_language, as_question
from knowledge_base.reranking import Reranker, RerankerError, open_reranker
from knowledge_base.search import SearchableArticle, SearchablePassage, SearchIndex
from knowledge_base.weights import RankerWeights
from language.data_lines import NotJson, language_code, numbered_lines, read_json
from language.encoder import Encoder, EncoderError
from language.perturbations import PERTURBATIONS

Line = TypeVar("Line", bound=BaseModel)

DEPTH = 10
CALIBRATION_BINS = 10
_RANKING_FIGURES = ("recall@1", "recall@5", "mrr@10", "ndcg@10")


class DataBroken(Exception):
    """A data file cannot be used; the message names the line."""


def _empty_if_null(value: object) -> object:
    return "" if value is None else value


LanguageCode = Annotated[str | None, BeforeValidator(language_code)]


class _Line(BaseModel):
    # Ids come as numbers from data frames and databases.
    model_config = ConfigDict(coerce_numbers_to_str=True)


class CorpusLine(_Line):
    """An article of a data set."""

    id: str
    text: str
    title: Annotated[str, BeforeValidator(_empty_if_null)] = ""
    lang: LanguageCode = None

    @property
    def language(self) -> str:
        """As the data set says, else as the text is written."""
        return self.lang or answer_language(f"{self.title}\n{self.text}"[:MAX_CHARACTERS], preferred="fa")


class QueryLine(_Line):
    """A question of a data set and what answers it."""

    query: str
    positive_ids: list[str]
    lang: LanguageCode = None


@dataclass(frozen=True)
class Outcome:
    """What became of one query: ids in the order of each method, and the decision."""

    positives: frozenset[str]
    ranked: Sequence[str]
    dense: Sequence[str]
    words: Sequence[str]
    confidence: float
    band: Band
    milliseconds: float
    search_milliseconds: float

    @property
    def is_right(self) -> bool:
        """Whether the first one answers."""
        return bool(self.ranked) and self.ranked[0] in self.positives


def main(arguments: list[str] | None = None) -> int:
    """Print the figures; 2 when a file cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m knowledge_base.evaluate", description="Measure retrieval.")
    parser.add_argument("--corpus", type=Path, required=True, help='lines of {"id", "text"[, "title", "lang"]}')
    parser.add_argument("--queries", type=Path, required=True, help='lines of {"query", "positive_ids"[, "lang"]}')
    parser.add_argument("--encoder", type=Path, default=ROOT / "var/models/encoder", help="the encoder's folder")
    parser.add_argument(
        "--at-most-wrong",
        type=float,
        metavar="PERCENT",
        help="of the given answers; without it, what the ranker was trained for",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    try:
        corpus = read_lines(options.corpus, CorpusLine)
        queries = read_lines(options.queries, QueryLine)
        _check_ids(corpus, queries, options.queries)
        wrong = None if options.at_most_wrong is None else options.at_most_wrong / 100
        embedder = Embedder(Encoder.open(options.encoder))
        reranker = open_reranker(RankingSettings().reranker_model)
        evaluation = Evaluation(embedder, corpus, wrong=wrong, reranker=reranker)
    except (DataBroken, EncoderError, RerankerError) as error:
        print(error, file=sys.stderr)
        return 2
    figures = evaluation.run(queries)
    print(json.dumps(figures) if options.json else "\n".join(as_lines(figures)))
    return 0


def read_lines(path: Path, kind: type[Line]) -> list[Line]:
    """Every line of a file; raises DataBroken at the first that is not of its kind."""
    lines: list[Line] = []
    try:
        for number, line in numbered_lines(path):
            lines.append(_parsed(line, kind, f"{path.name}, line {number}"))
    except OSError as error:
        raise DataBroken(f"{path}: {error.strerror}") from error
    if not lines:
        raise DataBroken(f"{path.name}: no lines")
    return lines


def _parsed(line: bytes, kind: type[Line], where: str) -> Line:
    try:
        return kind.model_validate(read_json(line))
    except NotJson as error:
        raise DataBroken(f"{where}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise DataBroken(f"{where}: {field + ': ' if field else ''}{first['msg']}") from error


def _check_ids(corpus: Sequence[CorpusLine], queries: Sequence[QueryLine], path: Path) -> None:
    known = {line.id for line in corpus}
    if len(known) < len(corpus):
        raise DataBroken("the corpus has an id twice")
    for number, query in enumerate(queries, 1):
        if unknown := set(query.positive_ids) - known:
            raise DataBroken(f"{path.name}, query {number}: no article {sorted(unknown)[0]!r} in the corpus")


class Evaluation:
    """A corpus in an index like the one that serves, and questions asked of it."""

    def __init__(
        self,
        embedder: Embedder,
        corpus: Sequence[CorpusLine],
        *,
        wrong: float | None = None,
        reranker: Reranker | None = None,
    ) -> None:
        weights, projection = RankerWeights.load().belonging_to(reranker), Projection.load()
        self.embedder = embedder
        self.held_out = weights.held_out
        self.wrong_wanted = wrong if wrong is not None or weights.held_out is None else weights.held_out.wrong_wanted
        self.index = SearchIndex(
            embedder.dimension,
            ranker=weights.ranker(),
            calibration=weights.calibration(wrong=wrong),
            projection=projection if projection.encoder == embedder.fingerprint else None,
            reranker=reranker,
        )
        self.ids = [line.id for line in corpus]
        next_passage = 0
        for number, line in enumerate(corpus):
            article = _searchable(line, number, next_passage, embedder)
            next_passage += len(article.passages)
            self.index.put(article)

    def run(self, queries: Sequence[QueryLine]) -> dict[str, Any]:
        """All the figures."""
        outcomes = [self.ask(query) for query in queries]
        answerable = [one for one in outcomes if one.positives]
        figures: dict[str, Any] = {
            **_ranking_figures(answerable, lambda one: one.ranked),
            "dense": _ranking_figures(answerable, lambda one: one.dense),
            "bm25": _ranking_figures(answerable, lambda one: one.words),
            **_decision_figures(outcomes),
            "operating_point": self.operating_point(),
            "ece": round(
                calibration_error([one.confidence for one in outcomes], [one.is_right for one in outcomes]), 4
            ),
            "ms_p50": round(median(one.milliseconds for one in outcomes), 2),
            "search_ms_p50": round(median(one.search_milliseconds for one in outcomes), 2),
            "queries": len(outcomes),
            "articles": len(self.ids),
        }
        figures["perturbed"] = self._perturbed(queries)
        return figures

    def operating_point(self) -> dict[str, float | None]:
        """From which confidence on we answer, and what the questions held out in training say comes of it."""
        thresholds = self.index.calibration.thresholds
        reached = self.held_out.reached(thresholds.answer) if self.held_out else None
        return {
            "wrong_wanted": self.wrong_wanted,
            "answer_from": thresholds.answer,
            "offer_from": thresholds.offer,
            "wrong_in_training": reached.wrong if reached else None,
            "answered_in_training": reached.answered if reached else None,
        }

    def ask(self, query: QueryLine) -> Outcome:
        """One question, as a contact would ask it."""
        started = time.perf_counter()
        own = self.index.words
        vector = self.embedder.questions([query.query], own)[0]
        embedded = time.perf_counter()
        language = query.lang or answer_language(query.query, preferred="fa")
        question = as_question(query.query, vector, language, own=own)
        ranking = self.index.rank(question)
        ended = time.perf_counter()
        return Outcome(
            positives=frozenset(query.positive_ids),
            ranked=[self.ids[one.article_id] for one in ranking.candidates[:DEPTH]],
            dense=[self.ids[one] for one in self._nearest(vector)],
            words=[self.ids[one] for one in self.index.words.score(terms(question.wording)).top(DEPTH)],
            confidence=ranking.confidence,
            band=self.index.band(question, ranking),
            milliseconds=(ended - started) * 1000,
            search_milliseconds=(ended - embedded) * 1000,
        )

    def _nearest(self, vector: Any) -> list[int]:
        """Articles by their nearest passage alone."""
        return self.index.passages.nearest(np.asarray(vector), DEPTH * 10)[:DEPTH]

    def _perturbed(self, queries: Sequence[QueryLine]) -> dict[str, float | None]:
        """What each change of spelling costs in recall@1, over the questions it changes; null where none."""
        losses: dict[str, float | None] = {}
        for name, change in PERTURBATIONS.items():
            pairs = [(query, change(query.query)) for query in queries if query.positive_ids]
            changed = [(query, text) for query, text in pairs if text != query.query]
            losses[name] = round(self._loss(changed), 4) if changed else None
        return losses

    def _loss(self, changed: Sequence[tuple[QueryLine, str]]) -> float:
        before = fmean(self.ask(query).is_right for query, _ in changed)
        after = fmean(self.ask(query.model_copy(update={"query": text})).is_right for query, text in changed)
        return before - after


def calibration_error(confidences: Sequence[float], right: Sequence[bool]) -> float:
    """The expected calibration error over ten bins of equal width (Guo et al. 2017)."""
    bins = np.minimum((np.array(confidences) * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    error = 0.0
    for one in np.unique(bins):
        inside = bins == one
        error += inside.mean() * abs(np.array(confidences)[inside].mean() - np.array(right)[inside].mean())
    return float(error)


def _calibration_error_of(outcomes: Sequence[Outcome]) -> float:
    return round(calibration_error([one.confidence for one in outcomes], [one.is_right for one in outcomes]), 4)


def _searchable(line: CorpusLine, number: int, next_passage: int, embedder: Embedder) -> SearchableArticle:
    embedded = embedder.embed_now(ArticleText(line.title, "", line.text))
    passages = [
        SearchablePassage(next_passage + position, passage.embedded(line.title), vector)
        for position, (passage, vector) in enumerate(zip(embedded.passages, embedded.passage_vectors, strict=True))
    ]
    vector = embedded.title_vector if line.title else None
    return SearchableArticle(number, line.id, line.language, line.title, 1, vector, passages=passages)


def _ranking_figures(outcomes: Sequence[Outcome], order: Callable[[Outcome], Sequence[str]]) -> dict[str, float | None]:
    """Null where nothing can be found."""
    if not outcomes:
        return dict.fromkeys(_RANKING_FIGURES)
    hits = [[article_id in one.positives for article_id in order(one)[:DEPTH]] for one in outcomes]
    wanted = [len(one.positives) for one in outcomes]
    figures = {
        "recall@1": fmean(sum(row[:1]) for row in hits),
        "recall@5": fmean(sum(row[:5]) / min(5, count) for row, count in zip(hits, wanted, strict=True)),
        "mrr@10": fmean(1 / (row.index(True) + 1) if True in row else 0.0 for row in hits),
        "ndcg@10": fmean(
            _gain(row) / _gain([True] * min(count, DEPTH)) for row, count in zip(hits, wanted, strict=True)
        ),
    }
    return {name: round(figure, 4) for name, figure in figures.items()}


def _gain(row: Sequence[bool]) -> float:
    return sum(1 / log2(rank + 2) for rank, hit in enumerate(row) if hit)


def _decision_figures(outcomes: Sequence[Outcome]) -> dict[str, float | None]:
    """Null where there is nothing to count."""
    given = [one for one in outcomes if one.band is Band.answer]
    answerable = [one for one in outcomes if one.positives]
    unanswerable = [one for one in outcomes if not one.positives]
    return {
        "answer_precision": _share([one.is_right for one in given]),
        "answer_coverage": _share([one.band is Band.answer for one in answerable]),
        "declined_unanswerable": _share([one.band is Band.decline for one in unanswerable]),
        "unanswerable_not_answered": _share([one.band is not Band.answer for one in unanswerable]),
    }


def _share(flags: Sequence[bool]) -> float | None:
    return round(fmean(flags), 4) if flags else None


def as_lines(figures: Mapping[str, Any]) -> Iterator[str]:
    """What is printed without `--json`."""
    yield f"{figures['queries']} queries, {figures['articles']} articles"
    for name in _RANKING_FIGURES:
        dense, words = figures["dense"][name], figures["bm25"][name]
        yield f"{name:26} {_number(figures[name])}   dense {_number(dense)}   bm25 {_number(words)}"
    for name in ("answer_precision", "answer_coverage", "declined_unanswerable", "unanswerable_not_answered"):
        yield f"{name:26} {figures[name] if figures[name] is not None else '-'}"
    for name, figure in figures["operating_point"].items():
        yield f"{name:26} {figure if figure is not None else '-'}"
    for name in ("ece", "ms_p50", "search_ms_p50"):
        yield f"{name:26} {figures[name]}"
    for name, loss in figures["perturbed"].items():
        yield f"recall@1 lost by {name:9} {loss if loss is not None else '-'}"


def _number(figure: float | None) -> str:
    return "     -" if figure is None else f"{figure:.4f}"


if __name__ == "__main__":
    sys.exit(main())
