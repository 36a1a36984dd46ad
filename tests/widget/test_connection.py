"""The line breaks, the server says no, a second tab opens: nothing is lost and nothing comes twice."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .conftest import ONLINE
from .server import WidgetServer

pytestmark = pytest.mark.e2e

Visit = Callable[..., Page]
# So that the page may read an answer that stands in for the server's.
OPEN = {"access-control-allow-origin": "*", "access-control-expose-headers": "retry-after"}


def write(page: Page, text: str) -> None:
    """Type a message and send it."""
    page.get_by_role("textbox").fill(text)
    page.keyboard.press("Enter")


def hurry(page: Page) -> None:
    """The browser says that it is online again, so that the next attempt comes at once."""
    page.evaluate("dispatchEvent(new Event('online'))")


def all_sent(page: Page) -> None:
    """Wait until the server has taken everything."""
    page.wait_for_function("Object.keys(localStorage).every(key => !key.includes(':out:'))")


class TestAfterABreak:
    def test_missed_messages_arrive_once_and_in_order(self, server: WidgetServer, visit: Visit):
        page = visit()
        server.say("before")
        expect(page.get_by_text("before")).to_be_visible()
        server.go_dark()
        server.conversation.add("agent", "missed one", agent_name="Sara")
        server.conversation.add("agent", "missed two", agent_name="Sara")

        server.come_back()
        hurry(page)

        expect(page.locator(".messages .bubble")).to_have_text(["before", "missed one", "missed two"])
        assert server.frames("hello")[-1]["after"] == 1

    def test_comes_back_by_itself(self, server: WidgetServer, visit: Visit):
        page = visit()
        server.say("first")
        expect(page.get_by_text("first")).to_be_visible()

        server.drop()
        server.conversation.add("bot", "second")

        expect(page.get_by_text("second")).to_be_visible()

    def test_the_visitor_is_told_of_a_long_break_and_of_its_end(self, server: WidgetServer, visit: Visit):
        page = visit()

        server.go_dark()
        expect(page.get_by_text("Connection lost.")).to_be_visible()
        server.come_back()
        hurry(page)

        expect(page.get_by_text("Connection lost.")).to_be_hidden()

    def test_what_came_meanwhile_is_news(self, server: WidgetServer, visit: Visit):
        page = visit()
        server.say("before")
        expect(page.get_by_text("before")).to_be_visible()
        page.evaluate("() => { window.heard = []; Hamyar.on('message', ({ text }) => heard.push(text)) }")
        server.go_dark()
        server.conversation.add("agent", "meanwhile", agent_name="Sara")

        server.come_back()
        hurry(page)

        expect(page.get_by_text("meanwhile")).to_be_visible()
        assert page.evaluate("heard") == ["meanwhile"]
        expect(page.get_by_role("log")).to_have_attribute("aria-live", "polite")

    def test_a_server_that_lost_its_database_is_met_anew(self, server: WidgetServer, visit: Visit):
        page = visit()
        server.say("of the old database")
        expect(page.get_by_text("of the old database")).to_be_visible()
        server.go_dark()
        server.conversation.messages.clear()

        server.come_back()
        hurry(page)
        expect(page.get_by_text("of the old database")).to_have_count(0)
        server.say("of the new one")

        expect(page.get_by_text("of the new one")).to_be_visible()

    def test_while_somebody_looks_no_two_tries_are_far_apart(self, visit: Visit):
        page = visit()

        waits = page.evaluate(
            """() => {
                const { connection } = document.querySelector('hamyar-chat').chat;
                const waits = [], { setTimeout } = window;
                window.setTimeout = (act, wait) => { waits.push(wait); return setTimeout(act, wait) };
                connection.attempt = 20;
                connection.broken();
                window.setTimeout = setTimeout;
                return waits;
            }"""
        )

        assert waits
        assert max(waits) <= 2000

    def test_a_server_that_is_long_away_is_not_tried_by_socket(self, server: WidgetServer, visit: Visit):
        page = visit()
        link = page.evaluate_handle("document.querySelector('hamyar-chat').chat.connection")
        tried: list[str] = []
        page.on("websocket", lambda socket: tried.append(socket.url))
        link.evaluate("link => { link.attempt = 20; link.readyAt = 0 }")

        server.go_dark()
        with page.expect_request("**/widget.js"):
            pass
        server.come_back()

        page.wait_for_function(ONLINE)
        assert len(tried) == 1

    def test_when_the_network_is_back_the_old_line_is_not_waited_for(self, server: WidgetServer, visit: Visit):
        page = visit()
        link = page.evaluate_handle("document.querySelector('hamyar-chat').chat.connection")
        link.evaluate("link => { link.socket.send = () => {} }")

        became = link.evaluate("link => { dispatchEvent(new Event('online')); return link.link }")

        assert became == "connecting"
        page.wait_for_function(ONLINE)
        assert len(server.wait_for("hello", 2)) == 2

    def test_a_silent_line_is_given_up(self, server: WidgetServer, visit: Visit, page: Page):
        page.clock.install()
        visit()
        page.evaluate("document.querySelector('hamyar-chat').chat.connection.socket.send = () => {}")

        page.clock.run_for(15_000)
        page.clock.run_for(10_000)
        page.clock.run_for(1_000)

        page.wait_for_function(ONLINE)
        assert len(server.frames("hello")) == 2

    def test_a_silent_line_is_given_up_during_an_upload_too(self, server: WidgetServer, visit: Visit, page: Page):
        page.clock.install()
        visit()
        chat = page.evaluate_handle("document.querySelector('hamyar-chat').chat")
        chat.evaluate("chat => { chat.uploading = true; chat.connection.socket.send = () => {} }")

        for _ in range(6):
            page.clock.run_for(15_000)

        page.wait_for_function(ONLINE)
        # Or more: the page's clock may outrun the server's answer, and give up the next line as well.
        server.wait_for("hello", 2)


class TestMarks:
    """What the contact has seen and got reaches the server, though the line swallows the word of it."""

    SWALLOW = """() => {
        window.swallowed = [];
        const { socket } = document.querySelector('hamyar-chat').chat.connection;
        socket.send = (frame) => { swallowed.push(JSON.parse(frame).type) };
    }"""

    @pytest.mark.parametrize("comes_back", ["by itself", "on the next page"])
    def test_seen(self, server: WidgetServer, visit: Visit, comes_back: str):
        page = visit()
        page.evaluate(self.SWALLOW)
        server.say("read this")
        page.wait_for_function("swallowed.includes('seen')")

        server.drop() if comes_back == "by itself" else page.reload()

        server.wait_for("seen")
        assert server.conversation.marks["seen"] == 1

    def test_got(self, server: WidgetServer, visit: Visit):
        page = visit()
        page.evaluate("Hamyar.close()")
        page.evaluate(self.SWALLOW)
        server.say("for later")
        page.wait_for_function("swallowed.includes('got')")

        server.drop()

        server.wait_for("got")
        assert server.conversation.marks == {"seen": 0, "got": 1}

    def test_what_was_read_on_another_device_is_read(self, server: WidgetServer, visit: Visit):
        page = visit()
        page.evaluate("Hamyar.close()")
        server.say("read on the phone")
        expect(page.locator(".badge")).to_have_text("1")
        server.conversation.marks["seen"] = 1

        server.drop()

        expect(page.locator(".badge")).to_be_hidden()

    def test_what_the_server_knows_is_not_told_again(self, server: WidgetServer, visit: Visit):
        page = visit()
        server.say("read this")
        server.wait_for("seen")

        server.drop()
        server.wait_for("hello", 2)
        page.wait_for_function(ONLINE)
        write(page, "and so on")

        server.wait_for("message")
        # What has just been written is seen too, perhaps by now.
        assert [frame["sequence"] for frame in server.frames("seen")].count(1) == 1


class TestQueue:
    def test_what_is_written_offline_is_sent_once_and_in_order(self, server: WidgetServer, visit: Visit):
        page = visit()
        server.go_dark()
        for text in ("one", "two", "three"):
            write(page, text)
        expect(page.locator(".pending")).to_have_count(3)

        server.come_back()
        hurry(page)

        expect(page.locator(".pending")).to_have_count(0)
        expect(page.locator(".mine .bubble")).to_have_text(["one", "two", "three"])
        assert server.texts() == ["one", "two", "three"]

    def test_survives_the_page(self, server: WidgetServer, visit: Visit):
        page = visit()
        server.go_dark()
        write(page, "do not forget me")
        expect(page.locator(".pending")).to_have_count(1)

        page.reload()
        expect(page.locator(".pending .bubble")).to_have_text("do not forget me")
        server.come_back()
        hurry(page)

        all_sent(page)
        expect(page.locator(".mine .bubble")).to_have_text(["do not forget me"])
        assert server.texts() == ["do not forget me"]

    def test_a_message_whose_receipt_was_lost_is_sent_again_as_the_same(self, server: WidgetServer, visit: Visit):
        page = visit()
        server.ignore_messages = True
        write(page, "hello?")
        server.wait_for("message")

        server.ignore_messages = False
        server.drop()

        all_sent(page)
        expect(page.locator(".mine .bubble")).to_have_text(["hello?"])
        sent = server.frames("message")
        assert len(sent) == 2
        assert len({frame["client_id"] for frame in sent}) == 1

    def test_written_before_the_first_connection_it_still_goes_out(self, server: WidgetServer, visit: Visit):
        page = visit(opened=False)
        server.dark = True
        page.get_by_role("button", name="Open the chat").click()
        write(page, "early")
        expect(page.locator(".pending")).to_have_count(1)

        server.come_back()
        hurry(page)

        all_sent(page)
        assert server.texts() == ["early"]

    def test_a_limit_is_waited_for(self, server: WidgetServer, visit: Visit):
        page = visit()
        server.rejections = iter([{"code": "rate_limited", "message": "Slowly.", "retry_after": 1}])

        write(page, "fast")

        expect(page.locator(".mine .meta")).to_contain_text("Sent")
        assert server.texts() == ["fast"]

    def test_a_limit_neither_changes_the_order_nor_brings_a_storm(self, server: WidgetServer, visit: Visit):
        page = visit()
        server.go_dark()
        texts = [str(number) for number in range(10)]
        for text in texts:
            write(page, text)
        server.rejections = iter([{"code": "rate_limited", "message": "Slowly.", "retry_after": 1}] * 2)

        server.come_back()
        hurry(page)

        all_sent(page)
        assert server.texts() == texts
        # Ten that were sent at once, the first one twice more, and then one by one.
        assert len(server.frames("message")) <= 10 + 1 + 10

    def test_a_new_message_does_not_overtake_a_refused_one(self, server: WidgetServer, visit: Visit):
        page = visit()
        server.rejections = iter([{"code": "rate_limited", "message": "Slowly.", "retry_after": 1}])
        write(page, "one")
        page.wait_for_function("document.querySelector('hamyar-chat').chat.limited")

        write(page, "two")

        all_sent(page)
        assert [frame["text"] for frame in server.frames("message")] == ["one", "one", "two"]

    def test_works_where_the_page_may_lock_nothing(self, server: WidgetServer, visit: Visit, page: Page):
        page.add_init_script("navigator.locks.request = async () => { throw new DOMException('', 'SecurityError') }")
        visit()

        page.locator("input[type=file]").set_input_files({"name": "a.pdf", "mimeType": "", "buffer": b"PDF"})
        write(page, "hello")

        all_sent(page)
        assert server.taken() == ["a.pdf", "hello"]

    def test_an_upload_that_fails_for_whatever_reason_has_ended(self, visit: Visit):
        chat = visit().evaluate_handle("document.querySelector('hamyar-chat').chat")

        uploading = chat.evaluate(
            """async chat => {
                chat.carry = async () => { throw new Error('unforeseen') };
                await chat.upload('one').catch(() => {});
                return chat.uploading;
            }"""
        )

        assert uploading is False

    def test_works_where_the_page_may_not_store_anything(self, server: WidgetServer, visit: Visit, page: Page):
        page.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new Error('blocked') } })")
        visit()

        write(page, "hello")

        expect(page.locator(".mine .meta")).to_contain_text("Sent")


class TestFileQueue:
    @pytest.fixture
    def letter(self, tmp_path: Path) -> Path:
        file = tmp_path / "letter.pdf"
        file.write_bytes(b"%PDF-1.4 dear sir")
        return file

    def test_what_is_chosen_offline_is_sent_once_when_the_line_is_back(
        self, server: WidgetServer, visit: Visit, letter: Path
    ):
        page = visit()
        server.go_dark()
        page.locator("input[type=file]").set_input_files(letter)
        expect(page.locator(".pending")).to_contain_text("letter.pdf")
        expect(page.locator(".pending .meta")).to_contain_text("Waiting for a connection")

        server.come_back()
        hurry(page)

        expect(page.locator(".mine .file")).to_contain_text("letter.pdf")
        expect(page.locator(".pending")).to_have_count(0)
        assert server.files == [letter.read_bytes()]

    def test_survives_the_page(self, server: WidgetServer, visit: Visit, letter: Path):
        page = visit()
        server.go_dark()
        page.locator("input[type=file]").set_input_files(letter)
        expect(page.locator(".pending")).to_have_count(1)
        page.evaluate("document.querySelector('hamyar-chat').chat.files.use((files) => files.getAll())")

        page.reload()
        expect(page.locator(".pending .bubble")).to_have_text("letter.pdf")
        server.come_back()
        hurry(page)

        expect(page.locator(".mine .file")).to_contain_text("letter.pdf")
        assert server.files == [letter.read_bytes()]

    def test_an_upload_that_breaks_off_is_taken_up_again_as_the_same(
        self, server: WidgetServer, visit: Visit, letter: Path
    ):
        page = visit()
        page.route("**/widget/files", lambda route: route.abort())
        page.locator("input[type=file]").set_input_files(letter)
        expect(page.locator(".pending")).to_contain_text("letter.pdf")

        page.unroute("**/widget/files")
        server.drop()

        expect(page.locator(".mine .file")).to_contain_text("letter.pdf")
        assert len(server.files) == 1

    def test_works_where_the_page_may_keep_no_files(self, server: WidgetServer, visit: Visit, page: Page, letter: Path):
        page.add_init_script("Object.defineProperty(window, 'indexedDB', { get() { throw new Error('blocked') } })")
        visit()
        server.go_dark()
        page.locator("input[type=file]").set_input_files(letter)

        server.come_back()
        hurry(page)

        expect(page.locator(".mine .file")).to_contain_text("letter.pdf")

    def test_what_the_server_refuses_is_not_tried_again(self, server: WidgetServer, visit: Visit, letter: Path):
        page = visit()
        answer = {"status": 422, "headers": {"access-control-allow-origin": "*"}}
        refusal = {"error": {"code": "file_kind_refused"}}
        page.route("**/widget/files", lambda route: route.fulfill(**answer, json=refusal))

        page.locator("input[type=file]").set_input_files(letter)

        expect(page.locator(".failed .meta")).to_contain_text("Files of this kind cannot be sent")
        expect(page.locator(".failed").get_by_role("button", name="Choose another")).to_be_visible()
        assert page.evaluate("document.querySelector('hamyar-chat').chat.files.use((files) => files.getAll())") == []

    def test_a_text_behind_a_file_waits_for_it(self, server: WidgetServer, visit: Visit, letter: Path):
        page = visit()
        server.takes_uploads.clear()
        page.locator("input[type=file]").set_input_files([letter, letter])
        write(page, "about these letters")
        expect(page.locator(".pending")).to_have_count(3)
        page.evaluate("fetch(document.querySelector('script').src)")

        assert server.frames("message") == []
        assert server.uploads == 1
        server.takes_uploads.set()

        all_sent(page)
        assert server.taken() == ["letter.pdf", "letter.pdf", "about these letters"]

    def test_a_file_does_not_overtake_a_text_that_a_limit_holds(self, server: WidgetServer, visit: Visit, letter: Path):
        page = visit()
        server.rejections = iter([{"code": "rate_limited", "message": "Slowly.", "retry_after": 1}])
        write(page, "a letter follows")
        page.locator("input[type=file]").set_input_files(letter)

        all_sent(page)

        assert server.taken() == ["a letter follows", "letter.pdf"]

    def test_a_proxys_own_refusal_is_one_too(self, server: WidgetServer, visit: Visit, letter: Path):
        page = visit()
        page.route("**/widget/files", lambda route: route.fulfill(status=413, headers=OPEN, body="<h1>Too large</h1>"))

        page.locator("input[type=file]").set_input_files(letter)

        expect(page.locator(".failed .meta")).to_contain_text("Not sent")
        all_sent(page)

    @pytest.mark.parametrize(
        ("status", "code", "shown"), [(401, "visitor_unknown", "Sending"), (429, "rate_limited", "Too many for now")]
    )
    def test_what_cannot_go_now_is_kept_and_holds_up_nothing(
        self, server: WidgetServer, visit: Visit, letter: Path, status: int, code: str, shown: str
    ):
        page = visit()
        answer = {"status": status, "headers": {**OPEN, "retry-after": "600"}, "json": {"error": {"code": code}}}
        page.route("**/widget/files", lambda route: route.fulfill(**answer))
        page.locator("input[type=file]").set_input_files(letter)
        write(page, "never mind the letter")
        expect(page.locator(".mine:not(.pending)")).to_contain_text("never mind the letter")
        expect(page.locator(".pending .meta")).to_contain_text(shown)

        page.unroute("**/widget/files")
        server.drop()

        all_sent(page)
        assert server.taken() == ["never mind the letter", "letter.pdf"]

    def test_one_that_the_browser_has_not_kept_is_not_waited_for(
        self, server: WidgetServer, visit: Visit, page: Page, letter: Path
    ):
        page.add_init_script("Object.defineProperty(window, 'indexedDB', { get() { throw new Error('blocked') } })")
        visit()
        server.go_dark()
        page.locator("input[type=file]").set_input_files(letter)
        expect(page.locator(".pending")).to_have_count(1)

        page.reload()
        server.come_back()
        hurry(page)

        expect(page.locator(".failed .meta")).to_contain_text("Not sent")


class TestTabs:
    def test_two_tabs_show_the_same_conversation(self, server: WidgetServer, visit: Visit, page: Page):
        visit()
        write(page, "from the first tab")
        expect(page.locator(".mine .meta")).to_contain_text("Sent")
        second = page.context.new_page()
        second.goto(server.site)
        second.evaluate("Hamyar.open()")
        expect(second.get_by_text("from the first tab")).to_be_visible()

        write(second, "from the second tab")
        server.say("to both")

        both = ["from the first tab", "from the second tab"]
        for tab in (page, second):
            expect(tab.locator(".mine .bubble")).to_have_text(both)
            expect(tab.get_by_text("to both")).to_be_visible()
        assert len(server.conversations) == 1

    def test_a_second_tab_does_not_disturb_the_first(self, server: WidgetServer, visit: Visit, page: Page):
        visit()
        second = page.context.new_page()
        second.goto(server.site)
        second.evaluate("Hamyar.open()")
        second.wait_for_function(ONLINE)

        write(page, "still on the first line")

        expect(second.get_by_text("still on the first line")).to_be_visible()
        assert len(server.frames("hello")) == 2

    def test_reading_in_one_tab_clears_the_badge_of_the_other(self, server: WidgetServer, visit: Visit, page: Page):
        visit()
        page.evaluate("Hamyar.close()")
        server.say("news")
        expect(page.locator(".badge")).to_have_text("1")

        second = page.context.new_page()
        second.goto(server.site)
        second.evaluate("Hamyar.open()")
        expect(second.get_by_text("news")).to_be_visible()

        expect(page.locator(".badge")).to_be_hidden()

    def test_a_file_that_one_tab_alone_has_is_left_to_it_by_the_others(
        self, server: WidgetServer, visit: Visit, page: Page
    ):
        page.context.add_init_script(
            "Object.defineProperty(window, 'indexedDB', { get() { throw new Error('blocked') } })"
        )
        visit()
        chat = page.evaluate_handle("document.querySelector('hamyar-chat').chat")
        chat.evaluate("chat => { chat.filesAt = Infinity }")
        page.locator("input[type=file]").set_input_files({"name": "a.pdf", "mimeType": "", "buffer": b"PDF"})
        second = page.context.new_page()
        second.goto(server.site)
        second.evaluate("Hamyar.open()")
        second.wait_for_function("document.querySelector('hamyar-chat').chat.sent.size === 1")

        write(second, "from the second tab")
        expect(second.locator(".mine:not(.pending)")).to_contain_text("from the second tab")
        expect(second.locator(".failed")).to_have_count(0)
        chat.evaluate("chat => { chat.filesAt = 0; chat.flush() }")

        all_sent(page)
        assert server.files == [b"PDF"]


class TestTheServerSaysNo:
    def test_a_bad_token_is_replaced_and_what_waits_is_kept(self, server: WidgetServer, visit: Visit):
        page = visit()
        server.say("of the old conversation")
        expect(page.get_by_text("of the old conversation")).to_be_visible()
        server.go_dark()
        server.conversations.clear()
        write(page, "still here")

        server.come_back()
        hurry(page)

        all_sent(page)
        expect(page.get_by_text("of the old conversation")).to_have_count(0)
        assert server.texts() == ["still here"]

    def test_a_site_that_is_not_allowed_is_told_and_the_widget_stops(self, server: WidgetServer, visit: Visit):
        page = visit(opened=False)
        server.allowed = False

        page.evaluate("Hamyar.open()")

        expect(page.get_by_text("Chat is not available on this site.")).to_be_visible()
        expect(page.get_by_role("textbox")).to_be_disabled()
        assert len(server.sessions) == 1

    @pytest.mark.parametrize("answer", [{"body": "<h1>Forbidden</h1>"}, {"json": {"error": "forbidden"}}])
    def test_a_refusal_by_somebody_on_the_way_is_not_the_end(
        self, server: WidgetServer, visit: Visit, answer: dict[str, Any]
    ):
        page = visit(opened=False)
        page.route("**/widget/session", lambda route: route.fulfill(status=403, headers=OPEN, **answer), times=1)

        page.evaluate("Hamyar.open()")

        page.wait_for_function(ONLINE)
        expect(page.get_by_role("textbox")).to_be_enabled()

    def test_being_turned_away_later_stops_it_too(self, server: WidgetServer, visit: Visit):
        page = visit()

        server.drop(4403)

        expect(page.get_by_text("Chat is not available on this site.")).to_be_visible()
        assert len(server.frames("hello")) == 1

    def test_asks_no_sooner_than_it_was_told_to_when_there_are_too_many(
        self, server: WidgetServer, visit: Visit, page: Page
    ):
        page.clock.install()
        visit(opened=False)
        server.retry_after = 600
        page.evaluate("Hamyar.open()")
        page.wait_for_function("document.querySelector('hamyar-chat').chat.connection.link === 'offline'")

        page.clock.run_for(590_000)
        hurry(page)
        page.evaluate("fetch(document.querySelector('script').src)")
        assert len(server.sessions) == 1
        server.retry_after = None
        page.clock.run_for(60_000)

        page.wait_for_function(ONLINE)

    def test_what_it_does_not_know_it_leaves_alone(self, server: WidgetServer, visit: Visit):
        page = visit()

        server.push({"type": "something_of_tomorrow"})
        server.say("today")

        expect(page.get_by_text("today")).to_be_visible()
