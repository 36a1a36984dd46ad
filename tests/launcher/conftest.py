"""Fake programs and small real ones for the launcher's tests."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from launcher.layout import Layout

MakeProgram = Callable[..., Path]


@pytest.fixture(autouse=True)
def own_umask() -> Iterator[None]:
    """The launcher sets the process's; here the process is the tests'."""
    before = os.umask(0o022)
    yield
    os.umask(before)


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
