"""`./hamyar up`, but for the programs themselves."""

import fcntl

import pytest

from launcher import cli, up
from launcher.console import Progress
from launcher.errors import LauncherError
from launcher.settings import addresses


@pytest.fixture
def where():
    """Where nothing is configured."""
    return addresses({}, host=None, port=None, rasa_port=None)


@pytest.fixture
def with_actions():
    """With the actions in a process of their own."""
    return addresses({"ACTIONS_PORT": "5055"}, host=None, port="9001", rasa_port=None)


class FakeSetUp:
    """Nothing is missing; every step is noted."""

    def __init__(self) -> None:
        self.environment = {"SERVICE_TOKEN": "x"}
        self.steps = []
        self.progress = Progress()

    def everything(self):
        return []

    def install(self, steps):
        self.steps.append("install")

    def require_sound_settings(self):
        self.steps.append("settings")

    def prepare_database(self):
        self.steps.append("database")

    def first_admin(self):
        self.steps.append("admin")
        return "ADMIN_EMAIL=admin@hamyar.example ADMIN_PASSWORD=once"


class FakeSupervisor:
    """Somebody presses Ctrl-C as soon as it watches, or at the named moment before."""

    stopped_at = "watch"

    def __init__(self, *, root) -> None:
        self.programs = []
        self.stops = 0
        type(self).made = self

    def start(self, program) -> None:
        self.programs.append(program.name)

    def wait_until_ready(self, **_) -> None:
        self._perhaps_stop("wait")

    def watch(self) -> None:
        self._perhaps_stop("watch")

    def stop(self) -> None:
        self.stops += 1

    def _perhaps_stop(self, moment: str) -> None:
        if self.stopped_at == moment:
            raise KeyboardInterrupt


@pytest.fixture
def supervisor(monkeypatch):
    class Own(FakeSupervisor):
        pass

    monkeypatch.setattr(up, "Supervisor", Own)
    monkeypatch.setattr(up, "require_ports", lambda _: None)
    return Own


class TestUp:
    def test_starts_the_app_on_a_database_that_is_ready_and_says_the_password_once_all_runs(
        self, layout, where, supervisor, capsys
    ):
        set_up = FakeSetUp()

        up.up(layout, set_up, where)

        assert set_up.steps == ["install", "settings", "database", "admin"]
        assert supervisor.made.programs == ["rasa", "app"]
        assert supervisor.made.stops == 1
        assert "once" in capsys.readouterr().out

    def test_the_actions_are_a_process_of_their_own_where_they_have_a_port(self, layout, with_actions, supervisor):
        up.up(layout, FakeSetUp(), with_actions)

        assert supervisor.made.programs == ["rasa", "app", "actions"]

    def test_what_is_stopped_before_it_runs_was_cut_short(self, layout, where, supervisor, capsys):
        supervisor.stopped_at = "wait"

        with pytest.raises(KeyboardInterrupt):
            up.up(layout, FakeSetUp(), where)

        assert supervisor.made.stops == 1
        assert "once" not in capsys.readouterr().out

    def test_another_one_in_the_same_folder_is_refused_in_one_line(self, monkeypatch, tmp_path, capsys):
        monkeypatch.setattr(cli, "ROOT", tmp_path)
        monkeypatch.setattr(cli, "_raise_on_signals", lambda: None)
        (tmp_path / "var").mkdir()
        with (tmp_path / "var/up.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)

            assert cli.main(["up"]) == 1

        said = capsys.readouterr()
        assert said.out == ""
        assert said.err == "hamyar: another ./hamyar up runs in this folder already; stop that one first\n"

    def test_takes_its_place_once_it_has_ended(self, layout, where, supervisor):
        up.up(layout, FakeSetUp(), where)
        up.up(layout, FakeSetUp(), where)

        assert supervisor.made.programs == ["rasa", "app"]


class TestRequirePorts:
    def test_each_program_needs_one_of_its_own(self):
        same = addresses({}, host=None, port="9001", rasa_port="9001")

        with pytest.raises(LauncherError, match="--port and --rasa-port are both 9001"):
            up.require_ports(same)

    def test_the_actions_too(self):
        same = addresses({"ACTIONS_PORT": "5005"}, host=None, port="9001", rasa_port=None)

        with pytest.raises(LauncherError, match="--rasa-port and ACTIONS_PORT are both 5005"):
            up.require_ports(same)


class TestActionsProgram:
    def test_finds_the_app(self, layout, with_actions):
        program = up.actions_program(layout, {"SERVICE_TOKEN": "x"}, with_actions)

        assert program.command[1:] == ["-m", "bot.actions", "--port", "5055"]
        assert program.env["API_URL"] == "http://127.0.0.1:9001"

    def test_or_another_one_that_is_configured(self, layout, with_actions):
        program = up.actions_program(layout, {"API_URL": "http://10.0.0.7"}, with_actions)

        assert program.env["API_URL"] == "http://10.0.0.7"
