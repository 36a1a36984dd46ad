"""Lines for the person at the terminal, and how far the set-up has come."""

import io
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress


def accept_every_letter() -> None:
    """Show by its code what the terminal's encoding lacks: no line is worth stopping the product for."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(line: str) -> None:
    """Print one line at once, even into a pipe; one that cannot be printed is no reason to stop what runs."""
    _write(f"{line}\n")


def forget_what_cannot_be_said() -> None:
    """Drop words for a full disk or a reader that left: at Python's own end they would change the exit code."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream:
                stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _write(text: str) -> None:
    with suppress(OSError):
        print(text, end="", flush=True)


class Progress:
    """Says what is going on and how long it took; on a terminal the seconds run along."""

    def __init__(self) -> None:
        # Python has none where the shell closed it.
        self._live = bool(sys.stdout) and sys.stdout.isatty()
        self._title = ""
        self._started = 0.0

    @contextmanager
    def over(self, title: str) -> Iterator[None]:
        """Announce some work, and that it is done."""
        self._title, self._started = title, time.monotonic()
        if not self._live:
            say(f"{title} ...")
        try:
            yield
        except BaseException:
            self._end_live_line()
            raise
        say(f"{self._line_start}{title}: done in {self._seconds} s")

    def tick(self) -> None:
        """Show the time that has passed; call it now and then."""
        if self._live:
            _write(f"{self._line_start}{self._title} ... {self._seconds} s")

    @property
    def _seconds(self) -> int:
        return round(time.monotonic() - self._started)

    @property
    def _line_start(self) -> str:
        return "\r" if self._live else ""

    def _end_live_line(self) -> None:
        if self._live:
            _write("\n")
