import asyncio
import subprocess
import sys

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.database import Database, is_away, without_nul
from tests.conftest import POSTGRESQL_URL

# Nobody listens there.
NOWHERE = "postgresql+asyncpg://nobody@127.0.0.1:1/nothing"

# Objects that only the garbage collector can free; it comes as their session forgets them, at each step once.
FORGOTTEN_AND_COLLECTED = """
import gc

from sqlalchemy import create_engine, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.database import Base


class Thing(Base):
    __tablename__ = "things"
    id: Mapped[int] = mapped_column(primary_key=True)


engine = create_engine("sqlite://")
Base.metadata.create_all(engine)
with engine.begin() as connection:
    connection.execute(insert(Thing), [{"id": number} for number in range(50)])
# Python takes a free dictionary where it has one, and does not collect then.
taken = [{number: number} for number in range(10_000)]
gc.disable()
# The names that are given out first, as by the app.
with Session(engine) as session:
    things = session.scalars(select(Thing)).all()
    session.expire_all()
# What is there already need not be looked through again.
gc.freeze()
for step in range(60):
    gc.collect()
    taken.extend({number: number} for number in range(100))
    session = Session(engine)
    for thing in session.scalars(select(Thing)):
        thing.itself = thing
    del thing
    gc.set_threshold(gc.get_count()[0] + step)
    gc.enable()
    session.close()
    gc.disable()
"""


class TestErrors:
    async def test_do_not_repeat_what_contacts_wrote(self, database: Database) -> None:
        with pytest.raises(DBAPIError) as error:
            async with database.session() as session:
                await session.execute(text("SELECT :words FROM nowhere"), {"words": "my password is 1234"})

        assert "1234" not in str(error.value)


class TestIsAway:
    async def test_knows_a_server_that_cannot_be_reached(self) -> None:
        away = Database(NOWHERE)

        with pytest.raises(DBAPIError) as error:
            async with away.reading() as session:
                await session.execute(text("SELECT 1"))

        assert is_away(error.value)
        await away.close()

    @pytest.mark.parametrize("statement", ["INSERT INTO inboxes (id) VALUES (1)", "SELECT 1 FROM nowhere", "SELEKT 1"])
    async def test_tells_a_wrong_statement_from_it(self, database: Database, statement: str) -> None:
        with pytest.raises(DBAPIError) as error:
            async with database.session() as session:
                await session.execute(text(statement))

        assert not is_away(error.value)


class TestWaitUntilThere:
    async def test_waits_for_a_server_that_starts_later(
        self, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("core.database.ASK_AGAIN_SECONDS", 0.01)
        late = Database(NOWHERE)
        waiting = asyncio.create_task(late.wait_until_there(seconds=60))
        await asyncio.sleep(0.05)
        assert not waiting.done()

        late.engine = database.engine

        await waiting

    async def test_does_not_wait_for_ever(self) -> None:
        with pytest.raises(DBAPIError):
            await Database(NOWHERE).wait_until_there(seconds=0)


@pytest.mark.skipif(not POSTGRESQL_URL, reason="a file has no lines that could be cut")
class TestCutLines:
    async def test_fail_what_is_under_way_and_nothing_after_it(self, database: Database) -> None:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"

        async with database.reading() as session, database.reading() as killer:
            await session.execute(text("SELECT 1"))
            await killer.execute(text(f"{others} AND pid <> pg_backend_pid()"))
            with pytest.raises(DBAPIError) as error:
                await session.execute(text("SELECT 2"))

        assert is_away(error.value)
        async with database.session() as session:
            assert await session.scalar(text("SELECT 3")) == 3


class TestStatesOfObjects:
    def test_outlive_a_collection_of_garbage_while_their_session_forgets_them(self) -> None:
        command = [sys.executable, "-X", "faulthandler", "-c", FORGOTTEN_AND_COLLECTED]

        done = subprocess.run(command, capture_output=True, text=True, check=False)

        assert done.returncode == 0, done.stderr


class TestWithoutNul:
    def test_leaves_nul_out_of_texts_alone(self) -> None:
        assert without_nul((1, "a\0b", None, b"\0")) == (1, "ab", None, b"\0")
        assert without_nul([("\0",), ("c",)]) == [("",), ("c",)]
        assert without_nul({"name": "x\0"}) == {"name": "x"}
