"""Keeping programs running: real ones, tiny."""

import os
import signal
import sys
import time

import pytest

from launcher.errors import LauncherError
from launcher.supervisor import Backoff, Program, Supervisor, rotate

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


class TestRotate:
    def test_keeps_the_logs_of_a_few_earlier_starts(self, tmp_path):
        log = tmp_path / "app.log"
        for start in range(5):
            rotate(log, keep=2)
            log.write_text(str(start))

        kept = {path.name: path.read_text() for path in tmp_path.iterdir()}

        assert kept == {"app.log": "4", "app.log.1": "3", "app.log.2": "2"}
