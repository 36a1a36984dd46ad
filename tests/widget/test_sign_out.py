"""Drafts of who signs out of the desk: its script in a real browser, before a page that a test makes up."""

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Route

from web import desk

pytestmark = pytest.mark.e2e

SCRIPT = Path(desk.__file__).parent.parent / "static/js/sign_out.js"
SITE = "https://desk.example"
PAGE = """<!doctype html><meta charset="utf-8">
<form method="post" action="/desk/language"><button>Language</button></form>
<form method="post" action="/desk/sign-out"><button>Sign out</button></form>
<script type="module" src="/sign_out.js"></script>"""
# As the desk, the editor and the widget of the same site name what they keep.
REPLY, ARTICLE, WIDGETS = "hamyar-draft-c1", "hamyar /desk/knowledge/7 ", "hamyar:widget:draft"
KEPT = "Object.keys(sessionStorage)"


def serve(route: Route) -> None:
    if route.request.url.endswith("/sign_out.js"):
        route.fulfill(path=SCRIPT, content_type="text/javascript")
    else:
        route.fulfill(body=PAGE, content_type="text/html")


@pytest.fixture
def tabs(context: BrowserContext) -> list[Page]:
    """Two tabs of one browser, each with drafts of its own."""
    context.route("**/*", serve)
    tabs = [context.new_page() for _ in range(2)]
    for tab in tabs:
        tab.goto(f"{SITE}/desk")
        tab.evaluate("keys => keys.forEach((key) => sessionStorage.setItem(key, '1'))", [REPLY, ARTICLE, WIDGETS])
    return tabs


def press(tab: Page, button: str) -> None:
    with tab.expect_navigation():
        tab.get_by_role("button", name=button).click()


class TestSignOut:
    def test_forgets_the_drafts_of_every_tab_and_nothing_of_the_widget(self, tabs: list[Page]) -> None:
        press(tabs[0], "Sign out")
        tabs[1].wait_for_function(f"{KEPT}.length === 1")

        assert [tab.evaluate(KEPT) for tab in tabs] == [[WIDGETS], [WIDGETS]]

    def test_is_no_other_form(self, tabs: list[Page]) -> None:
        press(tabs[0], "Language")

        assert set(tabs[0].evaluate(KEPT)) == {REPLY, ARTICLE, WIDGETS}
