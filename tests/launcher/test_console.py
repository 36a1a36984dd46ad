"""Words for a person who may not be there any more."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FULL = Path("/dev/full")
SAYING = "from launcher import cli, console; cli._Commands.perform = lambda _: {}; raise SystemExit(cli.main(['lock']))"


def run(words: str, **where) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-c", SAYING.format(words)], cwd=ROOT, stderr=subprocess.PIPE, **where)


class TestSay:
    @pytest.mark.skipif(not FULL.exists(), reason="only Linux has a file that is always full")
    def test_a_full_disk_stops_nothing_and_changes_no_exit_code(self):
        with FULL.open("w") as full:
            done = run("console.say('hello') or 7", stdout=full)

        assert (done.returncode, done.stderr) == (7, b"")

    def test_a_reader_that_left_stops_nothing(self):
        reader, writer = os.pipe()
        os.close(reader)

        done = run("console.say('hello') or 7", stdout=writer)
        os.close(writer)

        assert (done.returncode, done.stderr) == (7, b"")


class TestProgress:
    def test_needs_no_terminal_and_no_output_at_all(self):
        program = SAYING.format("console.Progress().tick() or 7")

        done = subprocess.run(["sh", "-c", '"$0" -c "$1" >&-', sys.executable, program], cwd=ROOT, capture_output=True)

        assert (done.returncode, done.stderr) == (7, b"")
