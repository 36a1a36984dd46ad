"""The start of the server where it cannot start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SETTINGS = {"RASA_TOKEN": "a", "ACTIONS_TOKEN": "b"}


def serve(model: Path, **settings: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if name not in SETTINGS} | settings
    command = [sys.executable, "-m", "bot.serve", "--model", str(model), "--port", "1"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


class TestMain:
    def test_says_in_one_line_that_there_is_no_model(self, tmp_path) -> None:
        result = serve(tmp_path / "none.tar.gz", **SETTINGS)

        assert result.returncode == 78
        assert result.stderr.count("\n") == 1
        assert "none.tar.gz" in result.stderr

    def test_says_in_one_line_that_a_model_is_broken(self, tmp_path) -> None:
        broken = tmp_path / "broken.tar.gz"
        broken.write_bytes(b"no model at all")

        result = serve(broken, **SETTINGS)

        assert result.returncode == 78
        assert result.stderr.count("\n") == 1
        assert "broken.tar.gz" in result.stderr

    @pytest.mark.parametrize("missing", sorted(SETTINGS))
    def test_says_which_secret_is_missing(self, tmp_path, missing) -> None:
        settings = {name: value for name, value in SETTINGS.items() if name != missing}

        result = serve(tmp_path / "model.tar.gz", **settings)

        assert result.returncode == 78
        assert missing in result.stderr
