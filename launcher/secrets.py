"""The secrets that Hamyar's processes share: random, in one private file, never printed."""

import os
import secrets
from pathlib import Path

from launcher.settings import read_env_file

NAMES = ("SECRET_KEY", "SERVICE_TOKEN", "ACTIONS_TOKEN", "RASA_TOKEN")
SECRET_BYTES = 32
PRIVATE = 0o600


def ensure(path: Path) -> None:
    """Write the secrets that are not there yet; those that are stay as they are."""
    present = read_env_file(path)
    missing = [name for name in NAMES if not present.get(name)]
    if not missing:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, PRIVATE)
    with os.fdopen(descriptor, "w") as file:
        file.writelines(f"{name}={secrets.token_urlsafe(SECRET_BYTES)}\n" for name in missing)
    path.chmod(PRIVATE)


def is_private(path: Path) -> bool:
    """True when nobody but the owner can read the file."""
    return path.stat().st_mode & 0o077 == 0
