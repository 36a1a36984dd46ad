"""`./hamyar doctor`: look at a machine and a configuration, and say what to do about what is wrong."""

import importlib.util
import os
import platform
import shutil
import sqlite3
import sys
import tarfile
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from launcher import database, environments, ports, python310, running, secrets
from launcher.console import say
from launcher.errors import LauncherError, describe, last_line
from launcher.processes import Command, ask, question
from launcher.settings import Addresses, read_env_file
from launcher.steps import NEEDED_GIGABYTES, RUNNING_GIGABYTES, SetUp, free_gigabytes
from launcher.tools import NO_PIP
from launcher.up import answers, listening

NEEDED_MEMORY_GIGABYTES = 2
# `UPDATE ... RETURNING`.
OLDEST_SQLITE = (3, 35)
SET_UP = "./hamyar up makes it"


@dataclass(frozen=True)
class Finding:
    """One thing looked at, and what to do where it is wrong."""

    subject: str
    problem: str = ""

    def __str__(self) -> str:
        return f"PROBLEM  {self.subject}: {self.problem}" if self.problem else f"OK       {self.subject}"


def report(findings: Iterable[Finding]) -> int:
    """Print every finding; 0 when there is no problem."""
    problems = 0
    for finding in findings:
        say(str(finding))
        problems += bool(finding.problem)
    say("Nothing is wrong." if not problems else f"{problems} to mend.")
    return 1 if problems else 0


def findings(set_up: SetUp, where: Addresses) -> Iterator[Finding]:
    """Look at one thing after another."""
    installed = all(environments.runs(python) for python in (set_up.layout.app_python, set_up.layout.rasa_python))
    yield Finding(f"{_app_python(set_up)} for the app")
    yield _folder(set_up)
    yield from _private(set_up)
    yield _python310(set_up)
    yield _sqlite()
    yield _space(set_up, needed=RUNNING_GIGABYTES if installed else NEEDED_GIGABYTES)
    yield _memory()
    for option, host, port in listening(where):
        yield _port(set_up, host, port, option)
    if not installed:
        yield _network(set_up)
        yield Finding("packages", f"they are not installed, and the rest cannot be looked at without them; {SET_UP}")
        return
    yield _packages(set_up)
    yield _secrets(set_up)
    yield _settings(set_up)
    yield _database(set_up)
    yield _browser_files(set_up)
    yield _encoder(set_up)
    yield _rasa_model(set_up)


def _app_python(set_up: SetUp) -> str:
    """The Python of the app's environment; before there is one, the launcher's."""
    return ask([set_up.layout.app_python, "--version"], cwd=Path("/")) or f"Python {platform.python_version()}"


def _folder(set_up: SetUp) -> Finding:
    subject = f"folder {set_up.layout.root}"
    try:
        for folder in (set_up.layout.root, set_up.layout.var):
            if folder.exists():
                tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        return Finding(subject, f"nothing can be written there ({describe(error)}); give this user the right to")
    return Finding(subject)


def _private(set_up: SetUp) -> Iterator[Finding]:
    """Whether anybody else on this machine can read what contacts wrote, and passwords."""
    layout = set_up.layout
    own_database = database.sqlite_file(layout, set_up.environment)
    for path, mode in ((layout.var, 700), (own_database, 600), (layout.settings_file, 600)):
        # What lies in a folder of its owner's is as private as that.
        if path is None or not path.exists() or (path != layout.var and path.is_relative_to(layout.var)):
            continue
        shown = layout.shown(path)
        problem = "" if secrets.is_private(path) else f"others can read it; chmod {mode} {shown}"
        yield Finding(f"who may read {shown}", problem)


def _python310(set_up: SetUp) -> Finding:
    subject = "Python 3.10 for Rasa"
    if environments.runs(set_up.layout.rasa_python):
        return Finding(subject)
    try:
        found = python310.find(set_up.tools.environment)
    except LauncherError as error:
        return Finding(subject, str(error))
    return Finding(subject, "" if found else f"{python310.ADVICE}; failing these, ./hamyar up tries to fetch one")


def _sqlite() -> Finding:
    oldest = ".".join(map(str, OLDEST_SQLITE))
    problem = "" if sqlite3.sqlite_version_info >= OLDEST_SQLITE else f"Hamyar needs {oldest}; use a newer Python"
    return Finding(f"SQLite {sqlite3.sqlite_version}", problem)


def _space(set_up: SetUp, *, needed: int) -> Finding:
    free = free_gigabytes(set_up.layout.root)
    return Finding(f"disk, {free:.1f} GB free", "" if free >= needed else f"{needed} GB are needed; free some space")


def _memory() -> Finding:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    enough = total >= NEEDED_MEMORY_GIGABYTES
    return Finding(f"memory, {total:.1f} GB", "" if enough else f"{NEEDED_MEMORY_GIGABYTES} GB are needed")


def _port(set_up: SetUp, host: str, port: int, option: str) -> Finding:
    try:
        ports.require_free(host, port, option=option)
    except LauncherError as error:
        # Any web server answers; only beside an `up` that runs is it ours.
        if running.is_up(set_up.layout) and (answers(host, port, "/") or answers(host, port, "/health/live")):
            return Finding(f"port {port}, where Hamyar answers")
        return Finding(f"port {port}", str(error))
    return Finding(f"port {port} is free")


def _network(set_up: SetUp) -> Finding:
    if not importlib.util.find_spec("pip"):
        # Nobody to ask the index with; set-up itself needs no more than one of these.
        can_install = shutil.which("uv") or importlib.util.find_spec("ensurepip")
        return Finding("pip", "" if can_install else NO_PIP)
    command = [sys.executable, "-m", "pip", "index", "versions", "uv"]
    exit_code, _, words = question(command, cwd=set_up.layout.root, env=set_up.tools.environment)
    advice = "it cannot be reached, and set-up needs it once; check the network, or pip's proxy and mirror settings"
    return Finding("package index", "" if exit_code == 0 else f"{advice} ({last_line(words)})")


def _packages(set_up: SetUp) -> Finding:
    done = all(step.is_done(set_up.stamps) for step in (set_up.app_packages(), set_up.rasa_packages()))
    return Finding("packages", "" if done else "they are not those of the locks; ./hamyar up installs them")


def _secrets(set_up: SetUp) -> Finding:
    path = set_up.layout.secrets_file
    shown = set_up.layout.shown(path)
    if not path.exists():
        return Finding(shown, SET_UP)
    if not secrets.is_private(path):
        return Finding(shown, f"others can read it; chmod 600 {shown}")
    present = read_env_file(path)
    missing = [name for name in secrets.NAMES if not present.get(name)]
    return Finding(shown, f"{', '.join(missing)} missing; ./hamyar up adds them" if missing else "")


def _settings(set_up: SetUp) -> Finding:
    try:
        set_up.require_sound_settings()
    except LauncherError as error:
        return Finding("settings", str(error))
    return Finding("settings")


def _database(set_up: SetUp) -> Finding:
    path = database.sqlite_file(set_up.layout, set_up.environment)
    if path is not None and not path.exists():
        return Finding("database", f"it is not there yet; {SET_UP}")
    command: Command = [set_up.layout.app_python, "-m", "alembic", "current"]
    exit_code, current, words = question(command, cwd=set_up.layout.root, env=set_up.environment)
    if exit_code != 0:
        return Finding("database", f"it cannot be used: {last_line(words)}; check DATABASE_URL")
    is_newest = "(head)" in current
    return Finding("database", "" if is_newest else "its tables are not the newest; ./hamyar up migrates them")


def _browser_files(set_up: SetUp) -> Finding:
    return Finding("the browser's files", "" if set_up.assets().is_done(set_up.stamps) else f"missing; {SET_UP}")


def _encoder(set_up: SetUp) -> Finding:
    folder = set_up.layout.encoder
    if not set_up.encoder().is_done(set_up.stamps):
        return Finding("language model", f"missing or out of date; {SET_UP}")
    program = f"import pathlib; from language.encoder import Encoder; Encoder.open(pathlib.Path({str(folder)!r}))"
    command: Command = [set_up.layout.app_python, "-c", program]
    exit_code, _, words = question(command, cwd=set_up.layout.root, env=set_up.environment)
    broken = f"it cannot be opened ({last_line(words)}); remove {set_up.layout.shown(folder)}, and {SET_UP}"
    return Finding("language model", "" if exit_code == 0 else broken)


def _rasa_model(set_up: SetUp) -> Finding:
    path = set_up.layout.rasa_model
    if not set_up.rasa_model().is_done(set_up.stamps):
        return Finding("assistant's model", f"missing or older than what it is made from; {SET_UP}")
    damaged = "it is damaged; ./hamyar train rasa makes it anew"
    return Finding("assistant's model", "" if _is_whole(path) else damaged)


def _is_whole(archive: Path) -> bool:
    try:
        with tarfile.open(archive) as opened:
            opened.getmembers()
    except (tarfile.TarError, EOFError, OSError, zlib.error):
        return False
    return True
