"""Alembic's entry: migrates the configured database."""

import asyncio
from typing import Any

from alembic import context
from sqlalchemy import Connection

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
    )
    with context.begin_transaction():
        context.run_migrations()


def _render_item(kind: str, item: Any, _autogen_context: Any) -> str | bool:
    """Our own column types appear by what the database sees of them."""
    if kind == "type" and type(item).__name__ == "UtcDateTime":
        return "sa.DateTime(timezone=True)"
    return False


async def main() -> None:
    database = Database(Settings().database_url)
    async with database.engine.connect() as connection:
        await connection.run_sync(migrate)
        await connection.commit()
    await database.close()


asyncio.run(main())
