import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
from sqlalchemy import LargeBinary, bindparam, event, text
from sqlalchemy.exc import OperationalError

from core.database import Database
from core.sqlite import COMMITS_GATHERED, LARGE_BYTES, MOVE, MOVER, Log, LoopConnection, Place, WritersLock


@pytest.fixture
async def counter(tmp_path: Path) -> AsyncIterator[Database]:
    """A database with one number in it."""
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'new/folder/counter.db'}")
    async with database.session() as session:
        await session.execute(text("create table counter (n integer)"))
        await session.execute(text("insert into counter values (0)"))
    yield database
    await database.close()


async def read(counter: Database) -> int:
    async with counter.reading() as session:
        return int((await session.execute(text("select n from counter"))).scalar_one())


class TestWriting:
    async def test_what_a_transaction_reads_does_not_change_before_it_writes(self, counter: Database) -> None:
        async def add_one() -> None:
            async with counter.session() as session:
                number = (await session.execute(text("select n from counter"))).scalar_one()
                await asyncio.sleep(0)
                await session.execute(text("update counter set n = :n"), {"n": number + 1})

        await asyncio.gather(*(add_one() for _ in range(50)))

        assert await read(counter) == 50

    async def test_a_failed_transaction_leaves_nothing_and_lets_the_next_one_in(self, counter: Database) -> None:
        async def fail() -> None:
            async with counter.session() as session:
                await session.execute(text("update counter set n = 7"))
                await session.execute(text("no such statement"))

        with pytest.raises(OperationalError):
            await fail()
        async with counter.session() as session:
            await session.execute(text("update counter set n = n + 1"))

        assert await read(counter) == 1

    async def test_a_transaction_makes_no_tasks_that_the_next_one_would_have_to_wait_for(
        self, counter: Database
    ) -> None:
        made: list[str] = []

        def note(loop: asyncio.AbstractEventLoop, work: Any, **more: Any) -> "asyncio.Task[Any]":
            made.append(str(work))
            return asyncio.Task(work, loop=loop, **more)

        asyncio.get_running_loop().set_task_factory(note)
        async with counter.session() as session:
            await session.execute(text("update counter set n = n + 1"))
        asyncio.get_running_loop().set_task_factory(None)

        assert made == []
        assert await read(counter) == 1

    async def test_a_cancelled_transaction_lets_the_next_one_in(self, counter: Database) -> None:
        inside = asyncio.Event()

        async def hang() -> None:
            async with counter.session() as session:
                await session.execute(text("update counter set n = 7"))
                inside.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(hang())
        await inside.wait()
        waiting = asyncio.create_task(read(counter))
        assert await waiting == 0
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        async with counter.session() as session:
            await session.execute(text("update counter set n = n + 1"))

        assert await read(counter) == 1

    async def test_it_waits_for_another_process_while_everything_else_goes_on(self, counter: Database) -> None:
        another = sqlite3.connect(counter.url.split("///")[1], isolation_level=None)
        another.execute("begin immediate")
        another.execute("update counter set n = 5")

        async def add_one() -> None:
            async with counter.session() as session:
                await session.execute(text("update counter set n = n + 1"))

        adding = asyncio.create_task(add_one())
        seen = [await read(counter) for _ in range(20)]
        await asyncio.sleep(0.05)
        assert not adding.done()
        another.execute("commit")
        await adding

        assert set(seen) == {0}
        assert await read(counter) == 6
        another.close()

    async def test_reading_waits_for_no_writer(self, counter: Database) -> None:
        async with counter.session() as session:
            await session.execute(text("update counter set n = 7"))

            assert await read(counter) == 0

        assert await read(counter) == 7


class TestConnection:
    async def test_runs_statements_without_a_session(self, counter: Database) -> None:
        async with counter.engine.connect() as connection:
            number = (await connection.execute(text("select n from counter"))).scalar_one()
            again = (await connection.exec_driver_sql("select n from counter")).scalar_one()

        assert (number, again) == (0, 0)


class TestWritersLock:
    async def queue(self, lock: WritersLock, names: str) -> tuple[list[str], dict[str, asyncio.Task[None]]]:
        """Those who ask while somebody has the lock, in this order; capital letters go first. Who has had it."""
        had: list[str] = []

        async def ask(name: str) -> None:
            await lock.acquire(Place.first if name.isupper() else Place.in_order)
            had.append(name)
            await asyncio.sleep(0)
            lock.release()

        await lock.acquire(Place.in_order)
        asking = {name: asyncio.create_task(ask(name)) for name in names}
        await asyncio.sleep(0)
        return had, asking

    async def test_is_had_in_the_order_of_asking(self) -> None:
        lock = WritersLock()
        had, asking = await self.queue(lock, "abc")

        lock.release()
        await asyncio.gather(*asking.values())

        assert had == ["a", "b", "c"]

    async def test_who_goes_first_starves_nobody(self) -> None:
        lock = WritersLock()
        had, asking = await self.queue(lock, "abcXYZ")

        lock.release()
        await asyncio.gather(*asking.values())

        assert had == ["X", "a", "Y", "b", "Z", "c"]

    async def test_who_gave_up_holds_up_nobody(self) -> None:
        lock = WritersLock()
        had, asking = await self.queue(lock, "abc")

        asking["a"].cancel()
        lock.release()
        # It has just been given to this one, who does not know yet.
        asking["b"].cancel()
        await asyncio.gather(*asking.values(), return_exceptions=True)
        await asyncio.wait_for(lock.acquire(Place.in_order), 1)

        assert had == ["c"]


class TestCommits:
    """Where a commit runs, and what becomes of what it adds to the log."""

    @pytest.fixture
    async def database(self, tmp_path: Path) -> AsyncIterator[Database]:
        database = Database(f"sqlite+aiosqlite:///{tmp_path / 'commits.db'}")
        async with database.session() as session:
            await session.execute(text("create table files (content blob)"))
        yield database
        await database.close()

    @pytest.fixture
    async def run_in(self, database: Database) -> dict[str, list[threading.Thread]]:
        """The threads in which statements of this connection and of new ones ran."""
        threads: dict[str, list[threading.Thread]] = {}

        def note(statement: str) -> None:
            threads.setdefault(statement, []).append(threading.current_thread())

        @event.listens_for(database.engine.sync_engine, "checkout")
        def _trace(connection: Any, _record: Any, _proxy: Any) -> None:
            connection.driver_connection.opened.set_trace_callback(note)

        return threads

    @staticmethod
    async def write(database: Database, content: bytes = b"") -> None:
        async with database.session() as session:
            await session.execute(text("insert into files values (:content)"), {"content": content})

    @staticmethod
    def wait_for_mover() -> None:
        for thread in threading.enumerate():
            if thread.name == MOVER:
                thread.join(timeout=10)

    async def test_a_small_one_runs_where_it_is_asked_for(self, database: Database, run_in: Any) -> None:
        await self.write(database)

        assert run_in["COMMIT"] == [threading.current_thread()]

    async def test_that_of_a_file_runs_in_a_thread_and_the_next_one_does_not(
        self, database: Database, run_in: Any
    ) -> None:
        await self.write(database, b"x" * (LARGE_BYTES + 1))
        await self.write(database)

        assert [thread is threading.current_thread() for thread in run_in["COMMIT"]] == [False, True]

    async def test_what_gathers_in_the_log_is_moved_into_the_database_beside_all_others(
        self, database: Database, run_in: Any, tmp_path: Path
    ) -> None:
        for _ in range(3):
            for _ in range(COMMITS_GATHERED):
                await self.write(database, b"x" * 4096)
            self.wait_for_mover()

        assert MOVE not in run_in
        assert (tmp_path / "commits.db").stat().st_size > 2 * COMMITS_GATHERED * 4096

    async def test_a_log_that_was_never_moved_to_its_end_is_moved_in_a_thread_and_begins_anew(
        self, database: Database, run_in: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("core.sqlite.COMMITS_UNTIL_ANEW", 50)
        monkeypatch.setattr("core.sqlite.COMMITS_GATHERED", 1_000_000)

        for _ in range(300):
            await self.write(database, b"x" * 4096)

        assert len(run_in[MOVE]) == 300 // 50
        assert threading.current_thread() not in run_in[MOVE]
        # Each of these commits adds three pages; what was moved is written over.
        assert (tmp_path / "commits.db-wal").stat().st_size < 2 * 50 * 3 * 4096

    async def test_a_log_whose_database_was_taken_away_makes_none(self, tmp_path: Path) -> None:
        log = Log(str(tmp_path / "gone.db"))

        log.grew(by_much=True)

        self.wait_for_mover()
        assert not (tmp_path / "gone.db").exists()

    async def test_others_see_it_before_it_is_moved(self, database: Database, tmp_path: Path) -> None:
        await self.write(database, b"seen")

        with closing(sqlite3.connect(tmp_path / "commits.db")) as other:
            assert other.execute("select content from files").fetchall() == [(b"seen",)]


class TestLargeStatements:
    """Where a statement runs; `in_loop()` tells it in SQL."""

    @pytest.fixture
    async def database(self, tmp_path: Path) -> AsyncIterator[Database]:
        database = Database(f"sqlite+aiosqlite:///{tmp_path / 'places.db'}")
        loop = threading.current_thread()

        @event.listens_for(database.engine.sync_engine, "connect")
        def _tell_where(connection: Any, _record: Any) -> None:
            connection.create_function("in_loop", 0, lambda: threading.current_thread() is loop)

        yield database
        await database.close()

    @pytest.mark.parametrize("column_type", [None, LargeBinary()])
    async def test_what_is_given_a_file_runs_in_a_thread(self, database: Database, column_type: Any) -> None:
        statement = text("select in_loop(), :content").bindparams(bindparam("content", type_=column_type))
        content = b"x" * (LARGE_BYTES + 1)

        async with database.session() as session:
            row = (await session.execute(statement, {"content": content})).one()
            small = (await session.execute(statement, {"content": b"x" * LARGE_BYTES})).one()

        assert tuple(row) == (0, content)
        assert small[0] == 1

    async def test_what_says_that_it_reads_one_does_too(self, database: Database) -> None:
        statement = text("select in_loop()")

        async with database.reading() as session:
            places = [
                (await session.execute(statement.execution_options(**options))).scalar_one()
                for options in ({}, {"large": True}, {})
            ]

        assert places == [1, 0, 1]

    async def test_several_rows_of_one_statement_count_as_well(self, database: Database) -> None:
        async with database.session() as session:
            await session.execute(text("create table files (content blob, stored_in_loop integer)"))
            rows = [{"content": b"x" * size} for size in (1, LARGE_BYTES + 1)]
            await session.execute(text("insert into files values (:content, in_loop())"), rows)

            assert set(await session.scalars(text("select stored_in_loop from files"))) == {0}

    async def test_one_that_is_cut_off_in_its_thread_ends_there_and_lets_the_next_one_in(
        self, database: Database
    ) -> None:
        begun, go_on = threading.Event(), threading.Event()

        @event.listens_for(database.engine.sync_engine, "connect")
        def _hold(connection: Any, _record: Any) -> None:
            connection.create_function("hold", 0, lambda: begun.set() or go_on.wait(5))

        async def read() -> None:
            async with database.session() as session:
                await session.execute(text("select hold()").execution_options(large=True))

        task = asyncio.create_task(read())
        await asyncio.to_thread(begun.wait, 5)
        task.cancel()
        await asyncio.sleep(0)
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task

        async with database.session() as session:
            assert (await session.execute(text("select in_loop()"))).scalar_one() == 1

    def test_one_that_outlives_its_loop_disturbs_nobody(self, tmp_path: Path) -> None:
        begun, go_on = threading.Event(), threading.Event()

        def hold() -> None:
            begun.set()
            go_on.wait(5)

        async def leave() -> threading.Thread:
            connection = await LoopConnection(
                lambda: sqlite3.connect(":memory:", check_same_thread=False), 64, log=Log(":memory:")
            )
            connection.is_large = True
            cut_off = asyncio.ensure_future(aiosqlite.Connection._execute(connection, hold))
            await asyncio.to_thread(begun.wait, 5)
            cut_off.cancel()
            connection.stop()
            return connection._thread

        thread = asyncio.run(leave())
        go_on.set()
        thread.join(5)

        # pytest reports an error that a thread has died of.
        assert not thread.is_alive()


class TestConnecting:
    async def test_a_caller_who_is_cancelled_again_and_again_leaves_no_connection_open(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        opened: list[sqlite3.Connection] = []
        begun, go_on = threading.Event(), threading.Event()

        def open_slowly(*arguments: Any, **options: Any) -> sqlite3.Connection:
            begun.set()
            go_on.wait(5)
            opened.append(connect(*arguments, **options))
            return opened[0]

        connect = sqlite3.connect
        monkeypatch.setattr(sqlite3, "connect", open_slowly)
        database = Database(f"sqlite+aiosqlite:///{tmp_path / 'slow.db'}")

        async def read() -> None:
            async with database.reading() as session:
                await session.execute(text("select 1"))

        task = asyncio.create_task(read())
        await asyncio.to_thread(begun.wait, 5)
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0)
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task

        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            opened[0].execute("select 1")
        await database.close()
