"""Alembic's entry: migrates the configured database."""

import asyncio
from typing import Any

from alembic import context
from sqlalchemy import Connection, event

import crm.models  # noqa: F401 - every table must be known here
import knowledge_base.models  # noqa: F401
from core.config import Settings
from core.database import Base, Database


def migrate(connection: Connection) -> None:
    """Run the migrations; SQLite changes a table by copying it."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=_render_item,
        compare_type=True,
        # SQLite can as well, now that core.sqlite and not the driver begins transactions.
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()
        if connection.dialect.name == "sqlite":
            _check_references(connection)


def _leave_references_alone(connection: Any, _record: Any) -> None:
    """Copying a table drops the old one, which would empty every table that refers to it ON DELETE CASCADE.

    SQLite takes this only before a transaction: https://www.sqlite.org/lang_altertable.html#otheralter
    """
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys=OFF")
    cursor.close()


def _check_references(connection: Connection) -> None:
    """Nothing is committed where rows would refer to what is gone."""
    broken = {row[0] for row in connection.exec_driver_sql("PRAGMA foreign_key_check")}
    if broken:
        raise RuntimeError(f"rows would refer to what is gone, in {', '.join(sorted(broken))}")


def _render_item(kind: str, item: Any, _autogen_context: Any) -> str | bool:
    """Our own column types appear by what the database sees of them."""
    if kind == "type" and type(item).__name__ == "UtcDateTime":
        return "sa.DateTime(timezone=True)"
    return False


async def main() -> None:
    database = Database(Settings().database_url)
    if database.engine.dialect.name == "sqlite":
        event.listen(database.engine.sync_engine, "connect", _leave_references_alone)
    try:
        async with database.engine.connect() as connection:
            await connection.run_sync(migrate)
            await connection.commit()
    finally:
        await database.close()


asyncio.run(main())
