"""Telegram, by polling, against an emulated Bot API over HTTP: the same conversation path."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.request import Request, urlopen

import pytest

from benchmarks.stack import ROOT, Stack, free_port, running, wait_for
from tests.connectors.telegram.emulator import TOKEN

pytestmark = pytest.mark.e2e

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


@pytest.fixture(scope="module")
def telegram(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Telegram]:
    port = free_port()
    log = tmp_path_factory.mktemp("telegram") / "log"
    command = [sys.executable, "-m", "tests.connectors.telegram.emulator", "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)
    try:
        wait_for("the emulator", process, f"http://127.0.0.1:{port}/control/state", log)
        yield Telegram(f"http://127.0.0.1:{port}")
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def stack(telegram: Telegram, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    settings = {"TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_API_URL": telegram.url}
    with running(tmp_path_factory.mktemp("stack"), settings) as stack:
        yield stack


class TestConversation:
    def test_a_contact_is_answered_and_reaches_a_person(
        self, stack: Stack, telegram: Telegram, desk: Any, new_page: Callable[..., Any]
    ) -> None:
        telegram.write("سلام")
        telegram.wait_for_words("همیار")
        telegram.write("با یه آدم حرف بزنم")
        telegram.wait_for_words("HM-")

        desk.open_conversation_saying("با یه آدم حرف بزنم")
        desk.reply("سلام، سارا هستم. بفرمایید.")

        telegram.wait_for_words("سارا هستم")
