"""The widget as a guest on somebody's page: strict, hostile, small, and for everybody."""

import gzip
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from .conftest import ONLINE
from .server import STATIC, WidgetServer

pytestmark = pytest.mark.e2e

Visit = Callable[..., Page]

LUMINANCE = """colour => {
  const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map(Number).map(part => part / 255)
    .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}"""


def contrast(page: Page, selector: str) -> float:
    """The contrast of an element's text to its own ground."""
    text, ground = page.locator(selector).first.evaluate(
        "element => { const style = getComputedStyle(element); return [style.color, style.backgroundColor] }"
    )
    low, high = sorted(page.evaluate(f"colours => colours.map({LUMINANCE})", [text, ground]))
    return float((high + 0.05) / (low + 0.05))


class TestSize:
    def test_stays_under_thirty_kilobytes_gzipped(self):
        assert len(gzip.compress((STATIC / "widget" / "widget.js").read_bytes())) < 30_000


class TestStrictPages:
    def test_works_under_a_strict_content_security_policy(self, server: WidgetServer, visit: Visit, page: Page):
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.route("**/*.woff2", lambda route: route.fulfill(body=b""))
        ours, socket = server.origin, server.origin.replace("http", "ws")
        visit(
            csp=f"default-src 'none'; script-src {ours}; connect-src {ours} {socket}; font-src {ours}; "
            "style-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
        )

        server.say("Two **ways**", buttons=[{"title": "Yes", "payload": "yes"}], articles=[{"title": "A", "url": "/a"}])
        server.say("How was it?", kind="rating_request")
        expect(page.get_by_role("radio")).to_have_count(5)

        assert page.locator(".panel").evaluate("panel => getComputedStyle(panel).borderRadius") == "16px"
        assert complaints == []

    def test_asks_nobody_but_its_own_server(self, server: WidgetServer, visit: Visit, page: Page):
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))

        visit(language="fa")
        server.say("سلام")
        expect(page.get_by_text("سلام", exact=True)).to_be_visible()

        assert asked
        assert [url for url in asked if not url.startswith((server.origin, server.site))] == []


class TestHostilePages:
    HOSTILE = """<style>
      * { font-family: Papyrus !important; letter-spacing: 9px !important; display: none !important;
          visibility: hidden !important; text-transform: uppercase !important; line-height: 4 !important;
          background: red !important; opacity: .2 !important; }
      body { transform: scale(.3); overflow: hidden; }
      html { font-size: 3px; direction: rtl; text-align: center; }
    </style>"""

    def test_the_pages_styles_do_not_reach_it(self, server: WidgetServer, visit: Visit, page: Page):
        page.goto(server.show(language="en", head=self.HOSTILE.replace("display: none !important;", "")))
        page.evaluate("Hamyar.open()")
        page.wait_for_selector("hamyar-chat .hero")

        looks = page.locator(".panel").evaluate(
            """panel => { const s = getComputedStyle(panel);
               return [s.letterSpacing, s.textTransform, s.visibility, s.fontSize, s.direction, panel.offsetWidth] }"""
        )
        family = page.locator(".panel").evaluate("panel => getComputedStyle(panel).fontFamily")

        assert looks == ["normal", "none", "visible", "15px", "ltr", 384]
        assert "Papyrus" not in family

    def test_it_is_added_once_however_often_the_script_is(self, server: WidgetServer, visit: Visit, page: Page):
        script = f'<script src="{server.origin}/widget.js" data-inbox="again" defer></script>'

        visit(body=script)

        expect(page.locator("hamyar-chat")).to_have_count(1)

    def test_it_stays_when_the_page_replaces_its_body(self, server: WidgetServer, visit: Visit):
        page = visit()

        page.evaluate("document.body.replaceWith(document.createElement('body'))")
        server.say("still here")

        expect(page.get_by_text("still here")).to_be_visible()

    def test_the_pages_shortcuts_do_not_hear_what_is_typed(self, visit: Visit):
        page = visit()
        page.evaluate("addEventListener('keydown', () => { window.heard = true })")

        page.get_by_role("textbox").press("k")

        assert page.evaluate("window.heard") is None


class TestThePagesOwnWords:
    def test_any_element_can_open_it_with_a_draft(self, visit: Visit):
        page = visit(opened=False, body='<a href="#" data-hamyar-open="I want a call">Talk to us</a>')

        page.get_by_text("Talk to us").click()

        expect(page.get_by_role("textbox")).to_have_value("I want a call")

    def test_a_draft_of_the_page_gives_way_to_the_next_one_but_words_of_the_visitor_stay(self, visit: Visit):
        page = visit(
            body='<a href="#" data-hamyar-open="A call">One</a> <a href="#" data-hamyar-open="A visit">Two</a>'
        )
        box = page.get_by_role("textbox")
        page.get_by_text("One").click()
        page.get_by_text("Two").click()
        expect(box).to_have_value("A visit")

        box.fill("My own words")
        page.get_by_text("One").click()
        page.evaluate("Hamyar.open('A call')")

        expect(box).to_have_value("My own words")

    def test_may_open_it_by_a_listener_without_writing_anything(self, visit: Visit):
        page = visit(opened=False, body="<button>Ask us</button>")
        page.evaluate("document.querySelector('button').addEventListener('click', Hamyar.open)")

        page.get_by_text("Ask us").click()

        expect(page.get_by_role("textbox")).to_have_value("")

    def test_greet_in_place_of_the_servers(self, visit: Visit):
        page = visit(greeting="Ask us about **courses**")

        expect(page.locator(".welcome strong")).to_have_text("courses")
        expect(page.get_by_text("Hello! I'm Hamyar.")).to_have_count(0)
        expect(page.get_by_role("button", name="What courses do you offer?")).to_be_visible()

    def test_greet_while_the_server_is_away_too(self, server: WidgetServer, visit: Visit):
        page = visit(opened=False, greeting="Ask us about courses")
        server.dark = True

        page.evaluate("Hamyar.open()")

        expect(page.get_by_text("Ask us about courses")).to_be_visible()

    def test_open_and_close_it_by_one_button(self, visit: Visit):
        page = visit(opened=False, body="<button>Ask us</button>")
        page.evaluate("document.querySelector('button').addEventListener('click', Hamyar.toggle)")

        page.get_by_text("Ask us").click()
        expect(page.get_by_role("dialog")).to_be_visible()
        page.get_by_text("Ask us").click()

        expect(page.get_by_role("dialog")).to_be_hidden()

    def test_set_the_language_for_this_page_and_the_next(self, server: WidgetServer, visit: Visit):
        page = visit()

        page.evaluate("Hamyar.setLanguage('de'); Hamyar.setLanguage('fa-IR')")
        expect(page.get_by_text("سلام! من همیار هستم.")).to_be_visible()
        page.reload()

        expect(page.get_by_text("سلام! من همیار هستم.")).to_be_visible()
        assert {session["language"] for session in server.sessions[1:]} == {"fa"}

    def test_set_the_language_while_the_server_has_still_to_greet(self, visit: Visit):
        page = visit(opened=False)
        asked: list[Route] = []
        page.route("**/widget/session", lambda route: asked.append(route), times=1)
        with page.expect_request("**/widget/session"):
            page.evaluate("Hamyar.open()")

        page.evaluate("Hamyar.setLanguage('fa')")
        asked.pop().continue_()

        expect(page.get_by_text("سلام! من همیار هستم.")).to_be_visible()

    def test_tells_the_page_what_happens(self, server: WidgetServer, visit: Visit):
        page = visit(opened=False)
        page.evaluate(
            """() => { window.heard = [];
               for (const event of ['opened', 'closed', 'message', 'status'])
                 Hamyar.on(event, detail => heard.push([event, detail?.text ?? detail?.status ?? null])) }"""
        )

        page.evaluate("Hamyar.open()")
        page.wait_for_function("heard.some(([event]) => event === 'status')")
        server.say("hello")
        page.wait_for_function("heard.some(([event]) => event === 'message')")
        page.evaluate("Hamyar.close()")

        assert page.evaluate("heard") == [
            ["opened", None],
            ["status", "with_bot"],
            ["message", "hello"],
            ["closed", None],
        ]

    def test_tells_the_page_when_it_is_ready_and_what_the_visitor_gave(self, server: WidgetServer, visit: Visit):
        page = visit(opened=False)
        page.evaluate(
            """() => { window.heard = [];
               for (const event of ['ready', 'rated'])
                 Hamyar.on(event, detail => heard.push([event, detail?.score ?? null])) }"""
        )
        page.evaluate("Hamyar.open()")
        page.wait_for_function("heard.length === 1")
        server.say("How was it?", kind="rating_request")

        page.get_by_role("radio", name="Good").check()
        page.get_by_role("button", name="Send rating").click()

        page.wait_for_function("heard.length === 2")
        assert page.evaluate("heard") == [["ready", None], ["rated", 4]]

    def test_a_listener_that_fails_breaks_nothing(self, server: WidgetServer, visit: Visit):
        page = visit()
        page.evaluate("() => { Hamyar.on('message', () => { throw new Error('theirs') }) }")

        server.say("hello")

        expect(page.get_by_text("hello", exact=True)).to_be_visible()


class TestEverybody:
    def test_escape_closes_and_gives_the_focus_back(self, visit: Visit):
        page = visit(opened=False)
        launcher = page.get_by_role("button", name="Open the chat")

        launcher.press("Enter")
        expect(page.get_by_role("textbox")).to_be_focused()
        page.keyboard.press("Escape")

        expect(page.get_by_role("dialog")).to_be_hidden()
        expect(launcher).to_be_focused()

    def test_only_what_is_new_is_read_out(self, server: WidgetServer, visit: Visit):
        page = visit()
        log = page.get_by_role("log")
        server.say("old news")
        expect(log).to_have_attribute("aria-live", "polite")

        page.reload()
        expect(page.get_by_text("old news")).to_be_visible()
        expect(log).to_have_attribute("aria-live", "off")
        server.say("new news")

        expect(log).to_have_attribute("aria-live", "polite")

    def test_a_change_of_language_is_no_news(self, server: WidgetServer, visit: Visit):
        page = visit()
        log = page.get_by_role("log")
        server.say("news")
        expect(log).to_have_attribute("aria-live", "polite")

        page.get_by_role("button", name="گفت‌وگو به فارسی").click()

        expect(page.locator(".messages .message")).to_have_count(1)
        expect(log).to_have_attribute("aria-live", "off")

    @pytest.mark.parametrize("theme", ["light", "dark"])
    @pytest.mark.parametrize("colour", ["#0f766e", "#f5d90a", "#111", "#ff5c8a", "not a colour"])
    def test_every_accent_is_readable(self, server: WidgetServer, visit: Visit, colour: str, theme: str):
        page = visit(color=colour, theme=theme)
        server.say("Choose", buttons=[{"title": "Yes", "payload": "yes"}])
        expect(page.locator(".messages .choice")).to_be_visible()
        page.get_by_role("textbox").fill("a")
        page.keyboard.press("Enter")
        expect(page.locator(".mine .meta")).to_contain_text("Sent")
        server.say("Again", buttons=[{"title": "Yes", "payload": "yes"}])
        expect(page.locator(".messages .choice")).to_be_visible()

        for selector in (".mine .bubble", ".theirs .bubble", ".messages .choice"):
            assert contrast(page, selector) >= 4.5, selector

    def test_nothing_moves_for_those_who_asked_for_it(self, visit: Visit, page: Page):
        page.emulate_media(reduced_motion="reduce")
        visit()

        assert page.locator(".panel").evaluate("panel => getComputedStyle(panel).animationName") == "none"

    @pytest.mark.parametrize("language", ["fa", "en"])
    @pytest.mark.parametrize("position", ["start", "end"])
    def test_stands_at_the_side_it_was_told(self, visit: Visit, language: str, position: str):
        page = visit(opened=False, language=language, position=position)
        box = page.locator(".launcher").bounding_box()
        assert box

        on_the_left = box["x"] < 100

        assert on_the_left is ((language == "fa") == (position == "end"))


class TestPhone:
    @pytest.fixture
    def phone(self, browser: Browser) -> Iterator[Page]:
        context = browser.new_context(
            viewport={"width": 375, "height": 700}, has_touch=True, is_mobile=True, reduced_motion="reduce"
        )
        yield context.new_page()
        context.close()

    def open(self, server: WidgetServer, phone: Page) -> None:
        phone.goto(server.show(language="en", head='<meta name="viewport" content="width=device-width">'))
        phone.get_by_role("button", name="Open the chat").tap()
        phone.wait_for_selector("hamyar-chat .hero")

    def test_fills_the_screen_and_keeps_the_focus_inside(self, server: WidgetServer, phone: Page):
        self.open(server, phone)

        box = phone.get_by_role("dialog").bounding_box()
        for _ in range(12):
            phone.keyboard.press("Tab")

        assert box == {"x": 0, "y": 0, "width": 375, "height": 700}
        expect(phone.get_by_role("dialog")).to_have_attribute("aria-modal", "true")
        assert phone.evaluate("document.activeElement.localName") == "hamyar-chat"

    def test_the_newest_words_stay_in_view_above_the_keyboard(self, server: WidgetServer, phone: Page):
        self.open(server, phone)
        phone.wait_for_function(ONLINE)
        for number in range(20):
            server.say(f"message {number}")
        expect(phone.get_by_text("message 19")).to_be_in_viewport()

        self.view(phone, "resize", height=300)
        box = phone.get_by_role("dialog").bounding_box()
        far = phone.get_by_role("log").evaluate("log => log.scrollHeight - log.scrollTop - log.clientHeight")

        assert box == {"x": 0, "y": 0, "width": 375, "height": 300}
        assert far < 60

    def test_it_follows_what_is_in_view_and_leaves_those_who_look_closely_alone(
        self, server: WidgetServer, phone: Page
    ):
        self.open(server, phone)
        self.view(phone, "scroll", height=300, offsetTop=40)
        followed = phone.get_by_role("dialog").bounding_box()

        self.view(phone, "resize", height=150, offsetTop=90, scale=2)

        assert followed == phone.get_by_role("dialog").bounding_box() == {"x": 0, "y": 40, "width": 375, "height": 300}

    def view(self, phone: Page, event: str, **values: float) -> None:
        """A keyboard or two fingers change what of the page is in view; a browser without a screen has neither."""
        phone.evaluate(
            """([event, values]) => {
                for (const [name, value] of Object.entries(values))
                    Object.defineProperty(visualViewport, name, { value, configurable: true });
                visualViewport.dispatchEvent(new Event(event));
            }""",
            [event, values],
        )
