"""`./hamyar bench`: how long an answer takes through the product's own doors, beside a stock Rasa in the same run.

Ours is measured from the widget's socket to the answer in the widget: database, encoder, sentiment, Rasa, action,
knowledge base and all. Stock Rasa has its default pipeline, the same training data, and the same actions over HTTP; it
is measured at its REST channel, so without a database, channel, language or sentiment of its own.
"""

import argparse
import asyncio
import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import yaml

from benchmarks.stack import RASA_PYTHON, ROOT, Stack, prepare
from benchmarks.stock_rasa import DEFAULT_EPOCHS, StockRasa
from benchmarks.visitors import Visitor
from crm.conversations.handoff_policy import NEVER_IN_A_ROW
from seeds.business import WIDGET_KEY

QUESTIONS = (Path(__file__).parent / "questions.txt").read_text(encoding="utf-8").splitlines()
CROWD = 16
LONG_CONVERSATION_TURNS = 200


@dataclass(frozen=True)
class Figures:
    """One assistant's figures; times in milliseconds, memory in MB."""

    name: str
    trained_seconds: float
    first_answer_seconds: float
    alone_p50: float
    alone_p95: float
    crowd_p50: float
    crowd_p95: float
    crowd_answers_per_second: float
    long_first_50_p50: float
    long_last_50_p50: float
    memory: float


def percentile(seconds: Sequence[float], share: float) -> float:
    """A percentile in milliseconds; the nearest rank."""
    ordered = sorted(seconds)
    return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class AnyVisitor(Protocol):
    """Somebody who asks and keeps how long each answer took."""

    seconds: list[float]

    async def open(self) -> None: ...

    async def ask(self, text: str) -> Any: ...

    async def start_over(self) -> None: ...

    async def close(self) -> None: ...


async def measure(make: Callable[[], AnyVisitor], *, turns: int) -> dict[str, float]:
    """Ask as one visitor, as sixteen at once, and through one long conversation."""
    await _ask_all([make()], 5)
    alone = await _ask_all([make()], turns)
    began = time.perf_counter()
    crowd = await _ask_all([make() for _ in range(CROWD)], max(5, turns // 3))
    crowd_seconds = time.perf_counter() - began
    long = await _ask_all([make()], LONG_CONVERSATION_TURNS)
    return {
        "alone_p50": percentile(alone, 0.5),
        "alone_p95": percentile(alone, 0.95),
        "crowd_p50": percentile(crowd, 0.5),
        "crowd_p95": percentile(crowd, 0.95),
        "crowd_answers_per_second": len(crowd) / crowd_seconds,
        "long_first_50_p50": percentile(long[:50], 0.5),
        "long_last_50_p50": percentile(long[-50:], 0.5),
    }


async def _ask_all(visitors: Sequence[AnyVisitor], turns: int) -> list[float]:
    """Let every visitor ask so many questions, all visitors at once; the seconds of every answer."""
    for visitor in visitors:
        await visitor.open()
    await asyncio.gather(*(_ask(visitor, turns, offset) for offset, visitor in enumerate(visitors)))
    for visitor in visitors:
        await visitor.close()
    return [seconds for visitor in visitors for seconds in visitor.seconds]


async def _ask(visitor: AnyVisitor, turns: int, offset: int) -> None:
    for number in range(turns):
        if number and number % len(QUESTIONS) == 0:
            await visitor.start_over()
        await visitor.ask(QUESTIONS[(number + offset) % len(QUESTIONS)])


def measure_ours(stack: Stack, *, turns: int) -> Figures:
    """Start the product, time its first answer, then measure."""
    began = time.perf_counter()
    stack.start_app()
    stack.start_rasa()
    stack.wait_until_ready()
    asyncio.run(_ask_all([Visitor(stack.url, WIDGET_KEY)], 1))
    first_answer_seconds = time.perf_counter() - began
    measured = asyncio.run(measure(lambda: Visitor(stack.url, WIDGET_KEY), turns=turns))
    memory = sum(stack.memory_megabytes().values())
    trained = _time_training(stack)
    return Figures("Hamyar", trained, first_answer_seconds, **measured, memory=memory)


def measure_stock(stack: Stack, *, turns: int, epochs: int) -> Figures:
    """The same of stock Rasa, with our app running beside it to serve its actions."""
    settings = stack.settings
    stock = StockRasa(actions_url=settings["ACTIONS_URL"], actions_token=settings["ACTIONS_TOKEN"], epochs=epochs)
    stock.train()
    began = time.perf_counter()
    try:
        stock.start()
        asyncio.run(_ask_all([stock.visitor()], 1))
        first_answer_seconds = time.perf_counter() - began
        measured = asyncio.run(measure(stock.visitor, turns=turns))
        memory = stock.memory_megabytes()
    finally:
        stock.stop()
    return Figures("Stock Rasa", stock.trained_seconds, first_answer_seconds, **measured, memory=memory)


def _time_training(stack: Stack) -> float:
    """Train anew, without Rasa's cache, into a folder that is thrown away."""
    began = time.perf_counter()
    command = [str(RASA_PYTHON), "-m", "bot.train", "--force", "--output", str(stack.folder / "model.tar.gz")]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - began


ROWS = (
    ("one visitor, p50 (ms)", "alone_p50"),
    ("one visitor, p95 (ms)", "alone_p95"),
    ("16 visitors, p50 (ms)", "crowd_p50"),
    ("16 visitors, p95 (ms)", "crowd_p95"),
    ("16 visitors, answers a second", "crowd_answers_per_second"),
    ("200 turns: first 50, p50 (ms)", "long_first_50_p50"),
    ("200 turns: last 50, p50 (ms)", "long_last_50_p50"),
    ("memory of all processes (MB)", "memory"),
    ("start to first answer (s)", "first_answer_seconds"),
    ("training (s)", "trained_seconds"),
)


def show(all_figures: Sequence[Figures]) -> None:
    """Print a table."""
    print(f"{'':34}" + "".join(f"{figures.name:>14}" for figures in all_figures))
    for title, key in ROWS:
        print(f"{title:34}" + "".join(f"{asdict(figures)[key]:14.1f}" for figures in all_figures))


def main() -> None:
    """Measure and print; `--json` for programs."""
    parser = argparse.ArgumentParser(prog="./hamyar bench", description=__doc__)
    parser.add_argument("--turns", type=int, default=60, help="questions of the single visitor")
    parser.add_argument("--ours-only", action="store_true", help="leave stock Rasa out")
    parser.add_argument(
        "--stock-epochs",
        type=int,
        default=DEFAULT_EPOCHS,
        help="1 trains stock Rasa in two minutes: its answers are then worthless and come as fast",
    )
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        # No limit on messages: the benchmark's visitors are in a hurry. And nobody is handed off in a benchmark.
        hurry = {"WIDGET_MESSAGES_PER_MINUTE": "100000", "TURNS_PER_MINUTE": "100000"}
        stack = prepare(Path(folder), hurry | _patient_policy(Path(folder)))
        try:
            figures = [measure_ours(stack, turns=arguments.turns)]
            if not arguments.ours_only:
                stack.kill("rasa")
                figures.append(measure_stock(stack, turns=arguments.turns, epochs=arguments.stock_epochs))
        finally:
            stack.stop()
    if arguments.json:
        print(json.dumps([asdict(one) for one in figures]))
    else:
        show(figures)


def _patient_policy(folder: Path) -> dict[str, str]:
    """A handoff policy that lets the bot answer every question: the same ones over and over would annoy anybody."""
    policy = yaml.safe_load((ROOT / "crm/conversations/handoff_policy.yml").read_text())
    policy |= {"frustration": 1.0, "not_understood_in_a_row": NEVER_IN_A_ROW, "failed_in_a_row": NEVER_IN_A_ROW}
    file = folder / "policy.yml"
    file.write_text(yaml.safe_dump(policy))
    return {"HANDOFF_POLICY_FILE": str(file)}


if __name__ == "__main__":
    main()
