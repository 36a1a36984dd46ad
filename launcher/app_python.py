"""Choosing the Python for the app: the quickest of this machine's that have the launcher's version.

One version runs the same program at different speeds. Compiled without profile-guided optimisation, as pyenv does
unless it is told otherwise, it takes half as long again as a distribution's (docs/evidence/turns.md).
"""

import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from launcher.processes import ask

# Prints the seconds that a little work took when nothing came between; fails where a module is missing that we need.
TRIAL = """
import bz2, ctypes, json, lzma, sqlite3, ssl, time, zlib

class Part:
    def __init__(self, number):
        self.name, self.values = f"part {number}", [number, str(number)]

def seconds():
    begun = time.perf_counter()
    json.loads(json.dumps([vars(Part(number)) for number in range(3000)]))
    return time.perf_counter() - begun

print(min(seconds() for _ in range(20)))
"""
# Another one is taken where it needs no more than this share of the time of the launcher's own.
WORTH_IT = 0.9
USUAL_PREFIXES = ("/usr/local", "/usr", "/opt/homebrew", "/opt/local")


def find(
    environment: Mapping[str, str], *, own: Path = Path(sys.executable), prefixes: tuple[str, ...] = USUAL_PREFIXES
) -> Path:
    """The Python to make the app's environment with; the launcher's own unless another is clearly quicker."""
    others = {python: seconds for python in _others(environment, own, prefixes) if (seconds := _seconds(python))}
    quickest = min(others, key=others.__getitem__, default=own)
    return quickest if quickest in others and others[quickest] <= WORTH_IT * (_seconds(own) or 0) else own


def _seconds(python: Path) -> float | None:
    """How long it takes for the trial; None where it does not run, or lacks something."""
    answer = ask([python, "-I", "-c", TRIAL], cwd=Path("/"), timeout_seconds=20) or ""
    return float(answer) if re.fullmatch(r"\d+\.\d+(e-\d+)?", answer) else None


def _others(environment: Mapping[str, str], own: Path, prefixes: tuple[str, ...]) -> Iterator[Path]:
    """The same version elsewhere, each once; none of an environment, which somebody may remove."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    on_path = [Path(folder) for folder in environment.get("PATH", "").split(os.pathsep) if folder]
    seen = {own.resolve()}
    for folder in (*on_path, *(Path(prefix) / "bin" for prefix in prefixes)):
        python = folder / name
        if python.exists() and python.resolve() not in seen and not (folder.parent / "pyvenv.cfg").exists():
            seen.add(python.resolve())
            yield python
