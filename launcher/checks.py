"""`./hamyar check` and `./hamyar test`: every part runs, and a summary says how each went."""

import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from launcher.console import say
from launcher.errors import LauncherError
from launcher.layout import Layout
from launcher.processes import Command, ask, run, show
from launcher.settings import rasa_environment

# Where Debian puts it, and where the browser tests look for it.
CHROMIUM = Path("/usr/bin/chromium")
BROWSER_PACKAGES = ("chromium", "fonts-dejavu-core")
NO_BROWSER = (
    "the browser tests need Chromium and a Persian font; install them with the system's package manager "
    f"(Debian: apt install {' '.join(BROWSER_PACKAGES)})"
)
# What runs inside Rasa must be readable for its Python; the actions run in the app.
OLD_PYTHON = ("language", "bot", "tests/nlu")
OLD_PYTHON_SYNTAX = ("--target-version", "py310", "--select", "E9", "--extend-exclude", "bot/actions")
# import-linter has a command but no module to run; commands of an environment name its first place for ever.
LINT_IMPORTS = "from importlinter.cli import lint_imports_command; lint_imports_command()"
# On every core; neighbours stay together, so that what a file's tests share is mostly made once.
ON_ALL_CORES = ("-n", "auto", "--dist", "worksteal")


@dataclass(frozen=True)
class Part:
    """A named piece of the checks; it answers with an exit code."""

    name: str
    run: Callable[[], int]


class Checks:
    """Builds the parts for one project."""

    def __init__(self, layout: Layout, environment: Mapping[str, str]) -> None:
        self.layout = layout
        self.environment = environment

    def static(self) -> list[Part]:
        """What needs no running of our code."""
        return [
            self._app_part("format", "-m", "ruff", "format", "--check", "."),
            self._app_part("lint", "-m", "ruff", "check", "."),
            self._app_part("Python 3.10 syntax", "-m", "ruff", "check", *OLD_PYTHON_SYNTAX, *OLD_PYTHON),
            self._app_part("types", "-m", "mypy"),
            self._app_part("imports", "-c", LINT_IMPORTS),
        ]

    def fast(self) -> list[Part]:
        """Unit tests that need no model."""
        return [self._app_part("fast tests", "-m", "pytest", "-q", *ON_ALL_CORES)]

    def unit(self) -> list[Part]:
        """Every unit test of the app, with coverage."""
        coverage = ["--cov", "--cov-report=term:skip-covered"]
        return [self._app_part("unit tests", "-m", "pytest", *ON_ALL_CORES, "-m", "not e2e and not slow", *coverage)]

    def nlu(self) -> list[Part]:
        """The tests of Rasa's side in its interpreter, whole conversations among them."""
        environment = rasa_environment(self.layout, self.environment)
        # The project's own settings name plugins of the other interpreter.
        settings = ["-c", "tests/nlu/pytest.ini", "--confcutdir", "tests/nlu"]
        command: Command = [self.layout.rasa_python, "-m", "pytest", *settings, "tests/nlu"]
        return [Part("nlu tests", lambda: show(command, cwd=self.layout.root, env=environment))]

    def e2e(self) -> list[Part]:
        """The real processes and a browser."""
        part = self._app_part("e2e tests", "-m", "pytest", "-m", "e2e", "tests/widget", "tests/e2e")
        return [Part(part.name, lambda: self._with_browser(part))]

    def _app_part(self, name: str, *arguments: str) -> Part:
        command: Command = [self.layout.app_python, *arguments]
        return Part(name, lambda: show(command, cwd=self.layout.root, env=self.environment))

    def _with_browser(self, part: Part) -> int:
        try:
            self._require_browser()
        except LauncherError as error:
            say(str(error))
            return 1
        return part.run()

    def _require_browser(self) -> None:
        if CHROMIUM.exists() and self._has_persian_font():
            return
        if os.geteuid() != 0 or not shutil.which("apt-get"):
            raise LauncherError(NO_BROWSER)
        environment = {**self.environment, "DEBIAN_FRONTEND": "noninteractive"}
        for arguments in (["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", *BROWSER_PACKAGES]):
            log = self.layout.logs / "setup.log"
            run(
                ["apt-get", *arguments],
                what="Installing Chromium",
                cwd=self.layout.root,
                log=log,
                env=environment,
            )
        if not CHROMIUM.exists() or not self._has_persian_font():
            raise LauncherError(NO_BROWSER)

    def _has_persian_font(self) -> bool:
        """True also where there is no fontconfig to ask."""
        return ask(["fc-list", ":lang=fa"], cwd=self.layout.root, env=self.environment) != ""


def perform(parts: Sequence[Part]) -> int:
    """Run all parts, whatever becomes of each; 0 only when every one did well."""
    outcomes = []
    for part in parts:
        say(f"\n== {part.name}")
        started = time.monotonic()
        exit_code = part.run()
        outcomes.append((part.name, exit_code, time.monotonic() - started))
    say("\n== summary")
    for name, exit_code, seconds in outcomes:
        say(f"{'ok' if exit_code == 0 else 'FAILED':<8}{name} ({seconds:.0f} s)")
    return 1 if any(exit_code for _, exit_code, _ in outcomes) else 0
