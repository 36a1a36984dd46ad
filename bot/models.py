"""The bot's kept models: a folder with what is known of each, which of them serves, and how the last training went.

Standard library only: Rasa's side, the app and the launcher import this module.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Final

DEFAULT_FOLDER: Final = Path("var/models/rasa")
LABELS_FILE: Final = "labels.jsonl"
LOG_FILE: Final = "training.log"
MODEL_SUFFIX: Final = ".tar.gz"
# How many of the newest stay, and how many of those that served last, whatever has been trained since.
KEPT: Final = 5
KEPT_SERVED: Final = 2
# How much less of the test messages a model may understand than the one that serves: two in a hundred are chance.
MARGIN: Final = 0.02

_NAME = re.compile(r"[0-9]{8}-[0-9]{6}")
_SERVING_FILE = "serving"
_PROGRESS_FILE = "training.json"
_LOCK_FILE = "training.lock"
_STAGING = ".training-"
_LOCK_ATTEMPTS, _LOCK_PAUSE_SECONDS = 5, 0.1


class Stages:
    """How far a training has come."""

    TRAINING: Final = "training"
    TRIAL: Final = "trial"
    ENDED: Final = "ended"


class Endings:
    """How a training ended."""

    SERVES: Final = "serves"
    SERVES_NEXT: Final = "serves_next"
    """It was chosen, but no Rasa could be told: the next to start takes it."""
    WORSE: Final = "worse"
    REFUSED: Final = "refused"
    """The running Rasa could not load it."""
    KEPT: Final = "kept"
    """Somebody chose another meanwhile, and their word goes before a trial."""
    FAILED: Final = "failed"
    BROKEN_OFF: Final = "broken_off"


class TrainingUnderWay(Exception):
    """Another training has not ended yet."""


@dataclass(frozen=True)
class Trial:
    """How a model did beside the one that served when it was made.

    `failed` names the conversations that it fails, `failed_anew` those of them that the other one goes through.
    """

    against: str
    conversations: int
    failed: list[str]
    failed_anew: list[str]
    texts: int
    accuracy: float
    accuracy_before: float
    labelled: int
    labelled_accuracy: float | None
    labelled_accuracy_before: float | None

    @property
    def is_passed(self) -> bool:
        """Whether the model is no worse, so that it may serve without anybody's say."""
        return (
            self.conversations > 0
            and not self.failed_anew
            and self.accuracy >= self.accuracy_before - MARGIN
            and (self.labelled_accuracy or 0.0) >= (self.labelled_accuracy_before or 0.0) - MARGIN
        )


@dataclass(frozen=True)
class Model:
    """What is known of a kept model; times are ISO 8601 in UTC.

    `inputs` is a hash of what it learned from, `labels` how many texts of people who work here were among that.
    """

    name: str
    made_at: str
    inputs: str
    labels: int
    encoder: str | None
    seconds: float
    trial: Trial | None = None
    served_at: str | None = None
    trial_began_at: str | None = None
    """None where there was nothing to try it beside."""


@dataclass(frozen=True)
class Progress:
    """How the last training goes or went."""

    stage: str
    began_at: str
    ended_at: str | None = None
    outcome: str | None = None
    model: str | None = None
    reason: str = ""

    @property
    def is_running(self) -> bool:
        return self.stage != Stages.ENDED


class KeptModels:
    """The folder. What is written appears whole or not at all, whatever ends the process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def labels_file(self) -> Path:
        """What people who work here said that messages mean, as of the last training."""
        return self.folder / LABELS_FILE

    def keep_labels(self, lines: str) -> None:
        """Keep them for the next training."""
        self.folder.mkdir(parents=True, exist_ok=True)
        _write(self.labels_file, lines)

    def file_of(self, name: str) -> Path:
        """Where a model of this name lies."""
        return self.folder / f"{name}{MODEL_SUFFIX}"

    def get(self, name: str) -> Model | None:
        """The model; None where there is none of this name, whatever the name looks like."""
        if not _NAME.fullmatch(name) or not self.file_of(name).is_file():
            return None
        content = _read(self._manifest(name))
        try:
            trial = Trial(**content["trial"]) if content.get("trial") else None
            return Model(**{**content, "name": name, "trial": trial})
        except (KeyError, TypeError):
            return None

    def all(self) -> list[Model]:
        """Every kept model, the newest first."""
        names = sorted((file.name.removesuffix(MODEL_SUFFIX) for file in self._files()), reverse=True)
        return [model for name in names if (model := self.get(name))]

    @property
    def serving(self) -> str | None:
        """The name of the model that was chosen to serve; None before the first, or where its file is gone."""
        with contextlib.suppress(OSError, UnicodeDecodeError):
            name = (self.folder / _SERVING_FILE).read_text(encoding="utf-8").strip()
            if _NAME.fullmatch(name) and self.file_of(name).is_file():
                return name
        return None

    @property
    def serving_file(self) -> Path:
        """The model that was chosen to serve; a path that is not there where none is."""
        return self.file_of(self.serving or "none")

    def add(self, made: Path, model: Model) -> None:
        """Keep a model that was made in a staging folder."""
        _sync(made)
        made.replace(self.file_of(model.name))
        self.note(model)

    def note(self, model: Model) -> None:
        """Keep what is known of a model."""
        _write(self._manifest(model.name), json.dumps(asdict(model), ensure_ascii=False, indent=1))

    def choose(self, model: Model) -> None:
        """Have a model serve from the next start of Rasa on."""
        # Its trial may have ended since it was read.
        self.note(replace(self.get(model.name) or model, served_at=now()))
        _write(self.folder / _SERVING_FILE, model.name)

    def prune(self) -> None:
        """Remove what is old, and what an interrupted training left."""
        models = self.all()
        served = sorted((one for one in models if one.served_at), key=lambda one: one.served_at or "", reverse=True)
        kept = {self.serving, *(one.name for one in [*models[:KEPT], *served[:KEPT_SERVED]])}
        for file in self._files():
            name = file.name.removesuffix(MODEL_SUFFIX)
            if name not in kept:
                file.unlink(missing_ok=True)
                self._manifest(name).unlink(missing_ok=True)
        for left in self.folder.glob(f"{_STAGING}*"):
            shutil.rmtree(left, ignore_errors=True)

    @contextlib.contextmanager
    def training(self) -> Iterator[Path]:
        """Be the one training: a folder to make the model in, which is gone afterwards.

        Raises TrainingUnderWay. The lock goes with the process, so that one which is killed does not seem to go on.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / _LOCK_FILE).open("w") as lock:
            _lock(lock.fileno())
            self.prune()
            staging = self.folder / f"{_STAGING}{os.getpid()}"
            staging.mkdir()
            try:
                yield staging
            finally:
                shutil.rmtree(staging, ignore_errors=True)

    def tell(self, progress: Progress) -> None:
        """Keep how the training goes."""
        _write(self.folder / _PROGRESS_FILE, json.dumps(asdict(progress), ensure_ascii=False))

    def progress(self) -> Progress | None:
        """How the last training goes or went; None before the first."""
        is_running = is_locked(self.folder / _LOCK_FILE)
        try:
            progress = Progress(**_read(self.folder / _PROGRESS_FILE))
        except TypeError:
            return None
        if progress.is_running and not is_running:
            return replace(progress, stage=Stages.ENDED, outcome=Endings.BROKEN_OFF)
        return progress

    def new_name(self) -> str:
        """A name for the next model, from the time, so that names sort by age."""
        while self.file_of(name := f"{datetime.now(timezone.utc):%Y%m%d-%H%M%S}").exists():
            time.sleep(_LOCK_PAUSE_SECONDS)
        return name

    def _files(self) -> list[Path]:
        return [
            file
            for file in self.folder.glob(f"*{MODEL_SUFFIX}")
            if _NAME.fullmatch(file.name.removesuffix(MODEL_SUFFIX))
        ]

    def _manifest(self, name: str) -> Path:
        return self.folder / f"{name}.json"


def now() -> str:
    """This moment as manifests have it."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def is_locked(file: Path) -> bool:
    """Whether some process holds a file's lock; it never waits."""
    try:
        with file.open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _lock(descriptor: int) -> None:
    # Who looks whether a training goes on holds the lock for a moment too.
    for _ in range(_LOCK_ATTEMPTS):
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(_LOCK_PAUSE_SECONDS)
    raise TrainingUnderWay


def _read(file: Path) -> dict[str, Any]:
    """The object in a file; an empty one where there is none that can be read."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _write(file: Path, text: str) -> None:
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    unfinished.write_text(text, encoding="utf-8")
    _sync(unfinished)
    unfinished.replace(file)
    _sync(file.parent)


def _sync(path: Path) -> None:
    """Wait until a file's content, or a folder's names, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
