"""Who the visitor is: signed by the page, introduced by a form, signed out; and what they share."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import groupby

import pytest
from playwright.sync_api import Page, expect

from .conftest import ONLINE
from .server import WidgetServer

pytestmark = pytest.mark.e2e

Visit = Callable[..., Page]
USER = {"id": "42", "hash": "right", "name": "Sara", "email": ""}


def saved(page: Page, *, more: str = "More", save: str = "Save the conversation") -> str:
    """The conversation as the visitor saves it."""
    page.get_by_label(more).click()
    with page.expect_download() as download:
        page.get_by_role("button", name=save).click()
    return download.value.path().read_text()


def test_what_the_page_asked_for_before_it_was_there_is_done(server: WidgetServer, page: Page):
    early = (
        '<script>(window.Hamyar ??= []).push(["identify", {id: 42, hash: "right", name: "Sara"}], ["open"])</script>'
    )

    page.goto(server.show(language="en", head=early))

    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.locator(".hero")).to_be_visible()
    assert server.sessions[-1]["user"] == USER


def test_a_wrong_signature_leaves_the_visitor_unknown_and_able_to_write(server: WidgetServer, visit: Visit):
    page = visit(opened=False)
    page.evaluate("void Hamyar.on('refused', detail => { window.refused = detail.code })")

    page.evaluate("Hamyar.identify({id: '42', hash: 'wrong'}); Hamyar.open()")

    page.wait_for_function("window.refused === 'identity_wrong'")
    page.get_by_role("textbox").fill("hello")
    page.keyboard.press("Enter")
    expect(page.locator(".mine .meta")).to_contain_text("Sent")


@pytest.mark.parametrize(
    ("user", "known"),
    [
        ({"id": "x" * 101}, None),
        ({"id": "42", "name": "Sara\nRad", "email": "s" * 300}, {"name": "Sara Rad", "email": "s" * 200}),
    ],
)
def test_details_that_do_not_fit_keep_nobody_from_writing(
    server: WidgetServer, visit: Visit, user: dict[str, str], known: dict[str, str] | None
):
    page = visit(opened=False)

    page.evaluate("user => { Hamyar.identify({ ...user, hash: 'right' }); Hamyar.open() }", user)

    page.get_by_role("textbox").fill("hello")
    page.keyboard.press("Enter")
    expect(page.locator(".mine .meta")).to_contain_text("Sent")
    said = server.sessions[-1]["user"]
    assert (said and {name: said[name] for name in ("name", "email")}) == known


def test_who_signs_out_leaves_nothing_behind(server: WidgetServer, visit: Visit):
    page = visit()
    server.say("for your eyes only")
    expect(page.get_by_text("for your eyes only")).to_be_visible()

    page.evaluate("Hamyar.shutdown(); Hamyar.open()")

    page.wait_for_selector("hamyar-chat .hero")
    expect(page.get_by_text("for your eyes only")).to_have_count(0)
    assert server.sessions[-1]["token"] is None


class TestSharedBrowser:
    """One visitor after another uses it; what the page says of who is there is `identify` alone."""

    QUEUE = "Object.keys(localStorage).filter(key => /:(out|refused):/.test(key)).length"

    def identify(self, page: Page, user: str, *, hash: str = "right") -> None:
        page.evaluate("user => Hamyar.identify(user)", {"id": user, "hash": hash})

    def signed_in(self, server: WidgetServer, page: Page, user: str, *, hash: str = "right") -> None:
        """Have the page say who is there, and wait until the server has heard it."""
        known = len(server.frames("hello"))
        self.identify(page, user, hash=hash)
        server.wait_for("hello", known + 1)
        page.wait_for_function(ONLINE)

    def leave_behind(self, server: WidgetServer, page: Page) -> None:
        """Write, and share a file, while nothing gets through."""
        server.go_dark()
        page.get_by_role("textbox").fill("waiting")
        page.keyboard.press("Enter")
        page.locator("input[type=file]").set_input_files({"name": "a.pdf", "mimeType": "", "buffer": b"PDF"})
        expect(page.locator(".pending")).to_have_count(2)

    def come_back(self, server: WidgetServer, page: Page) -> None:
        server.come_back()
        page.evaluate("dispatchEvent(new Event('online'))")
        page.wait_for_function(ONLINE)

    def test_what_a_user_wrote_is_not_the_next_ones(self, server: WidgetServer, visit: Visit):
        page = visit()
        self.signed_in(server, page, "sara")
        self.leave_behind(server, page)

        self.identify(page, "omid")
        self.come_back(server, page)

        expect(page.locator(".mine")).to_have_count(0)
        assert page.evaluate(self.QUEUE) == 0
        chat = page.evaluate_handle("document.querySelector('hamyar-chat').chat")
        assert chat.evaluate("chat => chat.files.use((files) => files.count())") == 0
        page.get_by_role("textbox").fill("mine")
        page.keyboard.press("Enter")
        expect(page.locator(".mine .meta")).to_contain_text("Sent")
        assert [frame["text"] for frame in server.frames("message")] == ["mine"]
        assert server.files == []

    def test_who_signs_in_keeps_what_they_wrote_before(self, server: WidgetServer, visit: Visit):
        page = visit()
        self.leave_behind(server, page)

        self.identify(page, "sara")
        self.come_back(server, page)

        expect(page.locator(".mine:not(.pending)")).to_have_count(2)
        assert server.taken() == ["waiting", "a.pdf"]

    def test_who_is_not_believed_sees_nothing_of_the_user_before(self, server: WidgetServer, visit: Visit):
        page = visit()
        self.signed_in(server, page, "sara")
        server.say("for Sara alone")
        expect(page.get_by_text("for Sara alone")).to_be_visible()
        page.reload()
        page.wait_for_function(ONLINE)

        self.signed_in(server, page, "omid", hash="wrong")

        expect(page.get_by_text("for Sara alone")).to_have_count(0)
        assert (server.sessions[-1]["token"], server.sessions[-1]["user"]) == (None, None)

    def test_two_users_in_two_tabs_do_not_take_turns(self, server: WidgetServer, visit: Visit, page: Page):
        visit()
        self.signed_in(server, page, "sara")
        server.say("for Sara alone")
        second = page.context.new_page()
        second.goto(server.site)
        second.evaluate("Hamyar.open()")
        second.wait_for_function(ONLINE)

        self.identify(second, "omid")
        page.wait_for_function("document.querySelector('hamyar-chat').chat.connection.link === 'idle'")
        second.get_by_role("textbox").fill("mine")
        second.keyboard.press("Enter")

        expect(second.locator(".mine .meta")).to_contain_text("Sent")
        expect(page.get_by_text("for Sara alone")).to_have_count(0)
        users = [one["user"]["id"] for one in server.sessions if one["user"]]
        assert [user for user, _ in groupby(users)] == ["sara", "omid"]


def test_the_form_comes_before_the_first_message(server: WidgetServer, page: Page):
    hostile = "I agree <img src=x onerror=alert(1)>"
    server.form = {"name": True, "address": True, "consent": hostile, "privacy_url": "https://shop.example/p"}
    page.goto(server.show(language="en"))
    page.evaluate("Hamyar.open()")
    page.get_by_label("Your name").fill("Sara")
    page.get_by_label("Your e-mail").fill("sara@example.com")
    page.get_by_label("I agree").check()

    page.get_by_role("button", name="Start the chat").click()

    expect(page.get_by_role("textbox", name="Write a message")).to_be_focused()
    assert server.introductions == [{"name": "Sara", "address": "sara@example.com", "consent": hostile}]


def test_the_form_keeps_what_was_written_when_the_language_changes(server: WidgetServer, page: Page):
    server.form = {"name": True, "address": True, "consent": "I agree", "privacy_url": ""}
    page.goto(server.show(language="en"))
    page.evaluate("Hamyar.open()")
    page.get_by_label("Your name").fill("Sara")
    page.get_by_label("Your e-mail").fill("sara@example.com")

    page.get_by_role("button", name="گفت‌وگو به فارسی").click()

    expect(page.get_by_label("نام شما")).to_have_value("Sara")
    expect(page.get_by_label("ایمیل یا شمارهٔ تلفن شما")).to_have_value("sara@example.com")


def test_what_was_written_before_the_form_was_known_of_waits_for_it(server: WidgetServer, visit: Visit):
    page = visit()
    server.form = {"name": True, "address": False, "consent": "", "privacy_url": ""}
    page.get_by_role("textbox").fill("written in vain?")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your name")).to_be_visible()

    page.reload()
    page.get_by_label("Your name").fill("Sara")
    page.get_by_role("button", name="Start the chat").click()

    expect(page.locator(".mine .meta")).to_contain_text("Sent")
    assert server.texts() == ["written in vain?"]


def test_a_file_is_sent_and_shown_by_its_name(server: WidgetServer, visit: Visit):
    page = visit()
    name = "<b>a</b>.pdf"

    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "application/pdf", "buffer": b"PDF"})

    expect(page.locator(".mine a.file")).to_contain_text(name)
    assert server.files == [b"PDF"]


class TestPicture:
    SQUARE = '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="400"><rect width="400" height="400"/></svg>'

    @pytest.fixture
    def garden(self, page: Page) -> str:
        """Where a picture is."""
        page.route("**/garden.svg", lambda route: route.fulfill(body=self.SQUARE, content_type="image/svg+xml"))
        return "https://album.example/garden.svg"

    def send(self, server: WidgetServer, url: str) -> None:
        file = {"name": "garden.svg", "size": 1200, "is_picture": True, "url": url}
        server.say("", "agent", agent_name="Sara", file=file)

    def is_offered_by_its_name(self, page: Page) -> None:
        expect(page.locator("a.file")).to_have_text(re.compile("garden.svg.*2 KB"))
        expect(page.locator("a.file img")).to_have_count(0)

    def test_is_shown_and_can_be_kept(self, server: WidgetServer, visit: Visit, garden: str):
        page = visit()

        self.send(server, garden)

        expect(page.get_by_role("img", name="garden.svg")).to_have_js_property("naturalWidth", 400)
        expect(page.get_by_role("link", name="garden.svg")).to_have_attribute("download", "garden.svg")

    def test_leaves_those_who_read_at_the_end_there(self, server: WidgetServer, visit: Visit, garden: str):
        page = visit()
        for number in range(20):
            server.say(f"message {number}")
        expect(page.get_by_text("message 19")).to_be_in_viewport()

        self.send(server, garden)
        expect(page.get_by_role("img", name="garden.svg")).to_have_js_property("naturalWidth", 400)
        server.say("This is our garden.")

        expect(page.get_by_text("This is our garden.")).to_be_in_viewport()

    def test_that_is_gone_is_offered_by_its_name(self, server: WidgetServer, visit: Visit):
        page = visit()

        self.send(server, f"{server.origin}/static/gone.svg")

        self.is_offered_by_its_name(page)

    def test_that_the_page_does_not_allow_is_offered_by_its_name(self, server: WidgetServer, visit: Visit, garden: str):
        page = visit(csp="img-src 'none'")

        self.send(server, garden)

        self.is_offered_by_its_name(page)


def test_the_conversation_can_be_saved_and_a_read_message_is_marked(server: WidgetServer, visit: Visit):
    page = visit()
    page.get_by_role("textbox").fill("my words")
    page.keyboard.press("Enter")
    expect(page.locator(".mine .meta")).to_contain_text("Sent")
    server.push({"type": "status", "status": "open", "agent": "Sara", "read": 9})
    expect(page.locator(".mine .meta")).to_contain_text("Seen")

    assert "my words" in saved(page)


def test_what_was_never_sent_is_not_saved_as_if_it_were(server: WidgetServer, visit: Visit):
    page = visit()
    page.get_by_role("textbox").fill("a" * 5000)
    page.keyboard.press("Enter")
    expect(page.locator(".failed")).to_be_visible()

    assert "· You (Not sent)\naaa" in saved(page)


def test_what_is_saved_has_the_year_the_links_and_what_was_offered(server: WidgetServer, visit: Visit):
    page = visit(language="fa")
    article = {"title": "CRM چیست؟", "url": "/help/what-is-crm"}
    created_at = datetime(2026, 1, 10, 9, tzinfo=UTC).isoformat()
    server.say("این را ببینید", created_at=created_at, articles=[article], buttons=[{"title": "فروش", "payload": "x"}])
    expect(page.get_by_text("این را ببینید")).to_be_visible()

    text = saved(page, more="بیشتر", save="ذخیرهٔ گفت‌وگو")

    assert "شنبه ۲۰ دی ۱۴۰۴" in text
    assert f"CRM چیست؟: {server.origin}/help/what-is-crm" in text
    assert "[فروش]" in text
