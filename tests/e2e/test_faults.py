"""What people notice when parts of the product die: as little as can be."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from benchmarks.stack import Stack, running
from tests.e2e.conftest import Chat, Desk, until

pytestmark = pytest.mark.e2e

# The promise to contacts; the wait itself is Playwright's.
TOLD_WITHIN_MILLISECONDS = 5_000


@pytest.fixture(scope="module")
def stack(pattern: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of this module's own, since it is broken here."""
    with running(tmp_path_factory.mktemp("broken"), like=pattern) as stack:
        yield stack


@pytest.fixture
def mended(stack: Stack) -> Iterator[Stack]:
    """The stack, made whole again after the test."""
    yield stack
    if stack.app is None or stack.app.poll() is not None:
        stack.start_app()
    if stack.rasa is None or stack.rasa.poll() is not None:
        stack.start_rasa()
    stack.wait_until_ready()


class TestRasaDown:
    def test_the_contact_is_told_soon_and_reaches_a_person(
        self, mended: Stack, visit: Callable[..., Chat], desk: Desk
    ) -> None:
        chat = visit("en")
        mended.kill("rasa")

        chat.write("How do I reset my password?")
        told = chat.page.locator("hamyar-chat [role=log]").get_by_role("button", name="Talk to a person").last
        expect(told).to_be_visible(timeout=TOLD_WITHIN_MILLISECONDS)
        told.click()
        chat.expect_words("HM-")

        desk.open_conversation_saying("Talk to a person")
        expect(desk.page.locator(".message").filter(has_text="reset my password")).to_be_visible()


class TestAppDown:
    def test_the_widget_comes_back_and_nothing_is_lost_or_doubled(
        self, mended: Stack, visit: Callable[..., Chat]
    ) -> None:
        chat = visit("en")
        chat.write("hello")
        chat.expect_words("Hello")
        mended.kill("app")

        chat.write("are you still there, my second message")
        mended.start_app()
        mended.wait_until_ready()

        expect(chat.page.locator("hamyar-chat .mine").filter(has_text="second message")).to_have_count(1)
        bots = chat.page.locator("hamyar-chat [role=log] .message:not(.mine)")
        expect(bots.nth(1)).to_be_visible(timeout=30_000)

    def test_the_agents_draft_survives_a_restart(
        self, mended: Stack, visit: Callable[..., Chat], desk: Desk, new_page: Callable[[], Page]
    ) -> None:
        chat = visit("en")
        chat.write("I need a human")
        chat.expect_words("HM-")
        desk.open_conversation_saying("I need a human")
        desk.page.locator("textarea[name=text]").fill("a long and careful answer")
        mended.kill("app")
        mended.start_app()
        mended.wait_until_ready()

        chat.write("one more thing I forgot")
        expect(desk.page.locator(".message").filter(has_text="one more thing")).to_be_visible(timeout=40_000)
        expect(desk.page.locator("textarea[name=text]")).to_have_value("a long and careful answer")


class TestDeadLine:
    LINE = "document.querySelector('#live')._htmx.ws.connection"

    def test_the_desk_does_not_wait_for_it_when_the_network_is_back(self, stack: Stack, desk: Desk) -> None:
        page = desk.page
        page.goto(f"{stack.url}/desk?lang=en")
        until(page, f"{self.LINE}?.socket?.readyState === WebSocket.OPEN")
        page.evaluate(f"window.dead = {self.LINE}.socket; dead.send = () => {{}}")

        page.evaluate("dispatchEvent(new Event('online'))")

        until(page, f"{self.LINE}.socket !== dead && {self.LINE}.socket?.readyState === WebSocket.OPEN")


class TestStop:
    """The last one, since nothing is started again after it."""

    def test_leaves_nothing_behind(self, stack: Stack, visit: Callable[..., Chat]) -> None:
        visit("en")
        app, rasa = stack.app, stack.rasa
        assert app
        assert rasa

        stack.stop()

        assert app.poll() is not None
        assert rasa.poll() is not None
        assert "Traceback" not in stack.log("app").rsplit("Shutting down", 1)[-1]
