"""The whole product as real processes, and people in front of it in a real browser."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from benchmarks.stack import RASA_MODELS, Stack, prepare, running
from bot.models import KeptModels, Model, now
from tests.connectors.telegram.emulator import TOKEN
from tests.e2e.telegram import Telegram, emulated

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
PATIENCE_MILLISECONDS = 30_000
POLL_MILLISECONDS = 50


@pytest.fixture(scope="session", autouse=True)
def patience() -> None:
    expect.set_options(timeout=PATIENCE_MILLISECONDS)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    assert CHROMIUM.exists(), "the end-to-end tests need Debian's chromium"
    return {**browser_type_launch_args, "executable_path": str(CHROMIUM), "args": FLAGS}


@pytest.fixture(scope="session")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """The demo business with its admin, for stacks to copy; nothing of it is ever started."""
    return prepare(tmp_path_factory.mktemp("pattern"))


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the trained model twice; the older one serves."""
    folder = tmp_path_factory.mktemp("models")
    kept = KeptModels(folder)
    trained = KeptModels(RASA_MODELS).serving_file
    for name in ("20260102-000000", "20260101-000000"):
        known = Model(name, now(), "inputs", 0, "encoder", 40.0)
        kept.add(Path(shutil.copy(trained, folder / "made")), known)
    kept.choose(known)
    return folder


@pytest.fixture(scope="session")
def telegram(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Telegram]:
    with emulated(tmp_path_factory.mktemp("telegram")) as telegram:
        yield telegram


@pytest.fixture(scope="session")
def stack(
    pattern: Stack, models: Path, telegram: Telegram, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """App and Rasa with the demo business, a bot on Telegram and two models: for every test that breaks nothing."""
    settings = {
        "RASA_MODELS_FOLDER": str(models),
        "TELEGRAM_BOT_TOKEN": TOKEN,
        "TELEGRAM_API_URL": telegram.url,
    }
    with running(tmp_path_factory.mktemp("stack"), settings, like=pattern) as stack:
        yield stack


def until(page: Page, expression: str) -> None:
    """Wait until an expression holds; `wait_for_function` would need `unsafe-eval`, which our pages refuse."""
    for _ in range(PATIENCE_MILLISECONDS // POLL_MILLISECONDS):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(POLL_MILLISECONDS)
    raise AssertionError(f"never became true: {expression}")


class Chat:
    """A visitor and the widget on the demo site."""

    def __init__(self, page: Page, url: str, language: str) -> None:
        self.page = page
        page.goto(f"{url}/demo?lang={language}")
        self.open()

    def open(self) -> None:
        """Open the widget and wait until it is connected."""
        until(self.page, "Boolean(window.Hamyar)")
        self.page.evaluate("Hamyar.open()")
        until(self.page, "document.querySelector('hamyar-chat').chat.connection.link === 'online'")

    def write(self, text: str) -> None:
        """Send a message."""
        self.page.locator("hamyar-chat textarea").fill(text)
        self.page.keyboard.press("Enter")

    def press(self, title: str) -> None:
        """Press the last button of this name."""
        self.page.locator("hamyar-chat").get_by_role("button", name=title).last.click()

    def expect_words(self, text: str, *, count: int | None = None) -> None:
        """Wait until the widget shows these words."""
        found = self.page.locator("hamyar-chat [role=log]").get_by_text(text)
        expect(found.last).to_be_visible()
        if count is not None:
            expect(found).to_have_count(count)


class Desk:
    """Somebody who works here, signed in at the desk."""

    def __init__(self, page: Page, stack: Stack) -> None:
        self.page = page
        self.url = stack.url
        page.goto(f"{stack.url}/desk/sign-in?lang=en")
        page.locator("input[name=email]").fill(stack.admin_email)
        page.locator("input[name=password]").fill(stack.admin_password)
        page.locator("form button.primary").click()
        page.wait_for_url(f"{stack.url}/desk*")

    def open_conversation_saying(self, words: str, *, tab: str = "waiting") -> None:
        """Open the conversation whose last words these are."""
        self.page.goto(f"{self.url}/desk?tab={tab}&lang=en")
        self.page.locator("#inbox .rows a").filter(has_text=words).first.click()
        expect(self.page.locator(".message").filter(has_text=words).last).to_be_visible()

    def reply(self, text: str) -> None:
        """Write to the contact."""
        self.page.locator("textarea[name=text]").fill(text)
        self.page.keyboard.press("Control+Enter")


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[[], Page]]:
    """Pages of people who share nothing; any error in a page's console fails the test."""
    contexts = []
    errors: list[str] = []

    def make() -> Page:
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def visit(stack: Stack, new_page: Callable[[], Page]) -> Callable[..., Chat]:
    """A new visitor on the demo site, with the widget open."""
    return lambda language="fa": Chat(new_page(), stack.url, language)


@pytest.fixture
def desk(stack: Stack, new_page: Callable[[], Page]) -> Desk:
    return Desk(new_page(), stack)
