"""`./hamyar backup` and `./hamyar restore`: what nothing can make anew, in one file for its owner alone.

The database has everything that people wrote or sent, files included; it can be read only with the secrets beside it.
"""

import gzip
import shutil
import sqlite3
import tarfile
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from launcher import database, running
from launcher.errors import LauncherError
from launcher.layout import Layout
from launcher.secrets import PRIVATE
from launcher.settings import child_environment, parse_env

DATABASE, SECRETS, SETTINGS = "hamyar.db", "secrets.env", ".env"
# What SQLite keeps beside a database. Beside another one they would be replayed over it.
COMPANIONS = ("-wal", "-shm")
ON_A_SERVER = (
    "the database is on a server: use its own program for this, such as pg_dump and pg_restore for PostgreSQL, "
    "and copy var/secrets.env and .env"
)
RUNS = "Hamyar runs in this folder; stop ./hamyar up first"
SETTINGS_STAY = "The .env that is here stays as it is; the one of the backup can be taken out of it with tar."
IN_USE = "another program has the database open; stop it first"


def back_up(layout: Layout, real: Mapping[str, str], asked: Path | None) -> Path:
    """Write a backup, also while Hamyar runs; where it is.

    Raises:
        LauncherError: there is nothing to save that lies here, or the file is there already.
    """
    source = _here(database.sqlite_file(layout, child_environment(layout, real)))
    if not source.exists():
        raise LauncherError("there is no database yet; ./hamyar up makes it")
    target = _target(layout, asked)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=target.parent) as folder:
        copy, packed = Path(folder, DATABASE), Path(folder, "packed")
        _copy(source, copy)
        _pack(packed, {DATABASE: copy, SECRETS: layout.secrets_file, SETTINGS: layout.settings_file})
        packed.chmod(PRIVATE)
        # Only a whole one gets the name.
        packed.replace(target)
    return target


def restore(layout: Layout, real: Mapping[str, str], file: Path) -> list[str]:
    """Put a backup in the place of what is there, which is kept beside it; lines for the person.

    Settings that are there stay: they are this machine's.

    Raises:
        LauncherError: Hamyar runs, or the file is no whole backup; nothing has changed then.
    """
    with running.alone(layout, complaint=RUNS), _opened(file) as archive:
        secrets, settings = _small(archive, SECRETS), _small(archive, SETTINGS)
        has_settings = layout.settings_file.exists()
        environment = child_environment(layout, real if has_settings else {**_settings_in(settings), **real})
        target = _here(database.sqlite_file(layout, environment))
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".restore-", dir=target.parent) as folder:
            unpacked = Path(folder, DATABASE)
            _unpack(archive, unpacked)
            _require_unused(target)
            # What may still fail for want of room comes before the database leaves its place.
            secrets_kept = _replace(layout.secrets_file, secrets)
            kept = [*_put_aside(target), *secrets_kept]
            unpacked.replace(target)
        if not has_settings:
            _replace(layout.settings_file, settings)
        _forget_index(layout, environment)
    lines = [f"What was there before is kept: {', '.join(layout.shown(path) for path in kept)}"] if kept else []
    return [*lines, SETTINGS_STAY] if has_settings and settings else lines


def _here(path: Path | None) -> Path:
    if path is None:
        raise LauncherError(ON_A_SERVER)
    return path


def _now() -> str:
    return datetime.now(UTC).strftime("%Y%m%d-%H%M%S")


def _target(layout: Layout, asked: Path | None) -> Path:
    name = f"hamyar-{_now()}.tar.gz"
    target = (asked / name if asked.is_dir() else asked) if asked else layout.var / "backups" / name
    if target.exists():
        raise LauncherError(f"{target} is there already; name another file")
    return target


def _copy(source: Path, copy: Path) -> None:
    """By SQLite itself: what is in the bare file alone may be old, or half of something new."""
    try:
        with closing(sqlite3.connect(source)) as opened, closing(sqlite3.connect(copy)) as copied:
            opened.backup(copied)
            _require_whole(copied)
            # One file, and nothing beside it.
            copied.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise LauncherError(f"the database cannot be copied: {error}") from error


def _require_whole(connection: sqlite3.Connection) -> None:
    verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise sqlite3.DatabaseError(f"it is damaged ({' '.join(verdict.split())})")


def _pack(packed: Path, members: Mapping[str, Path]) -> None:
    # The fastest compression: files and vectors get no smaller by the best one.
    with tarfile.open(packed, "w:gz", compresslevel=1) as archive:
        for name, path in members.items():
            if path.is_file():
                archive.add(path, name)


@contextmanager
def _opened(file: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(file) as archive:
            if DATABASE not in archive.getnames():
                raise LauncherError(f"{file} is no backup of Hamyar's")
            yield archive
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise LauncherError(f"{file} is damaged, or no backup of Hamyar's") from error


def _small(archive: tarfile.TarFile, name: str) -> bytes:
    """What a member holds; nothing where it is not there."""
    with suppress(KeyError):
        if member := archive.extractfile(name):
            return member.read()
    return b""


def _unpack(archive: tarfile.TarFile, path: Path) -> None:
    member = archive.extractfile(DATABASE)
    with path.open("wb") as file:
        if member:
            shutil.copyfileobj(member, file)
    path.chmod(PRIVATE)
    try:
        with closing(sqlite3.connect(path)) as connection:
            _require_whole(connection)
    except sqlite3.Error as error:
        raise LauncherError(f"the database in the backup cannot be used: {error}") from error


def _settings_in(content: bytes) -> dict[str, str]:
    return {name: value for name, value in parse_env(content.decode(errors="replace")).items() if value}


def _require_unused(path: Path) -> None:
    """Whoever has the database open keeps SQLite from leaving its write-ahead mode.

    The lock of `up` tells nothing of an app that outlived it, or of an import.
    """
    if not path.exists():
        return
    with closing(sqlite3.connect(path)) as connection:
        try:
            connection.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise LauncherError(IN_USE) from error
        except sqlite3.DatabaseError:
            # A damaged one is what a backup is for.
            return


def _put_aside(path: Path) -> list[Path]:
    """Rename a file, and what SQLite keeps beside it, so that they still belong together."""
    aside, kept = path.with_name(f"{path.name}.before-{_now()}"), []
    for companion in ("", *COMPANIONS):
        with suppress(FileNotFoundError):
            kept.append(Path(f"{path}{companion}").rename(f"{aside}{companion}"))
    return kept[:1]


def _replace(path: Path, content: bytes) -> list[Path]:
    """Write what a backup has of a small file; where the other one is kept."""
    if not content or (path.exists() and path.read_bytes() == content):
        return []
    new = path.with_name(f"{path.name}.new")
    new.touch(PRIVATE)
    new.write_bytes(content)
    kept = _put_aside(path)
    new.replace(path)
    return kept


def _forget_index(layout: Layout, environment: Mapping[str, str]) -> None:
    """It knows articles by number and version, which in another past were other words."""
    folder = layout.root / (environment.get("INDEX_FOLDER") or layout.var / "index")
    for file in folder.glob("*.npz"):
        file.unlink(missing_ok=True)
