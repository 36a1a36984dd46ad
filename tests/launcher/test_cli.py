"""The command itself: one line and an exit code, never a traceback."""

import ast
import errno
import os
import socket
import sqlite3
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from launcher import cli

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def own_project(tmp_path, monkeypatch):
    """The launcher's commands on an empty project, with the real signal handlers left alone."""
    monkeypatch.setattr(cli, "ROOT", tmp_path)
    monkeypatch.setattr(cli, "_raise_on_signals", lambda: None)


class TestMain:
    def test_says_in_one_line_that_a_port_is_in_use(self, capsys):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]

            exit_code = cli.main(["up", "--port", str(port)])

        assert exit_code == 1
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.startswith(f"hamyar: port {port} is in use")
        assert captured.err.count("\n") == 1

    def test_says_in_one_line_that_the_disk_is_full(self, capsys, monkeypatch):
        def fail(*_, **__):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(cli.secrets, "ensure", fail)

        assert cli.main(["up"]) == 1
        assert capsys.readouterr().err == "hamyar: the disk is full; free some space and start again\n"

    def test_keeps_the_traceback_of_a_fault_in_a_log(self, capsys, monkeypatch, tmp_path):
        def fail(*_, **__):
            raise ZeroDivisionError

        monkeypatch.setattr(cli.secrets, "ensure", fail)

        assert cli.main(["up"]) == 1
        assert capsys.readouterr().err.count("\n") == 1
        assert "ZeroDivisionError" in (tmp_path / "var/logs/launcher.log").read_text()

    def test_lets_that_log_grow_no_larger_than_it_must(self, monkeypatch, tmp_path):
        monkeypatch.setattr(cli.secrets, "ensure", lambda _: 1 / 0)
        log = tmp_path / "var/logs/launcher.log"
        log.parent.mkdir(parents=True)
        log.write_bytes(b"x" * 2_000_000)

        cli.main(["up"])

        assert log.read_text().startswith("Traceback")
        assert (log.parent / "launcher.log.1").stat().st_size == 2_000_000

    def test_says_where_the_fault_was_when_no_log_can_be_written(self, capsys, monkeypatch, tmp_path):
        def fail(*_, **__):
            raise ZeroDivisionError("by nothing")

        monkeypatch.setattr(cli.secrets, "ensure", fail)
        (tmp_path / "var").touch()

        assert cli.main(["up"]) == 1
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert "ZeroDivisionError: by nothing" in said

    def test_a_set_up_that_was_cut_short_is_no_success(self, monkeypatch):
        def interrupt(*_, **__):
            raise KeyboardInterrupt

        monkeypatch.setattr(cli, "up", interrupt)

        assert cli.main(["up", "--port", "1"]) == 130

    def test_ends_well_when_somebody_stops_what_runs(self, monkeypatch):
        monkeypatch.setattr(cli, "up", lambda *_: None)

        assert cli.main(["up", "--port", "1"]) == 0

    def test_says_what_the_terminals_encoding_lacks_by_its_code(self):
        program = "from launcher import cli; cli._Commands.perform = lambda _: print('همیار') or 0; cli.main(['lock'])"
        environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}

        done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True)

        assert done.stdout == b"\\u0647\\u0645\\u06cc\\u0627\\u0631\n"

    def test_knows_how_to_bring_articles_in_and_out(self):
        options, rest = cli.parser().parse_known_args(["import", "kb.zip", "--dry-run"])

        assert (options.command, str(options.file), rest) == ("import", "kb.zip", ["--dry-run"])
        assert cli.parser().parse_args(["export", "kb.csv"]).command == "export"

    def test_saves_and_brings_back(self, tmp_path, capsys):
        (tmp_path / "var").mkdir()
        sqlite3.connect(tmp_path / "var/hamyar.db").close()

        assert cli.main(["backup", str(tmp_path / "b.tar.gz")]) == 0
        assert cli.main(["restore", str(tmp_path / "b.tar.gz")]) == 0

        said = capsys.readouterr()
        assert "Saved in b.tar.gz" in said.out
        assert "What was there before is kept: var/hamyar.db.before-" in said.out
        assert said.err == ""

    @pytest.mark.parametrize("what", ["backup", "restore"])
    def test_says_in_one_line_that_a_database_on_a_server_is_not_saved_here(self, what, tmp_path, monkeypatch, capsys):
        monkeypatch.setenv("DATABASE_URL", "postgresql+asyncpg://user:password@127.0.0.1/name")
        (tmp_path / "hamyar.db").touch()
        with tarfile.open(tmp_path / "b.tar", "w") as archive:
            archive.add(tmp_path / "hamyar.db", "hamyar.db")

        assert cli.main([what, str(tmp_path / "b.tar")]) == 1

        said = capsys.readouterr()
        assert said.err.startswith("hamyar: the database is on a server")
        assert "pg_dump" in said.err
        assert said.err.count("\n") == 1

    def test_refuses_a_task_that_does_not_exist(self, capsys):
        with pytest.raises(SystemExit) as end:
            cli.main(["train", "elephants"])

        assert end.value.code == 2
        assert "invalid choice" in capsys.readouterr().err


class TestScript:
    def test_can_be_read_by_an_old_python(self):
        tree = ast.parse((ROOT / "hamyar").read_text(), feature_version=(3, 4))

        imports = [node.lineno for node in tree.body if isinstance(node, ast.ImportFrom)]
        checks = [node.lineno for node in tree.body if isinstance(node, ast.If)]
        assert imports
        assert max(checks) < min(imports)
