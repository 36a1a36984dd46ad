"""Whether `./hamyar up` keeps Hamyar running in this folder: it holds a lock as long as it lives."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from bot.models import is_locked
from launcher.errors import LauncherError
from launcher.layout import Layout


@contextmanager
def alone(layout: Layout, *, complaint: str) -> Iterator[None]:
    """Hold the lock.

    Raises:
        LauncherError: another launcher has it; the complaint says what to do.
    """
    layout.var.mkdir(parents=True, exist_ok=True)
    with layout.up_lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LauncherError(complaint) from error
        yield


def is_up(layout: Layout) -> bool:
    """True when somebody holds the lock."""
    return is_locked(layout.up_lock)
