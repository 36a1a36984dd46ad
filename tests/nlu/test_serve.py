"""The start of the server where it cannot start."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.models import KeptModels, Model, now

NAME = "20260101-000000"
SETTINGS = {"RASA_TOKEN": "a", "ACTIONS_TOKEN": "b"}


def serve(models: Path, **settings: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if name not in SETTINGS} | settings
    command = [sys.executable, "-m", "bot.serve", "--models", str(models), "--port", "1"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


class TestMain:
    def test_says_in_one_line_that_there_is_no_model(self, tmp_path) -> None:
        result = serve(tmp_path / "none", **SETTINGS)

        assert result.returncode == 78
        assert result.stderr.count("\n") == 1
        assert "./hamyar train" in result.stderr

    def test_says_in_one_line_that_a_model_is_broken(self, tmp_path) -> None:
        models = KeptModels(tmp_path)
        models.file_of(NAME).write_bytes(b"no model at all")
        models.choose(Model(NAME, now(), "inputs", 0, "encoder", 40.0))

        result = serve(tmp_path, **SETTINGS)

        assert result.returncode == 78
        assert result.stderr.count("\n") == 1
        assert f"{NAME}.tar.gz is damaged" in result.stderr

    def test_says_in_one_line_what_to_do_about_a_model_of_another_encoder(self, tmp_path, models) -> None:
        (tmp_path / "encoder.json").write_text(json.dumps({"fingerprint": "another"}))

        result = serve(models.folder, ENCODER_FOLDER=str(tmp_path), **SETTINGS)

        assert result.returncode == 78
        assert result.stderr.count("\n") == 1
        assert "trained with another encoder; run: ./hamyar train" in result.stderr

    @pytest.mark.parametrize("missing", sorted(SETTINGS))
    def test_says_which_secret_is_missing(self, tmp_path, missing) -> None:
        settings = {name: value for name, value in SETTINGS.items() if name != missing}

        result = serve(tmp_path, **settings)

        assert result.returncode == 78
        assert missing in result.stderr
