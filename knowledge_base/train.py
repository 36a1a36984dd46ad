"""Learn the ranking's weights and calibrate its confidence: `python -m knowledge_base.train`.

The material is the demo articles and those businesses of the parallel support questions that the encoder has not
learned from, each a knowledge base of its own: what it has learned from looks easier than a customer's own articles
will, and confidence calibrated on that is too sure. Every question variant is asked of a knowledge base that does not
have it as a variant (leave one out), and again of one without its article, where nothing is right; and so are
questions about something else altogether. Each is asked of three kinds of knowledge base: with variants, without, and
of plain texts without titles either, so that the weights hold for all.

Ranking is a linear listwise softmax (Cao et al. 2007, "Learning to Rank: From Pairwise Approach to Listwise Approach"),
its weights never negative. Calibration and thresholds come from rankings of topics that the weights did not see. Where
the settings name a cross-encoder, the order that it gives some of these rankings is calibrated beside it.
"""

import argparse
import json
import sys
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from core.config import ROOT, RankingSettings
from knowledge_base.article_files import ArticleFile, read_articles
from knowledge_base.confidence import SIGNALS, signals
from knowledge_base.embedder import Embedder
from knowledge_base.examples import (
    Example,
    Kind,
    as_articles,
    ask_off_topic,
    leave_one_out,
    plain,
    searchable,
    without_variants,
)
from knowledge_base.operating_point import CalibrationData, Reached, Reliability
from knowledge_base.projection import PROJECTION_FILE, Projection
from knowledge_base.question import matching_form
from knowledge_base.ranking import FEATURES, Candidate, Ranker
from knowledge_base.reranking import SHORTLIST, Reranker, RerankerError, open_reranker, reordered
from knowledge_base.search import SearchableArticle
from knowledge_base.weights import WEIGHTS_FILE, LearnedConfidence, OperatingPoint, RankerWeights, RerankerConfidence
from language.encoder import Encoder, EncoderError
from language.support_questions import SETTINGS_BUSINESS, UNSEEN_BY_ENCODER, Group, read_groups

# The share of given answers that may be wrong, and of right answers that may be lost by not offering them. The first is
# counted strictly: a neighbouring article that says the same is wrong, and most unanswerable questions have neighbours.
WRONG_ANSWERS = 0.04
LOST_ANSWERS = 0.05
# The mixture of questions that confidence and thresholds are set for.
SHARES = {Kind.unseen: 0.8, Kind.unanswerable: 0.2}
FOLDS = 5
# How finely the way from the surest question to the least sure is kept, and in how many steps of confidence.
POINTS = 200
RELIABILITY_BINS = 10
RANKING_PENALTY = 0.01
CALIBRATION_PENALTY = 0.0005

# Rankings that a cross-encoder is calibrated with: of all of them it would read for hours.
RERANKED = 1_500

OFF_TOPIC_FILE = WEIGHTS_FILE.parent / "off_topic.txt"

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def main(arguments: list[str] | None = None) -> int:
    """Train on a folder of articles and write the weights; 0 when they are written."""
    parser = argparse.ArgumentParser(prog="python -m knowledge_base.train", description="Train the ranker.")
    parser.add_argument("--articles", type=Path, default=ROOT / "seeds/articles", help="a folder of Markdown articles")
    parser.add_argument("--encoder", type=Path, default=ROOT / "var/models/encoder", help="the encoder's folder")
    parser.add_argument("--output", type=Path, default=WEIGHTS_FILE.parent, help="the folder for the weights")
    options = parser.parse_args(arguments)
    try:
        embedder = Embedder(Encoder.open(options.encoder))
        reranker = open_reranker(RankingSettings().reranker_model)
    except (EncoderError, RerankerError) as error:
        print(error, file=sys.stderr)
        return 1
    bases = [searchable(files, embedder) for files in (read_articles(options.articles), *unseen_bases())]
    projection = learn_projection([one for base in bases for one in base], encoder=embedder.fingerprint)
    off_topic = read_off_topic()
    vectors = embedder.questions(off_topic)
    examples = [one for base in bases for one in all_examples(base, projection, off_topic, vectors, reranker=reranker)]
    weights = learn(examples, encoder=embedder.fingerprint, reranker=reranker)
    options.output.mkdir(parents=True, exist_ok=True)
    projection.save(options.output / PROJECTION_FILE.name)
    (options.output / WEIGHTS_FILE.name).write_text(json.dumps(weights.model_dump(), indent=2) + "\n", encoding="utf-8")
    print(f"Learned from {len(examples)} questions; weights in {options.output}")
    return 0


def unseen_bases() -> list[list[ArticleFile]]:
    """The businesses that the encoder has not learned from, but those for measuring, as articles."""
    businesses: dict[str, list[Group]] = defaultdict(list)
    for group in read_groups():
        if group.business in (SETTINGS_BUSINESS, *UNSEEN_BY_ENCODER):
            businesses[group.business].append(group)
    return [list(as_articles(groups)) for groups in businesses.values()]


def learn_projection(articles: Sequence[SearchableArticle], *, encoder: str) -> Projection:
    """What the articles' questions and titles have in common."""
    questions = [variant.vector for article in articles for variant in article.variants]
    titles = [article.vector for article in articles if article.vector is not None]
    return Projection.learn(np.stack(questions), np.stack(titles), encoder=encoder)


def read_off_topic() -> list[str]:
    """Questions that are about nothing in the articles."""
    lines = OFF_TOPIC_FILE.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def all_examples(
    articles: Sequence[SearchableArticle],
    projection: Projection,
    off_topic: Sequence[str],
    vectors: NDArray[np.float32],
    *,
    reranker: Reranker | None = None,
) -> Iterator[Example]:
    """Every question asked of the three kinds of knowledge base."""
    for change in (None, without_variants, plain):
        changed = [change(one) for one in articles] if change else articles
        yield from leave_one_out(changed, articles, projection=projection, reranker=reranker)
        yield from ask_off_topic(changed, off_topic, vectors, projection=projection, reranker=reranker)


def learn(examples: Sequence[Example], *, encoder: str, reranker: Reranker | None = None) -> RankerWeights:
    """Weights from all examples, calibrated on rankings by weights that did not see their topics."""
    unseen = [(example, reranked(example, ranker)) for example, ranker in _held_out(examples)]
    settled_confidence = None
    if reranker:
        settled = settle_some(unseen, reranker)
        settled_confidence = RerankerConfidence(model=reranker.fingerprint, **learn_confidence(settled).model_dump())
    return RankerWeights(
        encoder=encoder,
        ranking={name: round(weight, 4) for name, weight in learn_ranking(examples).weights.items()},
        reranked=settled_confidence,
        **learn_confidence(unseen).model_dump(),
    )


def learn_confidence(ranked: "Sequence[Ranked]") -> LearnedConfidence:
    """How sure the first of such rankings is, and from where on to answer."""
    values, right = _signals(ranked)
    kinds = np.array([one.kind for one, _ in ranked])
    weights, bias = _calibrate(values, right, _shares(kinds))
    probabilities = _held_out_probabilities(ranked, values, right, kinds)
    return LearnedConfidence(
        confidence={name: round(float(weight), 4) for name, weight in zip(SIGNALS, weights, strict=True)},
        bias=round(bias, 4),
        thresholds=operating_point(probabilities, right, kinds),
        held_out=calibration_data(probabilities, right, kinds),
    )


def learn_ranking(examples: Sequence[Example]) -> Ranker:
    """The weights that make right candidates likely among all found, for questions that have one."""
    useful = [(one.features, one.relevant) for one in examples if one.kind is Kind.unseen and one.relevant.any()]

    def loss(weights: Floats) -> tuple[float, Floats]:
        total, gradient = RANKING_PENALTY * float(weights @ weights), 2 * RANKING_PENALTY * weights
        for features, relevant in useful:
            scores = features @ weights
            likely = np.exp(scores - scores.max())
            everywhere = likely / likely.sum()
            inside = likely * relevant / (likely * relevant).sum()
            total -= float(np.log(everywhere[relevant].sum() + 1e-12)) / len(useful)
            gradient += (everywhere - inside) @ features / len(useful)
        return total, gradient

    start = np.ones(len(FEATURES))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0.0, None)] * len(FEATURES))
    return Ranker(dict(zip(FEATURES, map(float, found.x), strict=True)))


def reranked(example: Example, ranker: Ranker) -> list[tuple[Candidate, str]]:
    """An example's candidates as a ranker orders them, with their topics."""
    topics = {one.article_id: topic for one, topic in zip(example.candidates, example.topics, strict=True)}
    return [(one, topics[one.article_id]) for one in ranker.rank(list(topics), example.features.astype(np.float32))]


def settle_some(ranked: "Sequence[Ranked]", reranker: Reranker) -> "list[Ranked]":
    """Some of these rankings as a reranker settles them."""
    chosen = Random(0).sample(ranked, min(RERANKED, len(ranked)))
    return [(example, _settled(example, order[:SHORTLIST], reranker)) for example, order in chosen]


def _settled(
    example: Example, order: Sequence[tuple[Candidate, str]], reranker: Reranker
) -> list[tuple[Candidate, str]]:
    texts = {one.article_id: text for one, text in zip(example.candidates, example.texts, strict=True)}
    topics = {one.article_id: topic for one, topic in order}
    scores = reranker.scores(matching_form(example.text), [texts[one] for one in topics])
    return [(one, topics[one.article_id]) for one in reordered([one for one, _ in order], scores)]


def operating_point(probabilities: Floats, right: Flags, kinds: NDArray[np.str_]) -> OperatingPoint:
    """The lowest confidence from which few enough answers are wrong, and the one that still offers most right ones."""
    shares = _shares(kinds)
    order = np.argsort(-probabilities, kind="stable")
    wrong = np.cumsum((shares * ~right)[order]) / np.cumsum(shares[order])
    allowed = np.flatnonzero(wrong <= WRONG_ANSWERS)
    answer = probabilities[order][allowed[-1]] if len(allowed) else 1.0
    offer = np.quantile(probabilities[right], LOST_ANSWERS) if right.any() else 1.0
    return OperatingPoint(answer=round(float(answer), 4), offer=round(float(min(offer, answer)), 4))


def calibration_data(probabilities: Floats, right: Flags, kinds: NDArray[np.str_]) -> CalibrationData:
    """How many answers are wrong and how many questions answered, from every confidence on, and how far it is true."""
    shares = _shares(kinds) / len(kinds)
    order = np.argsort(-probabilities, kind="stable")
    answered = np.cumsum(shares[order])
    wrong = np.cumsum((shares * ~right)[order]) / answered
    rows = np.unique(np.linspace(0, len(order) - 1, POINTS).astype(int))
    points = [
        Reached(
            confidence=_rounded(probabilities[order][row]), wrong=_rounded(wrong[row]), answered=_rounded(answered[row])
        )
        for row in rows
    ]
    return CalibrationData(
        wrong_wanted=WRONG_ANSWERS, points=points, reliability=_reliability(probabilities, right, shares)
    )


def _reliability(probabilities: Floats, right: Flags, shares: Floats) -> list[Reliability]:
    bins = np.minimum((probabilities * RELIABILITY_BINS).astype(int), RELIABILITY_BINS - 1)
    found = []
    for one in np.unique(bins):
        inside, weight = bins == one, shares[bins == one]
        said, true = (float(np.average(values[inside], weights=weight)) for values in (probabilities, right))
        found.append(Reliability(said=_rounded(said), right=_rounded(true), share=_rounded(weight.sum())))
    return found


def _rounded(share: float) -> float:
    return round(min(1.0, float(share)), 4)


def _held_out(examples: Sequence[Example]) -> Iterator[tuple[Example, Ranker]]:
    """Each example with weights learned from the other topics."""
    for fold in range(FOLDS):
        ranker = learn_ranking([one for one in examples if _fold(one) != fold])
        yield from ((one, ranker) for one in examples if _fold(one) == fold)


def _fold(example: Example) -> int:
    return zlib.crc32(example.topic.encode()) % FOLDS


Ranked = tuple[Example, list[tuple[Candidate, str]]]


def _signals(ranked: Sequence[Ranked]) -> tuple[Floats, Flags]:
    """A row of signals per ranking, and whether its winner is right."""
    rows = []
    for _, order in ranked:
        found = signals([candidate for candidate, _ in order])
        rows.append([found[name] for name in SIGNALS])
    right = np.array([one.kind is not Kind.unanswerable and order[0][1] == one.topic for one, order in ranked])
    return np.array(rows), right


def _shares(kinds: NDArray[np.str_]) -> Floats:
    """Weights that give each kind of question its share, whatever their number; 1 on average."""
    shares = np.zeros(len(kinds))
    for kind, share in SHARES.items():
        shares[kinds == kind] = share * len(kinds) / max(1, (kinds == kind).sum())
    return shares


def _calibrate(values: Floats, right: Flags, shares: Floats) -> tuple[Floats, float]:
    """Logistic regression whose weights are never negative: more of a good sign must not make us less sure."""
    inputs = np.column_stack([values, np.ones(len(values))])
    signs = np.where(right, 1.0, -1.0)

    def loss(weights: Floats) -> tuple[float, Floats]:
        margins = signs * (inputs @ weights)
        penalised = np.append(weights[:-1], 0.0)
        total = float(shares @ np.logaddexp(0.0, -margins)) / len(values)
        slopes = -signs * shares / (1.0 + np.exp(np.clip(margins, -30.0, 30.0))) / len(values)
        penalty = CALIBRATION_PENALTY * float(penalised @ penalised)
        return total + penalty, inputs.T @ slopes + 2 * CALIBRATION_PENALTY * penalised

    bounds = [(0.0, None)] * len(SIGNALS) + [(None, None)]
    found = minimize(loss, np.zeros(len(SIGNALS) + 1), jac=True, method="L-BFGS-B", bounds=bounds).x
    return found[:-1], float(found[-1])


def _held_out_probabilities(ranked: Sequence[Ranked], values: Floats, right: Flags, kinds: NDArray[np.str_]) -> Floats:
    """Confidence from calibrations that did not see the topic either."""
    folds = np.array([_fold(one) for one, _ in ranked])
    shares = _shares(kinds)
    probabilities = np.zeros(len(ranked))
    for fold in range(FOLDS):
        other = folds != fold
        weights, bias = _calibrate(values[other], right[other], shares[other])
        probabilities[~other] = 1 / (1 + np.exp(-np.clip(values[~other] @ weights + bias, -30.0, 30.0)))
    return probabilities


if __name__ == "__main__":
    sys.exit(main())
