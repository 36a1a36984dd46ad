"""A short run of `./hamyar bench channels`: processes are killed, and nothing is lost, doubled or out of order."""

import json
import subprocess
import sys

import pytest

from benchmarks.stack import ROOT

pytestmark = pytest.mark.e2e


class TestUnderFire:
    def test_no_message_is_lost_doubled_or_inverted(self) -> None:
        command = [sys.executable, "-m", "benchmarks.channels", "--json"]
        options = ["--messages", "60", "--kills", "3", "--seed", "7"]

        done = subprocess.run([*command, *options], cwd=ROOT, capture_output=True, text=True, check=False)

        assert done.returncode == 0, done.stdout + done.stderr
        report = json.loads(done.stdout)
        assert report["verdict"]["sent"] == 60
        assert sum(report["kills"].values()) == 3
        assert report["hangs"] == 1
        assert report["refused"] == 0
