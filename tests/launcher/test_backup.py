"""Saving and bringing back what nothing can make anew."""

import errno
import sqlite3
import subprocess
import sys
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from launcher import backup, database, running
from launcher.errors import LauncherError

# Writes a row into the database it is told, has it in the write-ahead log alone, and is killed.
KILLED = (
    "import os, sqlite3, sys; base = sqlite3.connect(sys.argv[1]); base.execute('PRAGMA journal_mode=WAL');"
    "base.execute('CREATE TABLE IF NOT EXISTS messages (text)');"
    "base.execute('INSERT INTO messages VALUES (?)', (sys.argv[2],)); base.commit(); os.kill(os.getpid(), 9)"
)


@pytest.fixture
def file(layout):
    """The database's file, not there yet."""
    layout.var.mkdir()
    return layout.var / "hamyar.db"


def write_and_die(file, text):
    subprocess.run([sys.executable, "-c", KILLED, file, text])
    assert file.with_name("hamyar.db-wal").stat().st_size > 0


def texts(file) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        return [row[0] for row in connection.execute("SELECT text FROM messages")]


class TestBackUp:
    def test_has_what_a_running_hamyar_has_written(self, layout, file, tmp_path):
        with closing(sqlite3.connect(file)) as running_app:
            running_app.execute("PRAGMA journal_mode=WAL")
            running_app.execute("CREATE TABLE messages (text)")
            running_app.execute("INSERT INTO messages VALUES ('hello')")
            running_app.commit()

            made = backup.back_up(layout, {}, tmp_path / "b.tar.gz")

        with tarfile.open(made) as archive:
            (tmp_path / "out.db").write_bytes(archive.extractfile("hamyar.db").read())
        assert texts(tmp_path / "out.db") == ["hello"]

    def test_is_one_private_file_with_secrets_and_settings(self, layout, file, tmp_path):
        write_and_die(file, "hello")
        layout.secrets_file.write_text("SECRET_KEY=x\n")
        layout.settings_file.write_text("PORT=9000\n")
        (tmp_path / "backups").mkdir()

        made = backup.back_up(layout, {}, tmp_path / "backups")

        with tarfile.open(made) as archive:
            assert archive.getnames() == ["hamyar.db", "secrets.env", ".env"]
        assert made.stat().st_mode & 0o777 == 0o600
        assert list((tmp_path / "backups").iterdir()) == [made]

    def test_goes_under_var_where_no_file_is_named(self, layout, file):
        write_and_die(file, "hello")

        assert backup.back_up(layout, {}, None).parent == layout.var / "backups"

    def test_overwrites_nothing(self, layout, file, tmp_path):
        write_and_die(file, "hello")
        (tmp_path / "precious").write_text("mine")

        with pytest.raises(LauncherError, match="is there already"):
            backup.back_up(layout, {}, tmp_path / "precious")

        assert (tmp_path / "precious").read_text() == "mine"

    def test_makes_no_database_where_there_is_none(self, layout, file):
        with pytest.raises(LauncherError, match="no database yet"):
            backup.back_up(layout, {}, None)

        assert list(layout.var.iterdir()) == []

    def test_refuses_a_damaged_database_and_leaves_nothing(self, layout, file, tmp_path):
        file.write_bytes(b"no database at all" * 100)

        with pytest.raises(LauncherError, match="cannot be copied: file is not a database"):
            backup.back_up(layout, {}, tmp_path / "backups/b.tar.gz")

        assert list((tmp_path / "backups").iterdir()) == []

    def test_names_the_way_for_a_database_on_a_server(self, layout):
        with pytest.raises(LauncherError, match="pg_dump"):
            backup.back_up(layout, {"DATABASE_URL": "postgresql+asyncpg://u:p@h/d"}, None)


class TestRestore:
    @pytest.fixture
    def made(self, layout, file, tmp_path):
        """A backup with one message; after it there came another, and a kill that left its log beside the database."""
        write_and_die(file, "before")
        layout.secrets_file.write_text("SECRET_KEY=old\n")
        made = backup.back_up(layout, {}, tmp_path / "b.tar.gz")
        write_and_die(file, "after")
        return made

    def test_brings_back_what_was_and_nothing_later(self, layout, file, made):
        backup.restore(layout, {}, made)

        assert texts(file) == ["before"]

    def test_keeps_what_was_there_beside_it(self, layout, file, made):
        layout.secrets_file.write_text("SECRET_KEY=new\n")

        (line,) = backup.restore(layout, {}, made)

        kept = [layout.root / name for name in line.partition(": ")[2].split(", ")]
        assert texts(kept[0]) == ["before", "after"]
        assert kept[1].read_text() == "SECRET_KEY=new\n"
        assert layout.secrets_file.read_text() == "SECRET_KEY=old\n"
        assert layout.secrets_file.stat().st_mode & 0o777 == 0o600

    def test_takes_the_place_of_a_damaged_database(self, layout, file, made):
        file.write_bytes(b"no database at all" * 100)

        backup.restore(layout, {}, made)

        assert texts(file) == ["before"]

    def test_leaves_everything_in_its_place_when_the_disk_is_full(self, layout, file, made, monkeypatch):
        layout.secrets_file.write_text("SECRET_KEY=new\n")

        def fail(*_):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(Path, "write_bytes", fail)

        with pytest.raises(OSError, match="No space left"):
            backup.restore(layout, {}, made)

        assert texts(file) == ["before", "after"]
        assert layout.secrets_file.read_text() == "SECRET_KEY=new\n"

    def test_works_where_there_is_nothing_yet(self, layout, file, made):
        for path in layout.var.iterdir():
            path.unlink()
        layout.var.rmdir()

        assert backup.restore(layout, {}, made) == []

        assert texts(file) == ["before"]
        assert database.identity(layout, {})

    def test_forgets_the_search_index_of_another_past(self, layout, made):
        index = layout.var / "index/one.npz"
        index.parent.mkdir()
        index.touch()

        backup.restore(layout, {}, made)

        assert not index.exists()

    def test_is_refused_while_hamyar_runs(self, layout, file, made):
        with running.alone(layout, complaint=""), pytest.raises(LauncherError, match="Hamyar runs"):
            backup.restore(layout, {}, made)

        assert texts(file) == ["before", "after"]

    def test_is_refused_while_somebody_else_has_the_database_open(self, layout, file, made):
        with closing(sqlite3.connect(file)) as other:
            other.execute("SELECT * FROM messages").fetchall()
            with pytest.raises(LauncherError, match="has the database open"):
                backup.restore(layout, {}, made)

        assert texts(file) == ["before", "after"]

    @pytest.mark.parametrize("cut", ["no tar", "half", "another tar"])
    def test_refuses_what_is_no_whole_backup_and_changes_nothing(self, layout, file, made, cut):
        match cut:
            case "no tar":
                made.write_bytes(b"hello" * 1000)
            case "half":
                made.write_bytes(made.read_bytes()[: made.stat().st_size // 2])
            case "another tar":
                with tarfile.open(made, "w:gz") as archive:
                    archive.add(layout.secrets_file, "notes")

        with pytest.raises(LauncherError, match=r"\A.*no backup of Hamyar's\Z"):
            backup.restore(layout, {}, made)

        assert texts(file) == ["before", "after"]


class TestSettings:
    @pytest.fixture
    def made(self, layout, file, tmp_path):
        """A backup of a database in another place."""
        (tmp_path / "data").mkdir()
        layout.settings_file.write_text("DATABASE_URL=sqlite+aiosqlite:///data/x.db\n")
        file.unlink(missing_ok=True)
        write = sqlite3.connect(tmp_path / "data/x.db")
        write.execute("CREATE TABLE messages (text)")
        write.close()
        return backup.back_up(layout, {}, tmp_path / "b.tar.gz")

    def test_come_back_where_there_are_none_and_count_at_once(self, layout, file, made, tmp_path):
        layout.settings_file.unlink()
        (tmp_path / "data/x.db").unlink()

        backup.restore(layout, {}, made)

        assert "data/x.db" in layout.settings_file.read_text()
        assert (tmp_path / "data/x.db").exists()
        assert not file.exists()

    def test_that_are_there_stay(self, layout, file, made):
        layout.settings_file.write_text("PORT=9000\n")

        lines = backup.restore(layout, {}, made)

        assert layout.settings_file.read_text() == "PORT=9000\n"
        assert lines == [backup.SETTINGS_STAY]
        assert file.exists()
