"""Keeping programs running: real ones, tiny."""

import errno
import os
import shutil
import signal
import sys
import time

import pytest

from launcher import supervisor as supervising
from launcher.errors import LauncherError
from launcher.supervisor import Backoff, Program, Supervisor

PATIENCE_SECONDS = 20
# Tells its id in a file of its own and waits.
SERVER = "import os, pathlib, time; pathlib.Path('ready').write_text(str(os.getpid())); time.sleep(60)"


@pytest.fixture
def supervisor(tmp_path):
    """One that loses no time, and stops whatever a test leaves running."""
    supervisor = Supervisor(root=tmp_path, backoff=lambda: Backoff(shortest_seconds=0.0), poll_seconds=0.01)
    yield supervisor
    supervisor.stop()


@pytest.fixture
def program(tmp_path):
    """Make a program of a line of Python, ready when it has written its file."""

    def make(line: str, name: str = "app") -> Program:
        ready = (tmp_path / "ready").exists
        return Program(
            name, [sys.executable, "-c", line], {"PATH": os.environ["PATH"]}, tmp_path / f"{name}.log", ready
        )

    return make


def process_id(tmp_path) -> int:
    return int((tmp_path / "ready").read_text())


def look_until(supervisor, condition) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        supervisor.look()
        time.sleep(0.01)


class TestSupervisor:
    def test_waits_until_a_program_is_ready(self, supervisor, program, tmp_path):
        supervisor.start(program(SERVER))

        supervisor.wait_until_ready(timeout_seconds=PATIENCE_SECONDS)

        os.kill(process_id(tmp_path), 0)

    def test_starts_again_what_dies_and_says_so(self, supervisor, program, tmp_path, capsys):
        supervisor.start(program(SERVER))
        supervisor.wait_until_ready(timeout_seconds=PATIENCE_SECONDS)
        first = process_id(tmp_path)

        (tmp_path / "ready").unlink()
        os.kill(first, signal.SIGKILL)
        look_until(supervisor, lambda: "ready again" in capsys_text(capsys))

        assert process_id(tmp_path) != first
        assert "app stopped (signal 9)" in capsys_text(capsys)

    def test_leaves_nothing_running(self, supervisor, program, tmp_path):
        supervisor.start(program(SERVER))
        supervisor.wait_until_ready(timeout_seconds=PATIENCE_SECONDS)

        supervisor.stop()

        with pytest.raises(ProcessLookupError):
            os.kill(process_id(tmp_path), 0)

    def test_stops_with_a_programs_own_words_when_starting_again_will_not_help(self, supervisor, program):
        supervisor.start(program("import sys; print('RASA_TOKEN is not set.', file=sys.stderr); sys.exit(78)"))

        with pytest.raises(LauncherError, match=r"^app cannot start: RASA_TOKEN is not set\.$"):
            supervisor.wait_until_ready(timeout_seconds=PATIENCE_SECONDS)

    def test_gives_up_on_a_program_that_was_never_ready(self, supervisor, program):
        supervisor.start(program("import sys; sys.exit('the model is broken')"))

        with pytest.raises(LauncherError, match=r"app does not start: the model is broken \(log: app\.log\)"):
            supervisor.wait_until_ready(timeout_seconds=PATIENCE_SECONDS)

    def test_says_when_a_program_takes_too_long(self, tmp_path, program):
        seconds = iter(range(100))
        supervisor = Supervisor(root=tmp_path, clock=lambda: next(seconds), poll_seconds=0.0)
        supervisor.start(program("import time; time.sleep(60)"))

        try:
            with pytest.raises(LauncherError, match="app was not ready after 5 s"):
                supervisor.wait_until_ready(timeout_seconds=5)
        finally:
            supervisor.stop()

    def test_shows_errors_of_a_running_program_and_keeps_the_rest_in_its_log(
        self, supervisor, program, tmp_path, capsys
    ):
        lines = "print('INFO all is well', flush=True); print('ERROR the mailbox is full', flush=True); "
        supervisor.start(program(lines + SERVER))

        look_until(supervisor, lambda: "mailbox" in capsys_text(capsys))

        assert "app | ERROR the mailbox is full" in capsys_text(capsys)
        assert "all is well" not in capsys_text(capsys)
        assert "all is well" in (tmp_path / "app.log").read_text()

    def test_goes_on_when_somebody_removed_the_log(self, supervisor, program, tmp_path, capsys):
        supervisor.start(program(SERVER))
        supervisor.wait_until_ready(timeout_seconds=PATIENCE_SECONDS)
        first = process_id(tmp_path)

        (tmp_path / "app.log").unlink()
        supervisor.look()
        (tmp_path / "ready").unlink()
        os.kill(first, signal.SIGKILL)
        look_until(supervisor, lambda: "ready again" in capsys_text(capsys))

        assert (tmp_path / "app.log").exists()

    def test_shows_errors_in_a_log_that_somebody_emptied(self, supervisor, program, tmp_path, capsys):
        supervisor.start(program("print('INFO ' + 'x' * 500, flush=True); " + SERVER))
        supervisor.wait_until_ready(timeout_seconds=PATIENCE_SECONDS)
        supervisor.look()

        (tmp_path / "app.log").write_text("ERROR the mailbox is full\n")
        look_until(supervisor, lambda: "mailbox" in capsys_text(capsys))

        assert "app | ERROR the mailbox is full" in capsys_text(capsys)

    def test_tries_again_later_when_a_program_cannot_be_started_again(
        self, supervisor, program, tmp_path, capsys, monkeypatch
    ):
        supervisor.start(program(SERVER))
        supervisor.wait_until_ready(timeout_seconds=PATIENCE_SECONDS)
        real = supervising.spawn

        def fail(*_, **__):
            raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

        monkeypatch.setattr(supervising, "spawn", fail)
        first = process_id(tmp_path)
        (tmp_path / "ready").unlink()
        os.kill(first, signal.SIGKILL)
        look_until(supervisor, lambda: "app cannot be started: Resource temp" in capsys_text(capsys))
        monkeypatch.setattr(supervising, "spawn", real)
        look_until(supervisor, lambda: "ready again" in capsys_text(capsys))

        os.kill(process_id(tmp_path), 0)


class TestLargeLog:
    @pytest.fixture
    def large(self, monkeypatch, supervisor, program, tmp_path):
        """A program whose log has grown too large, and whose last run left one as well."""
        monkeypatch.setattr(supervising, "LARGEST_LOG_BYTES", 100)
        (tmp_path / "app.log").write_text("the last run")
        supervisor.start(program("print('x' * 200, flush=True); " + SERVER))
        return tmp_path / "app.log"

    def test_goes_before_the_one_of_the_last_run(self, supervisor, large, tmp_path):
        look_until(supervisor, (tmp_path / "app.log.2").exists)

        assert large.read_text() == ""
        assert (tmp_path / "app.log.1").read_text() == "x" * 200 + "\n"
        assert (tmp_path / "app.log.2").read_text() == "the last run"

    def test_is_cut_all_the_same_when_the_disk_is_full(self, supervisor, large, tmp_path, monkeypatch):
        def fill(_, destination):
            destination.write_text("half")
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(shutil, "copyfile", fill)

        look_until(supervisor, lambda: (tmp_path / "ready").exists() and large.stat().st_size == 0)

        assert not (tmp_path / "app.log.1").exists()
        assert (tmp_path / "app.log.2").read_text() == "the last run"


def capsys_text(capsys) -> str:
    """Everything printed so far in this test."""
    capsys.so_far = getattr(capsys, "so_far", "") + capsys.readouterr().out
    return capsys.so_far


class TestBackoff:
    def test_waits_twice_as_long_each_time_up_to_a_limit(self):
        backoff = Backoff(shortest_seconds=1, longest_seconds=5)

        assert [backoff.after_death(now=now, lived_seconds=1) for now in range(4)] == [1, 2, 4, 5]

    def test_is_short_again_after_a_quiet_while(self):
        backoff = Backoff(shortest_seconds=1)
        backoff.after_death(now=0, lived_seconds=1)
        backoff.after_death(now=1, lived_seconds=1)

        assert backoff.after_death(now=500, lived_seconds=400) == 1

    def test_calls_it_flapping_only_when_the_deaths_are_close_together(self):
        often, seldom = Backoff(), Backoff()

        for number in range(5):
            often.after_death(now=number, lived_seconds=1)
            seldom.after_death(now=number * 1000, lived_seconds=1000)

        assert often.is_flapping
        assert not seldom.is_flapping
