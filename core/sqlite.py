"""SQLite for a server: one writer at a time in fair order, and no thread between us and each small statement.

See docs/decisions/0005-sqlite-in-the-event-loop.md for what this gains.
"""

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Generator
from contextlib import closing, suppress
from enum import Enum
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import aiosqlite
from aiosqlite.core import _STOP_RUNNING_SENTINEL, _connection_worker_thread, set_exception, set_result
from sqlalchemy import event
from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_connection, AsyncAdapt_aiosqlite_cursor
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.util import EMPTY_DICT, await_only

from core.json import dumps, loads

# How long a writer waits for one in another process before giving up.
BUSY_SECONDS = 15
POOL_SIZE = 16
PRAGMAS = (
    *("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "cache_size=-4000"),
    # We say when what the log has gathered goes into the database: it is all that waits for the disk.
    "wal_autocheckpoint=0",
)
# So many commits gather in the log; as many pages, about, as SQLite would let gather.
COMMITS_GATHERED = 100
# After so many the log begins anew. That needs a moment in which nobody writes, and so keeps them waiting.
COMMITS_UNTIL_ANEW = 1_000
BEGIN_READING = "BEGIN"
BEGIN_WRITING = "BEGIN IMMEDIATE"
# A statement that carries more bytes than this would hold the loop up for longer than a thread costs.
LARGE_BYTES = 256 * 1024
MOVE = "PRAGMA wal_checkpoint(PASSIVE)"
MOVER = "moving the log"
_HOLDS_LOCK = "holds the writer's lock"


class LoopConnection(aiosqlite.Connection):
    """An aiosqlite connection that runs statements where it is called.

    Our statements are short, and handing each to a thread and back costs more than running it; so is a commit, which
    adds some pages to the `log`. What may wait stays in the connection's thread: beginning to write where another
    process writes just now, and a statement that moves a file, with its commit.
    """

    def __init__(self, *args: Any, log: "Log", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._log = log
        self._tx = _Handed()
        self._thread = threading.Thread(target=_connection_worker_thread, args=(self._tx,), daemon=True)
        # A connection used from two threads at once crashes the process; the loop waits only if a caller was cut off.
        self._in_use = threading.RLock()
        # Whether the statement at hand moves much; it holds for fetching its rows too.
        self.is_large = False
        # Whether one was since the transaction began.
        self._was_large = False

    async def _execute(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        """What aiosqlite itself asks for; statements do not come by here."""
        if self._connection is None:
            return await self.in_thread(fn, *args, **kwargs)
        if fn == self._connection.commit:
            return await self._commit(self._connection)
        return self.alone(fn, *args, **kwargs)

    async def _commit(self, connection: sqlite3.Connection) -> None:
        if self._log.is_long:
            await self.in_thread(_commit_and_move, connection)
            self._log.begins_anew()
        elif self._was_large:
            await self.in_thread(connection.commit)
        else:
            self.alone(connection.commit)
        self._log.grew(by_much=self._was_large)

    @property
    def opened(self) -> sqlite3.Connection:
        """SQLite's own connection."""
        if self._connection is None:
            # By these words SQLAlchemy knows what has happened.
            raise sqlite3.OperationalError("no active connection")
        return self._connection

    def begin(self, statement: str) -> bool:
        """Begin a transaction at once; false where that cannot be, such as where another process writes."""
        self._was_large = False
        try:
            self.alone(_without_waiting, self.opened, statement)
        except sqlite3.OperationalError:
            return False
        return True

    def weigh(self, *, is_large: bool) -> None:
        """Say whether the next statement moves much."""
        self.is_large = is_large
        self._was_large |= is_large

    async def in_thread(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        """Run something that may take long, and let the loop go on."""
        if self._connection is None:
            raise ValueError("the connection is closed")
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._tx.put_nowait((done, partial(self.alone, fn, *args, **kwargs)))
        return await _to_its_end(done)

    async def close(self) -> None:
        """A statement that was cut off is not finished, and would keep the transaction of a closed connection going."""
        if self._connection is not None:
            await self._execute(self._connection.rollback)
        await super().close()

    def stop(self) -> None:
        """Close here: in the thread it would pull the statements from under us. The thread then refuses what waits,
        and tells no loop of its end, since the loop may be gone by then.
        """
        self._running = False
        if self._connection is not None:
            self.alone(self._connection.rollback)
            self.alone(self._connection.close)
            self._connection = None
        self._tx.put_nowait((None, lambda: _STOP_RUNNING_SENTINEL))

    def alone(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        """Run something short where it is called."""
        with self._in_use:
            return fn(*args, **kwargs)


class Log:
    """The write-ahead log of a database file, whose pages are moved into the database.

    That waits for the disk, so it is done beside all others, in a thread and a connection of its own. Who does it while
    holding the writer's lock has all others wait, but only then is everything moved and the log written over from its
    start; so that is done seldom, when little is left to be moved.
    """

    def __init__(self, file: str) -> None:
        self._file = file
        self._gathered = 0
        self._since_anew = 0
        self._mover: threading.Thread | None = None

    @property
    def is_long(self) -> bool:
        """Whether it should begin anew with the next commit."""
        return self._since_anew >= COMMITS_UNTIL_ANEW and not self._is_moving

    def begins_anew(self) -> None:
        """All of it was moved while nobody could write."""
        self._gathered = self._since_anew = 0

    def grew(self, *, by_much: bool) -> None:
        """Count a commit, and have the pages moved once enough have gathered."""
        self._gathered += 1
        self._since_anew += 1
        if self._is_moving or not (by_much or self._gathered >= COMMITS_GATHERED):
            return
        self._gathered = 0
        self._mover = threading.Thread(target=_move_beside_others, args=(self._file,), name=MOVER, daemon=True)
        self._mover.start()

    @property
    def _is_moving(self) -> bool:
        return self._mover is not None and self._mover.is_alive()


def _move_beside_others(file: str) -> None:
    # Without making the file anew, where it was taken away meanwhile.
    place = f"{Path(file).absolute().as_uri()}?mode=rw"
    with suppress(sqlite3.Error), closing(sqlite3.connect(place, uri=True)) as own:
        _move(own)


def _commit_and_move(connection: sqlite3.Connection) -> None:
    connection.commit()
    _move(connection)


def _move(connection: sqlite3.Connection) -> None:
    """Move into the database what the log has of it, as far as no reader needs it there."""
    # What is committed is: where moving fails, as on a full disk, the log keeps it and the next time moves it.
    with suppress(sqlite3.Error):
        connection.execute(MOVE).fetchall()


def _without_waiting(connection: sqlite3.Connection, statement: str) -> None:
    """Run a statement that fails where another process would have to be waited for."""
    if statement != BEGIN_WRITING:
        connection.execute(statement)
        return
    connection.execute("PRAGMA busy_timeout=0")
    try:
        connection.execute(statement)
    finally:
        connection.execute(f"PRAGMA busy_timeout={1000 * BUSY_SECONDS}")


class _AtOnce:
    """Waited for, it is over: a statement that waits for nothing at all is a mistake in the eyes of SQLAlchemy."""

    def __await__(self) -> Generator[Any, None, None]:
        yield from ()


_AT_ONCE = _AtOnce()


class _Cursor(AsyncAdapt_aiosqlite_cursor):
    """SQLite's own cursor as SQLAlchemy drives it.

    SQLAlchemy's own takes each step of each statement through a greenlet and aiosqlite.
    """

    __slots__ = ()
    _awaitable_cursor_close = False

    def __init__(self, adapter: "_Adapter") -> None:
        self._adapt_connection = adapter
        self._connection = adapter._connection
        self._cursor = adapter._connection.opened.cursor()
        self._rows = deque()
        self._soft_closed_memoized = EMPTY_DICT

    def execute(self, operation: str, parameters: Any = None) -> None:
        self._run(self._cursor.execute, operation, () if parameters is None else parameters)

    def executemany(self, operation: str, seq_of_parameters: Any) -> None:
        self._run(self._cursor.executemany, operation, seq_of_parameters)

    def _run(self, execute: Callable[..., Any], *args: Any) -> None:
        connection = self._connection
        if connection.is_large:
            self._rows = deque(await_only(connection.in_thread(self._rows_of, execute, *args)))
        else:
            await_only(_AT_ONCE)
            self._rows = deque(connection.alone(self._rows_of, execute, *args))

    def _rows_of(self, execute: Callable[..., Any], *args: Any) -> Any:
        """All rows at once, so that no statement is left open in the middle."""
        cursor: Any = self._cursor
        execute(*args)
        return cursor.fetchall() if cursor.description else ()


class _Adapter(AsyncAdapt_aiosqlite_connection):
    """What SQLAlchemy holds of a connection of ours."""

    __slots__ = ()
    _cursor_cls: Any = _Cursor

    def rollback(self) -> None:
        connection = self._connection
        if connection._connection is not None:
            connection.alone(connection._connection.rollback)


class _Handed(SimpleQueue[tuple[asyncio.Future[Any] | None, Callable[[], Any]]]):
    """What a connection's thread has to do. aiosqlite's thread dies of telling a loop that is closed by then."""

    def put_nowait(self, item: tuple[asyncio.Future[Any] | None, Callable[[], Any]]) -> None:
        future, function = item
        super().put_nowait((None, partial(_do_and_tell, future, function) if future else function))


def _do_and_tell(future: asyncio.Future[Any], function: Callable[[], Any]) -> None:
    try:
        outcome = partial(set_result, future, function())
    except BaseException as error:  # noqa: BLE001 - it is raised where the caller waits
        outcome = partial(set_exception, future, error)
    # Of a closed loop nobody waits any more.
    with suppress(RuntimeError):
        future.get_loop().call_soon_threadsafe(outcome)


async def _to_its_end(done: asyncio.Future[Any]) -> Any:
    """What the thread does, awaited also by a caller who is cancelled.

    A task of its own for that would have each writer wait for two more rounds of the loop.
    """
    try:
        return await asyncio.shield(done)
    except asyncio.CancelledError:
        await _wait_stubbornly(done)
        raise


async def _wait_stubbornly(task: asyncio.Future[Any]) -> None:
    """Some cancel again and again until we end."""
    while not task.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait({task})


def create_sqlite_engine(url: str) -> AsyncEngine:
    """An engine on a database file, whose folder is made where it is missing.

    Transactions of connections with the execution option `writes`, a `Place`, wait for each other in order of asking,
    and take SQLite's write lock as they begin, so that what they read cannot change before they write. A statement with
    the execution option `large`, and one that is given much, runs in a thread while the loop goes on.
    """
    file = url.split("///", 1)[-1]
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    log = Log(file)

    def connect() -> _Adapter:
        connection: Any = await_only(_connect(file, log))
        return _Adapter(engine.dialect.dbapi, connection)

    engine = create_async_engine(
        url,
        hide_parameters=True,
        creator=connect,
        pool_size=POOL_SIZE,
        max_overflow=POOL_SIZE,
        # Each connection has a cache of its own, and what another one writes empties it: few of them stay warm.
        pool_use_lifo=True,
        json_serializer=dumps,
        json_deserializer=loads,
    )
    _Transactions().follow(engine)
    return engine


async def _connect(file: str, log: Log) -> aiosqlite.Connection:
    """A connection, made in aiosqlite's thread and used in the loop's; closed again where its caller is cancelled."""
    opening = asyncio.ensure_future(_opened(LoopConnection(partial(_open, file), iter_chunk_size=64, log=log)))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        await _wait_stubbornly(opening)
        if not opening.cancelled() and not opening.exception():
            opening.result().stop()
        raise


async def _opened(connection: aiosqlite.Connection) -> aiosqlite.Connection:
    return await connection


def _open(file: str) -> sqlite3.Connection:
    return sqlite3.connect(file, timeout=BUSY_SECONDS, check_same_thread=False, isolation_level=None)


class Place(Enum):
    """Where a writer stands in the queue."""

    first = "first"
    in_order = "in order"


class WritersLock:
    """A lock for one writer at a time, who get it in the order of asking; those who go first have every other turn."""

    def __init__(self) -> None:
        self._is_held = False
        self._had_it: Place = Place.in_order
        self._waiting: dict[Place, deque[asyncio.Future[None]]] = {place: deque() for place in Place}

    async def acquire(self, place: Place) -> None:
        """Have the lock; who is cut off while waiting does not."""
        if not self._is_held:
            self._is_held, self._had_it = True, place
            return
        had: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[place].append(had)
        try:
            await had
        except asyncio.CancelledError:
            if had.done() and not had.cancelled():
                # It was given to us at this very moment.
                self.release()
            raise

    def release(self) -> None:
        """Give the lock to who is next, without letting anybody in between."""
        others = Place.in_order if self._had_it is Place.first else Place.first
        for place in (others, self._had_it):
            while self._waiting[place]:
                had = self._waiting[place].popleft()
                if not had.done():
                    self._had_it = place
                    had.set_result(None)
                    return
        self._is_held = False


class _Transactions:
    """Begins transactions by our own rules, and keeps this process's writers in a fair queue.

    SQLite itself lets writers poll for its lock, and the unlucky one starves.
    """

    def __init__(self) -> None:
        self._writer = WritersLock()

    def follow(self, engine: AsyncEngine) -> None:
        event.listen(engine.sync_engine, "connect", _prepare)
        event.listen(engine.sync_engine, "begin", self._begin)
        event.listen(engine.sync_engine, "before_cursor_execute", _weigh)
        event.listen(engine.sync_engine.pool, "checkin", self._checkin)

    def _begin(self, connection: Any) -> None:
        """https://docs.sqlalchemy.org/en/20/dialects/sqlite.html#pysqlite-serializable: the driver begins too late."""
        place = connection.get_execution_options().get("writes")
        if place and not connection.info.get(_HOLDS_LOCK):
            await_only(self._queue_up(place))
            connection.info[_HOLDS_LOCK] = True
        statement = BEGIN_WRITING if place else BEGIN_READING
        if not connection.connection.driver_connection.begin(statement):
            # Where it waits for another process, and where SQLAlchemy makes an error of ours of what went wrong.
            connection.exec_driver_sql(statement, execution_options={"large": True})

    async def _queue_up(self, place: Place) -> None:
        # `wait_for` of Python 3.11 forgets a cancellation that comes at the moment when the lock is had.
        async with asyncio.timeout(BUSY_SECONDS):
            await self._writer.acquire(place)

    def _checkin(self, _connection: Any, record: Any) -> None:
        """The transaction is over, however it ended."""
        if record.info.pop(_HOLDS_LOCK, False):
            self._writer.release()


def _weigh(connection: Any, _cursor: Any, _statement: str, parameters: Any, context: Any, _executemany: bool) -> None:
    """Only who asks for a file knows beforehand that much will come back."""
    is_large = context.execution_options.get("large", False) or _holds_much(parameters)
    connection.connection.driver_connection.weigh(is_large=is_large)


def _holds_much(parameters: Any) -> bool:
    if isinstance(parameters, tuple | list):
        return any(map(_holds_much, parameters))
    # SQLAlchemy gives bytes of a LargeBinary column to SQLite as a memoryview.
    return isinstance(parameters, bytes | memoryview) and len(parameters) > LARGE_BYTES


def _prepare(connection: Any, _record: Any) -> None:
    """WAL lets readers and the writer work together; NORMAL keeps every commit over a killed process."""
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
