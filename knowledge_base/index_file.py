"""A search index on disk, so that a restart does not have to read every word and vector again.

The file is a hint and never the truth: the database is, and what they differ in is read from it. So any file that
cannot be used is left alone, and every process may write one. It is NumPy's own format (a zip, in which each array
has a checksum), written under another name and renamed when it is whole.
"""

import hashlib
import logging
import os
import secrets
import time
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
from sqlalchemy import make_url

from knowledge_base.field import Arrays
from knowledge_base.search import SearchIndex

logger = logging.getLogger(__name__)

# What decides on the content of an index, besides the articles: where any of it changes, the index is made anew.
MAKERS = (Path(__file__).parent, Path(__file__).parent / "weights", Path(__file__).parent.parent / "language")
MAKING_FILES = (".py", ".npz", ".txt", ".tsv")
# Files of encoders and of code that nobody runs any more go after this time without use.
UNUSED_SECONDS = 30 * 86_400.0
ENTRIES = "entries/lines"


class IndexFile:
    """Where the index over one database is kept, for this encoder and this version of the code.

    An index with a reranker holds the texts that it reads.
    """

    def __init__(self, folder: Path, *, database_url: str, encoder: str, holds_texts: bool = False) -> None:
        self._folder = folder
        self._database = _digest(make_url(database_url).render_as_string().encode())
        self._maker = _digest(encoder.encode(), *([b"texts"] if holds_texts else []), *_making())

    @property
    def path(self) -> Path:
        """The file; two encoders, or two databases, never share one."""
        return self._folder / f"{self._database}-{self._maker}.npz"

    def load(self, search: SearchIndex) -> bool:
        """Fill an empty index from the file; False, and one line in the log, where there is none that can be used.

        The index must not be used where this fails.
        """
        try:
            with self.path.open("rb") as file, np.load(file) as stored:
                search.restore({name: stored[name] for name in stored.files})
            # It is in use: others leave it.
            os.utime(self.path)
        except FileNotFoundError:
            logger.info("There is no search index on disk yet; it is built from the database")
            return False
        # What NumPy, zip and FAISS make of a file that is cut, damaged or no index.
        except (OSError, ValueError, KeyError, TypeError, EOFError, RuntimeError, zipfile.BadZipFile) as error:
            logger.warning("%s is no search index of ours (%s); it is built from the database", self.path, error)
            return False
        return True

    def save(self, arrays: Arrays) -> None:
        """Write the file, unless it holds the same already; whoever reads finds the old one or this, and both whole."""
        if self._holds(arrays):
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = self._folder / f"{self.path.stem}.{secrets.token_hex(4)}.unfinished"
        try:
            with unfinished.open("wb") as file:
                np.savez(file, allow_pickle=False, **arrays)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(self.path)
        finally:
            unfinished.unlink(missing_ok=True)
        self._remove_unused()

    def _holds(self, arrays: Arrays) -> bool:
        """Whether another process has written the very same articles."""
        try:
            with self.path.open("rb") as file, np.load(file) as stored:
                return np.array_equal(stored[ENTRIES], arrays[ENTRIES])
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return False

    def _remove_unused(self) -> None:
        for other in self._folder.glob(f"{self._database}-*"):
            # Another process may be at it too.
            with suppress(FileNotFoundError):
                if other.stat().st_mtime < time.time() - UNUSED_SECONDS:
                    other.unlink()


def _making() -> list[bytes]:
    files = (file for folder in MAKERS for file in sorted(folder.iterdir()) if file.suffix in MAKING_FILES)
    return [part for file in files for part in (file.name.encode(), file.read_bytes())]


def _digest(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for one in parts:
        digest.update(len(one).to_bytes(8, "big") + one)
    return digest.hexdigest()[:16]
