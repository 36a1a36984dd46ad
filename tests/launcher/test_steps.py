"""Steps of set-up: done once, again when their inputs change, never trusted half-made."""

import pytest

from bot.models import Endings, Model, Progress, Stages, Trial, now
from launcher import steps
from launcher.errors import CommandFailed, LauncherError
from launcher.stamps import Stamps
from launcher.steps import SetUp, Step, how_it_ended


class Work:
    """Counts how often it was done, and makes its output."""

    def __init__(self, output):
        self.output = output
        self.times = 0
        self.inputs = "one"
        self.breaks = None

    def __call__(self):
        self.times += 1
        self.output.mkdir(exist_ok=True)
        (self.output / f"made-{self.times}").touch()
        if self.breaks:
            raise self.breaks


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

    @pytest.mark.parametrize("end", [KeyboardInterrupt(), CommandFailed("Making", -9, "", "setup.log")])
    def test_removes_what_an_interrupted_run_left_behind(self, step, stamps, work, end):
        work.breaks = end
        with pytest.raises(type(end)):
            step.perform(stamps)
        assert not step.is_done(stamps)

        work.breaks = None
        step.perform(stamps)

        assert [path.name for path in work.output.iterdir()] == ["made-2"]

    @pytest.mark.parametrize("end", [LauncherError("no network"), OSError(), CommandFailed("Making", 1, "", "x.log")])
    def test_keeps_what_served_before_a_run_that_failed(self, step, stamps, work, end):
        step.perform(stamps)
        work.inputs, work.breaks = "two", end
        with pytest.raises(type(end)):
            step.perform(stamps)
        assert not step.is_done(stamps)

        work.inputs, work.breaks = "one", None
        step.perform(stamps)

        assert (work.output / "made-1").exists()
        assert step.is_done(stamps)

    def test_keeps_what_somebody_made_by_hand(self, step, stamps, work):
        work.output.mkdir()
        (work.output / "by-hand").touch()

        step.perform(stamps)

        assert (work.output / "by-hand").exists()

    def test_is_never_done_when_nobody_can_tell(self, stamps, work):
        step = Step("thing", "A thing", lambda: None, work)

        step.perform(stamps)

        assert not step.is_done(stamps)


class TestInstall:
    @pytest.mark.parametrize(
        ("missing", "needed"), [("rasa_python", 6), ("app_python", 6), ("encoder", 2), ("rasa_model", 1)]
    )
    def test_asks_for_the_room_that_what_is_missing_takes(self, layout, monkeypatch, missing, needed):
        monkeypatch.setattr(steps, "free_gigabytes", lambda _: 0.5)
        for path in {layout.rasa_python, layout.app_python, layout.encoder} - {getattr(layout, missing)}:
            path.mkdir(parents=True)
        set_up = SetUp(layout, {}, installing={})

        with pytest.raises(LauncherError, match=f"0.5 GB free and set-up needs {needed};"):
            set_up.install([set_up.rasa_packages(), set_up.app_packages(), set_up.encoder(), set_up.rasa_model()])

    def test_puts_a_large_log_of_earlier_set_ups_aside(self, layout):
        log = layout.logs / "setup.log"
        log.parent.mkdir(parents=True)
        log.write_bytes(b"x" * 2_000_000)

        SetUp(layout, {}, installing={}).install([])

        assert not log.exists()
        assert (layout.logs / "setup.log.1").exists()


class TestRasaModel:
    def test_is_wanted_until_one_serves(self, layout):
        set_up = SetUp(layout, {}, installing={})
        step = set_up.rasa_model()
        set_up.stamps.finish(step.name, step.fingerprint())
        assert not set_up.rasa_model().is_done(set_up.stamps)

        models = layout.rasa_models
        model = Model("20260101-000000", now(), "inputs", 0, "encoder", 40.0)
        with models.training() as staging:
            (staging / "made").touch()
            models.add(staging / "made", model)
        models.choose(model)

        assert set_up.rasa_model().is_done(set_up.stamps)


class TestHowItEnded:
    def test_says_what_went_wrong_and_what_serves(self, layout):
        models = layout.rasa_models
        trial = Trial("20260101-000000", 90, ["A refund"], ["A refund"], 200, 0.91, 0.955, 0, None, None)
        models.folder.mkdir(parents=True)
        models.file_of("20260102-000000").touch()
        models.note(Model("20260102-000000", now(), "inputs", 4, "encoder", 40.0, trial))

        models.tell(Progress(Stages.ENDED, now(), now(), Endings.WORSE, "20260102-000000"))

        line = how_it_ended(models)

        assert "91.0% of the test messages, where 95.5%" in line
        assert "fails in: A refund" in line
        assert "earlier one goes on serving" in line

    @pytest.mark.parametrize(
        "outcome", [Endings.SERVES, Endings.SERVES_NEXT, Endings.KEPT, Endings.REFUSED, Endings.BROKEN_OFF]
    )
    def test_has_a_line_for_each_end(self, layout, outcome):
        models = layout.rasa_models
        models.folder.mkdir(parents=True)
        models.tell(Progress(Stages.ENDED, now(), now(), outcome, "20260102-000000", reason="why"))

        line = how_it_ended(models)

        assert "20260102-000000" in line or "why" in line or outcome in line
        assert "\n" not in line


class TestSettings:
    def test_that_nothing_can_start_with_are_told_in_one_line(self, layout, make_program):
        complaints = "echo 'TURNS_PER_MINUTE: no number' >&2; echo 'LOG_LEVEL: unknown' >&2; exit 78"
        make_program(".venv/bin/python", complaints)

        with pytest.raises(LauncherError) as refusal:
            SetUp(layout, {}, installing={}).require_sound_settings()

        advice = "correct this in .env or the environment"
        assert str(refusal.value) == f"TURNS_PER_MINUTE: no number; LOG_LEVEL: unknown; {advice}"

    def test_lack_no_secrets_which_are_made(self, layout, make_program):
        make_program(".venv/bin/python", "[ ${#SECRET_KEY} -ge 24 ]")

        SetUp(layout, {}, installing={}).require_sound_settings()
