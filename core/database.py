"""The database: declarative base, engine and sessions, the same on SQLite and PostgreSQL."""

import asyncio
import errno
import logging
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import DateTime, Dialect, ExceptionContext, MetaData, event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, InstanceState
from sqlalchemy.types import TypeDecorator

from core.json import dumps, loads
from core.sqlite import Place, create_sqlite_engine

logger = logging.getLogger(__name__)

ASK_AGAIN_SECONDS = 1.0
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


def _seat_attributes_of_states() -> None:
    """Give each attribute of SQLAlchemy's object states its place in the table of names that all states share.

    The first states decide which names have one. Any other that is set later gives its state a dictionary, and where
    Python 3.11 collects garbage at that moment, and the state's object with it, it frees the state's values twice:
    docs/decisions/0007-asyncio-loop.md.
    """
    first: InstanceState[Any] = InstanceState.__new__(InstanceState)
    for name in InstanceState.__annotations__.keys() - set(InstanceState.__slots__):
        setattr(first, name, None)


# Before anything can make a state.
_seat_attributes_of_states()


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC: aware in Python on both databases, though SQLite forgets the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """Every table's parent."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UtcDateTime}


class Database:
    """One engine and its sessions.

    `session()` is a unit of work: it commits when the block ends well and rolls back when it does not. Where there is
    one writer at a time, those who go `first` have every other turn before all others: a channel waits for them.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = _engine(url)
        self._writers, self._first_writers = (
            async_sessionmaker(self.engine.execution_options(writes=place), expire_on_commit=False)
            for place in (Place.in_order, Place.first)
        )
        self._readers = async_sessionmaker(self.engine, expire_on_commit=False)

    @asynccontextmanager
    async def session(self, *, first: bool = False) -> AsyncIterator[AsyncSession]:
        writers = self._first_writers if first else self._writers
        session = writers()
        try:
            async with session.begin():
                yield session
        finally:
            await self._close(session)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session that only reads: it waits for no writer, and nothing done in it is kept."""
        session = self._readers()
        try:
            yield session
        finally:
            await self._close(session)

    async def _close(self, session: AsyncSession) -> None:
        if self.engine.dialect.name == "sqlite":
            # This waits for nothing. In a task, as leaving the session's own block has it, the next writer would wait.
            await session.close()
        else:
            await asyncio.shield(asyncio.create_task(session.close()))

    async def wait_until_there(self, *, seconds: float) -> None:
        """Return when there is a line, for a server may start later than we do; a file is there or will never be.

        Raises:
            DBAPIError: when it is away for longer than so many seconds, or does not let us in.
        """
        deadline = time.monotonic() + seconds if self.engine.dialect.name != "sqlite" else 0.0
        while True:
            try:
                async with self.engine.connect():
                    return
            except DBAPIError as error:
                if not is_away(error) or time.monotonic() >= deadline:
                    raise
            logger.warning("the database is away; it is asked again every %g s", ASK_AGAIN_SECONDS)
            await asyncio.sleep(ASK_AGAIN_SECONDS)

    async def close(self) -> None:
        await self.engine.dispose()


def _engine(url: str) -> AsyncEngine:
    if url.startswith("sqlite"):
        return create_sqlite_engine(url)
    engine = create_async_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,
        pool_size=10,
        max_overflow=20,
        json_serializer=dumps,
        json_deserializer=loads,
        connect_args={"async_creator_fn": _connect},
    )
    event.listen(engine.sync_engine, "before_cursor_execute", _drop_nul, retval=True)
    event.listen(engine.sync_engine, "handle_error", _notice_cut_line)
    return engine


async def _connect(*arguments: Any, **options: Any) -> Any:
    """A line to PostgreSQL; where there is none to be had, that is the database's failure and no other's."""
    # Nobody else needs it.
    import asyncpg  # type: ignore[import-untyped]

    try:
        return await asyncpg.connect(*arguments, **options)
    except OSError as error:
        # Time-outs too.
        raise asyncpg.ClientCannotConnectError("PostgreSQL cannot be reached") from error


def _notice_cut_line(context: ExceptionContext) -> None:
    """Give up a line that PostgreSQL has ended.

    Between reading that it has and noticing that the line is closed, asyncpg refuses what it is asked as if something
    else were under way; SQLAlchemy takes that for a fault of the statement and would use the line again.
    """
    if isinstance(context.original_exception, context.dialect.loaded_dbapi.InternalClientError):
        context.is_disconnect = True


def _drop_nul(
    _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _executemany: bool
) -> tuple[str, Any]:
    """PostgreSQL's texts cannot hold NUL: whoever writes or looks for one does so without it."""
    return statement, without_nul(parameters)


def without_nul(parameters: Any) -> Any:
    """The same parameters of a statement, with NUL left out of every text."""
    if isinstance(parameters, str):
        return parameters.replace("\0", "")
    if isinstance(parameters, tuple | list):
        return type(parameters)(map(without_nul, parameters))
    if isinstance(parameters, dict):
        return {name: without_nul(value) for name, value in parameters.items()}
    return parameters


def is_away(error: Exception) -> bool:
    """Whether the database is busy, full or gone for now, whatever was asked of it."""
    if not isinstance(error, DBAPIError):
        return isinstance(error, NoConnectionLeft)
    if error.connection_invalidated or (getattr(error.orig, "sqlstate", None) or "")[:2] in _AWAY:
        return True
    # SQLite calls a statement that it cannot read operational too.
    return isinstance(error, OperationalError) and _sqlite_code(error.orig) != sqlite3.SQLITE_ERROR


# PostgreSQL's classes of errors: connection, resources, operator.
_AWAY = ("08", "53", "57")


def _sqlite_code(cause: BaseException | None) -> int:
    """The lowest byte, the others say more; nought for errors of the module itself, which have no code."""
    return getattr(cause, "sqlite_errorcode", 0) & 0xFF


def is_disk_full(error: Exception) -> bool:
    """Whether this is what the database, or the file system of temporary files, says where there is no room left."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return _sqlite_code(cause) == sqlite3.SQLITE_FULL
    if isinstance(cause, OSError):
        return cause.errno in (errno.ENOSPC, errno.EDQUOT)
    # PostgreSQL's disk_full.
    return getattr(cause, "sqlstate", "") == "53100"
