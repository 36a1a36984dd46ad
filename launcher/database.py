"""What can be told about the database without installing anything: enough to skip work that was done before."""

import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from launcher.layout import Layout

REVISION = re.compile(r"""^revision(?:\s*:\s*\w+)?\s*=\s*["'](?P<id>[^"']+)""", re.MULTILINE)
DOWN_REVISION = re.compile(r"""^down_revision[^=\n]*=\s*(?P<ids>.+)$""", re.MULTILINE)


def sqlite_file(layout: Layout, environment: Mapping[str, str]) -> Path | None:
    """The database's file, or None where it is a server's."""
    url = environment.get("DATABASE_URL")
    if not url:
        return layout.var / "hamyar.db"
    scheme, found, path = url.partition(":///")
    return layout.root / path.partition("?")[0] if found and scheme.startswith("sqlite") else None


def identity(layout: Layout, environment: Mapping[str, str]) -> str | None:
    """Tells this database from one that takes its place; None where that cannot be told."""
    path = sqlite_file(layout, environment)
    return f"{path} {path.stat().st_ino}" if path is not None and path.exists() else None


def is_migrated(layout: Layout, environment: Mapping[str, str]) -> bool:
    """True when the database is known to have every migration."""
    path = sqlite_file(layout, environment)
    return path is not None and path.exists() and _versions_in(path) == heads(layout.root / "migrations/versions")


def heads(folder: Path) -> set[str]:
    """The migrations that no other one follows."""
    sources = [file.read_text(encoding="utf-8") for file in folder.glob("*.py")]
    revisions = {found["id"] for source in sources for found in REVISION.finditer(source)}
    followed = {
        name
        for source in sources
        for found in DOWN_REVISION.finditer(source)
        for name in re.findall(r"[\w-]+", found["ids"])
    }
    return revisions - followed


def _versions_in(path: Path) -> set[str]:
    try:
        with closing(sqlite3.connect(path)) as connection:
            return {row[0] for row in connection.execute("SELECT version_num FROM alembic_version")}
    except sqlite3.DatabaseError:
        return set()
