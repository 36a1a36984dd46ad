"""Talking in the widget: what the visitor writes, sees and chooses."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .conftest import ONLINE
from .server import WidgetServer

pytestmark = pytest.mark.e2e

Visit = Callable[..., Page]
# The frequencies of the tones, one after the other.
CHIME = [587, 880]


def write(page: Page, text: str) -> None:
    """Type a message and send it."""
    page.get_by_role("textbox").fill(text)
    page.keyboard.press("Enter")


class TestFirstSight:
    def test_asks_the_server_for_nothing_before_the_visitor_opens_it(self, server: WidgetServer, visit: Visit):
        page = visit(opened=False)

        expect(page.get_by_role("button", name="Open the chat")).to_be_visible()
        assert not server.sessions

    def test_greets_in_the_visitors_language_and_offers_ways_to_begin(self, server: WidgetServer, visit: Visit):
        page = visit(language="fa")

        expect(page.get_by_text("سلام! من همیار هستم.")).to_be_visible()
        expect(page.get_by_text("آکادمی رابطه")).to_be_visible()
        page.get_by_role("button", name="چه دوره‌هایی دارید؟").click()

        expect(page.locator(".mine .bubble")).to_have_text("چه دوره‌هایی دارید؟")
        expect(page.get_by_role("button", name="گفت‌وگو با پشتیبان")).to_have_count(0)
        assert server.texts() == ["چه دوره‌هایی دارید؟"]

    def test_the_greeting_follows_a_change_of_language(self, visit: Visit):
        page = visit()

        page.get_by_role("button", name="گفت‌وگو به فارسی").click()

        expect(page.get_by_text("سلام! من همیار هستم.")).to_be_visible()
        expect(page.get_by_role("textbox")).to_have_attribute("placeholder", "پیامتان را بنویسید…")
        expect(page.locator("hamyar-chat .root")).to_have_attribute("dir", "rtl")

    def test_a_page_without_a_language_of_its_own_gets_the_documents(self, server: WidgetServer, page: Page):
        server.show(language="auto")
        server.page = server.page.replace("<html>", '<html lang="fa-IR">')

        page.goto(server.site)

        expect(page.get_by_role("button", name="باز کردن گفت‌وگو")).to_be_visible()


class TestWriting:
    def test_enter_sends_and_shift_enter_begins_a_line(self, server: WidgetServer, visit: Visit):
        page = visit()
        box = page.get_by_role("textbox")

        box.press_sequentially("one")
        box.press("Shift+Enter")
        box.press_sequentially("two")
        box.press("Enter")

        expect(page.locator(".mine .meta")).to_contain_text("Sent")
        expect(box).to_have_value("")
        assert server.texts() == ["one\ntwo"]

    def test_a_blank_message_cannot_be_sent(self, server: WidgetServer, visit: Visit):
        page = visit()

        write(page, "  \n ")

        expect(page.get_by_role("button", name="Send", exact=True)).to_be_disabled()
        expect(page.locator(".mine")).to_have_count(0)

    def test_the_field_grows_to_five_lines_and_no_further(self, visit: Visit):
        page = visit()
        box = page.get_by_role("textbox")
        heights = []

        for lines in (1, 3, 5, 40):
            box.fill("\n".join("line" for _ in range(lines)))
            heights.append(box.evaluate("box => box.offsetHeight"))

        assert heights[0] < heights[1] < heights[2] == heights[3]

    def test_a_draft_and_the_open_panel_survive_a_change_of_page(self, visit: Visit):
        page = visit()
        page.get_by_role("textbox").fill("half a thought")

        page.reload()

        expect(page.get_by_role("textbox")).to_have_value("half a thought")

    def test_tells_the_server_that_the_visitor_is_typing(self, server: WidgetServer, visit: Visit):
        page = visit()

        page.get_by_role("textbox").press_sequentially("Hello")
        page.get_by_role("textbox").press("Enter")

        expect(page.locator(".mine .meta")).to_contain_text("Sent")
        assert [frame["on"] for frame in server.frames("typing")] == [True, False]

    def test_a_message_that_is_too_long_can_be_taken_back_and_edited(self, server: WidgetServer, visit: Visit):
        page = visit()

        write(page, "a" * 5000)
        expect(page.locator(".failed")).to_contain_text("Too long to send")
        page.get_by_role("button", name="Edit").click()

        expect(page.locator(".mine")).to_have_count(0)
        assert page.get_by_role("textbox").input_value() == "a" * 5000

    def test_a_refused_message_is_still_there_after_a_reload_and_gone_once_it_is_taken_back(self, visit: Visit):
        page = visit()
        write(page, "a" * 5000)
        expect(page.locator(".failed")).to_contain_text("Too long to send")

        page.reload()
        expect(page.locator(".failed")).to_contain_text("Too long to send")
        page.get_by_role("button", name="Edit").click()
        page.reload()

        expect(page.get_by_role("textbox")).to_have_value("a" * 5000)
        expect(page.locator(".mine")).to_have_count(0)

    def test_a_refused_message_is_edited_beside_what_has_been_typed_since(self, visit: Visit):
        page = visit()
        write(page, "a" * 5000)
        expect(page.locator(".failed")).to_be_visible()
        page.get_by_role("textbox").fill("half a thought")

        page.get_by_role("button", name="Edit").click()

        expect(page.get_by_role("textbox")).to_have_value("a" * 5000 + "\nhalf a thought")

    def test_a_text_of_a_hundred_thousand_letters_is_refused_here_already(self, server: WidgetServer, visit: Visit):
        page = visit()

        page.evaluate("Hamyar.open('سلام خوب '.repeat(12_000))")
        page.get_by_role("textbox").press("Enter")

        expect(page.locator(".failed")).to_contain_text("Too long to send")
        assert server.frames("message") == []


class TestReading:
    def test_shows_who_writes_and_then_what(self, server: WidgetServer, visit: Visit):
        page = visit()
        write(page, "Hi")
        expect(page.locator(".mine .meta")).to_contain_text("Sent")

        server.push({"type": "typing", "author": "bot", "on": True})
        expect(page.locator(".dots")).to_be_visible()
        server.say("Hello there")

        expect(page.get_by_text("Hello there")).to_be_visible()
        expect(page.locator(".dots")).to_be_hidden()

    @pytest.mark.parametrize(("sign", "shown"), [({"name": "Sara"}, "Sara is typing"), ({}, "Support is typing")])
    def test_an_agent_who_is_typing_is_named(
        self, server: WidgetServer, visit: Visit, sign: dict[str, str], shown: str
    ):
        page = visit()

        server.push({"type": "typing", "author": "agent", "on": True, **sign})
        expect(page.get_by_text(shown)).to_be_attached()
        expect(page.locator(".dots")).to_be_visible()
        server.push({"type": "typing", "author": "agent", "on": False, **sign})

        expect(page.get_by_text(shown)).to_have_count(0)
        expect(page.locator(".dots")).to_be_hidden()

    def test_a_reply_button_sends_its_title_with_its_payload(self, server: WidgetServer, visit: Visit):
        page = visit()
        server.say("Which one?", buttons=[{"title": "Sales", "payload": '/choose{"course": "sales"}'}])

        page.get_by_role("button", name="Sales").click()

        expect(page.locator(".mine .bubble")).to_have_text("Sales")
        expect(page.get_by_role("button", name="Sales")).to_have_count(0)
        expect(page.locator(".mine .meta")).to_contain_text("Sent")
        assert server.frames("message")[0]["payload"] == '/choose{"course": "sales"}'

    def test_a_file_takes_nothing_away_that_is_offered(self, server: WidgetServer, visit: Visit, tmp_path: Path):
        page, photo = visit(), tmp_path / "photo.png"
        photo.write_bytes(b"\x89PNG")
        files, person = page.locator("input[type=file]"), page.get_by_role("button", name="Talk to our team")

        files.set_input_files(photo)
        expect(page.locator(".mine .meta")).to_contain_text("Sent")
        server.say("Please write.", "system", buttons=[{"title": "Talk to our team", "payload": "/talk_to_person"}])
        expect(person).to_be_visible()
        files.set_input_files(photo)
        expect(page.locator(".mine .file")).to_have_count(2)
        expect(person).to_be_visible()
        person.click()

        expect(person).to_have_count(0)
        assert server.wait_for("message")[-1]["payload"] == "/talk_to_person"

    def test_an_article_is_a_link_that_opens_beside_the_page(self, server: WidgetServer, visit: Visit):
        page = visit()

        note = "آخرین تغییر: ۲ آذر ۱۴۰۵"
        server.say("See this:", articles=[{"title": "What is CRM?", "url": "/help/what-is-crm", "note": note}])

        card = page.get_by_role("link", name="What is CRM?")
        expect(card.locator("small")).to_have_text(note)
        expect(card.locator("small")).to_have_attribute("dir", "auto")
        expect(card).to_have_attribute("href", f"{server.origin}/help/what-is-crm")
        expect(card).to_have_attribute("target", "_blank")
        expect(card).to_have_attribute("rel", re.compile("noopener"))

    def test_light_markdown_is_drawn(self, server: WidgetServer, visit: Visit):
        page = visit()

        server.say("Two **good** ways:\n- first\n- [second](https://example.org/b)\n\nor https://example.org/c.")

        bubble = page.locator(".messages .bubble")
        expect(bubble.locator("strong")).to_have_text("good")
        expect(bubble.locator("li")).to_have_text(["first", "second"])
        expect(bubble.locator("a").last).to_have_attribute("href", "https://example.org/c")

    @pytest.mark.parametrize(
        "text",
        [
            "<img src=x onerror=window.hacked=1>",
            "<script>window.hacked=1</script>",
            "[press](javascript:window.hacked=1)",
            "[press](data:text/html,<script>parent.hacked=1</script>)",
            "**[x](JaVaScRiPt:window.hacked=1)**",
        ],
    )
    def test_hostile_text_is_only_text(self, server: WidgetServer, visit: Visit, text: str):
        page = visit()

        server.say(text, articles=[{"title": text, "url": "javascript:window.hacked=1"}])
        server.say("the end", buttons=[{"title": text, "payload": text}])
        expect(page.get_by_text("the end")).to_be_visible()

        assert page.evaluate("window.hacked") is None
        expect(page.locator("hamyar-chat a")).to_have_count(0)
        expect(page.locator("hamyar-chat img, hamyar-chat script, hamyar-chat iframe")).to_have_count(0)

    @pytest.mark.parametrize(
        ("text", "direction"),
        [
            ("CRM چیست و چه کمکی می‌کند؟", "rtl"),
            ("سلام، وقت بخیر", "rtl"),
            ("How do I enrol?", "ltr"),
            ("What does همیار mean in English?", "ltr"),
            ("\u2068سارا کریمی\u2069 has joined the conversation.", "ltr"),
            ("لینک: https://example.org/a/very/long/address/with/many/latin/words", "rtl"),
            ("۱۲۳ - 456", "ltr"),
        ],
    )
    def test_each_message_runs_in_its_own_direction(
        self, server: WidgetServer, visit: Visit, text: str, direction: str
    ):
        page = visit()

        server.say(text)

        expect(page.locator(".messages .bubble")).to_have_attribute("dir", direction)

    def test_days_are_named_in_the_readers_calendar(self, server: WidgetServer, visit: Visit):
        page = visit(language="fa")
        newest = datetime.now(UTC)

        server.say("قدیمی", created_at=datetime(2026, 1, 10, 9, tzinfo=UTC).isoformat())
        server.say("دیروزی", created_at=(newest - timedelta(days=1)).isoformat())
        server.say("امروزی", created_at=newest.isoformat())

        days = page.locator(".day")
        expect(days).to_have_count(3)
        expect(days.nth(0)).to_have_text("شنبه ۲۰ دی ۱۴۰۴")
        expect(days.nth(1)).to_have_text("دیروز")
        expect(days.nth(2)).to_have_text("امروز")

    def test_the_header_says_who_has_the_conversation(self, server: WidgetServer, visit: Visit):
        page = visit()
        status = page.locator(".status")
        expect(status).to_have_text("Answers right away")

        server.set_status("waiting")
        expect(status).to_have_text("A colleague will join soon")
        server.set_status("open", "Sara")
        expect(status).to_have_text("You’re with Sara")

    def test_reading_further_up_is_not_disturbed_by_a_new_message(self, server: WidgetServer, visit: Visit):
        page = visit()
        for number in range(30):
            server.say(f"message {number}")
        log = page.get_by_role("log")
        expect(log).to_contain_text("message 29")
        log.evaluate("log => { log.scrollTop = 0 }")

        server.say("the newest")
        page.get_by_role("button", name="New messages").click()

        expect(page.get_by_text("the newest")).to_be_in_viewport()


class TestUnread:
    def test_counts_what_came_while_the_panel_was_closed(self, server: WidgetServer, visit: Visit):
        page = visit()
        page.evaluate("() => { Hamyar.on('unread', count => { window.unread = count }) }")
        page.get_by_role("button", name="Close the chat").first.click()

        server.say("one")
        server.say("two", author="agent", agent_name="Sara")

        expect(page.get_by_role("button", name="Open the chat (2 unread)")).to_be_visible()
        expect(page.locator(".badge")).to_have_text("2")
        assert page.evaluate("unread") == 2

    def test_is_remembered_over_a_reload_and_cleared_by_opening(self, server: WidgetServer, visit: Visit):
        page = visit()
        page.evaluate("Hamyar.close()")
        server.say("are you there?")
        expect(page.locator(".badge")).to_have_text("1")

        page.reload()
        expect(page.locator(".badge")).to_have_text("1")
        page.get_by_role("button", name="Open the chat (1 unread)").click()

        expect(page.get_by_text("are you there?")).to_be_visible()
        expect(page.locator(".badge")).to_be_hidden()
        page.reload()
        expect(page.get_by_text("are you there?")).to_be_visible()
        expect(page.locator(".badge")).to_be_hidden()

    def test_what_was_read_is_not_counted_again_on_the_next_page(self, server: WidgetServer, visit: Visit):
        page = visit()
        server.say("one")
        server.say("two")
        expect(page.get_by_text("two")).to_be_visible()
        server.wait_for("seen")
        page.evaluate("Hamyar.close()")

        page.reload()
        page.wait_for_function("document.querySelector('hamyar-chat')?.chat.messages.size === 2")

        assert page.evaluate("document.querySelector('hamyar-chat').chat.unread") == 0


class TestSound:
    TONES = """window.tones = [];
        const { prototype } = AudioScheduledSourceNode, { start } = prototype;
        prototype.start = function (at) { tones.push(this.frequency.value); start.call(this, at) };"""

    @pytest.fixture
    def loud(self, visit: Visit, page: Page) -> Page:
        """The open widget on a page whose sounds are noted."""
        page.add_init_script(self.TONES)
        return visit()

    def switch(self, page: Page, name: str) -> None:
        page.get_by_label("More").click()
        page.get_by_role("button", name=name).click()

    @pytest.mark.parametrize("author", ["bot", "agent"])
    def test_what_comes_while_the_panel_is_closed_is_heard(self, server: WidgetServer, loud: Page, author: str):
        loud.get_by_role("button", name="Close the chat").first.click()

        server.say("are you there?", author)

        expect(loud.locator(".badge")).to_have_text("1")
        assert loud.evaluate("tones") == CHIME

    def test_what_the_visitor_writes_is_not(self, server: WidgetServer, loud: Page):
        write(loud, "hello")

        expect(loud.locator(".mine .meta")).to_contain_text("Sent")
        assert loud.evaluate("tones") == []

    def test_a_browser_without_any_shows_what_comes_all_the_same(self, server: WidgetServer, visit: Visit, page: Page):
        page.add_init_script("delete window.AudioContext")
        visit()

        server.say("hello")

        expect(page.get_by_text("hello", exact=True)).to_be_visible()

    def test_turned_off_it_is_off_on_the_next_page_too(self, server: WidgetServer, loud: Page):
        self.switch(loud, "Turn the sound off")
        server.say("quietly")
        expect(loud.get_by_text("quietly")).to_be_visible()
        silent = loud.evaluate("tones")

        loud.reload()
        loud.wait_for_function(ONLINE)
        server.say("as quietly")
        expect(loud.get_by_text("as quietly")).to_be_visible()

        assert silent == loud.evaluate("tones") == []

    def test_turned_on_it_lets_itself_be_heard(self, loud: Page):
        self.switch(loud, "Turn the sound off")

        self.switch(loud, "Turn the sound on")

        assert loud.evaluate("tones") == CHIME
        expect(loud.get_by_role("button", name="Turn the sound")).to_be_hidden()

    def test_turned_off_in_one_tab_it_can_be_turned_on_in_another(self, server: WidgetServer, loud: Page):
        second = loud.context.new_page()
        second.goto(server.site)
        second.evaluate("Hamyar.open()")

        self.switch(loud, "Turn the sound off")
        self.switch(second, "Turn the sound on")

        loud.get_by_label("More").click()
        expect(loud.get_by_role("button", name="Turn the sound off")).to_be_visible()


class TestRating:
    def test_a_face_and_a_word_are_sent_and_thanked_for(self, server: WidgetServer, visit: Visit):
        page = visit()
        server.say("How was it?", kind="rating_request")

        page.get_by_role("radio", name="Good").check()
        page.get_by_label("Anything to add?").fill("quick")
        page.get_by_role("button", name="Send rating").click()

        expect(page.get_by_text("Thank you for your rating · Good")).to_be_visible()
        expect(page.get_by_role("textbox")).to_be_focused()
        (rating,) = server.wait_for("rating")
        assert (rating["score"], rating["comment"]) == (4, "quick")

    def test_is_not_begun_anew_in_another_language(self, server: WidgetServer, visit: Visit):
        page = visit()
        server.say("How was it?", kind="rating_request")
        page.get_by_role("radio", name="Good").check()
        page.get_by_label("Anything to add?").fill("quick")

        page.get_by_role("button", name="گفت‌وگو به فارسی").click()
        expect(page.get_by_role("radio", name="خوب", exact=True)).to_be_checked()
        page.get_by_role("button", name="ثبت امتیاز").click()

        (rating,) = server.wait_for("rating")
        assert (rating["score"], rating["comment"]) == (4, "quick")

    def test_works_from_the_keyboard(self, server: WidgetServer, visit: Visit):
        page = visit()
        server.say("How was it?", kind="rating_request")

        page.get_by_role("radio", name="Okay").focus()
        page.keyboard.press("Space")
        page.keyboard.press("ArrowRight")
        page.get_by_role("button", name="Send rating").press("Enter")

        expect(page.get_by_text("Thank you for your rating · Good")).to_be_visible()

    def test_is_remembered_over_a_reload_and_in_another_language(self, server: WidgetServer, visit: Visit):
        page = visit()
        server.say("How was it?", kind="rating_request")
        page.get_by_role("radio", name="Excellent").check()
        page.get_by_role("button", name="Send rating").click()
        expect(page.get_by_text("Thank you for your rating · Excellent")).to_be_visible()

        page.reload()
        expect(page.get_by_text("Thank you for your rating · Excellent")).to_be_visible()
        page.get_by_role("button", name="گفت‌وگو به فارسی").click()
        page.wait_for_function(ONLINE)
        server.say("خدانگهدار")
        expect(page.get_by_text("خدانگهدار")).to_be_visible()

        expect(page.get_by_text("سپاس از امتیازی که دادید · عالی")).to_be_visible()

    def test_given_without_a_connection_it_is_sent_later(self, server: WidgetServer, visit: Visit):
        page = visit()
        server.say("How was it?", kind="rating_request")
        page.get_by_role("radio", name="Bad", exact=True).check()
        server.go_dark()
        page.get_by_role("button", name="Send rating").click()
        expect(page.get_by_text("Thank you for your rating · Bad")).to_be_visible()

        server.come_back()
        page.evaluate("dispatchEvent(new Event('online'))")

        page.wait_for_function("Object.keys(localStorage).every(key => !key.includes(':out:'))")
        assert [frame["score"] for frame in server.wait_for("rating")] == [2]

    def test_whose_receipt_was_lost_is_no_rating_of_what_comes_later(self, server: WidgetServer, visit: Visit):
        page = visit()
        server.ignore_ratings = True
        first = server.say("How was it?", kind="rating_request")
        page.get_by_role("radio", name="Bad", exact=True).check()
        page.get_by_role("button", name="Send rating").click()
        server.wait_for("rating")

        server.ignore_ratings = False
        server.go_dark()
        server.conversation.add("agent", "That was another matter.")
        second = server.conversation.add("system", "And how was that?", kind="rating_request")
        server.come_back()
        page.evaluate("dispatchEvent(new Event('online'))")
        page.wait_for_function("Object.keys(localStorage).every(key => !key.includes(':out:'))")
        page.get_by_role("radio", name="Good").check()
        page.get_by_role("button", name="Send rating").click()

        expect(page.get_by_text("Thank you for your rating · Good")).to_be_visible()
        page.wait_for_function("Object.keys(localStorage).every(key => !key.includes(':out:'))")
        sent = [(frame["score"], frame["sequence"]) for frame in server.wait_for("rating", 3)]
        assert sent == [(2, first["sequence"])] * 2 + [(4, second["sequence"])]
