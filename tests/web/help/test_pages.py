"""The public help centre."""

import asyncio
import re
import threading

import httpx
import pytest

from crm.models import Inbox
from knowledge_base.models import Category
from tests.web.knowledge.conftest import WriteArticle
from web.help import contents, endpoints
from web.parts import Parts

LONG = "## One\n\ntext\n\n## *Two*\n\ntext\n\n## <Three>\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"


class TestContents:
    @pytest.mark.parametrize(("accepted", "language"), [("fa-IR,fa", "fa"), ("en-GB", "en"), ("de", "fa")])
    async def test_the_bare_address_leads_to_the_readers_language(
        self, client: httpx.AsyncClient, accepted: str, language: str
    ) -> None:
        response = await client.get("/help", headers={"accept-language": accepted})

        assert response.headers["location"] == f"/help/{language}"

    async def test_lists_what_is_published_in_this_language_by_category(
        self, client: httpx.AsyncClient, write: WriteArticle, category: Category
    ) -> None:
        await write("بازگشت وجه", slug="refunds", language="fa", category=category.slug)
        await write("Refund rules", slug="refunds")
        await write("پیش‌نویس", slug="draft", language="fa", published=False)

        response = await client.get("/help/fa")

        assert '<html lang="fa" dir="rtl">' in response.text
        assert "پرداخت" in response.text
        assert '<a href="/help/fa/refunds">بازگشت وجه</a>' in response.text
        assert "Refund rules" not in response.text
        assert "پیش‌نویس" not in response.text

    async def test_carries_the_widget(self, client: httpx.AsyncClient, inbox: Inbox) -> None:
        page = (await client.get("/help/en")).text

        assert f'<script src="/widget.js" data-inbox="{inbox.key}" data-language="en" defer></script>' in page

    async def test_there_need_be_none_yet(self, client: httpx.AsyncClient) -> None:
        page = (await client.get("/help/en")).text

        assert "widget.js" not in page
        assert "<b>Hamyar</b>" in page

    async def test_promises_no_chat_where_there_is_none(self, client: httpx.AsyncClient, write: WriteArticle) -> None:
        article = await write("Refund rules", slug="refunds", body="Ten days.")

        found = await client.get("/help/en", params={"q": "spaceships"})
        read = await client.get(article.url)

        assert "in other words" in found.text
        assert "chat" not in found.text + read.text

    async def test_another_language_is_not_there(self, client: httpx.AsyncClient) -> None:
        assert (await client.get("/help/de")).status_code == 404


class TestSearch:
    async def test_answers_and_shows_the_articles(self, client: httpx.AsyncClient, write: WriteArticle) -> None:
        title = "How long does a refund take?"
        await write(title, slug="refunds", body="Ten working days.")
        await write("How much is refunded?", slug="shares", summary="A share of what was paid.", body="Half of it.")

        page = (await client.get("/help/en", params={"q": title})).text

        assert "Ten working days." in page
        assert page.index("Other articles that may help") < page.index("A share of what was paid.")
        assert 'href="/help/en/refunds?asked=How+long' in page.replace("%20", "+")

    async def test_an_answer_says_when_it_was_changed_and_that_it_is_in_another_language(
        self, client: httpx.AsyncClient, write: WriteArticle
    ) -> None:
        title = "How long does a refund take?"
        await write(title, slug="refunds", body="Ten working days.")

        own = (await client.get("/help/en", params={"q": title})).text
        foreign = (await client.get("/help/fa", params={"q": title})).text

        assert "Last changed on 23 November 2026" in own
        assert "in your language" not in own
        assert "آخرین تغییر: ۲ آذر ۱۴۰۵" in foreign
        assert "هنوز به زبان شما نوشته نشده است" in foreign

    @pytest.mark.parametrize(
        ("language", "said"),
        [
            ("en", ("Nothing found for “spaceships”", "in other words", "Browse the topics", "Ask in the chat")),
            ("fa", ("برای «spaceships» چیزی پیدا نشد", "با کلمه‌های دیگری", "موضوع‌ها را مرور", "پرسیدن در گفت‌وگو")),
        ],
    )
    @pytest.mark.usefixtures("inbox")
    async def test_says_plainly_that_nothing_fits_and_what_to_do(
        self, client: httpx.AsyncClient, write: WriteArticle, category: Category, language: str, said: tuple[str, ...]
    ) -> None:
        for code in ("en", "fa"):
            await write("Refund rules", slug="refunds", language=code, category=category.slug, body="Ten days.")

        page = (await client.get(f"/help/{language}", params={"q": "spaceships"})).text

        assert all(words in page for words in said)
        assert f'<a href="/help/{language}#payments">' in page
        assert 'data-hamyar-open="spaceships"' in page
        assert "Refund rules" not in page

    @pytest.mark.parametrize(
        ("language", "said"), [("en", "Nothing found for “سلام”"), ("fa", "برای «سلام» چیزی پیدا نشد")]
    )
    @pytest.mark.usefixtures("inbox")
    async def test_finds_nothing_for_a_greeting(
        self, client: httpx.AsyncClient, write: WriteArticle, language: str, said: str
    ) -> None:
        await write("Saying سلام", slug="greetings", language=language, body="سلام is a greeting.")

        page = (await client.get(f"/help/{language}", params={"q": "سلام"})).text

        assert said in page
        assert 'data-hamyar-open="سلام"' in page
        assert "Saying" not in page

    async def test_what_is_no_sure_answer_stands_under_an_honest_heading(
        self, client: httpx.AsyncClient, write: WriteArticle
    ) -> None:
        await write("Invoices for firms", slug="invoices", body="Write to us.")
        await write("Opening hours", slug="hours", body="From nine to five.")

        page = (await client.get("/help/en", params={"q": "firms invoices parking"})).text

        assert "No clear answer to “firms invoices parking”" in page
        assert "These articles come closest" in page
        assert "Invoices for firms" in page
        assert 'class="answer"' not in page

    @pytest.mark.parametrize("question", ["؟؟؟", "\x00\x00", "x" * 5_000, "<script>alert(1)</script>", "\u202e"])
    async def test_odd_questions_do_no_harm(self, client: httpx.AsyncClient, question: str) -> None:
        response = await client.get("/help/en", params={"q": question})

        assert response.status_code == 200
        assert "<script>alert" not in response.text

    async def test_keeps_no_gap(self, client: httpx.AsyncClient, parts: Parts) -> None:
        await client.get("/help/en", params={"q": "Is there parking?"})

        async with parts.work.reading() as session:
            assert await parts.open_knowledge(session).gaps.in_state("open") == []


class TestArticle:
    async def test_shows_text_date_and_the_other_language(self, client: httpx.AsyncClient, write: WriteArticle) -> None:
        await write("بازگشت وجه", slug="refunds", language="fa", body="ده روز کاری.")
        await write("Refund rules", slug="refunds", body="Ten working days.")

        page = (await client.get("/help/fa/refunds")).text

        assert "ده روز کاری." in page
        assert "۲ آذر ۱۴۰۵" in page
        assert '<link rel="canonical" href="http://test/help/fa/refunds">' in page
        assert '<link rel="alternate" hreflang="en" href="http://test/help/en/refunds">' in page
        assert 'href="/help/en/refunds"' in page

    async def test_has_contents_when_it_is_long(self, client: httpx.AsyncClient, write: WriteArticle) -> None:
        await write("Long", slug="long", body=LONG)
        await write("Short", slug="short", body="## One\n\ntext")

        long = (await client.get("/help/en/long")).text
        short = (await client.get("/help/en/short")).text

        assert '<li><a href="#part-2">Two</a></li>' in long
        assert '<li><a href="#part-3">&lt;Three&gt;</a></li>' in long
        assert '<h2 id="part-2"><em>Two</em></h2>' in long
        assert "#part-1" not in short

    async def test_one_that_takes_long_to_render_holds_up_nobody(
        self, client: httpx.AsyncClient, write: WriteArticle, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        article = await write("Prices", slug="prices", body="A table without end.")
        begun, others_went_on = threading.Event(), threading.Event()

        def render(_markdown: str) -> str:
            begun.set()
            return f"<p>Others {'went on' if others_went_on.wait(10) else 'waited'}.</p>"

        monkeypatch.setattr(contents, "to_html", render)
        reading = asyncio.create_task(client.get(article.url))
        await asyncio.to_thread(begun.wait, 10)
        await client.get("/help/en")
        others_went_on.set()

        assert "Others went on." in (await reading).text

    async def test_tables_scroll_by_themselves(self, client: httpx.AsyncClient, write: WriteArticle) -> None:
        await write("Long", slug="long", body=LONG)

        assert '<div class="scrolls" tabindex="0"><table>' in (await client.get("/help/en/long")).text

    async def test_a_persian_percentage_has_its_sign_on_the_left_also_where_no_letter_comes_before_it(
        self, client: httpx.AsyncClient, write: WriteArticle
    ) -> None:
        await write("بازگشت", slug="share", language="fa", body="| سهم |\n|---|\n| ۱٬۰۰۰٫۵٪ |\n| ۷ روز |\n")

        page = (await client.get("/help/fa/share")).text

        assert "<td>\u061c۱٬۰۰۰٫۵٪</td>" in page
        assert "<td>۷ روز</td>" in page

    async def test_leads_to_the_few_of_its_category_that_contacts_were_shown_most(
        self,
        client: httpx.AsyncClient,
        write: WriteArticle,
        category: Category,
        parts: Parts,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(endpoints, "MOST_BESIDE", 3)
        for slug in ("cards", "banks", "cash", "cheques", "fees"):
            await write(slug.capitalize(), slug=slug, category=category.slug)
        await write("All for agents", slug="inside", category=category.slug, visibility="agents")
        shown = await write("Zero interest", slug="zero", category=category.slug)
        async with parts.work.begin() as session:
            await parts.open_knowledge(session).choose(shown.id, language="en")

        page = (await client.get("/help/en/cash")).text

        beside = page.partition("On the same topic")[2].partition("</aside>")[0]
        assert re.findall(r'href="/help/en/(\w+)"', beside) == ["zero", "banks", "cards"]

    async def test_a_draft_is_not_there(self, client: httpx.AsyncClient, write: WriteArticle) -> None:
        await write("Secret plans", slug="plans", published=False)

        response = await client.get("/help/en/plans")

        assert response.status_code == 404
        assert "Secret plans" not in response.text

    async def test_an_article_of_the_other_language_alone_says_so(
        self, client: httpx.AsyncClient, write: WriteArticle
    ) -> None:
        await write("Refund rules", slug="refunds")

        response = await client.get("/help/fa/refunds")

        assert response.status_code == 404
        assert 'href="/help/en/refunds"' in response.text

    @pytest.mark.parametrize("slug", ["%3Cscript%3E", "..%2F..%2Fetc", "%00", "x" * 3_000])
    async def test_odd_addresses_are_not_found(self, client: httpx.AsyncClient, slug: str) -> None:
        response = await client.get(f"/help/en/{slug}")

        assert response.status_code == 404
        assert "<script>" not in response.text
