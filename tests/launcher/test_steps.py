"""Steps of set-up: done once, again when their inputs change, never trusted half-made."""

import pytest

from launcher.errors import LauncherError
from launcher.stamps import Stamps
from launcher.steps import SetUp, Step


class Work:
    """Counts how often it was done, and makes its output."""

    def __init__(self, output):
        self.output = output
        self.times = 0
        self.inputs = "one"
        self.breaks = False

    def __call__(self):
        self.times += 1
        self.output.mkdir(exist_ok=True)
        (self.output / f"made-{self.times}").touch()
        if self.breaks:
            raise LauncherError("out of luck")


@pytest.fixture
def stamps(tmp_path):
    return Stamps(tmp_path / "stamps")


@pytest.fixture
def work(tmp_path):
    return Work(tmp_path / "made")


@pytest.fixture
def step(work):
    return Step("thing", "A thing", lambda: work.inputs, work, outputs=(work.output,), leftovers=(work.output,))


class TestStep:
    def test_is_done_after_it_was_performed(self, step, stamps):
        assert not step.is_done(stamps)

        step.perform(stamps)

        assert step.is_done(stamps)

    def test_is_not_done_when_its_inputs_changed(self, step, stamps, work):
        step.perform(stamps)

        work.inputs = "two"

        assert not step.is_done(stamps)

    def test_is_not_done_when_its_output_was_removed(self, step, stamps, work):
        step.perform(stamps)

        (work.output / "made-1").unlink()
        work.output.rmdir()

        assert not step.is_done(stamps)

    def test_removes_what_an_interrupted_run_left_behind(self, step, stamps, work):
        work.breaks = True
        with pytest.raises(LauncherError):
            step.perform(stamps)
        assert not step.is_done(stamps)

        work.breaks = False
        step.perform(stamps)

        assert [path.name for path in work.output.iterdir()] == ["made-2"]

    def test_keeps_what_somebody_made_by_hand(self, step, stamps, work):
        work.output.mkdir()
        (work.output / "by-hand").touch()

        step.perform(stamps)

        assert (work.output / "by-hand").exists()

    def test_is_never_done_when_nobody_can_tell(self, stamps, work):
        step = Step("thing", "A thing", lambda: None, work)

        step.perform(stamps)

        assert not step.is_done(stamps)


class TestLabels:
    def test_are_part_of_what_was_trained_where_there_are_some(self, layout):
        step = SetUp(layout, {}, installing={}).rasa_model()
        before = step.fingerprint()
        layout.labels.parent.mkdir(parents=True)

        layout.labels.write_text("")
        assert step.fingerprint() == before
        layout.labels.write_text('{"text": "hm", "label": "thanks", "lang": "en"}\n')
        assert step.fingerprint() != before
