"""A page with the widget on it, in a real browser, and the server behind it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from .server import WidgetServer

ONLINE = "document.querySelector('hamyar-chat').chat.connection.link === 'online'"


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    flags = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
    return {**browser_type_launch_args, "executable_path": "/usr/bin/chromium", "args": flags}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "locale": "en-GB", "timezone_id": "Asia/Tehran"}


@pytest.fixture
def server() -> Iterator[WidgetServer]:
    server = WidgetServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def visit(server: WidgetServer, page: Page) -> Callable[..., Page]:
    """Open the page with the widget on it, and the widget unless told not to."""

    def go(*, opened: bool = True, **shown: Any) -> Page:
        page.goto(server.show(**{"language": "en", **shown}))
        if opened:
            page.evaluate("Hamyar.open()")
            page.wait_for_selector("hamyar-chat .hero")
            page.wait_for_function(ONLINE)
        return page

    return go
