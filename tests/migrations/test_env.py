"""Going back to an older schema and forth again, on SQLite, which copies a table to change it."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Column, Engine, Enum, create_engine, func, insert, select, text, update

from core.config import ROOT
from core.database import Base, UtcDateTime
from crm.enums import Channel, HandoffReason
from crm.models import Contact, FindableMessage, Handoff, Inbox, Message, Ticket
from knowledge_base.models import Article, QuestionVariant
from tests.conftest import NOON

VALUES: dict[type, Any] = {
    int: 1,
    str: "x",
    float: 0.5,
    bool: True,
    bytes: b"x",
    # What JSON holds.
    object: {},
    dict: {},
    date: NOON.date(),
}
NEW = {
    *("article_uses", "consents", "expectations", "regression_runs"),
    *("article_imports", "import_rows", "operating_points", "intent_labels"),
    *("email_originals", "email_threads", "poller_leases"),
    *("telegram_bots", "poller_offsets", "telegram_groups", "telegram_accounts", "pairing_codes", "handoff_alerts"),
    *("merged_conversations", "former_addresses", "article_moves"),
    *("parked_updates", "telegram_notices"),
}
# Tables that a downgrade takes away, by the version that it goes to.
GONE = {"0007": NEW, "0005": NEW, "0002": NEW | {"article_votes", "attachments", "handoff_policies"}}


@pytest.fixture
def alembic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.setenv("DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path / 'old.db'}")
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    command.upgrade(config, "head")
    return config


@pytest.fixture
def rows(alembic: Config, tmp_path: Path) -> Engine:
    """One row in every table, each referring to the others."""
    engine = create_engine(f"sqlite:///{tmp_path / 'old.db'}")
    with engine.begin() as connection:
        for table in Base.metadata.sorted_tables:
            connection.execute(table.insert().values({column.name: value_for(column) for column in table.columns}))
    return engine


def value_for(column: Column[Any]) -> Any:
    if isinstance(column.type, UtcDateTime):
        return NOON
    return column.type.enums[0] if isinstance(column.type, Enum) else VALUES[column.type.python_type]


def empty_tables(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return {
            table.name
            for table in Base.metadata.sorted_tables
            if not connection.execute(select(func.count()).select_from(table)).scalar_one()
        }


DEMO = {"firm_fa": "آکادمی رابطه", "firm_en": "Rabeteh Academy", "firm_site": "/demo"}


class TestUpgrade:
    @pytest.mark.parametrize(("name", "added"), [("آکادمی رابطه", DEMO), ("فروشگاه ما", {})])
    def test_the_demo_businesss_widget_gets_its_name_and_keeps_its_settings(
        self, alembic: Config, tmp_path: Path, name: str, added: dict[str, str]
    ) -> None:
        engine = create_engine(f"sqlite:///{tmp_path / 'old.db'}")
        command.downgrade(alembic, "0015")
        inbox = {"channel": Channel.web_widget, "name": "x", "config": {"ask_name": True}, "created_at": NOON}
        with engine.begin() as connection:
            connection.execute(insert(Inbox).values({**inbox, "key": "rabeteh-web", "name": name}))
            connection.execute(insert(Inbox).values({**inbox, "key": "another"}))

        command.upgrade(alembic, "head")

        with engine.connect() as connection:
            configs = dict(connection.execute(select(Inbox.key, Inbox.config)).all())
        engine.dispose()
        assert configs["another"] == {"ask_name": True}
        assert configs["rabeteh-web"] == {**added, "ask_name": True}


class TestDowngrade:
    @pytest.mark.parametrize("version", list(GONE))
    def test_and_upgrade_keep_every_row(self, version: str, alembic: Config, rows: Engine) -> None:
        assert empty_tables(rows) == set()

        command.downgrade(alembic, version)
        command.upgrade(alembic, "head")

        assert empty_tables(rows) == GONE[version]
        rows.dispose()

    def test_leaves_no_reason_that_the_older_code_cannot_read(self, alembic: Config, rows: Engine) -> None:
        with rows.begin() as connection:
            connection.execute(update(Handoff).values(reason=HandoffReason.legal_threat))

        command.downgrade(alembic, "0004")

        with rows.connect() as connection:
            assert connection.scalar(text("SELECT reason FROM handoffs")) == "negative_sentiment"
        rows.dispose()

    def test_and_upgrade_leave_articles_to_be_found_in_any_spelling(self, alembic: Config, rows: Engine) -> None:
        with rows.begin() as connection:
            connection.execute(update(Article).values(title="كتاب"))
            connection.execute(update(QuestionVariant).values(text="ketab mikham"))

        command.downgrade(alembic, "0015")
        command.upgrade(alembic, "head")

        with rows.connect() as connection:
            assert connection.scalar(select(Article.findable)) == "x کتاب ketab mikham کتاب می خوام"
        rows.dispose()

    def test_and_upgrade_leave_conversations_and_tickets_to_be_found_in_any_spelling(
        self, alembic: Config, rows: Engine
    ) -> None:
        with rows.begin() as connection:
            connection.execute(update(Contact).values(name="علی\u200cرضا", email="", phone="+98 912"))
            connection.execute(update(Message).values(text="كتابِ من", corrected_text="کتاب‌هام"))
            connection.execute(update(Ticket).values(subject="سفارش ۱۲، كتاب‌ها"))

        command.downgrade(alembic, "0022")
        command.upgrade(alembic, "head")

        with rows.connect() as connection:
            assert connection.scalar(select(Contact.findable)) == "علیرضا +98 912 98912"
            assert connection.scalar(select(FindableMessage.words)) == "کتاب من کتابهام"
            assert connection.scalar(select(Ticket.findable)) == "سفارش 12, کتابها"
        rows.dispose()

    def test_is_taken_back_where_a_row_would_refer_to_nothing(self, alembic: Config, rows: Engine) -> None:
        with rows.begin() as connection:
            connection.execute(text("DELETE FROM messages"))

        with pytest.raises(RuntimeError, match="attachments, deliveries"):
            command.downgrade(alembic, "0004")

        with rows.connect() as connection:
            assert connection.scalar(text("SELECT version_num FROM alembic_version")) > "0004"
        rows.dispose()
