"""What an agent writes at the desk: its script and htmx in a real browser, before pages that a test makes up.

Here and not with the desk's other tests, since a browser's driver leaves no room for asynchronous tests after it.
"""

import itertools

import pytest
from playwright.sync_api import Page, Route, expect

from .server import STATIC

pytestmark = pytest.mark.e2e

SITE = "https://desk.example"
PAGE = """<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="/app.css">
<ul class="rows"><li><a class="line" href="/b">next</a></ul>
<a id="other" href="/b" hx-get="/b" hx-select="#desk" hx-target="#desk" hx-swap="outerHTML">other</a>
<a id="first" href="/a" hx-get="/a" hx-select="#desk" hx-target="#desk" hx-swap="outerHTML">first</a>
<form action="/a/resolve" method="post" data-action="resolve"><button>Resolve</button></form>
<div id="desk">{composer}</div><section id="details" popover></section><p id="offline" hidden></p>
<div id="notices"><p class="notice">Sara has given a conversation to you
<button type="button" name="dismiss">Close</button></p></div>
<button data-insert="https://example.com/refunds">Insert link</button>
<script src="/htmx.min.js"></script><script type="module" src="/desk.js"></script>"""
COMPOSER = """<form class="composer" id="composer-{chat}" method="post" action="/{chat}/messages"
hx-post="/{chat}/messages" enctype="multipart/form-data" {sent}>
<input type="hidden" name="key" value="key-{number}" autocomplete="off">
<label><input type="radio" name="kind" value="reply" {reply}>Reply</label>
<label><input type="radio" name="kind" value="note" {note}>Note</label>
<textarea id="draft-{chat}" name="text" dir="auto"
data-reply="To the contact" data-note="To colleagues">{draft}</textarea>
<label class="file"><input type="file" name="file"><bdi data-none="No file chosen">No file chosen</bdi></label>
<button type="button" data-clear hidden>Remove the file</button>
<div><span><button class="button primary">Send</button></span></div></form>"""
PARTIAL = '<hx-partial hx-target="#composer-{chat}" hx-swap="outerHTML">{composer}</hx-partial>'


class Desk:
    """What the server answers: `/a` and `/b` are conversations, and what is sent waits for `answer`."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.waiting: list[Route] = []
        self._numbers = itertools.count(1)
        self.words = page.locator("textarea")
        page.route("**/*", self._serve)
        # Typing signs and marks of what is seen are of no matter here.
        page.route("**/typing", lambda route: route.fulfill(status=204))

    def open(self, chat: str = "a") -> None:
        self.page.goto(f"{SITE}/{chat}")

    def send(self) -> None:
        with self.page.expect_request("**/messages"):
            self.page.get_by_role("button", name="Send").click()

    def answer(self, kind: str, *, draft: str = "") -> None:
        """Take what was sent, or refuse it where its words come back."""
        composer = self._composer("a", kind, sent="" if draft else "data-sent", draft=draft)
        body = PARTIAL.format(chat="a", composer=composer)
        self.waiting.pop(0).fulfill(status=422 if draft else 200, body=body, content_type="text/html")
        expect(self.page.locator(f'[name=key][value="{self._key}"]')).to_be_attached()

    def shows(self, words: str, kind: str) -> None:
        expect(self.words).to_have_value(words)
        expect(self.page.locator(f"[name=kind][value={kind}]")).to_be_checked()

    def choose(self, name: str) -> None:
        self.page.locator("[type=file]").set_input_files({"name": name, "mimeType": "text/plain", "buffer": b"words"})

    def holds(self, name: str) -> None:
        """The composer has this file and says so, or none."""
        expect(self.page.locator(".file bdi")).to_have_text(name or "No file chosen")
        names = self.page.evaluate("[...document.querySelector('[type=file]').files].map((one) => one.name)")
        assert names == [name] * bool(name)

    @property
    def key(self) -> str:
        return self.page.locator("[name=key]").input_value()

    def _composer(self, chat: str, kind: str = "reply", *, sent: str = "", draft: str = "") -> str:
        number = next(self._numbers)
        self._key = f"key-{number}"
        checked = {"reply": "", "note": "", kind: "checked"}
        return COMPOSER.format(chat=chat, number=number, sent=sent, draft=draft, **checked)

    def _serve(self, route: Route) -> None:
        path = route.request.url.removeprefix(SITE)
        if path == "/app.css":
            route.fulfill(path=STATIC / "app.css", content_type="text/css")
        elif path.endswith(".js"):
            folder = "vendor" if path == "/htmx.min.js" else "js"
            route.fulfill(path=f"{STATIC}/{folder}{path}", content_type="text/javascript")
        elif route.request.method == "POST":
            self.waiting.append(route)
        else:
            route.fulfill(body=PAGE.format(composer=self._composer(path[1:])), content_type="text/html")


@pytest.fixture
def desk(page: Page) -> Desk:
    desk = Desk(page)
    desk.open()
    return desk


class TestDraft:
    def test_of_a_note_comes_back_as_a_note(self, desk: Desk) -> None:
        desk.page.get_by_label("Note").check()
        desk.words.fill("he never pays")
        key = desk.key

        desk.open("b")
        desk.shows("", "reply")
        desk.open("a")

        desk.shows("he never pays", "note")
        assert desk.key == key

    def test_that_became_a_note_after_it_was_typed_comes_back_as_one(self, desk: Desk) -> None:
        desk.words.fill("he never pays")
        desk.page.get_by_label("Note").check()

        desk.page.reload()

        desk.shows("he never pays", "note")

    def test_is_gone_once_it_is_sent(self, desk: Desk) -> None:
        desk.words.fill("Hello")
        desk.send()
        desk.answer("reply")
        desk.shows("", "reply")

        desk.page.reload()

        desk.shows("", "reply")

    def test_that_is_typed_while_an_answer_is_on_its_way_is_kept_under_the_new_key(self, desk: Desk) -> None:
        desk.words.fill("Hello")
        desk.send()
        desk.page.get_by_label("Note").check()
        desk.words.fill("call her tomorrow")
        desk.answer("reply")
        desk.shows("call her tomorrow", "note")
        key = desk.key

        desk.page.reload()

        desk.shows("call her tomorrow", "note")
        assert key == desk.key == "key-2"

    def test_sent_a_second_time_too_early_is_kept_though_the_server_has_taken_the_first_only(self, desk: Desk) -> None:
        desk.words.fill("Hello")
        desk.send()
        desk.words.fill("Hello, and welcome")
        desk.page.get_by_role("button", name="Send").click()

        desk.answer("reply")

        desk.shows("Hello, and welcome", "reply")

    def test_that_was_refused_and_typed_on_goes_out_under_the_new_key(self, desk: Desk) -> None:
        desk.words.fill("Hello")
        desk.send()
        desk.words.fill("Hello, and welcome")
        desk.answer("reply", draft="Hello")
        desk.shows("Hello, and welcome", "reply")

        desk.page.reload()

        desk.shows("Hello, and welcome", "reply")
        assert desk.key == "key-2"


class TestField:
    def test_says_who_will_read_it(self, desk: Desk) -> None:
        expect(desk.words).to_have_attribute("placeholder", "To the contact")

        desk.page.get_by_label("Note").check()
        expect(desk.words).to_have_attribute("placeholder", "To colleagues")
        desk.words.fill("he never pays")
        desk.page.reload()

        expect(desk.words).to_have_attribute("placeholder", "To colleagues")

    def test_follows_most_words_of_what_is_typed_and_of_a_draft(self, desk: Desk) -> None:
        desk.words.fill("CRM شما تا فردا وصل می‌شود")
        expect(desk.words).to_have_attribute("dir", "rtl")
        desk.page.reload()
        expect(desk.words).to_have_attribute("dir", "rtl")

        desk.words.fill("“سلام” is what we say in Persian")

        expect(desk.words).to_have_attribute("dir", "ltr")


class TestSending:
    def test_is_seen_on_the_button_until_it_is_answered(self, desk: Desk) -> None:
        button = desk.page.get_by_role("button", name="Send")
        desk.words.fill("Hello")

        desk.send()
        expect(button).to_have_css("opacity", "0.55")
        desk.answer("reply")

        expect(button).to_have_css("opacity", "1")


class TestFile:
    def test_chosen_while_another_is_on_its_way_stays_chosen(self, desk: Desk) -> None:
        desk.choose("invoice.txt")
        desk.send()
        desk.choose("receipt.txt")

        desk.answer("reply")

        desk.holds("receipt.txt")

    def test_is_gone_once_it_is_sent(self, desk: Desk) -> None:
        desk.choose("invoice.txt")
        desk.send()

        desk.answer("reply")

        desk.holds("")

    def test_chosen_by_mistake_is_taken_away_again(self, desk: Desk) -> None:
        clear = desk.page.get_by_role("button", name="Remove the file")
        expect(clear).to_be_hidden()
        desk.choose("salaries.txt")

        clear.click()

        desk.holds("")
        expect(clear).to_be_hidden()

    def test_stays_with_words_that_were_refused(self, desk: Desk) -> None:
        desk.words.fill("far too long")
        desk.choose("invoice.txt")
        desk.send()

        desk.answer("reply", draft="far too long")

        desk.holds("invoice.txt")

    def test_belongs_to_its_conversation_and_waits_there(self, desk: Desk) -> None:
        desk.choose("invoice.txt")

        desk.page.locator("#other").click()
        expect(desk.page.locator("#composer-b")).to_be_attached()
        desk.holds("")
        desk.page.locator("#first").click()
        expect(desk.page.locator("#composer-a")).to_be_attached()

        desk.holds("invoice.txt")


class TestInsertedLink:
    @pytest.mark.parametrize(("before", "kind"), [("look at", "note"), ("", "reply")])
    def test_makes_a_reply_of_an_empty_composer_only(self, desk: Desk, before: str, kind: str) -> None:
        desk.page.get_by_label("Note").check()
        desk.words.fill(before)

        desk.page.get_by_role("button", name="Insert link").click()

        desk.shows(f"{before}\nhttps://example.com/refunds\n".lstrip(), kind)


class TestNotice:
    def test_goes_when_it_is_closed(self, desk: Desk) -> None:
        notice = desk.page.get_by_text("has given a conversation to you")
        expect(notice).to_be_visible()

        desk.page.get_by_role("button", name="Close").click()

        expect(notice).to_have_count(0)


class TestKeys:
    @pytest.mark.parametrize("key", ["r", "ق"])
    def test_work_on_a_persian_keyboard_too(self, desk: Desk, key: str) -> None:
        desk.page.evaluate(
            "key => document.body.dispatchEvent(new KeyboardEvent('keydown', { key, code: 'KeyR', bubbles: true }))",
            key,
        )

        expect(desk.words).to_be_focused()

    @pytest.mark.parametrize("key", ["E", "ٍ"])
    def test_resolve_with_shift_alone_and_not_while_a_word_is_typed_beside_the_field(
        self, desk: Desk, key: str
    ) -> None:
        desk.page.keyboard.type("hello there")
        assert desk.waiting == []

        with desk.page.expect_request("**/resolve"):
            desk.page.evaluate(
                "key => document.body.dispatchEvent(new KeyboardEvent('keydown', "
                "{ key, code: 'KeyE', shiftKey: true, bubbles: true }))",
                key,
            )

    def test_stay_where_their_letters_are_on_another_latin_keyboard(self, desk: Desk) -> None:
        desk.page.evaluate(
            "document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'p', code: 'KeyR', bubbles: true }))"
        )

        expect(desk.words).not_to_be_focused()
