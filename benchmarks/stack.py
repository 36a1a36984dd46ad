"""The whole product as real processes on a database of their own; for benchmarks and end-to-end tests."""

import contextlib
import os
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from launcher.up import APP_OPTIONS

ROOT = Path(__file__).resolve().parent.parent
RASA_PYTHON = ROOT / ".venv-rasa/bin/python"
RASA_MODELS = ROOT / "var/models/rasa"
DATABASE = "hamyar.db"
READY_SECONDS = 120
STOP_SECONDS = 15


class StackFailed(RuntimeError):
    """A process did not come up; the message ends with what it said last."""


@dataclass
class Stack:
    """The app and Rasa, running; `kill_*` and `start_*` let tests break and mend them."""

    folder: Path
    settings: dict[str, str]
    port: int
    rasa_port: int
    admin_email: str = ""
    admin_password: str = ""
    app: subprocess.Popen[bytes] | None = None
    rasa: subprocess.Popen[bytes] | None = None
    _logs: dict[str, Path] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def beside(self) -> "Stack":
        """Another app on the same database and the same Rasa, which is not started yet."""
        port = free_port()
        folder = self.folder / f"app-{port}"
        folder.mkdir()
        return replace(self, folder=folder, settings=dict(self.settings), port=port, app=None, rasa=None, _logs={})

    def start_app(self) -> None:
        """Start the app; `wait_until_ready` says when it serves."""
        command = ["-m", "uvicorn", "--factory", "web.app:create_app", "--host", "127.0.0.1", "--port", str(self.port)]
        self.app = self._start("app", [sys.executable, *command, *APP_OPTIONS])

    def start_rasa(self) -> None:
        """Start Rasa."""
        command = [str(RASA_PYTHON), "-m", "bot.serve", "--port", str(self.rasa_port)]
        self.rasa = self._start("rasa", command)

    def wait_until_ready(self) -> None:
        """Wait for what was started."""
        if self.app:
            wait_for("the app", self.app, f"{self.url}/health/ready", self._logs["app"])
        if self.rasa:
            wait_for("Rasa", self.rasa, f"http://127.0.0.1:{self.rasa_port}/webhooks/hamyar/ready", self._logs["rasa"])

    def assert_alive(self) -> None:
        """Check that nothing has ended by itself.

        Raises:
            StackFailed: when a process has, with what it said last.
        """
        for name, process in (("app", self.app), ("rasa", self.rasa)):
            if process and process.poll() is not None:
                raise StackFailed(f"{name} ended by itself ({process.returncode}): {self.log(name)[-5000:]}")

    def kill(self, name: str) -> None:
        """Kill a process at once, as a crash would."""
        process = self.app if name == "app" else self.rasa
        if process:
            process.kill()
            process.wait()

    def stop(self) -> None:
        """Ask both to end, then make them."""
        running = [process for process in (self.app, self.rasa) if process and process.poll() is None]
        self.app = self.rasa = None
        for process in running:
            process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for process in running:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def memory_megabytes(self) -> dict[str, float]:
        """Resident memory of each process with its children, in MB."""
        processes = {"app": self.app, "rasa": self.rasa}
        return {name: resident_megabytes(process.pid) for name, process in processes.items() if process}

    def log(self, name: str) -> str:
        """What a process has said."""
        return self._logs[name].read_text(errors="replace")

    def run(self, *module: str) -> str:
        """Run one of our own commands on this stack's database; what it printed."""
        command = [sys.executable, "-m", *module]
        done = subprocess.run(command, cwd=ROOT, env=self._environment(), capture_output=True, text=True, check=False)
        if done.returncode:
            raise StackFailed(f"{' '.join(module)} failed: {done.stderr[-2000:]}")
        return done.stdout

    def _start(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        self._logs[name] = self.folder / f"{name}.log"
        with self._logs[name].open("ab") as log:
            return subprocess.Popen(command, cwd=ROOT, env=self._environment(), stdout=log, stderr=log)

    def _environment(self) -> dict[str, str]:
        return {**os.environ, **self.settings}


def prepare(
    folder: Path, settings: Mapping[str, str] | None = None, *, seeded: bool = True, like: Stack | None = None
) -> Stack:
    """A stack with a migrated database, the demo business where wanted, and an admin; nothing is started yet.

    All this is copied where there is a stack to be `like`, which takes a moment instead of half a minute.
    """
    port, rasa_port = free_port(), free_port()
    secret_names = ("SECRET_KEY", "SERVICE_TOKEN", "ACTIONS_TOKEN", "RASA_TOKEN")
    stack = Stack(
        folder,
        {
            **{name: secrets.token_urlsafe(32) for name in secret_names},
            "DATABASE_URL": f"sqlite+aiosqlite:///{folder / DATABASE}",
            "RASA_URL": f"http://127.0.0.1:{rasa_port}",
            "RASA_MODELS_FOLDER": str(RASA_MODELS),
            "ACTIONS_URL": f"http://127.0.0.1:{port}/actions/webhook",
            "OMP_NUM_THREADS": "1",
            "OMP_WAIT_POLICY": "passive",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            # A crash in native code says where it was.
            "PYTHONFAULTHANDLER": "1",
            # One person, and one test after the other signs in as them.
            "SIGN_INS_PER_MINUTE": "1000",
            **(settings or {}),
        },
        port,
        rasa_port,
    )
    if like:
        _copy_database(like.folder / DATABASE, folder / DATABASE)
        stack.admin_email, stack.admin_password = like.admin_email, like.admin_password
        return stack
    stack.run("alembic", "upgrade", "head")
    if seeded:
        stack.run("seeds.load")
    printed = dict(part.split("=", 1) for part in stack.run("seeds.admin").split())
    stack.admin_email, stack.admin_password = printed.get("ADMIN_EMAIL", ""), printed.get("ADMIN_PASSWORD", "")
    return stack


def _copy_database(source: Path, target: Path) -> None:
    """By SQLite itself: what was written last may lie in a file beside it."""
    with contextlib.closing(sqlite3.connect(source)) as old, contextlib.closing(sqlite3.connect(target)) as new:
        old.backup(new)


@contextlib.contextmanager
def running(
    folder: Path, settings: Mapping[str, str] | None = None, *, like: Stack | None = None, with_rasa: bool = True
) -> Iterator[Stack]:
    """A stack that serves, stopped at the end whatever happens."""
    stack = prepare(folder, settings, like=like)
    try:
        stack.start_app()
        if with_rasa:
            stack.start_rasa()
        stack.wait_until_ready()
        yield stack
        stack.assert_alive()
    finally:
        stack.stop()


def wait_for(name: str, process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Wait until an address answers.

    Raises:
        StackFailed: when the process has ended, or takes too long.
    """
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise StackFailed(f"{name} ended: {log.read_text(errors='replace')[-2000:]}")
        with contextlib.suppress(urllib.error.URLError, OSError), urllib.request.urlopen(url, timeout=5):  # noqa: S310
            return
        time.sleep(0.1)
    raise StackFailed(f"{name} is not ready after {READY_SECONDS} s: {log.read_text(errors='replace')[-2000:]}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def resident_megabytes(pid: int) -> float:
    """Resident set of a process and its children, from /proc."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            if int(folder.name) == pid or int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1]) == pid:
                total += int((folder / "statm").read_text().split()[1])
    return total * os.sysconf("SC_PAGE_SIZE") / 1e6
