"""A visitor's whole way: an answer, a ticket, a person, a rating."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Chat, Desk

pytestmark = pytest.mark.e2e

Visit = Callable[..., Chat]


class TestAnswer:
    @pytest.mark.parametrize(
        ("language", "question", "address"),
        [
            ("fa", "شرایط بازگشت شهریه چیست؟", "/help/fa/"),
            ("en", "How much of the course fee is refunded?", "/help/en/"),
            ("fa", "sharayete bazgashte shahrie chie?", "/help/fa/"),
        ],
        ids=["Persian", "English", "Finglish"],
    )
    def test_a_question_is_answered_with_a_link_to_the_article(
        self, visit: Visit, language: str, question: str, address: str
    ) -> None:
        chat = visit(language)

        chat.write(question)

        link = chat.page.locator(f"hamyar-chat [role=log] a[href*='{address}']").first
        expect(link).to_be_visible()
        with chat.page.context.expect_page() as opened:
            link.click()
        expect(opened.value.locator("h1")).to_be_visible()


class TestTicket:
    def test_is_opened_in_the_talk_and_can_be_asked_for(self, visit: Visit) -> None:
        chat = visit("fa")

        chat.write("می‌خوام تیکت ثبت کنم")
        chat.expect_words("موضوع")
        chat.write("گواهی دوره نرسیده")
        chat.expect_words("شرح")
        chat.write("سه هفته پیش امتحان دادم و هنوز گواهی من صادر نشده")
        chat.expect_words("ایمیل")
        chat.write("maryam@example.com")
        chat.expect_words("HM-")
        chat.write("وضعیت تیکتم چیه؟")

        chat.expect_words("گواهی دوره نرسیده")


class TestPerson:
    def test_comes_replies_resolves_and_is_rated_without_a_reload(self, visit: Visit, desk: Desk) -> None:
        chat = visit("en")
        chat.write("I want to talk to a human please")
        chat.expect_words("HM-")

        desk.open_conversation_saying("talk to a human please")
        expect(desk.page.locator(".banner")).to_contain_text("HM-")
        expect(desk.page.locator(".message").filter(has_text="talk to a human")).to_be_visible()
        becomes_mine = desk.page.get_by_text("Replying makes the conversation yours.")
        expect(becomes_mine).to_be_visible()
        desk.reply("Hello, this is Sara. How can I help?")
        chat.expect_words("Hello, this is Sara. How can I help?", count=1)
        chat.write("My certificate shows a wrong name")
        expect(desk.page.locator(".message").filter(has_text="a wrong name")).to_be_visible()
        expect(becomes_mine).to_be_hidden()
        desk.page.locator("form[data-action=resolve] button").click()
        expect(becomes_mine).to_be_visible()

        chat.page.locator("hamyar-chat").get_by_title("Excellent").click()
        chat.press("Send rating")
        chat.expect_words("Thank you for your rating")
        expect(desk.page.locator(".details .stars, #details .stars").first).to_be_attached()

    def test_comes_at_once_to_somebody_who_is_furious(self, visit: Visit, desk: Desk) -> None:
        chat = visit("fa")

        chat.write("واقعاً خجالت‌آوره!!! سه بار پول ازم کم کردین و هیچ‌کس جواب نمی‌ده، کلاهبردارا 😡😡")
        chat.expect_words("HM-")

        desk.open_conversation_saying("خجالت‌آوره")
        expect(desk.page.locator(".banner.upset")).to_be_visible()
        expect(desk.page.locator(".banner .causes")).to_be_visible()

    def test_is_not_called_by_a_calm_report_of_a_problem(self, visit: Visit) -> None:
        chat = visit("fa")

        chat.write("سلام، کد تأیید برام نیومده")

        bot = chat.page.locator("hamyar-chat [role=log] .message:not(.mine)")
        expect(bot.last).to_be_visible()
        expect(chat.page.locator("hamyar-chat [role=log]").get_by_text("HM-")).to_have_count(0)


class TestHostileWords:
    @pytest.mark.parametrize(
        ("number", "text"),
        [
            (1, "<img src=x onerror=\"document.title='pwned'\">"),
            (2, "<script>document.title='pwned'</script>"),
            (3, "[click](javascript:document.title='pwned')"),
            (4, "\u202eevil\u202c **<b onmouseover=document.title='pwned'>bold</b>**"),
        ],
        ids=["image", "script", "link", "bidi"],
    )
    def test_are_shown_and_never_run(self, visit: Visit, desk: Desk, number: int, text: str) -> None:
        chat = visit("en")

        chat.write(text)
        expect(chat.page.locator("hamyar-chat .mine").filter(has_text="pwned")).to_be_visible()
        expect(chat.page.locator("hamyar-chat [role=log] .message:not(.mine)")).to_have_count(2)
        chat.write(f"talk to a person {number}")
        chat.expect_words("HM-")
        desk.open_conversation_saying(f"talk to a person {number}")

        expect(desk.page.locator(".message").filter(has_text="pwned").first).to_be_visible()
        assert "pwned" not in chat.page.title()
        assert "pwned" not in desk.page.title()
