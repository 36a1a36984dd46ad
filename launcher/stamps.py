"""What set-up has done already: one small file a step, holding the hash of what went in."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

UNFINISHED = "unfinished"
# Made by running, not by people: no change in them is a change of the inputs.
IGNORED_FOLDERS = {"__pycache__", "node_modules"}


def digest(*paths: Path, words: Iterable[str] = ()) -> str:
    """A hash over files, whole folders and words; a path that is not there counts as empty."""
    total = hashlib.sha256()
    for word in words:
        total.update(word.encode() + b"\0")
    for path in paths:
        for file in _files(path):
            name = file.relative_to(path.parent)
            total.update(f"{name}\0".encode())
            total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    found = (file for file in path.rglob("*") if file.is_file())
    return sorted(file for file in found if IGNORED_FOLDERS.isdisjoint(file.parts))


class Stamps:
    """A folder of stamps."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def matches(self, name: str, fingerprint: str) -> bool:
        """True when the step ended with these very inputs."""
        return self._read(name) == fingerprint

    def was_interrupted(self, name: str) -> bool:
        """True when the step began and never ended, so that what it made cannot be trusted."""
        return self._read(name) == UNFINISHED

    def begin(self, name: str) -> None:
        """Note that a step is under way."""
        self._write(name, UNFINISHED)

    def forget(self, name: str) -> None:
        """Note that a step is to be done again, on top of what it made before."""
        (self._folder / name).unlink(missing_ok=True)

    def finish(self, name: str, fingerprint: str) -> None:
        """Note what a step was done with."""
        self._write(name, fingerprint)

    def _read(self, name: str) -> str:
        path = self._folder / name
        return path.read_text().strip() if path.is_file() else ""

    def _write(self, name: str, text: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / name).write_text(text + "\n")
