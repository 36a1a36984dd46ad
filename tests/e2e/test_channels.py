"""A short run of `./hamyar bench channels`: processes are killed, and nothing is lost, doubled or out of order."""

import asyncio
from dataclasses import asdict
from pathlib import Path

import pytest

from benchmarks.channels import run

pytestmark = pytest.mark.e2e


class TestUnderFire:
    def test_no_message_is_lost_doubled_or_inverted(self, tmp_path: Path) -> None:
        report = asyncio.run(run(tmp_path, messages=60, kills=2, seed=7))

        assert report.verdict.is_clean, asdict(report)
        assert report.verdict.sent == 60
        assert sum(report.kills.values()) == 2
        assert report.refused == 0
