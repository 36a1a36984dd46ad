"""The two Python environments, made from the pinned locks under requirements/."""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from launcher import app_python, python310
from launcher.errors import CommandFailed, LauncherError
from launcher.layout import Layout
from launcher.processes import Command, ask
from launcher.tools import Tools

TORCH = "torch=="


def app_locks(layout: Layout, *, with_dev: bool) -> list[Path]:
    """The locks of the app's environment; development packages, once there, stay."""
    installed_before = (layout.app_env / "bin/pytest").exists()
    names = ["app.txt", "dev.txt"] if with_dev or installed_before else ["app.txt"]
    return [layout.requirements / name for name in names]


def make_app_environment(layout: Layout, tools: Tools, locks: Sequence[Path]) -> None:
    """Bring `.venv` to exactly what the locks say."""
    if not runs(layout.app_python):
        python = app_python.find(tools.environment)
        tools.uv_run(["venv", "--clear", "--python", python, layout.app_env], what="Making .venv")
    drop_half_installed(layout.app_env)
    backend = torch_backend(layout, tools)
    _sync(tools, layout.app_python, locks, backend, what="Installing the app's packages")


def make_rasa_environment(layout: Layout, tools: Tools) -> None:
    """Bring `.venv-rasa` to exactly what its lock says, on a Python 3.10 found or fetched."""
    if not runs(layout.rasa_python):
        python = python310.find(tools.environment) or managed_python310(layout, tools)
        tools.uv_run(["venv", "--clear", "--python", python, layout.rasa_env], what="Making .venv-rasa")
    drop_half_installed(layout.rasa_env)
    lock = layout.requirements / "rasa.txt"
    _sync(tools, layout.rasa_python, [lock], what="Installing Rasa's packages")


def _sync(tools: Tools, python: Path, locks: Sequence[Path], options: Sequence[str] = (), *, what: str) -> None:
    try:
        tools.uv_run(["pip", "sync", "--python", python, *options, *locks], what=what)
    except CommandFailed:
        # uv asks the index even where there is nothing to do, as after an update that was taken back.
        if not _has_all(tools, python, locks):
            raise


def _has_all(tools: Tools, python: Path, locks: Sequence[Path]) -> bool:
    """True when everything is installed that the locks name."""
    nowhere_else = ("--dry-run", "--no-deps", "--offline", "--no-index", "--no-config")
    wanted = [part for lock in locks for part in ("--requirement", lock)]
    environment = {name: value for name, value in tools.environment.items() if name != "UV_FIND_LINKS"}
    command: Command = [tools.uv, "pip", "install", *nowhere_else, "--python", python, *wanted]
    return ask(command, cwd=python.parent, env=environment) is not None


def drop_half_installed(environment: Path) -> None:
    """Let uv install again what a full disk cut short; it takes a package for whole that only has a description."""
    for described in environment.glob("lib/python*/site-packages/*.dist-info"):
        # Written once everything else is there; the list of files comes with the wheel.
        if not (described / "INSTALLER").exists():
            shutil.rmtree(described, ignore_errors=True)


def runs(python: Path) -> bool:
    """True when an environment's interpreter is there and its base was not removed from under it."""
    return ask([python, "-c", ""], cwd=Path("/"), timeout_seconds=20) is not None


def managed_python310(layout: Layout, tools: Tools) -> Path:
    """A Python 3.10 that uv has, or fetches into the tools folder; where it cannot, the ways to get one."""
    folder = layout.tools / "python"
    search: Command = [tools.uv, "python", "find", "--managed-python", "3.10"]
    fetched = {**tools.index_environment, "UV_PYTHON_INSTALL_DIR": str(folder)}
    for environment in (tools.index_environment, fetched):
        found = ask(search, cwd=layout.root, env=environment)
        if found and python310.is_usable(found):
            return Path(found)
    try:
        tools.uv_run(["python", "install", "--no-bin", "3.10"], what="Fetching Python 3.10", env=fetched)
    except CommandFailed as error:
        raise LauncherError(f"{python310.ADVICE} (fetching it failed: {error.reason})") from error
    found = ask(search, cwd=layout.root, env=fetched)
    if not found or not python310.is_usable(found):
        raise LauncherError(python310.ADVICE)
    return Path(found)


def torch_backend(layout: Layout, tools: Tools) -> list[str]:
    """The option that makes uv take PyTorch's CPU build, where the configured indexes do not offer it by themselves.

    On Linux the plain build of the same version asks for gigabytes of CUDA, which the lock leaves out on purpose.
    """
    if not sys.platform.startswith("linux") or "UV_TORCH_BACKEND" in tools.environment:
        return []
    pin = torch_pin((layout.requirements / "app.txt").read_text())
    python: Command = ["--python", layout.app_python]
    attempt: Command = [tools.uv, "pip", "install", "--dry-run", "--no-deps", *python, f"{pin}+cpu"]
    offered = ask(attempt, cwd=layout.root, env=tools.index_environment) is not None
    return [] if offered else ["--torch-backend", "cpu"]


def torch_pin(lock: str) -> str:
    """The line of a lock that pins PyTorch."""
    return next(line.strip() for line in lock.splitlines() if line.startswith(TORCH))
