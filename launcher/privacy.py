"""What Hamyar writes is for its owner alone: conversations, files of contacts, logs, models."""

import os
from pathlib import Path

from launcher.secrets import is_private

PRIVATE_FOLDER = 0o700
OTHERS = 0o077


def begin() -> None:
    """From now on, what this process and its programs make is for their owner alone."""
    os.umask(OTHERS)


def keep(folder: Path) -> None:
    """Make a folder, or take an existing one, for its owner alone; one of somebody else's stays as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    if not is_private(folder) and folder.stat().st_uid == os.geteuid():
        folder.chmod(PRIVATE_FOLDER)
