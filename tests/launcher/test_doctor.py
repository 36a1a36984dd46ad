"""What `./hamyar doctor` sees, on small fake projects."""

import http.server
import importlib.util
import threading
from itertools import takewhile
from pathlib import Path

import pytest

from launcher import cli, doctor, running
from launcher.layout import Layout
from launcher.settings import addresses
from launcher.steps import SetUp


def look(layout: Layout) -> dict[str, str]:
    """Every problem by what it is about, without what needs the network."""
    where = addresses({}, host=None, port="1", rasa_port="2")
    found = doctor.findings(SetUp(layout, {}, installing={"PATH": ""}), where)
    return {finding.subject: finding.problem for finding in takewhile(lambda one: one.subject != "packages", found)}


@pytest.fixture
def no_index(monkeypatch):
    monkeypatch.setattr(doctor, "question", lambda *_, **__: (0, "", ""))


class TestFolder:
    def test_can_be_written(self, layout, no_index):
        assert look(layout)[f"folder {layout.root}"] == ""

    def test_that_cannot_is_a_problem(self, no_index):
        # Where even root can make no file.
        problems = look(Layout(Path("/proc")))

        assert "nothing can be written there" in problems["folder /proc"]


class TestPrivate:
    @pytest.mark.parametrize(("mode", "problem"), [(0o755, "others can read it; chmod 700 var"), (0o700, "")])
    def test_what_others_can_read_is_a_problem(self, layout, no_index, mode, problem):
        layout.var.mkdir(mode=mode)
        (layout.var / "hamyar.db").touch(mode=0o644)

        problems = look(layout)

        assert problems["who may read var"] == problem
        assert "who may read var/hamyar.db" not in problems

    def test_so_are_settings_with_their_passwords(self, layout, no_index):
        layout.settings_file.touch(mode=0o644)

        assert look(layout)["who may read .env"] == "others can read it; chmod 600 .env"


class TestNetwork:
    @pytest.mark.parametrize(("modules", "is_enough"), [({"ensurepip"}, True), (set(), False)])
    def test_a_python_without_pip_is_no_missing_network(self, layout, monkeypatch, modules, is_enough):
        real = importlib.util.find_spec
        hidden = {"pip", "ensurepip"} - modules
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in hidden else real(name))
        monkeypatch.setattr(doctor.shutil, "which", lambda *_, **__: None)

        problems = look(layout)

        assert "package index" not in problems
        assert ("apt install python3-venv" in problems["pip"]) is not is_enough


class TestPort:
    @pytest.fixture
    def web_server(self):
        """Its port; it answers everything."""

        class Answer(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield server.server_port
            server.shutdown()

    def problems(self, layout, port):
        set_up = SetUp(layout, {}, installing={"PATH": ""})
        found = doctor.findings(set_up, addresses({}, host=None, port=str(port), rasa_port="2"))
        return {one.subject: one.problem for one in found if one.subject.startswith(f"port {port}")}

    def test_that_another_web_server_has_is_a_problem(self, layout, no_index, web_server):
        (problem,) = self.problems(layout, web_server).values()

        assert "in use by another program" in problem

    def test_that_hamyar_has_is_none(self, layout, no_index, web_server):
        with running.alone(layout, complaint="it runs"):
            assert self.problems(layout, web_server) == {f"port {web_server}, where Hamyar answers": ""}

    def test_is_not_hamyars_once_it_was_stopped(self, layout, no_index, web_server):
        with running.alone(layout, complaint="it runs"):
            pass

        (problem,) = self.problems(layout, web_server).values()

        assert problem


class TestDatabase:
    @pytest.mark.parametrize(("answer", "is_newest"), [("0015 (head)", True), ("0014", False), ("", False)])
    @pytest.mark.parametrize("url", ["", "postgresql+asyncpg://user:password@127.0.0.1/name"])
    def test_one_that_lags_behind_is_a_problem_on_a_server_too(self, layout, make_program, answer, is_newest, url):
        make_program(".venv/bin/python", f'echo "{answer}"')
        make_program(".venv-rasa/bin/python", "")
        layout.var.mkdir()
        (layout.var / "hamyar.db").touch()
        set_up = SetUp(layout, {"DATABASE_URL": url}, installing={})
        where = addresses({}, host=None, port="1", rasa_port="2")

        problems = {finding.subject: finding.problem for finding in doctor.findings(set_up, where)}

        assert ("not the newest" in problems["database"]) is not is_newest


class TestSettings:
    def test_that_cannot_be_read_are_a_problem_and_no_fault_of_ours(self, monkeypatch, tmp_path, capsys):
        monkeypatch.setattr(cli, "ROOT", tmp_path)
        monkeypatch.setattr(cli, "_raise_on_signals", lambda: None)
        (tmp_path / ".env").write_bytes("PORT=9000\nEMAIL_NAME=سلام\n".encode("cp1256"))

        assert cli.main(["doctor"]) == 1

        said = capsys.readouterr()
        assert said.err == ""
        assert "PROBLEM  settings: .env is not UTF-8, line 2" in said.out
