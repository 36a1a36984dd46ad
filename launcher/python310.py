"""Finding a Python 3.10 for Rasa, which runs on no newer one."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from launcher.errors import LauncherError
from launcher.processes import ask

VARIABLE = "HAMYAR_PYTHON310"
# It must be the right version with the modules that Rasa cannot do without; a Python built by hand may lack them.
PROBE = "import sys, ssl, sqlite3, ctypes, zlib; sys.exit(sys.version_info[:2] != (3, 10))"
USUAL_PREFIXES = (
    "/usr/local",
    "/usr",
    "/opt/homebrew",
    "/opt/homebrew/opt/python@3.10",
    "/opt/python3.10",
    "/opt/local",
)
ADVICE = (
    "Rasa needs Python 3.10 and none was found; there are three ways to get it: install python3.10 with the system's "
    "package manager, or with pyenv (pyenv install 3.10), or put one anywhere and name it: "
    "HAMYAR_PYTHON310=/path/to/python3.10 ./hamyar up"
)


def is_usable(python: str | Path) -> bool:
    """True when it is a 3.10 that really runs; a pyenv shim of a version that is not active does not."""
    return ask([python, "-c", PROBE], cwd=Path("/"), timeout_seconds=20) is not None


def find(environment: Mapping[str, str], *, prefixes: tuple[str, ...] = USUAL_PREFIXES) -> Path | None:
    """A usable Python 3.10 of this machine, or None; one named by the user is taken or refused, never passed over."""
    if named := environment.get(VARIABLE):
        if not is_usable(named):
            raise LauncherError(
                f"{VARIABLE} names {named}, which is not a Python 3.10 that runs; correct it or unset it"
            )
        return Path(named)
    return next((python for python in _candidates(environment, prefixes) if is_usable(python)), None)


def _candidates(environment: Mapping[str, str], prefixes: tuple[str, ...]) -> Iterator[Path]:
    if on_path := shutil.which("python3.10", path=environment.get("PATH")):
        yield Path(on_path)
    pyenv = Path(environment.get("PYENV_ROOT") or Path(environment.get("HOME", "/")) / ".pyenv")
    yield from sorted(pyenv.glob("versions/3.10*/bin/python3.10"), reverse=True)
    yield from (python for prefix in prefixes if (python := Path(prefix) / "bin/python3.10").exists())
