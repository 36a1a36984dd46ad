"""Latency, memory and recall of vector search: `python -m benchmarks.search [--sizes 1000 10000 100000]`.

Vectors are synthetic, clustered like those of articles, since embedding so many texts would take hours. Each size
runs in a process of its own, so that memory is what it says.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge_base.examples import UNCALIBRATED, UNTRAINED
from knowledge_base.index import EXACT_LIMIT, ExactIndex, GrowingIndex, use_one_thread
from knowledge_base.question import Question
from knowledge_base.search import SearchableArticle, SearchablePassage, SearchIndex

DIMENSION = 384
SIZES = (1_000, 10_000, 100_000)
PASSAGES_PER_ARTICLE = 5
QUERIES = 200
SAVES = 20
NEIGHBOURS = 10
# Text beside the vectors: enough words for the lexical index to have something to do.
VOCABULARY = 20_000
WORDS_PER_PASSAGE = 60
CHUNK = 10_000

Floats = NDArray[np.float32]


def main(arguments: list[str] | None = None) -> int:
    """Print one line per size; with `--json` one object per line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search", description="Measure search.")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="numbers of passages")
    parser.add_argument("--json", action="store_true", help="print JSON, one object per size")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.one:
        print(json.dumps(measure(options.one)))
        return 0
    for size in options.sizes:
        command = [sys.executable, "-m", "benchmarks.search", "--one", str(size)]
        line = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
        print(line if options.json else _as_line(json.loads(line)), flush=True)
    return 0


def measure(size: int) -> dict[str, Any]:
    """Vector search alone, and where it is not too long to fill, the whole ranking with words and features."""
    use_one_thread()
    generator = np.random.default_rng(7)
    queries = vectors(QUERIES, generator)
    before = memory_megabytes()
    index, started = GrowingIndex(DIMENSION), time.perf_counter()
    kept = []
    for start in range(0, size, CHUNK):
        chunk = vectors(min(CHUNK, size - start), generator)
        index.add(range(start, start + len(chunk)), chunk)
        kept.append(chunk)
    filled, memory = time.perf_counter() - started, memory_megabytes() - before
    everything = np.concatenate(kept)
    figures: dict[str, Any] = {
        "passages": size,
        "exact": index.is_exact,
        "fill_s": round(filled, 1),
        "vectors_mb": round(everything.nbytes / 2**20),
        "memory_mb": round(memory - everything.nbytes / 2**20),
        **_latencies("search", [_timed(lambda query=query: index.search(query, NEIGHBOURS)) for query in queries]),
        "recall_vs_exact": round(recall(index, everything, queries), 4),
    }
    if size <= EXACT_LIMIT:
        figures |= measure_ranking(everything, queries)
    return figures


def measure_ranking(everything: Floats, queries: Floats) -> dict[str, Any]:
    """Everything that a question goes through once its vector is known, and a save until the next question sees it."""
    generator = np.random.default_rng(8)
    index = SearchIndex(DIMENSION, ranker=UNTRAINED, calibration=UNCALIBRATED)
    for number, start in enumerate(range(0, len(everything), PASSAGES_PER_ARTICLE)):
        index.put(article(number, everything[start : start + PASSAGES_PER_ARTICLE], generator))
    times = []
    for query in queries:
        question = Question(text(generator, 8), query, "en")
        times.append(_timed(lambda question=question: index.rank(question)))
    saves = []
    for number in range(SAVES):
        changed = article(number, vectors(PASSAGES_PER_ARTICLE, generator), generator)
        saves.append(_timed(lambda changed=changed: index.put(changed)))
    return {**_latencies("rank", times), "save_to_searchable_ms": round(float(np.median(saves)), 2)}


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


def recall(index: GrowingIndex, everything: Floats, queries: Floats) -> float:
    """The share of the true nearest that the index finds."""
    exact = ExactIndex(DIMENSION)
    exact.add(range(len(everything)), everything)
    found = [set(index.search(query, NEIGHBOURS)[0]) & set(exact.search(query, NEIGHBOURS)[0]) for query in queries]
    return sum(map(len, found)) / (NEIGHBOURS * len(queries))


def memory_megabytes() -> float:
    """What this process holds in memory now."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * 4096 / 2**20


def _timed(work: Any) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def _latencies(name: str, milliseconds: Sequence[float]) -> dict[str, float]:
    p50, p95 = np.percentile(milliseconds, [50, 95])
    return {f"{name}_ms_p50": round(float(p50), 2), f"{name}_ms_p95": round(float(p95), 2)}


def _as_line(figures: dict[str, Any]) -> str:
    return "  ".join(f"{name} {figure}" for name, figure in figures.items())


if __name__ == "__main__":
    sys.exit(main())
