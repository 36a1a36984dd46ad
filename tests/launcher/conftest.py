"""Fake programs and small real ones for the launcher's tests."""

from collections.abc import Callable
from pathlib import Path

import pytest

from launcher.layout import Layout

MakeProgram = Callable[..., Path]


@pytest.fixture
def make_program(tmp_path: Path) -> MakeProgram:
    """Write an executable shell script and return its path."""

    def make(name: str, script: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    return make


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A project of its own, empty."""
    return Layout(tmp_path)
