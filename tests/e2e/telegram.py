"""The emulated Bot API as a process of its own, as the app's polling meets it."""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from benchmarks.stack import ROOT, free_port, wait_for

PATIENCE_SECONDS = 20


class Telegram:
    """The emulator's control side: a contact who writes, and what they were sent."""

    def __init__(self, url: str) -> None:
        self.url = url

    def write(self, text: str) -> None:
        """The contact writes to the bot."""
        self._call("/control/write", {"text": text})

    def press(self, title: str) -> None:
        """The contact presses a button of the last message."""
        self._call("/control/press", {"title": title})

    def wait_for_words(self, text: str) -> None:
        """Wait until a message with these words was sent to the contact."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if text in json.dumps(self._call("/control/state"), ensure_ascii=False):
                return
            time.sleep(0.1)
        raise AssertionError(f"{text!r} was never sent")

    def _call(self, path: str, body: dict[str, Any] | None = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        request = Request(f"{self.url}{path}", data, {"content-type": "application/json"})  # noqa: S310
        with urlopen(request, timeout=10) as response:  # noqa: S310
            return json.loads(response.read() or b"null")


@contextlib.contextmanager
def emulated(folder: Path) -> Iterator[Telegram]:
    """Telegram, until the end; the folder gets its log."""
    port = free_port()
    log = folder / "telegram.log"
    command = [sys.executable, "-m", "tests.connectors.telegram.emulator", "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)
    try:
        wait_for("the emulator", process, f"http://127.0.0.1:{port}/control/state", log)
        yield Telegram(f"http://127.0.0.1:{port}")
    finally:
        process.kill()
        process.wait()
