"""An admin exchanges the bot's model and goes back, while contacts write."""

import threading
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import expect

from benchmarks.stack import Stack
from tests.e2e.conftest import Chat, Desk

pytestmark = pytest.mark.e2e


class Contacts:
    """Turns asked of Rasa one after the other, as the app asks them, until they are told to end."""

    def __init__(self, stack: Stack) -> None:
        self.statuses: list[int] = []
        self._stack = stack
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._write)

    def __enter__(self) -> "Contacts":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _write(self) -> None:
        turn = {"conversation_id": "c", "message_id": "m", "text": "hello", "metadata": {}, "state": None}
        headers = {"Authorization": f"Bearer {self._stack.settings['RASA_TOKEN']}"}
        with httpx.Client(base_url=self._stack.settings["RASA_URL"], headers=headers, timeout=30) as client:
            # A pause, since the models are loaded by the same process.
            while not self._is_over.wait(0.1):
                self.statuses.append(client.post("/webhooks/hamyar/turn", json=turn).status_code)


class TestExchange:
    def test_goes_there_and_back_without_a_failed_turn_and_outlives_a_restart(
        self, stack: Stack, desk: Desk, visit: Callable[..., Chat]
    ) -> None:
        chat = visit("en")
        chat.write("hello")
        chat.expect_words("Hello")
        desk.page.context.add_cookies([{"name": "hamyar_language", "value": "en", "url": stack.url}])
        desk.page.goto(f"{stack.url}/desk/models")
        with Contacts(stack) as contacts:
            desk.page.get_by_role("button", name="Use this model").click()
            expect(desk.page.get_by_role("button", name="Go back to this model")).to_be_visible()
            desk.page.get_by_role("button", name="Go back to this model").click()
            expect(desk.page.locator("tr").filter(has_text="Served earlier")).to_have_count(1)
        chat.write("thanks")
        expect(chat.page.locator("hamyar-chat [role=log]").get_by_text("thanks")).to_be_visible()

        assert len(contacts.statuses) > 3
        assert set(contacts.statuses) == {200}
        stack.kill("rasa")
        stack.start_rasa()
        stack.wait_until_ready()
        desk.page.reload()
        older = desk.page.locator("tbody tr").last
        expect(older).to_contain_text("Serves")
        expect(older.get_by_role("button")).to_have_count(0)
