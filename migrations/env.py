"""Alembic's entry: migrates the configured database."""

import asyncio
from typing import Any

from alembic import context
from sqlalchemy import Connection, event, select, update

import crm.models  # noqa: F401 - every table must be known here
from core.config import Settings
from core.database import Base, Database
from knowledge_base.list_search import findable
from knowledge_base.models import Article, QuestionVariant


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
        if context.get_context().get_current_revision() == context.get_head_revision():
            _make_findable(connection)
        if connection.dialect.name == "sqlite":
            _check_references(connection)


def _make_findable(connection: Connection) -> None:
    """Write what the list of articles is searched for, where it is missing.

    It follows from the present code, on which no migration may lean: each has to do the same for ever.
    """
    columns = (Article.slug, Article.title, Article.summary, Article.body)
    for article_id in connection.scalars(select(Article.id).where(Article.findable == "")).all():
        texts = connection.execute(select(*columns).where(Article.id == article_id)).one()
        asked = select(QuestionVariant.text).where(QuestionVariant.article_id == article_id)
        words = findable(*texts, connection.scalars(asked.order_by(QuestionVariant.position)).all())
        connection.execute(update(Article).where(Article.id == article_id).values(findable=words))


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
