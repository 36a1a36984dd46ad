"""Telling whether a database needs anything, with the standard library alone."""

import sqlite3
from contextlib import closing

import pytest

from launcher import database


@pytest.fixture
def migrations(layout):
    folder = layout.root / "migrations/versions"
    folder.mkdir(parents=True)
    (folder / "one.py").write_text('revision: str = "a1"\ndown_revision: str | None = None\n')
    (folder / "two.py").write_text('revision = "b2"\ndown_revision = "a1"\n')
    return folder


def stamp(layout, version):
    """A database as Alembic leaves it."""
    layout.var.mkdir(exist_ok=True)
    with closing(sqlite3.connect(layout.var / "hamyar.db")) as connection, connection:
        connection.execute("CREATE TABLE IF NOT EXISTS alembic_version (version_num TEXT)")
        connection.execute("DELETE FROM alembic_version")
        connection.execute("INSERT INTO alembic_version VALUES (?)", (version,))


class TestSqliteFile:
    def test_is_the_usual_one_where_nothing_is_set(self, layout):
        assert database.sqlite_file(layout, {}) == layout.var / "hamyar.db"

    @pytest.mark.parametrize("url", ["sqlite+aiosqlite:////data/x.db", "sqlite:////data/x.db?timeout=5"])
    def test_is_the_one_that_the_url_names(self, layout, url):
        assert str(database.sqlite_file(layout, {"DATABASE_URL": url})) == "/data/x.db"

    def test_is_none_for_a_server(self, layout):
        assert database.sqlite_file(layout, {"DATABASE_URL": "postgresql+asyncpg://u:p@h/d"}) is None


class TestHeads:
    def test_is_what_no_other_migration_follows(self, migrations):
        assert database.heads(migrations) == {"b2"}


class TestIsMigrated:
    def test_is_true_at_the_newest(self, layout, migrations):
        stamp(layout, "b2")

        assert database.is_migrated(layout, {})

    def test_notices_an_older_backup(self, layout, migrations):
        stamp(layout, "a1")

        assert not database.is_migrated(layout, {})

    def test_is_false_without_a_database_and_makes_none(self, layout, migrations):
        assert not database.is_migrated(layout, {})
        assert not (layout.var / "hamyar.db").exists()

    def test_is_false_for_a_file_that_is_no_database(self, layout, migrations):
        layout.var.mkdir()
        (layout.var / "hamyar.db").write_text("not a database, but long enough to look at")

        assert not database.is_migrated(layout, {})
