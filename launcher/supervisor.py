"""Keeping programs running: start, wait until ready, start again what dies, stop all."""

import collections
import re
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from launcher.console import say
from launcher.errors import LauncherError, describe, last_line
from launcher.logs import cut, rotate, size_of
from launcher.processes import Command, read_from, spawn, stop

# sysexits.h EX_CONFIG: the program will not start until somebody changes something.
CONFIGURATION_ERROR = 78
POLL_SECONDS = 0.2
START_ATTEMPTS = 3
LAST_WORDS_BYTES = 4096
LARGEST_LOG_BYTES = 20_000_000
LOUD = re.compile(r"\b(ERROR|CRITICAL)\b")
Clock = Callable[[], float]


@dataclass(frozen=True)
class Program:
    """What to run, and how to tell that it is ready."""

    name: str
    command: Command
    env: Mapping[str, str]
    log: Path
    is_ready: Callable[[], bool]


@dataclass
class Backoff:
    """How long to wait before the next start: twice as long each time, short again after a quiet while."""

    shortest_seconds: float = 1.0
    longest_seconds: float = 60.0
    quiet_seconds: float = 60.0
    flapping_deaths: int = 5
    flapping_seconds: float = 600.0
    _wait: float = field(default=0.0, init=False)
    _deaths: collections.deque[float] = field(default_factory=collections.deque, init=False)

    def after_death(self, *, now: float, lived_seconds: float) -> float:
        """The seconds to wait."""
        self._deaths.append(now)
        while self._deaths[0] < now - self.flapping_seconds:
            self._deaths.popleft()
        longer = self._wait * 2 if lived_seconds < self.quiet_seconds else 0.0
        self._wait = min(max(longer, self.shortest_seconds), self.longest_seconds)
        return self._wait

    @property
    def is_flapping(self) -> bool:
        """True when it died so often lately that a person should look."""
        return len(self._deaths) >= self.flapping_deaths


class Supervised:
    """One program and the process that runs it just now."""

    def __init__(self, program: Program, *, root: Path, clock: Clock, backoff: Backoff) -> None:
        self.program = program
        self.process: subprocess.Popen[bytes] | None = None
        self.is_ready = False
        self._was_ready_once = False
        self._failed_starts = 0
        self._root = root
        self._clock = clock
        self._backoff = backoff
        self._started_at = 0.0
        self._start_due = 0.0
        # In the log: where this run began, and how far its errors have been shown.
        self._run_offset = 0
        self._shown_offset = 0

    def start(self) -> None:
        """Run the program, its output in its log."""
        with self.program.log.open("ab") as output:
            self._run_offset = self._shown_offset = output.tell()
            self.process = spawn(
                self.program.command, cwd=self._root, env=self.program.env, stdout=output, stderr=subprocess.STDOUT
            )
        self._started_at = self._clock()
        self.is_ready = False

    def look(self) -> None:
        """Take note of what happened since the last look, and act on it."""
        if self.process is None:
            if self._clock() >= self._start_due:
                self._start_again()
            return
        if self.process.poll() is not None:
            self._bury(self.process)
            return
        # What cannot be read or put aside just now is no reason to stop what runs.
        with suppress(OSError):
            self._show_errors()
        if not self.is_ready and self.program.is_ready():
            self._welcome()

    def _welcome(self) -> None:
        if self._was_ready_once:
            say(f"{self.program.name} is ready again.")
        self.is_ready = self._was_ready_once = True
        self._failed_starts = 0

    def _start_again(self) -> None:
        try:
            self.start()
        except (OSError, subprocess.SubprocessError) as error:
            # No memory or no process left for it, a full disk: that passes, and the others still serve.
            why = describe(error) if isinstance(error, OSError) else str(error)
            self._mourn(f"{self.program.name} cannot be started", why, lived_seconds=0.0)

    def _bury(self, process: subprocess.Popen[bytes]) -> None:
        name, words, ending = self.program.name, self._last_words(), _ending(process.returncode)
        # What it had started may still hold its port.
        stop([process], grace_seconds=0)
        self.process = None
        if process.returncode == CONFIGURATION_ERROR:
            raise LauncherError(f"{name} cannot start: {words or 'its configuration is wrong'}")
        self._failed_starts += 0 if self._was_ready_once else 1
        if self._failed_starts >= START_ATTEMPTS:
            raise LauncherError(f"{name} does not start: {words or ending} (log: {self.program.log.name})")
        lived_seconds = self._clock() - self._started_at
        self._mourn(f"{name} stopped ({ending})", words or "it said nothing", lived_seconds=lived_seconds)

    def _mourn(self, what: str, why: str, *, lived_seconds: float) -> None:
        """Say what happened, and when the next start is due."""
        now = self._clock()
        wait = self._backoff.after_death(now=now, lived_seconds=lived_seconds)
        self._start_due = now + wait
        self.is_ready = False
        say(f"{what}: {why}; starting it again in {wait:.0f} s.")
        if self._backoff.is_flapping:
            name, log = self.program.name, self.program.log.name
            say(f"{name} keeps stopping; something is wrong with it, and {log} should say what.")

    def _last_words(self) -> str:
        with suppress(OSError):
            size = size_of(self.program.log)
            words = read_from(self.program.log, max(self._run_offset, size - LAST_WORDS_BYTES))
            return last_line(words.decode(errors="replace"))
        return ""

    def _show_errors(self) -> None:
        size = size_of(self.program.log)
        if size < self._shown_offset:
            # Somebody emptied or removed it.
            self._run_offset = self._shown_offset = 0
        if size > self._shown_offset:
            # The last line may still be growing; it is shown when it is whole.
            lines, newline, _ = read_from(self.program.log, self._shown_offset).rpartition(b"\n")
            self._shown_offset += len(lines + newline)
            for line in filter(LOUD.search, lines.decode(errors="replace").splitlines()):
                say(f"{self.program.name} | {line}")
        if size > LARGEST_LOG_BYTES:
            cut(self.program.log)
            self._run_offset = self._shown_offset = 0


class Supervisor:
    """Several programs at once."""

    def __init__(
        self,
        *,
        root: Path,
        clock: Clock = time.monotonic,
        backoff: Callable[[], Backoff] = Backoff,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._root = root
        self._clock = clock
        self._backoff = backoff
        self._poll_seconds = poll_seconds
        self._supervised: list[Supervised] = []

    def start(self, program: Program) -> None:
        """Run a program with a fresh log; the logs of earlier runs are kept beside it for a while."""
        program.log.parent.mkdir(parents=True, exist_ok=True)
        rotate(program.log)
        supervised = Supervised(program, root=self._root, clock=self._clock, backoff=self._backoff())
        self._supervised.append(supervised)
        supervised.start()

    def wait_until_ready(self, *, timeout_seconds: float, tick: Callable[[], None] = lambda: None) -> None:
        """Return when every program is ready; raise when one cannot start or takes too long."""
        deadline = self._clock() + timeout_seconds
        while waiting := [each.program for each in self._supervised if not each.is_ready]:
            if self._clock() > deadline:
                late = waiting[0]
                raise LauncherError(f"{late.name} was not ready after {timeout_seconds:.0f} s (log: {late.log.name})")
            self.look()
            tick()
            time.sleep(self._poll_seconds)

    def watch(self) -> None:
        """Keep everything running until interrupted."""
        while True:
            self.look()
            time.sleep(self._poll_seconds)

    def look(self) -> None:
        """Look once at every program."""
        for each in self._supervised:
            each.look()

    def stop(self) -> None:
        """Stop everything; nothing that was started is left."""
        stop([each.process for each in self._supervised if each.process is not None])


def _ending(exit_code: int) -> str:
    return f"signal {-exit_code}" if exit_code < 0 else f"exit code {exit_code}"
