"""Choosing the Python for the app."""

import sys
from pathlib import Path

import pytest

from launcher import app_python
from launcher.processes import ask

NAME = f"python{sys.version_info.major}.{sys.version_info.minor}"


def find(tmp_path: Path, own: Path, *, prefixes: tuple[str, ...] = ()) -> Path:
    """The choice on a machine that has nothing but what lies in these folders."""
    return app_python.find({"PATH": str(tmp_path / "bin")}, own=own, prefixes=prefixes)


@pytest.fixture
def own(make_program) -> Path:
    return make_program("own/python", "echo 1.0")


class TestFind:
    def test_takes_another_one_that_is_clearly_quicker(self, tmp_path, make_program, own):
        quick = make_program(f"bin/{NAME}", "echo 0.7")

        assert find(tmp_path, own) == quick

    def test_takes_the_quickest_of_all(self, tmp_path, make_program, own):
        make_program(f"bin/{NAME}", "echo 0.7")
        quickest = make_program(f"usual/bin/{NAME}", "echo 0.6")

        assert find(tmp_path, own, prefixes=(str(tmp_path / "usual"),)) == quickest

    def test_stays_with_its_own_for_a_small_difference(self, tmp_path, make_program, own):
        make_program(f"bin/{NAME}", "echo 0.95")

        assert find(tmp_path, own) == own

    def test_passes_over_one_that_does_not_run_or_lacks_a_module(self, tmp_path, make_program, own):
        make_program(f"bin/{NAME}", "echo 0.1; exit 1")

        assert find(tmp_path, own) == own

    def test_passes_over_one_that_answers_something_else(self, tmp_path, make_program, own):
        make_program(f"bin/{NAME}", "echo Welcome!")

        assert find(tmp_path, own) == own

    def test_passes_over_another_version(self, tmp_path, make_program, own):
        make_program("bin/python3.9", "echo 0.1")

        assert find(tmp_path, own) == own

    def test_passes_over_one_of_an_environment_that_may_be_removed(self, tmp_path, make_program, own):
        make_program(f"bin/{NAME}", "echo 0.1")
        (tmp_path / "pyvenv.cfg").touch()

        assert find(tmp_path, own) == own

    def test_stays_with_its_own_where_there_is_no_other(self, tmp_path, own):
        assert find(tmp_path, own) == own


def test_the_trial_runs_on_a_real_python():
    answer = ask([sys.executable, "-I", "-c", app_python.TRIAL], cwd=Path("/"))

    assert answer
    assert float(answer) > 0
