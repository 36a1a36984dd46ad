"""Alembic's entry: migrates the configured database."""

import asyncio
from typing import Any

from alembic import context
from sqlalchemy import Connection, event, exists, insert, select, update

import crm.models  # noqa: F401 - every table must be known here
from core.config import Settings
from core.database import Base, Database
from crm.conversations.search import IS_FINDABLE, findable_words
from crm.models import Contact, FindableMessage, Message, Ticket
from crm.models.contact import findable_contact
from crm.models.ticket import findable_ticket
from knowledge_base.list_search import findable
from knowledge_base.models import Article, QuestionVariant

MESSAGES_AT_ONCE = 5_000


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
            _make_articles_findable(connection)
            _make_contacts_findable(connection)
            _make_tickets_findable(connection)
            _make_messages_findable(connection)
        if connection.dialect.name == "sqlite":
            _check_references(connection)


def _make_articles_findable(connection: Connection) -> None:
    """Write what the list of articles is searched for, where it is missing.

    It follows from the present code, on which no migration may lean: each has to do the same for ever.
    """
    columns = (Article.slug, Article.title, Article.summary, Article.body)
    for article_id in connection.scalars(select(Article.id).where(Article.findable == "")).all():
        texts = connection.execute(select(*columns).where(Article.id == article_id)).one()
        asked = select(QuestionVariant.text).where(QuestionVariant.article_id == article_id)
        words = findable(*texts, connection.scalars(asked.order_by(QuestionVariant.position)).all())
        connection.execute(update(Article).where(Article.id == article_id).values(findable=words))


def _make_contacts_findable(connection: Connection) -> None:
    """The same for what is known of contacts."""
    known = select(Contact.id, Contact.name, Contact.email, Contact.phone)
    is_known = Contact.name + Contact.email + Contact.phone != ""
    for contact_id, *details in connection.execute(known.where(Contact.findable == "", is_known)).all():
        words = findable_contact(*details)
        connection.execute(update(Contact).where(Contact.id == contact_id).values(findable=words))


def _make_tickets_findable(connection: Connection) -> None:
    """The same for what tickets are about."""
    missing = select(Ticket.id, Ticket.subject).where(Ticket.findable == "", Ticket.subject != "")
    for ticket_id, subject in connection.execute(missing).all():
        words = findable_ticket(subject)
        connection.execute(update(Ticket).where(Ticket.id == ticket_id).values(findable=words))


def _make_messages_findable(connection: Connection) -> None:
    """The same for what was said, where nothing of it can be found yet; by and by, for it may be much."""
    if connection.scalar(select(exists().select_from(FindableMessage))):
        return
    columns = (Message.id, Message.conversation_id, Message.sequence, Message.text, Message.corrected_text)
    said, last = select(*columns).where(IS_FINDABLE).order_by(Message.id).limit(MESSAGES_AT_ONCE), 0
    while rows := connection.execute(said.where(Message.id > last)).all():
        found = [
            {"conversation_id": row.conversation_id, "sequence": row.sequence, "words": findable_words(*row[3:])}
            for row in rows
        ]
        connection.execute(insert(FindableMessage), found)
        last = rows[-1].id


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
