"""Finding a Python 3.10 that really runs."""

from pathlib import Path

import pytest

from launcher import python310
from launcher.errors import LauncherError

RUNS = "exit 0"
# What pyenv's shim does for a version that is not active.
SHIM = "echo 'pyenv: python3.10: command not found' >&2; exit 127"


def environment(tmp_path: Path, **others: str) -> dict[str, str]:
    """One in which nothing of the real machine can be found."""
    return {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path / "home"), **others}


class TestFind:
    def test_takes_the_one_on_the_path(self, tmp_path, make_program):
        python = make_program("bin/python3.10", RUNS)

        assert python310.find(environment(tmp_path), prefixes=()) == python

    def test_passes_over_a_shim_that_does_not_run_for_pyenvs_own_version(self, tmp_path, make_program):
        make_program("bin/python3.10", SHIM)
        python = make_program("home/.pyenv/versions/3.10.13/bin/python3.10", RUNS)

        assert python310.find(environment(tmp_path), prefixes=()) == python

    def test_looks_where_pyenv_really_is(self, tmp_path, make_program):
        python = make_program("elsewhere/versions/3.10.2/bin/python3.10", RUNS)

        found = python310.find(environment(tmp_path, PYENV_ROOT=str(tmp_path / "elsewhere")), prefixes=())

        assert found == python

    def test_looks_in_the_usual_prefixes_last(self, tmp_path, make_program):
        python = make_program("opt/bin/python3.10", RUNS)

        assert python310.find(environment(tmp_path), prefixes=(str(tmp_path / "opt"),)) == python

    def test_takes_the_one_named_by_the_user_before_any_other(self, tmp_path, make_program):
        make_program("bin/python3.10", RUNS)
        named = make_program("mine/python", RUNS)

        assert python310.find(environment(tmp_path, HAMYAR_PYTHON310=str(named)), prefixes=()) == named

    def test_refuses_a_named_one_that_does_not_run_rather_than_taking_another(self, tmp_path, make_program):
        make_program("bin/python3.10", RUNS)
        named = make_program("mine/python", SHIM)

        with pytest.raises(LauncherError, match="HAMYAR_PYTHON310"):
            python310.find(environment(tmp_path, HAMYAR_PYTHON310=str(named)), prefixes=())

    def test_finds_nothing_where_there_is_nothing(self, tmp_path):
        assert python310.find(environment(tmp_path), prefixes=()) is None


class TestIsUsable:
    def test_refuses_another_version(self):
        # The tests run on 3.11 or newer.
        import sys

        assert not python310.is_usable(sys.executable)
