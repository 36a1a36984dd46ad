"""Logs of earlier runs, kept beside the present one for a while, and logs that grow too large."""

import os
import shutil
from pathlib import Path

KEPT_LOGS = 5
LARGEST_OWN_LOG_BYTES = 1_000_000


def rotate(log: Path, *, keep: int = KEPT_LOGS, youngest: int = 0) -> None:
    """Put a log, or the kept ones from the `youngest` on, behind the earlier ones; the oldest goes."""
    for number in range(keep - 1, youngest - 1, -1):
        older = kept_log(log, number)
        if older.exists():
            older.replace(kept_log(log, number + 1))


def rotate_when_large(log: Path, *, largest_bytes: int = LARGEST_OWN_LOG_BYTES) -> None:
    """`rotate` a log that nobody writes to just now."""
    if size_of(log) > largest_bytes:
        rotate(log)


def cut(log: Path) -> None:
    """Put aside what a log holds while a program writes to it, and empty it; on a full disk it is only emptied."""
    rotate(log, youngest=1)
    copy = kept_log(log, 1)
    try:
        shutil.copyfile(log, copy)
    except OSError:
        copy.unlink(missing_ok=True)
    # The program appends, so that it goes on at the new end.
    os.truncate(log, 0)


def size_of(log: Path) -> int:
    """In bytes; 0 where somebody removed it."""
    try:
        return log.stat().st_size
    except FileNotFoundError:
        return 0


def kept_log(log: Path, number: int) -> Path:
    """The name of an earlier log; 0 is the present one."""
    return log.with_name(f"{log.name}.{number}") if number else log
