"""`./hamyar up` itself, in a copy of the checkout with data of its own."""

import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.stack import ROOT, free_port
from launcher.layout import Layout
from launcher.steps import SetUp

pytestmark = pytest.mark.e2e

RUNNING = "Hamyar is running"

# Nobody's settings: what the copy starts with is its own.
ENVIRONMENT = {"PATH": os.environ.get("PATH", os.defpath), "HOME": os.environ.get("HOME", "/")}
# Enough of the demo business to answer from; all of it would take minutes to embed.
KEPT_ARTICLES = "refunds"
IGNORED = ("var", ".venv*", ".git", ".tools", "node_modules", "__pycache__", ".*_cache", "docs", "tests")


class Up:
    """One `./hamyar up` and what it has said."""

    def __init__(self, project: Path) -> None:
        self.port = free_port()
        options = ["--port", str(self.port), "--rasa-port", str(free_port())]
        self.process = subprocess.Popen(
            [sys.executable, "hamyar", "up", *options],
            cwd=project,
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said = ""

    def wait_until(self, words: str) -> None:
        """Read on until it says this; the launcher itself gives up on what does not start."""
        assert self.process.stdout is not None
        while words not in self.said:
            line = self.process.stdout.readline()
            assert line, self.said
            self.said += line

    def children(self) -> list[int]:
        """The programs that it runs, with theirs."""
        found, parents = [], [self.process.pid]
        while parents:
            parent = parents.pop()
            for task in Path(f"/proc/{parent}/task").iterdir():
                children = [int(number) for number in (task / "children").read_text().split()]
                found += children
                parents += children
        return found

    def stop(self) -> int:
        """Ask it to end, as a service manager does; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        rest, _ = self.process.communicate()
        self.said += rest
        return self.process.returncode


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy whose set-up is what this checkout has, and whose database is still to be made."""
    folder = tmp_path_factory.mktemp("up") / "hamyar"
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*IGNORED))
    for environment in (".venv", ".venv-rasa"):
        (folder / environment).symlink_to(ROOT / environment)
    (folder / "var").mkdir()
    (folder / "var/models").symlink_to((ROOT / "var/models").resolve())
    set_up = SetUp(Layout(folder), {}, installing=ENVIRONMENT)
    for step in set_up.everything():
        set_up.stamps.finish(step.name, step.fingerprint() or "")
    for category in (folder / "seeds/articles").iterdir():
        if category.is_dir() and category.name != KEPT_ARTICLES:
            shutil.rmtree(category)
    return folder


@pytest.fixture
def ups(project: Path) -> Iterator[list[Up]]:
    """Whatever a test starts; nothing of it outlives the test."""
    started: list[Up] = []
    yield started
    for up in started:
        if up.process.poll() is None:
            up.stop()


def is_there(process_id: int) -> bool:
    return Path(f"/proc/{process_id}").exists()


def test_starts_and_stops_and_starts_again_with_nothing_left_to_do(project: Path, ups: list[Up]) -> None:
    first = Up(project)
    ups.append(first)
    first.wait_until(RUNNING)
    first.wait_until("Password:")
    assert "The demo business: done" in first.said
    with urllib.request.urlopen(f"http://127.0.0.1:{first.port}/") as page:
        assert page.url.endswith("/demo")

    another = Up(project)
    ups.append(another)
    assert another.process.wait() == 1
    said, _ = another.process.communicate()
    assert said == "hamyar: another ./hamyar up runs in this folder already; stop that one first\n"

    children = first.children()
    assert len(children) >= 2
    assert first.stop() == 0
    assert [child for child in children if is_there(child)] == []

    actions_port = free_port()
    (project / ".env").write_text(f"ACTIONS_PORT={actions_port}\n")
    second = Up(project)
    ups.append(second)
    second.wait_until(RUNNING)
    second.wait_until("API documentation")
    with urllib.request.urlopen(f"http://127.0.0.1:{actions_port}/health/live") as answer:
        assert answer.status == 200
    children = second.children()
    assert len(children) >= 3
    assert second.stop() == 0
    assert [child for child in children if is_there(child)] == []
    assert "done in" not in second.said.replace("Starting: done in", "")
    assert "Password" not in second.said
