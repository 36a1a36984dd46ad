"""Programs that leave nothing behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from launcher import processes
from launcher.errors import CommandFailed

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 10
# Starts a child that ignores SIGTERM, says both ids, and waits.
PARENT = (
    "import os, subprocess, sys, time\n"
    "child = subprocess.Popen([sys.executable, '-c', "
    "'import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)'],"
    " stdout=subprocess.PIPE)\n"
    "child.stdout.readline()\n"
    "print(child.pid, flush=True)\n"
    "time.sleep(60)\n"
)


def is_alive(pid: int) -> bool:
    """True for a process that runs; a dead one that nobody has waited for yet is dead."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def wait_until(condition) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
class TestStop:
    def test_ends_what_a_program_started_even_where_it_will_not_listen(self, tmp_path):
        process = processes.spawn([sys.executable, "-c", PARENT], cwd=tmp_path, stdout=subprocess.PIPE)
        grandchild = int(process.stdout.readline())
        assert is_alive(grandchild)

        processes.stop([process], grace_seconds=0.2)

        assert process.returncode == -signal.SIGTERM
        wait_until(lambda: not is_alive(grandchild))
        process.stdout.close()

    def test_takes_one_that_ended_already(self, tmp_path):
        process = processes.spawn(["true"], cwd=tmp_path)
        process.wait()

        processes.stop([process])

        assert process.returncode == 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ties a child to its parent")
class TestSpawn:
    def test_ties_a_program_to_the_launchers_life(self, tmp_path):
        launcher = (
            "import sys, time; from pathlib import Path; from launcher.processes import spawn;"
            "print(spawn(['sleep', '60'], cwd=Path('/')).pid, flush=True); time.sleep(60)"
        )
        process = subprocess.Popen([sys.executable, "-c", launcher], cwd=ROOT, stdout=subprocess.PIPE)
        child = int(process.stdout.readline())
        assert is_alive(child)

        os.kill(process.pid, signal.SIGKILL)
        process.communicate()

        wait_until(lambda: not is_alive(child))


class TestRun:
    def test_keeps_the_output_in_the_log(self, tmp_path):
        processes.run(["echo", "done"], what="Echoing", cwd=tmp_path, log=tmp_path / "logs/setup.log")

        assert (tmp_path / "logs/setup.log").read_text().endswith("$ echo done\ndone\n")

    def test_fails_in_one_line_with_the_programs_last_words(self, tmp_path, make_program):
        program = make_program("trainer", "echo working; echo 'the story has no end' >&2; exit 3")

        with pytest.raises(CommandFailed) as failure:
            processes.run([program], what="Training", cwd=tmp_path, log=tmp_path / "setup.log")

        assert str(failure.value) == "Training failed: the story has no end (log: setup.log)"

    def test_ignores_what_earlier_programs_said(self, tmp_path):
        log = tmp_path / "setup.log"
        log.write_text("No space left on device\n")

        with pytest.raises(CommandFailed, match="exit code 1"):
            processes.run(["false"], what="Failing", cwd=tmp_path, log=log)

    def test_knows_the_last_words_when_the_log_was_put_aside_meanwhile(self, tmp_path, make_program):
        program = make_program("trainer", "mv setup.log setup.log.1; echo 'the story has no end'; exit 3")

        with pytest.raises(CommandFailed, match="the story has no end"):
            processes.run([program], what="Training", cwd=tmp_path, log=tmp_path / "setup.log")


class TestAsk:
    def test_answers_what_a_program_prints(self, tmp_path):
        assert processes.ask(["echo", "hello"], cwd=tmp_path) == "hello"

    def test_answers_none_for_a_failure_or_a_missing_program(self, tmp_path):
        assert processes.ask(["false"], cwd=tmp_path) is None
        assert processes.ask([tmp_path / "missing"], cwd=tmp_path) is None
