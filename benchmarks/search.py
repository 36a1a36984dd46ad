"""Latency, memory and recall of search: `python -m benchmarks.search [--sizes 1000 10000 100000 1000000]`.

Vectors and words are synthetic, vectors clustered like articles, since embedding so many texts would take hours.
Each size runs in a process of its own, so that memory is what it says. Up to 100,000 passages all is measured that
a question goes through once its vector is known; above, vectors alone.
"""

import argparse
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from core.config import ROOT
from knowledge_base.article_files import read_articles
from knowledge_base.embedder import Embedder
from knowledge_base.examples import UNCALIBRATED, UNTRAINED
from knowledge_base.field import Field
from knowledge_base.index import GraphIndex, VectorIndex, use_one_thread
from knowledge_base.index_file import IndexFile
from knowledge_base.passages import split
from knowledge_base.question import Question
from knowledge_base.search import SearchableArticle, SearchablePassage, SearchIndex
from language.encoder import Encoder, EncoderError

DIMENSION = 384
SIZES = (1_000, 10_000, 100_000, 1_000_000)
# Beyond, words would take longer to make up than all the rest.
MOST_WITH_WORDS = 100_000
PASSAGES_PER_ARTICLE = 5
QUERIES = 200
SAVES = 50
NEIGHBOURS = 10
# Enough words for the lexical index to have something to do.
VOCABULARY = 20_000
WORDS_PER_PASSAGE = 60
CHUNK = 10_000
TEXTS = 200

Floats = NDArray[np.float32]
Ids = NDArray[np.int64]


def main(arguments: list[str] | None = None) -> int:
    """Print the figures of each size; with `--json` one object per line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search", description="Measure search.")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="numbers of passages")
    parser.add_argument("--json", action="store_true", help="print JSON, one object per size")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.one:
        print(json.dumps(measure(options.one)))
        return 0
    if rate := texts_a_second():
        print(json.dumps(rate) if options.json else _as_line(rate), flush=True)
    for size in options.sizes:
        command = [sys.executable, "-m", "benchmarks.search", "--one", str(size)]
        line = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
        print(line if options.json else _as_line(json.loads(line)), flush=True)
    return 0


def texts_a_second() -> dict[str, float]:
    """How many of the demo articles' passages are embedded in a second; nothing without an encoder."""
    try:
        embedder = Embedder(Encoder.open(ROOT / "var/models/encoder"))
    except EncoderError as error:
        print(error, file=sys.stderr)
        return {}
    passages = [
        one.embedded(file.front.title) for file in read_articles(ROOT / "seeds/articles") for one in split(file.body)
    ]
    milliseconds = _timed(lambda: embedder.documents(passages[:TEXTS]))
    texts = len(passages[:TEXTS])
    return {
        "texts": texts,
        "characters": sum(map(len, passages[:TEXTS])),
        "texts_a_second": texts / milliseconds * 1000,
    }


def measure(size: int) -> dict[str, Any]:
    """All the figures of one size."""
    use_one_thread()
    generator = np.random.default_rng(7)
    queries = vectors(QUERIES, generator)
    truth = Truth(queries)
    before = memory_megabytes()
    if size > MOST_WITH_WORDS:
        graph, figures = fill_vectors(size, truth, generator)
        figures |= {"memory_mb": memory_megabytes() - before, **measure_vectors(graph, queries, truth)}
    else:
        index, figures = fill(size, truth, generator)
        gc.collect()
        figures |= {"memory_mb": memory_megabytes() - before}
        figures |= measure_vectors(index.passages.index, queries, truth)
        figures |= measure_ranking(index, queries) | measure_file(index)
    return {"passages": size, **figures}


class Truth:
    """The true nearest of all that has been shown, without keeping it."""

    def __init__(self, queries: Floats) -> None:
        self._queries = queries
        self._scores = np.full((len(queries), NEIGHBOURS), -np.inf, np.float32)
        self.ids = np.full((len(queries), NEIGHBOURS), -1, np.int64)
        self._seen = 0

    def see(self, chunk: Floats) -> None:
        """Compare the queries with more vectors, whose ids go on from the last."""
        scores = np.concatenate([self._scores, self._queries @ chunk.T], axis=1)
        new = np.broadcast_to(np.arange(self._seen, self._seen + len(chunk)), (len(self.ids), len(chunk)))
        ids = np.concatenate([self.ids, new], axis=1)
        best = np.argpartition(-scores, NEIGHBOURS - 1, axis=1)[:, :NEIGHBOURS]
        self._scores, self.ids = (np.take_along_axis(one, best, axis=1) for one in (scores, ids))
        self._seen += len(chunk)


def fill_vectors(size: int, truth: Truth, generator: np.random.Generator) -> tuple[GraphIndex, dict[str, Any]]:
    """A graph of so many vectors, built on every core."""
    faiss.omp_set_num_threads(os.cpu_count() or 1)
    graph, spent = GraphIndex(DIMENSION), 0.0
    for start in range(0, size, CHUNK):
        chunk = vectors(min(CHUNK, size - start), generator)
        truth.see(chunk)
        spent += _timed(lambda start=start, chunk=chunk: graph.add(range(start, start + len(chunk)), chunk))
    use_one_thread()
    return graph, {"index": "graph", "graph_s": spent / 1000}


def fill(size: int, truth: Truth, generator: np.random.Generator) -> tuple[SearchIndex, dict[str, Any]]:
    """What a process does at its start, but for reading the database."""
    index, spent = SearchIndex(DIMENSION, ranker=UNTRAINED, calibration=UNCALIBRATED), 0.0
    for start in range(0, size, CHUNK):
        chunk = vectors(min(CHUNK, size - start), generator)
        truth.see(chunk)
        for first in range(0, len(chunk), PASSAGES_PER_ARTICLE):
            number = (start + first) // PASSAGES_PER_ARTICLE
            one = article(number, chunk[first : first + PASSAGES_PER_ARTICLE], generator)
            spent += _timed(lambda one=one: index.put(one))
    outgrown = [field for field in index.fields if field.wants_rebuilding]
    graphs = sum(_timed(lambda field=field: _rebuild(field)) for field in outgrown)
    kind = "exact" if index.passages.index.is_exact else "graph"
    return index, {"index": kind, "fill_s": spent / 1000, "graph_s": graphs / 1000}


def _rebuild(field: Field) -> None:
    for step in field.rebuild():
        step()


def measure_vectors(index: VectorIndex, queries: Floats, truth: Truth) -> dict[str, float]:
    """The search for the nearest passages alone, and how many of the true nearest it finds."""
    times = [_timed(lambda query=query: index.search(query, NEIGHBOURS)) for query in queries]
    found = [
        len({*index.search(query, NEIGHBOURS)[0].tolist()} & {*ids.tolist()})
        for query, ids in zip(queries, truth.ids, strict=True)
    ]
    return {**_latencies("search", times), "recall": sum(found) / (NEIGHBOURS * len(queries))}


def measure_ranking(index: SearchIndex, queries: Floats) -> dict[str, float]:
    """Everything that a question goes through once its vector is known, and a save up to the next question."""
    generator = np.random.default_rng(8)
    asked = [Question(text(generator, 8), query, "en") for query in queries]
    times = [_timed(lambda question=question: index.rank(question)) for question in asked]
    saves = []
    for number, question in zip(range(SAVES), asked, strict=False):
        changed = article(number, vectors(PASSAGES_PER_ARTICLE, generator), generator)
        saves.append(_timed(lambda changed=changed, question=question: (index.put(changed), index.rank(question))))
    return {**_latencies("rank", times), **_latencies("saved_and_ranked", saves)}


def measure_file(index: SearchIndex) -> dict[str, float]:
    """The index to disk and back."""
    with tempfile.TemporaryDirectory() as folder:
        file = IndexFile(Path(folder), database_url="sqlite://", encoder="synthetic")
        saved = _timed(lambda: file.save(index.state() or {}))
        again = SearchIndex(DIMENSION, ranker=UNTRAINED, calibration=UNCALIBRATED)
        loaded = _timed(lambda: file.load(again))
        assert again.versions() == index.versions()
        return {"file_mb": file.path.stat().st_size / 2**20, "saved_s": saved / 1000, "loaded_s": loaded / 1000}


def article(number: int, rows: Floats, generator: np.random.Generator) -> SearchableArticle:
    """An article of invented words around given vectors."""
    first = number * PASSAGES_PER_ARTICLE
    passages = [
        SearchablePassage(first + place, text(generator, WORDS_PER_PASSAGE), row) for place, row in enumerate(rows)
    ]
    return SearchableArticle(number, f"a{number}", "en", text(generator, 5), 1, rows[0], passages=passages)


def text(generator: np.random.Generator, words: int) -> str:
    """Words as frequent as in a language: a few very, most hardly."""
    numbers = np.minimum(generator.zipf(1.3, words), VOCABULARY)
    return " ".join(f"{number * 2_654_435_761 % 2**32:x}" for number in numbers)


def vectors(count: int, generator: np.random.Generator) -> Floats:
    """Unit vectors around some hundred centres with a common direction, bunched like E5's."""
    centres = np.random.default_rng(1).standard_normal((300, DIMENSION)) + 3.0
    rows = centres[generator.integers(len(centres), size=count)] + generator.standard_normal((count, DIMENSION))
    unit: Floats = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


def memory_megabytes() -> float:
    """What this process holds in memory now."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * 4096 / 2**20


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def _latencies(name: str, milliseconds: Sequence[float]) -> dict[str, float]:
    p50, p95 = np.percentile(milliseconds, [50, 95])
    return {f"{name}_ms_p50": float(p50), f"{name}_ms_p95": float(p95)}


def _as_line(figures: dict[str, Any]) -> str:
    return "  ".join(f"{name} {_rounded(figure)}" for name, figure in figures.items())


def _rounded(figure: Any) -> str:
    return f"{figure:,.4g}" if isinstance(figure, float) else f"{figure:,}" if isinstance(figure, int) else figure


if __name__ == "__main__":
    sys.exit(main())
