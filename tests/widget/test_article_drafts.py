"""Text that was written and not saved: the editor's script in a real browser, before pages that a test makes up.

Here and not with the editor's other tests, since a browser's driver leaves no room for asynchronous tests after it.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from web import knowledge

pytestmark = pytest.mark.e2e

STATIC = Path(knowledge.__file__).parent.parent / "static"
SCRIPTS = {"/knowledge.js": STATIC / "js/knowledge.js", "/htmx.min.js": STATIC / "vendor/htmx.min.js"}
SITE = "https://desk.example"
FORM = """<!doctype html><meta charset="utf-8"><form id="article" method="post" action="{action}">
{notice}<p id="restored" hidden><button type="button" data-discard>Discard it</button></p>
<input type="hidden" name="version" value="{version}">
<select name="language"><option>en<option>fa</select><input name="slug" value="{slug}">
<textarea name="body" data-written hx-post="/preview" hx-trigger="input changed" hx-target="#preview">{body}</textarea>
<button name="action" value="save">Save</button></form>
<p id="preview">What is saved</p><script src="/htmx.min.js"></script>
<script type="module" src="/knowledge.js"></script>"""


class Desk:
    """What the server answers: each address has its page, and forms get `answer`."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.pages: dict[str, str] = {}
        self.answer: Callable[[Route], None] = lambda route: route.fulfill(status=401, body="signed out")
        page.route("**/*", self._serve)

    def form(self, path: str, body: str = "", *, version: int = 1, notice: str = "", slug: str = "") -> str:
        """The editor at an address, and what is written there."""
        action = "/desk/knowledge/new" if path.startswith("/desk/knowledge/new") else path.partition("?")[0]
        self.pages[path] = FORM.format(action=action, body=body, version=version, notice=notice, slug=slug)
        return self.pages[path]

    def open(self, path: str) -> None:
        self.page.goto(SITE + path)

    def write(self, words: str) -> None:
        self.page.locator("textarea").fill(words)

    def save(self) -> None:
        with self.page.expect_navigation():
            self.page.get_by_role("button", name="Save").click()
        # A navigation may count as over while the page's scripts have still to come.
        self.page.wait_for_function("document.readyState === 'complete'")

    def shows(self, words: str, *, restored: bool) -> None:
        expect(self.page.locator("textarea")).to_have_value(words)
        expect(self.page.locator("#restored")).to_be_visible(visible=restored)

    def _serve(self, route: Route) -> None:
        path = route.request.url.removeprefix(SITE)
        if path in SCRIPTS:
            route.fulfill(path=SCRIPTS[path], content_type="text/javascript")
        elif path == "/preview":
            route.fulfill(body="What is typed", content_type="text/html")
        elif route.request.method == "POST":
            self.answer(route)
        else:
            route.fulfill(body=self.pages.get(path, ""), content_type="text/html")


@pytest.fixture
def desk(page: Page) -> Desk:
    return Desk(page)


class TestDraft:
    @pytest.mark.parametrize(
        "answer",
        [
            lambda route: route.fulfill(status=401, body="signed out"),
            lambda route: route.fulfill(status=500, body="sorry"),
        ],
    )
    def test_is_back_after_a_request_that_failed(self, desk: Desk, answer: Callable[[Route], None]) -> None:
        desk.form("/desk/knowledge/7", "old", version=3)
        desk.answer = answer
        desk.open("/desk/knowledge/7")
        desk.write("new words")
        desk.save()
        # Somebody else saved meanwhile: the version that was seen goes along, so that it is noticed.
        desk.form("/desk/knowledge/7", "theirs", version=4)

        desk.open("/desk/knowledge/7")

        desk.shows("new words", restored=True)
        expect(desk.page.locator("[name=version]")).to_have_value("3")

    def test_that_is_back_is_what_the_preview_shows(self, desk: Desk) -> None:
        desk.form("/desk/knowledge/5", "What is saved")
        desk.open("/desk/knowledge/5")
        expect(desk.page.locator("#preview")).to_have_text("What is saved")
        desk.write("What is typed")

        desk.page.reload()

        desk.shows("What is typed", restored=True)
        expect(desk.page.locator("#preview")).to_have_text("What is typed")

    def test_is_gone_once_it_is_saved_and_not_taken_for_saved_later(self, desk: Desk) -> None:
        desk.form("/desk/knowledge/new")
        desk.form("/desk/knowledge/7?done=saved_draft", "a new one")
        desk.form("/desk/knowledge/7", "a new one")
        # The browser follows no redirect that a test makes up; it is led there.
        desk.answer = lambda route: route.fulfill(status=204)
        desk.open("/desk/knowledge/new")
        desk.write("a new one")
        desk.page.get_by_role("button", name="Save").click()
        desk.page.on("dialog", lambda dialog: dialog.accept())
        desk.open("/desk/knowledge/7?done=saved_draft")
        desk.write("a later text")

        desk.open("/desk/knowledge/new")
        desk.shows("", restored=False)
        desk.open("/desk/knowledge/7")
        desk.shows("a later text", restored=True)

    def test_is_none_of_what_was_saved_and_warned_of(self, desk: Desk) -> None:
        warning = '<section class="conflict">gets in the way of another</section>'
        desk.form("/desk/knowledge/7?done=saved", "words", version=2, notice=warning)
        desk.form("/desk/knowledge/7", "theirs", version=3)
        asked: list[str] = []
        desk.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
        desk.open("/desk/knowledge/7?done=saved")
        desk.page.locator("textarea").click()

        desk.open("/desk/knowledge/7")

        assert asked == []
        desk.shows("theirs", restored=False)

    def test_that_came_back_with_a_refusal_is_kept_on(self, desk: Desk) -> None:
        desk.form("/desk/knowledge/new")
        refused = desk.form("/desk/knowledge/new", "words", notice='<p class="notice bad">No title</p>', slug="taken")
        desk.form("/desk/knowledge/new")
        desk.answer = lambda route: route.fulfill(status=422, body=refused, content_type="text/html")
        desk.open("/desk/knowledge/new")
        desk.write("words")
        desk.save()
        desk.page.on("dialog", lambda dialog: dialog.accept())

        desk.open("/desk/knowledge/new")

        desk.shows("", restored=False)

    def test_of_a_translation_is_no_other_new_article(self, desk: Desk) -> None:
        desk.form("/desk/knowledge/new")
        desk.form("/desk/knowledge/new?translate=3", slug="refunds")
        desk.open("/desk/knowledge/new?translate=3")
        desk.write("a translation")
        desk.save()

        desk.open("/desk/knowledge/new")
        desk.shows("", restored=False)
        desk.open("/desk/knowledge/new?translate=3")
        desk.shows("a translation", restored=True)

    def test_can_be_thrown_away(self, desk: Desk) -> None:
        desk.form("/desk/knowledge/7", "old")
        desk.open("/desk/knowledge/7")
        desk.write("worse")
        desk.save()
        desk.open("/desk/knowledge/7")

        desk.page.get_by_role("button", name="Discard it").click()

        desk.shows("old", restored=False)
        desk.page.reload()
        desk.shows("old", restored=False)

    def test_is_asked_about_again_after_a_submission_that_led_nowhere(self, desk: Desk) -> None:
        desk.form("/desk/knowledge/7", "old")
        desk.answer = lambda route: route.fulfill(status=204)
        asked: list[str] = []
        desk.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
        desk.open("/desk/knowledge/7")
        desk.write("new")
        desk.page.get_by_role("button", name="Save").click()
        desk.write("newer")

        desk.open("/desk/knowledge/7")

        assert asked == ["beforeunload"]
        desk.shows("newer", restored=True)
