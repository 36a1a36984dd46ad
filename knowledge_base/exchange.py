"""`./hamyar import PATH [--dry-run] [--publish]` and `./hamyar export FILE`: articles in from files, and out."""

import argparse
import asyncio
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import SystemClock
from core.config import Settings
from core.database import Database
from core.events import create_event_bus
from core.unit_of_work import UnitOfWork
from knowledge_base.article_files import CATEGORIES_FILE
from knowledge_base.csv_files import ImportRefused
from knowledge_base.embedder import Embedder
from knowledge_base.enums import Change, ImportState
from knowledge_base.import_files import take_up
from knowledge_base.importing import ArticleImports, Importing, check_file
from knowledge_base.live_index import LiveIndex
from knowledge_base.models import ImportRow
from knowledge_base.projection import Projection
from knowledge_base.service import KnowledgeService
from knowledge_base.weights import RankerWeights
from language.encoder import Encoder, EncoderError

BY = "./hamyar import"
LOOK_SECONDS = 0.2


class Exchange:
    """Brings files in and out of one knowledge base, and says on standard output what becomes of them.

    How far it has come is shown on `console`, where that is a terminal.
    """

    def __init__(self, work: UnitOfWork, embedder: Embedder, *, console: Console | None = None) -> None:
        self._work = work
        self._console = console or Console(stderr=True)
        self._clock = SystemClock()
        self._live = LiveIndex(work, embedder, weights=RankerWeights.load(), projection=Projection.load())

    async def bring(self, file: Path, *, dry_run: bool, publish_new: bool) -> None:
        """Import a file or a folder; with `dry_run`, only say what would change. Raises ImportRefused."""
        content, name = await asyncio.to_thread(take_up, file)
        async with self._work.reading() as session:
            checked = await check_file(self._open(session), content, name=name, publish_new=publish_new)
        for category in checked.categories:
            _say_category(category)
        if dry_run:
            for row in checked.rows:
                _say(row)
            return
        total = len(checked.rows)
        async with self._work.begin() as session:
            imports = ArticleImports(self._open(session))
            kept = await imports.keep(checked, by=BY)
            await imports.begin(kept.id)
        importing = asyncio.create_task(self._import(kept.id))
        await self._show_progress(importing, kept.id, total=total)
        await importing
        async with self._work.reading() as session:
            for change in Change:
                for row in await self._open(session).imports.rows(kept.id, change):
                    _say(row)

    async def take_out(self, file: Path) -> None:
        """Export every article into a zip, or into a table where the file's name ends so."""
        async with self._work.reading() as session:
            exports = ArticleImports(self._open(session))
            content = await (exports.write_table() if file.suffix == ".csv" else exports.write_zip())
        await asyncio.to_thread(file.write_bytes, content)

    async def _import(self, import_id: int) -> None:
        importing = Importing(self._work, open_service=self._open, clock=self._clock)
        # An app that runs beside may have been quicker to take it.
        while not await self._is_done(import_id):
            await importing.run(str(import_id))
            await asyncio.sleep(LOOK_SECONDS)

    async def _show_progress(self, importing: asyncio.Task[None], import_id: int, *, total: int) -> None:
        """Show how far an import has come until it ends."""
        columns = (*Progress.get_default_columns(), MofNCompleteColumn())
        with Progress(*columns, console=self._console, disable=not self._console.is_terminal) as progress:
            bar = progress.add_task("Importing", total=total)
            while not importing.done():
                await asyncio.wait({importing}, timeout=LOOK_SECONDS)
                async with self._work.reading() as session:
                    done = await self._open(session).imports.count_done(import_id)
                progress.update(bar, completed=done)

    async def _is_done(self, import_id: int) -> bool:
        async with self._work.reading() as session:
            return (await ArticleImports(self._open(session)).get(import_id)).state is ImportState.done

    def _open(self, session: AsyncSession) -> KnowledgeService:
        return KnowledgeService(session, live=self._live, clock=self._clock)


def main(arguments: Sequence[str] | None = None) -> int:
    """Import or export; 2 where the file cannot be used."""
    parser = argparse.ArgumentParser(prog="./hamyar", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    bringing = commands.add_parser("import")
    bringing.add_argument("file", type=Path, help="a zip, a table, a web page, or a folder of Markdown")
    bringing.add_argument("--dry-run", action="store_true", help="only say what would change")
    bringing.add_argument("--publish", action="store_true", help="publish new articles that have no status")
    commands.add_parser("export").add_argument("file", type=Path)
    options = parser.parse_args(arguments)
    try:
        asyncio.run(_perform(options))
    except ImportRefused as error:
        refused = error.refused
        print(f"{options.file}: {refused.reason.value} {refused.detail}".rstrip(), file=sys.stderr)
        return 2
    except (EncoderError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


async def _perform(options: argparse.Namespace) -> None:
    settings = Settings()
    database, events = Database(settings.database_url), create_event_bus(settings.redis_url)
    try:
        exchange = Exchange(UnitOfWork(database, events), Embedder(Encoder.open(settings.encoder_folder)))
        if options.command == "export":
            await exchange.take_out(options.file)
        else:
            await exchange.bring(options.file, dry_run=options.dry_run, publish_new=options.publish)
    finally:
        await events.close()
        await database.close()


def _say_category(category: Mapping[str, Any]) -> None:
    before = category["before"]
    change = Change.changed if before else Change.new
    said = [f"{name}: {category[name]}" for name in ("name_fa", "name_en", "position") if name in category]
    print(f"{change.value:8} {CATEGORIES_FILE} {category['slug']}, {', '.join(said)}")


def _say(row: ImportRow) -> None:
    place = f"{row.file}:{row.line}" if row.line else row.file
    why = f" {row.reason.value} {row.detail}".rstrip() if row.reason else ", ".join(["", *row.fields])
    print(f"{row.change.value:8} {place} {row.slug} {row.language}".rstrip() + why)


if __name__ == "__main__":
    sys.exit(main())
