import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from core.database import Database


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

    async def test_reading_waits_for_no_writer(self, counter: Database) -> None:
        async with counter.session() as session:
            await session.execute(text("update counter set n = 7"))

            assert await read(counter) == 0

        assert await read(counter) == 7
