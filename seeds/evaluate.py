"""What contacts read: `python -m seeds.evaluate [--questions Q.jsonl] [--part PART] [--json]`.

Each line of the questions is `{"text"[, "before"], "lang", "articles", "shows", "part"}`: what is asked, after which
other question, which articles may answer, and what a right answer's text holds one of. All go through the service that
answers contacts, over the demo articles in a database of its own.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from statistics import median
from typing import Any

from pydantic import BaseModel

from core.clock import SystemClock
from core.config import ROOT
from core.database import Base, Database
from core.events import LocalEventBus
from core.unit_of_work import UnitOfWork
from knowledge_base.answering import Found
from knowledge_base.embedder import Embedder
from knowledge_base.enums import Band
from knowledge_base.evaluate import DataBroken, read_lines
from knowledge_base.live_index import LiveIndex
from knowledge_base.projection import Projection
from knowledge_base.service import KnowledgeService
from knowledge_base.weights import RankerWeights
from language.encoder import Encoder, EncoderError, TextEncoder
from seeds.articles_loader import load_articles

QUESTIONS = ROOT / "tests/data/answers.jsonl"


class AskedLine(BaseModel):
    """A question with what a right answer shows."""

    text: str
    lang: str
    articles: list[str]
    shows: list[str]
    part: str
    before: str | None = None


class Outcome(StrEnum):
    """What a contact got."""

    right = "right"
    wrong_passage = "wrong passage"
    wrong_article = "wrong article"
    offered = "offered"
    declined = "declined"


@dataclass(frozen=True)
class Shown:
    """A question with what came of it."""

    line: AskedLine
    outcome: Outcome
    found: Found
    milliseconds: float


class _Before:
    """Remembers the one question before."""

    def __init__(self, text: str) -> None:
        self._text = text

    async def questions_before(self, conversation_id: str, message_id: str) -> Sequence[str]:
        return [self._text]


class Demo:
    """The demo articles, ready to be asked."""

    def __init__(self, work: UnitOfWork, live: LiveIndex) -> None:
        self.work = work
        self.live = live

    async def ask(self, line: AskedLine) -> Shown:
        """One question, as a contact would ask it, after the one before it."""
        if line.before:
            await self._answered(line, line.before, message_id=f"before {line.text}")
        started = time.perf_counter()
        found = await self._answered(line, line.text, message_id=line.text)
        milliseconds = (time.perf_counter() - started) * 1000
        return Shown(line, self._outcome(line, found), found, milliseconds)

    async def _answered(self, line: AskedLine, text: str, *, message_id: str) -> Found:
        earlier = _Before(line.before) if line.before and text != line.before else None
        async with self.work.begin() as session:
            service = KnowledgeService(session, live=self.live, clock=SystemClock(), earlier=earlier)
            conversation_id = f"{line.before} {line.text}"
            return await service.answer(
                text, language=line.lang, conversation_id=conversation_id, message_id=message_id
            )

    def slug(self, article_id: int) -> str:
        """The topic of an article that is searched."""
        entry = self.live.search.entry(article_id)
        return entry.slug if entry else ""

    def _outcome(self, line: AskedLine, found: Found) -> Outcome:
        if found.answer is None:
            return Outcome.offered if found.band is Band.offer else Outcome.declined
        if self.slug(found.answer.article_id) not in line.articles:
            return Outcome.wrong_article
        return Outcome.right if any(one in found.answer.text for one in line.shows) else Outcome.wrong_passage


@asynccontextmanager
async def open_demo(encoder: TextEncoder, folder: Path = ROOT / "seeds/articles") -> AsyncIterator[Demo]:
    """A folder's articles in a database that is thrown away afterwards."""
    with tempfile.TemporaryDirectory() as place:
        database = Database(f"sqlite+aiosqlite:///{place}/demo.db")
        async with database.engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        work = UnitOfWork(database, LocalEventBus())
        live = LiveIndex(work, Embedder(encoder), weights=RankerWeights.load(), projection=Projection.load())
        async with work.begin() as session:
            await load_articles(KnowledgeService(session, live=live, clock=SystemClock()), folder)
        await live.start()
        yield Demo(work, live)
        await database.close()


def figures_of(shown: Sequence[Shown]) -> dict[str, Any]:
    """How often each outcome was, and which share of the answers from a right article show what was asked."""
    counts = Counter(one.outcome for one in shown)
    from_right_article = counts[Outcome.right] + counts[Outcome.wrong_passage]
    return {
        "questions": len(shown),
        **{one.value: counts[one] for one in Outcome},
        "right passage of right article": round(counts[Outcome.right] / from_right_article, 4)
        if from_right_article
        else None,
        "ms p50": round(median(one.milliseconds for one in shown), 1) if shown else None,
    }


async def _shown(encoder: TextEncoder, lines: Sequence[AskedLine], demo_folder: Path) -> list[Shown]:
    async with open_demo(encoder, demo_folder) as demo:
        return [await demo.ask(line) for line in lines]


def _misses(shown: Sequence[Shown]) -> Iterator[str]:
    for one in shown:
        if one.outcome is not Outcome.right:
            before = f"{one.line.before} › " if one.line.before else ""
            yield f"{one.outcome.value:14} {before}{one.line.text}"


def _as_lines(parts: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for part, figures in parts.items():
        yield part
        yield from (f"  {name:31} {figure}" for name, figure in figures.items())


def main(arguments: list[str] | None = None) -> int:
    """Print the figures of each part; 2 when a file cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m seeds.evaluate", description="Measure what contacts are shown.")
    parser.add_argument("--questions", type=Path, default=QUESTIONS)
    parser.add_argument("--part", help="this part alone")
    parser.add_argument("--articles", type=Path, default=ROOT / "seeds/articles", help="a folder like the demo's")
    parser.add_argument("--encoder", type=Path, default=ROOT / "var/models/encoder", help="the encoder's folder")
    parser.add_argument("--misses", action="store_true", help="name the questions that were not answered rightly")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    try:
        lines = [one for one in read_lines(options.questions, AskedLine) if options.part in (None, one.part)]
        encoder = Encoder.open(options.encoder)
    except (DataBroken, EncoderError) as error:
        print(error, file=sys.stderr)
        return 2
    shown = asyncio.run(_shown(encoder, lines, options.articles))
    parts = {
        part: figures_of([one for one in shown if one.line.part == part])
        for part in dict.fromkeys(one.part for one in lines)
    }
    print(json.dumps(parts, ensure_ascii=False) if options.json else "\n".join(_as_lines(parts)))
    if options.misses:
        print("\n".join(_misses(shown)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
