"""What the browser tests need before they run."""

import os

import pytest

from launcher import checks
from launcher.checks import Checks


@pytest.fixture
def browser_tests(layout, make_program, tmp_path, monkeypatch):
    """The part that runs them, on a machine with Chromium whose user may install nothing; they say so when they run."""
    monkeypatch.setattr(checks, "CHROMIUM", make_program("chromium", ""))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    make_program(".venv/bin/python", "echo they ran")
    (part,) = Checks(layout, {"PATH": str(tmp_path / "bin")}).e2e()
    return part


class TestBrowser:
    def test_runs_them_where_a_persian_font_is_there(self, browser_tests, make_program, capfd):
        make_program("bin/fc-list", "echo /usr/share/fonts/Vazirmatn.ttf")

        assert browser_tests.run() == 0
        assert "they ran" in capfd.readouterr().out

    def test_names_the_font_that_is_missing(self, browser_tests, make_program, capfd):
        make_program("bin/fc-list", "")

        assert browser_tests.run() == 1
        said = capfd.readouterr().out
        assert "Persian font" in said
        assert "they ran" not in said

    def test_runs_them_where_nobody_can_tell(self, browser_tests, capfd):
        assert browser_tests.run() == 0
        assert "they ran" in capfd.readouterr().out
