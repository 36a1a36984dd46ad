"""`./hamyar lock`: write the pinned locks from what is asked for in requirements/*.in."""

from collections.abc import Sequence

from launcher.environments import torch_pin
from launcher.errors import LauncherError
from launcher.layout import Layout
from launcher.tools import Tools

APP_PYTHON = "3.11"
RASA_PYTHON = "3.10"
OVERRIDES = ("--override", "requirements/rasa-overrides.txt")
LOCAL_VERSION = "+cpu"
# A lock names what everybody's index has; and one more index with a few wheels of a version hides the others from uv.
EXTRA_INDEXES = ("UV_INDEX", "UV_INDEX_STRATEGY")


def lock_all(layout: Layout, tools: Tools) -> None:
    """Write every lock anew; versions that are pinned already stay where they still fit."""
    lock_app(layout, tools)
    _compile(tools, "dev", APP_PYTHON)
    _compile(tools, "rasa", RASA_PYTHON, OVERRIDES)


def lock_app(layout: Layout, tools: Tools) -> None:
    """Lock the app with PyTorch's CPU build in mind: the plain one of the same version drags in gigabytes of CUDA."""
    lock = layout.requirements / "app.txt"
    if lock.exists():
        lock.write_text(without_torch(lock.read_text()))
    _compile(tools, "app", APP_PYTHON)
    text = lock.read_text()
    if "\nnvidia-" in text or "\ncuda-" in text:
        raise LauncherError("the lock would bring in CUDA: let pip's find-links or an index offer PyTorch's CPU build")
    lock.write_text(portable(text))


def without_torch(lock: str) -> str:
    """A lock whose pin of PyTorch no longer holds the resolver to the plain build."""
    return lock.replace(torch_pin(lock), "")


def portable(lock: str) -> str:
    """A lock whose pin of PyTorch also fits macOS, where the CPU build has no name of its own."""
    return lock.replace(torch_pin(lock), torch_pin(lock).removesuffix(LOCAL_VERSION))


def _compile(tools: Tools, name: str, python: str, options: Sequence[str] = ()) -> None:
    paths = [f"requirements/{name}.in", "-o", f"requirements/{name}.txt"]
    command = ["pip", "compile", *paths, *options, "--python-version", python, "--no-header", "--no-emit-find-links"]
    environment = {key: value for key, value in tools.index_environment.items() if key not in EXTRA_INDEXES}
    tools.uv_run(command, what=f"Locking {name}", env=environment)
