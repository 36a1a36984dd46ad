"""A training from its beginning to its end: made, kept, tried beside the model that serves, and chosen if no worse."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.labelled_rows import Row
from bot.labels import usable_rows
from bot.models import Endings, KeptModels, Model, Progress, Stages, now
from bot.switch_client import RasaAbsent, SwitchRefused
from bot.train import DIALOGUE, train

INPUTS = ("config.yml", "domain.yml", "bot/nlu/data", DIALOGUE)
Switch = Callable[[str], None]
"""Has the running Rasa serve a model by its name; raises SwitchRefused or RasaAbsent."""


def make_candidate(models: KeptModels, *, switch: Switch, force: bool = False) -> Progress:
    """Train once and say how it ended. What serves stays until another model has shown to be no worse.

    Raises TrainingUnderWay.
    """
    began = now()
    with models.training() as staging:
        models.tell(Progress(Stages.TRAINING, began))
        try:
            ended = _train_and_try(models, staging, began, switch=switch, force=force)
        except Exception as error:
            models.tell(Progress(Stages.ENDED, began, now(), Endings.FAILED, reason=_one_line(error)))
            raise
        models.tell(ended)
        models.prune()
    return ended


def _train_and_try(models: KeptModels, staging: Path, began: str, *, switch: Switch, force: bool) -> Progress:
    started = time.perf_counter()
    made, labels = staging / "model", _own_labels(models, staging)
    if not train(made, labels=labels, force=force):
        return Progress(Stages.ENDED, began, now(), Endings.FAILED, reason="Rasa refused the data; see the log.")
    model = _described(models, labels, seconds=time.perf_counter() - started)
    models.add(made, model)
    serving = models.serving
    if serving:
        models.tell(Progress(Stages.TRIAL, began, model=model.name))
        model = _tried(models, model, serving, usable_rows(labels))
    chosen = models.serving
    if chosen != serving:
        # Whoever goes back to an earlier model has a reason that no trial knows.
        outcome = Endings.SERVES if chosen == model.name else Endings.KEPT
        return Progress(Stages.ENDED, began, now(), outcome, model.name)
    if model.trial and not model.trial.is_passed:
        return Progress(Stages.ENDED, began, now(), Endings.WORSE, model.name)
    return _chosen(models, model, began, switch)


def _own_labels(models: KeptModels, staging: Path) -> Path:
    """A copy of the labels: whoever would train next writes theirs down before they learn that they have to wait."""
    labels = staging / models.labels_file.name
    if models.labels_file.is_file():
        shutil.copyfile(models.labels_file, labels)
    return labels


def _described(models: KeptModels, labels: Path, *, seconds: float) -> Model:
    from bot.nlu.featurizer import encoder_fingerprint

    return Model(
        name=models.new_name(),
        made_at=now(),
        inputs=_inputs(labels),
        labels=len(usable_rows(labels)),
        encoder=encoder_fingerprint(None),
        seconds=round(seconds, 1),
    )


def _tried(models: KeptModels, model: Model, serving: str, labelled: list[Row]) -> Model:
    """The model with its trial; without one where the serving model is of no use any more, as after a new encoder."""
    from bot.trial import NothingToCompare, try_beside

    models.note(replace(model, trial_began_at=now()))
    try:
        trial = try_beside(models.file_of(model.name), models.file_of(serving), name=serving, labelled=labelled)
    except NothingToCompare:
        return _noted(models, model, trial_began_at=None)
    return _noted(models, model, trial=trial)


def _noted(models: KeptModels, model: Model, **news: Any) -> Model:
    """The model with its news, and with what others noted of it meanwhile."""
    noted = replace(models.get(model.name) or model, **news)
    models.note(noted)
    return noted


def _chosen(models: KeptModels, model: Model, began: str, switch: Switch) -> Progress:
    try:
        # It notes the choice itself, once the model has loaded.
        switch(model.name)
    except SwitchRefused as refusal:
        return Progress(Stages.ENDED, began, now(), Endings.REFUSED, model.name, reason=str(refusal))
    except RasaAbsent:
        models.choose(model)
        return Progress(Stages.ENDED, began, now(), Endings.SERVES_NEXT, model.name)
    return Progress(Stages.ENDED, began, now(), Endings.SERVES, model.name)


def _inputs(labels: Path) -> str:
    total = hashlib.sha256()
    for name in (*INPUTS, labels):
        path = Path(name)
        for file in sorted(path.rglob("*.yml")) if path.is_dir() else [path]:
            total.update(json.dumps(file.name).encode())
            total.update(file.read_bytes() if file.is_file() else b"")
    return total.hexdigest()[:16]


def _one_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]
