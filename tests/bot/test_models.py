"""Kept models: whole or not there, one that serves, one training at a time."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bot.models import KEPT, MARGIN, Endings, KeptModels, Model, Progress, Stages, TrainingUnderWay, Trial, now

TRIAL = Trial(
    against="20260101-000000",
    conversations=30,
    failed=[],
    failed_anew=[],
    texts=200,
    accuracy=0.95,
    accuracy_before=0.95,
    labelled=0,
    labelled_accuracy=None,
    labelled_accuracy_before=None,
)
HOLD_THE_LOCK = """
import sys, pathlib
from bot.models import KeptModels, Progress, Stages, now
models = KeptModels(pathlib.Path(sys.argv[1]))
with models.training():
    models.tell(Progress(Stages.TRAINING, now()))
    print("locked", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def models(tmp_path: Path) -> KeptModels:
    return KeptModels(tmp_path / "models")


def keep(models: KeptModels, number: int, **known: object) -> Model:
    """Keep a model made in this minute of a day."""
    with models.training() as staging:
        made = staging / "made"
        made.write_bytes(b"a model")
        model = Model(f"20260102-00{number:02}00", now(), "inputs", 3, "encoder", 40.0)
        model = replace(model, **known)  # type: ignore[arg-type]
        models.add(made, model)
    return model


class TestKept:
    def test_are_listed_with_what_is_known_of_them_the_newest_first(self, models: KeptModels) -> None:
        older, newer = keep(models, 1), keep(models, 2, trial=TRIAL)

        assert models.all() == [newer, older]

    @pytest.mark.parametrize("name", ["", "none", "../20260102-000100", "20260102-000100.tar.gz", "/etc/passwd", "ا"])
    def test_are_not_found_by_anything_but_a_name(self, models: KeptModels, name: str) -> None:
        keep(models, 1)

        assert models.get(name) is None

    @pytest.mark.parametrize("content", ["", "[]", "{}", '{"name": 5}', '{"trial": {"against": 1}}', "\0"])
    def test_are_passed_over_where_nothing_is_known_of_them(self, models: KeptModels, content: str) -> None:
        model = keep(models, 1)
        (models.folder / f"{model.name}.json").write_text(content)

        assert models.all() == []

    def test_stay_while_they_are_among_the_newest_or_served_last(self, models: KeptModels) -> None:
        served = [keep(models, number) for number in (1, 2, 3)]
        for number, model in enumerate(served):
            models.note(replace(model, served_at=f"2026-01-03T00:0{number}:00+00:00"))
        untried = [keep(models, number) for number in range(10, 10 + KEPT + 2)]

        models.prune()

        expected = [*reversed(untried[-KEPT:]), served[2], served[1]]
        assert [model.name for model in models.all()] == [model.name for model in expected]

    def test_what_an_interrupted_training_left_goes(self, models: KeptModels) -> None:
        keep(models, 1)
        left = models.folder / ".training-1"
        left.mkdir()
        (models.folder / "20260102-003000.tar.gz").write_bytes(b"nothing is known of it")

        models.prune()

        assert not left.exists()
        assert not (models.folder / "20260102-003000.tar.gz").exists()


class TestLabels:
    def test_are_there_whole_or_as_they_were(self, models: KeptModels, monkeypatch: pytest.MonkeyPatch) -> None:
        models.keep_labels("earlier")
        monkeypatch.setattr("os.fsync", _full)

        with pytest.raises(OSError, match="full"):
            models.keep_labels("later")

        assert models.labels_file.read_text() == "earlier"


def _full(_: int) -> None:
    raise OSError("the disk is full")


class TestServing:
    def test_is_none_at_first(self, models: KeptModels) -> None:
        assert models.serving is None
        assert not models.serving_file.exists()

    def test_is_the_one_that_was_chosen(self, models: KeptModels) -> None:
        older, _ = keep(models, 1), keep(models, 2)

        models.choose(older)

        assert models.serving == older.name
        assert models.serving_file.read_bytes() == b"a model"
        assert models.all()[1].served_at

    @pytest.mark.parametrize("written", ["", "../../etc/passwd", "20260102-009900", "\0", "20260102-000100 and more"])
    def test_is_none_where_the_pointer_leads_nowhere(self, models: KeptModels, written: str) -> None:
        keep(models, 1)
        (models.folder / "serving").write_text(written)

        assert models.serving is None


class TestTrial:
    def test_is_passed_where_nothing_is_worse(self) -> None:
        assert TRIAL.is_passed
        assert replace(TRIAL, accuracy=0.95 - MARGIN + 0.001).is_passed

    def test_is_passed_where_a_conversation_went_wrong_before_too(self) -> None:
        assert replace(TRIAL, failed=["a"]).is_passed

    @pytest.mark.parametrize(
        "change",
        [
            {"failed": ["a"], "failed_anew": ["a"]},
            {"accuracy": 0.92},
            {"labelled": 9, "labelled_accuracy": 0.5, "labelled_accuracy_before": 0.9},
            {"conversations": 0},
        ],
    )
    def test_is_not_passed_where_something_is_worse_or_nothing_was_tried(self, change: dict[str, object]) -> None:
        assert not replace(TRIAL, **change).is_passed  # type: ignore[arg-type]


class TestTraining:
    def test_is_one_at_a_time(self, models: KeptModels) -> None:
        with models.training(), pytest.raises(TrainingUnderWay), KeptModels(models.folder).training():
            pass

    def test_has_no_progress_before_the_first(self, models: KeptModels) -> None:
        assert models.progress() is None

    def test_shows_how_it_goes_and_how_it_ended(self, models: KeptModels) -> None:
        began = now()
        with models.training():
            models.tell(Progress(Stages.TRIAL, began))
            assert models.progress() == Progress(Stages.TRIAL, began)
            models.tell(Progress(Stages.ENDED, began, now(), Endings.WORSE, "20260102-000100"))

        progress = models.progress()

        assert progress
        assert (progress.is_running, progress.outcome) == (False, Endings.WORSE)

    def test_one_that_is_killed_is_broken_off_and_leaves_what_serves(self, models: KeptModels) -> None:
        models.choose(keep(models, 1))
        command = [sys.executable, "-c", HOLD_THE_LOCK, str(models.folder)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout
            process.stdout.readline()
            during = models.progress()
            process.kill()

        after = models.progress()

        assert during
        assert during.is_running
        assert after
        assert (after.is_running, after.outcome) == (False, Endings.BROKEN_OFF)
        assert models.serving == "20260102-000100"
        with models.training():
            assert len(list(models.folder.glob(".training-*"))) == 1
