"""Writing articles in the form: saving, publishing, two people at once, hostile text."""

import re
from collections.abc import Awaitable, Callable
from datetime import date
from html import unescape
from typing import Any

import httpx
import pytest

from crm.enums import Role
from crm.models import Agent
from knowledge_base.enums import ArticleStatus
from knowledge_base.models import Article, ArticleVersion, Category
from tests.web.conftest import SERVICE_TOKEN
from tests.web.knowledge.conftest import WriteArticle
from web.parts import Parts

MakeAgent = Callable[..., Awaitable[Agent]]

NEW = "/desk/knowledge/new"
HOSTILE = (
    "# Hello\n\n<script>alert(1)</script>\n\n<img src=x onerror=alert(2)>\n\n[click](javascript:alert(3))\n\n"
    "</textarea><script>alert(4)</script>\n\n| broken | table\n|--\n\n**unclosed [bracket](\n\n&lt;b&gt; ```"
)


async def stored(parts: Parts, article_id: int) -> Article:
    async with parts.work.reading() as session:
        return await parts.open_knowledge(session).get(article_id)


async def versions(parts: Parts, article_id: int) -> list[ArticleVersion]:
    async with parts.work.reading() as session:
        return list(await parts.open_knowledge(session).articles.versions(article_id))


def typed(**changes: Any) -> dict[str, Any]:
    """What an untouched form sends, and what was typed into it."""
    empty = {"title": "", "summary": "", "body": "", "questions": "", "category": "", "reviewed": "", "version": 1}
    return {**empty, "action": "save", **changes}


def fields_of(page: str, name: str) -> list[str]:
    """What the hidden fields of this name hold."""
    return re.findall(rf'<input type="hidden" name="{name}" value="([^"]*)">', page)


def page_of(article: Article) -> str:
    return f"/desk/knowledge/{article.id}"


async def ask(client: httpx.AsyncClient, question: str) -> dict[str, Any]:
    """What the bot is told."""
    headers = {"authorization": f"Bearer {SERVICE_TOKEN}"}
    body = {"question": question, "language": "en"}
    found: dict[str, Any] = (await client.post("/api/v1/knowledge/answers", json=body, headers=headers)).json()
    return found


class TestNewArticle:
    async def test_a_draft_is_kept_and_nobody_sees_it(self, editor: httpx.AsyncClient, parts: Parts) -> None:
        form = typed(title="Refund rules", slug="refund-rules", language="en", body="We pay back in ten days.")

        response = await editor.post(NEW, data=form)
        article = await stored(parts, int(response.headers["location"].split("?")[0].rsplit("/", 1)[1]))

        assert response.status_code == 303
        assert (article.title, article.status) == ("Refund rules", ArticleStatus.draft)
        assert (await editor.get("/help/en/refund-rules")).status_code == 404

    async def test_publishing_at_once_shows_it_to_everybody(self, editor: httpx.AsyncClient) -> None:
        form = typed(title="Refund rules", slug="refund-rules", language="en", body="Ten days.", action="publish")

        await editor.post(NEW, data=form)

        assert "Ten days." in (await editor.get("/help/en/refund-rules")).text

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"title": " "}, "A title has from 1 to 300 characters."),
            ({"slug": "Not An Address"}, "Lower-case Latin letters and digits"),
            ({"reviewed": "1405/13/40"}, "Write a date as year/month/day."),
            ({"questions": "x" * 501}, "each of at most 500 characters"),
            ({"category": "none"}, "There is no such category."),
        ],
    )
    async def test_what_cannot_be_saved_comes_back_as_typed(
        self, editor: httpx.AsyncClient, changes: dict[str, str], sentence: str
    ) -> None:
        form = typed(title="T", slug="t", language="en", body="My long text.") | changes

        response = await editor.post(NEW, data=form)

        assert response.status_code == 422
        assert sentence in response.text
        assert "My long text." in response.text

    async def test_an_address_that_is_taken_is_refused(self, editor: httpx.AsyncClient, write: WriteArticle) -> None:
        await write("Refund rules", slug="refunds")

        response = await editor.post(NEW, data=typed(title="Other", slug="refunds", language="en"))

        assert response.status_code == 422
        assert "There is an article with this address" in response.text

    async def test_a_translation_begins_with_the_originals_address(
        self, editor: httpx.AsyncClient, write: WriteArticle, category: Category
    ) -> None:
        original = await write("Refund rules", slug="refunds", category=category.slug)

        page = (await editor.get(NEW, params={"translate": original.id})).text

        assert 'name="slug" value="refunds"' in page
        assert '<option value="fa" selected>' in page
        assert '<option value="payments" selected>' in page

    async def test_the_cursor_stands_in_the_first_field_that_has_to_be_mended(self, editor: httpx.AsyncClient) -> None:
        form = typed(title="Refund rules", slug="Bad Slug", language="en", reviewed="soon")

        page = (await editor.post(NEW, data=form)).text

        flawed = re.findall(r'<input aria-invalid="true" autofocus name="(\w+)"', page)
        assert flawed == ["slug", "reviewed"]
        assert page.count("autofocus") == len(flawed)


class TestSave:
    async def test_the_next_question_is_answered_from_the_new_text(
        self, editor: httpx.AsyncClient, write: WriteArticle
    ) -> None:
        article = await write("How long does a refund take?", slug="refunds", body="A refund takes ten working days.")
        before = await ask(editor, "How long does a refund take?")

        form = typed(title=article.title, body="A refund takes only three working days.")
        await editor.post(page_of(article), data=form)
        after = await ask(editor, "How long does a refund take?")

        assert "ten working days" in before["answer"]["text"]
        assert "three working days" in after["answer"]["text"]

    async def test_keeps_what_was_written(
        self, editor: httpx.AsyncClient, write: WriteArticle, parts: Parts, category: Category
    ) -> None:
        article = await write("Refund rules", slug="refunds")

        await editor.post(
            page_of(article),
            data=typed(
                title="Refunds",
                summary="In short.",
                body="One\r\n\r\nTwo",
                questions="money back?\r\n\r\n  money   back? \r\npulam chi shod",
                category="payments",
                reviewed="۱۴۰۵/۰۹/۰۲",
            ),
        )
        saved = await stored(parts, article.id)

        assert (saved.title, saved.summary, saved.body) == ("Refunds", "In short.", "One\n\nTwo")
        assert saved.questions == ["money back?", "pulam chi shod"]
        assert saved.category is not None
        assert saved.category.slug == "payments"
        assert saved.reviewed_on == date(2026, 11, 23)
        assert (await versions(parts, article.id))[0].saved_by == "Editor"

    async def test_saving_without_a_change_makes_no_version(
        self, editor: httpx.AsyncClient, write: WriteArticle, parts: Parts
    ) -> None:
        article = await write("Refund rules", slug="refunds", body="Text", questions=["why"])

        await editor.post(page_of(article), data=typed(title="Refund rules", body="Text", questions="why"))

        assert (await stored(parts, article.id)).version == 1

    async def test_a_day_that_not_every_calendar_can_write_is_refused_with_the_reason(
        self, editor: httpx.AsyncClient, write: WriteArticle, parts: Parts
    ) -> None:
        article = await write("Refund rules", slug="refunds")

        response = await editor.post(page_of(article), data=typed(title="New", review_due="9999-12-31"))

        assert "Write a date as year/month/day." in response.text
        assert (await stored(parts, article.id)).version == 1

    async def test_who_writes_an_article_looks_after_it_until_somebody_else_is_chosen(
        self, editor: httpx.AsyncClient, write: WriteArticle, parts: Parts
    ) -> None:
        response = await editor.post(NEW, data=typed(title="Refund rules", slug="refund-rules", language="en"))
        article = await stored(parts, int(response.headers["location"].split("?")[0].rsplit("/", 1)[1]))
        owners = [article.owner_id]
        for owner in (None, "999", "0"):
            form = typed(title=article.title) | ({"owner": owner} if owner else {})
            response = await editor.post(page_of(article), data=form)
            assert ("Choose somebody who may edit articles." in response.text) is (owner == "999")
            owners.append((await stored(parts, article.id)).owner_id)

        assert owners[0] is not None
        assert owners[1:] == [owners[0], owners[0], None]
        assert (await stored(parts, article.id)).version == 1

    async def test_real_questions_are_there_to_be_added(self, editor: httpx.AsyncClient, write: WriteArticle) -> None:
        article = await write("How long does a refund take?", slug="refunds", body="Ten days.")
        await ask(editor, 'How long does any "refund" <b>take</b>?')

        page = (await editor.get(page_of(article))).text
        asked = (await editor.get(f"{page_of(article)}/asked")).text

        assert f'hx-get="{page_of(article)}/asked"' in page
        assert 'data-asked="How long does any &#34;refund&#34; &lt;b&gt;take&lt;/b&gt;?"' in asked
        assert (await editor.get("/desk/knowledge/999/asked")).status_code == 404

    async def test_archiving_takes_it_from_contacts(self, editor: httpx.AsyncClient, write: WriteArticle) -> None:
        article = await write("Refund rules", slug="refunds", body="Ten days.")

        form = typed(title=article.title, body=article.body, action="archive")
        await editor.post(page_of(article), data=form)

        assert (await editor.get("/help/en/refunds")).status_code == 404
        assert (await ask(editor, "Refund rules"))["band"] == "decline"

    async def test_the_form_shows_the_text_exactly(self, editor: httpx.AsyncClient, write: WriteArticle) -> None:
        article = await write("A & B", slug="a-b", body="\n  indented\n<b>")

        page = (await editor.get(page_of(article))).text

        assert "\n\n  indented\n&lt;b&gt;</textarea>" in page
        assert 'value="A &amp; B"' in page


class TestTwoPeopleAtOnce:
    async def test_both_texts_are_shown_and_the_second_save_goes_on_top(
        self, editor: httpx.AsyncClient, write: WriteArticle, parts: Parts
    ) -> None:
        article = await write("Refund rules", slug="refunds", body="Ten days.")
        await editor.post(page_of(article), data=typed(title=article.title, body="Theirs: five days."))

        refused = await editor.post(page_of(article), data=typed(title=article.title, body="Mine: three days."))
        again = await editor.post(page_of(article), data=typed(title=article.title, body="Mine: 3 days.", version=2))

        assert refused.status_code == 409
        assert "<del>Mine</del>: <del>three </del>days." in refused.text
        assert "<ins>Theirs</ins>: <ins>five </ins>days." in refused.text
        assert "Mine: three days.</textarea>" in refused.text
        assert 'name="version" value="2"' in refused.text
        assert again.status_code == 303
        texts = [version.body for version in await versions(parts, article.id)]
        assert texts == ["Mine: 3 days.", "Theirs: five days.", "Ten days."]

    async def test_who_looks_after_it_stays_as_another_left_it_unless_the_form_chose_anew(
        self, editor: httpx.AsyncClient, write: WriteArticle, parts: Parts, make_agent: MakeAgent
    ) -> None:
        agent = await make_agent("Zahra", Role.editor)
        article = await write("Refund rules", slug="refunds", body="Ten days.")
        seen = fields_of((await editor.get(page_of(article))).text, "owner_seen")
        async with parts.work.begin() as session:
            await parts.open_knowledge(session).give_to(article.id, agent.id)

        form = typed(title=article.title, body="10 days.", owner=0, owner_seen=seen[0])
        await editor.post(page_of(article), data=form)
        after_a_typo = (await stored(parts, article.id)).owner_id
        chosen = form | {"version": 2, "owner_seen": agent.id}
        await editor.post(page_of(article), data=chosen)

        assert seen == ["0"]
        assert after_a_typo == agent.id
        assert (await stored(parts, article.id)).owner_id is None

    async def test_the_form_that_shows_both_texts_has_who_looks_after_it_now(
        self, editor: httpx.AsyncClient, write: WriteArticle, parts: Parts, make_agent: MakeAgent
    ) -> None:
        agent = await make_agent("Zahra", Role.editor)
        article = await write("Refund rules", slug="refunds", body="Ten days.")
        await editor.post(page_of(article), data=typed(title=article.title, body="Theirs: five days."))
        async with parts.work.begin() as session:
            await parts.open_knowledge(session).give_to(article.id, agent.id)

        mine = typed(title=article.title, body="Mine: three days.", owner=0, owner_seen=0)
        refused = (await editor.post(page_of(article), data=mine)).text

        assert fields_of(refused, "owner_seen") == [str(agent.id)]
        assert f'<option value="{agent.id}" selected>' in refused


class TestVersions:
    async def test_an_earlier_text_is_shown_against_the_present_and_brought_back(
        self, editor: httpx.AsyncClient, write: WriteArticle, parts: Parts
    ) -> None:
        article = await write("Refund rules", slug="refunds", body="Ten days.")
        await editor.post(page_of(article), data=typed(title=article.title, body="Five days."))

        shown = await editor.get(f"{page_of(article)}/versions/1")
        restored = await editor.post(f"{page_of(article)}/versions/1/restore", data={"seen": 2})

        assert "<del>Ten </del>days." in shown.text
        assert "<ins>Five </ins>days." in shown.text
        assert restored.status_code == 303
        assert (await stored(parts, article.id)).body == "Ten days."
        assert len(await versions(parts, article.id)) == 3

    async def test_bringing_back_over_an_unseen_change_shows_both(
        self, editor: httpx.AsyncClient, write: WriteArticle
    ) -> None:
        article = await write("Refund rules", slug="refunds", body="Ten days.")
        await editor.post(page_of(article), data=typed(title=article.title, body="Five days."))

        response = await editor.post(f"{page_of(article)}/versions/1/restore", data={"seen": 1})

        assert response.status_code == 409
        assert "<ins>Five </ins>days." in response.text

    async def test_a_version_that_never_was_is_not_found(self, editor: httpx.AsyncClient, write: WriteArticle) -> None:
        article = await write("Refund rules", slug="refunds")

        assert (await editor.get(f"{page_of(article)}/versions/9")).status_code == 404


class TestHostileText:
    async def test_is_stored_as_written_and_shown_harmless(self, editor: httpx.AsyncClient, parts: Parts) -> None:
        form = typed(title="<script>alert(0)</script>", slug="hostile", language="en", body=HOSTILE, action="publish")
        created = await editor.post(NEW, data=form)
        address = created.headers["location"].split("?")[0]
        await editor.post(address, data=typed(title="<b>", body=HOSTILE + "x", version=1))

        article = await stored(parts, int(address.rsplit("/", 1)[1]))
        pages = [
            (await editor.get(path)).text
            for path in (address, f"{address}/versions/1", "/desk/knowledge", "/help/en", "/help/en/hostile")
        ]
        preview = (await editor.post("/desk/knowledge/preview", data={"title": "<script>", "body": HOSTILE})).text

        assert article.body == HOSTILE + "x"
        for text in [*pages, preview]:
            assert "<script>" not in text
            assert "<img src=x" not in text
            assert '<img src="x" onerror' not in text
            assert 'href="javascript:' not in text

    async def test_lone_surrogates_and_nul_do_not_break_the_page(self, editor: httpx.AsyncClient) -> None:
        body = b"title=T&slug=odd&language=en&action=publish&version=0&body=a%00b%ED%A0%80c"
        headers = {"content-type": "application/x-www-form-urlencoded"}

        response = await editor.post(NEW, content=body, headers=headers)

        assert response.status_code == 303
        assert (await editor.get("/help/en/odd")).status_code == 200


class TestKeys:
    async def test_enter_saves_and_does_not_archive(self, editor: httpx.AsyncClient, write: WriteArticle) -> None:
        article = await write("Refund rules", slug="refunds")

        page = (await editor.get(page_of(article))).text
        form = page[page.index('id="article"') :]

        assert form.index('name="action" value="save"') < form.index('name="action" value="archive"')


class TestDraft:
    async def test_has_on_the_page_what_the_script_looks_for(
        self, editor: httpx.AsyncClient, write: WriteArticle
    ) -> None:
        article = await write("Refund rules", slug="refunds")

        for page in [(await editor.get(address)).text for address in ("/desk/knowledge/new", page_of(article))]:
            assert re.search(r'<p[^>]* id="restored"[^>]* hidden>.*data-discard', page)
            assert all(f'name="{name}"' in page for name in ("version", "slug", "body"))
            assert re.search(r'id="article" method="post" action="/desk/knowledge/(new|\d+)"', page)


class TestPreview:
    async def test_has_no_heading_before_anything_is_typed(self, editor: httpx.AsyncClient) -> None:
        page = (await editor.get("/desk/knowledge/new")).text

        assert "The text will show here." in page
        assert "<h1></h1>" not in page

    async def test_renders_as_the_public_page_does(self, editor: httpx.AsyncClient) -> None:
        response = await editor.post("/desk/knowledge/preview", data={"title": "T", "body": "## Two\n\n**bold**"})

        assert ">Two</h2>" in response.text
        assert "<strong>bold</strong>" in response.text

    @pytest.mark.parametrize(
        ("body", "warned"),
        [
            ("![plan](https://elsewhere.example/plan.png)", True),
            ("![](HTTPS://elsewhere.example/plan.png)", True),
            ("![plan](//elsewhere.example/plan.png)", True),
            ("![plan](/static/plan.png)", False),
            ("[plan](https://elsewhere.example/plan.png)", False),
        ],
    )
    async def test_tells_of_pictures_that_no_reader_will_see(
        self, editor: httpx.AsyncClient, write: WriteArticle, body: str, warned: bool
    ) -> None:
        article = await write("Plans", slug="plans", body=body)

        typing = (await editor.post("/desk/knowledge/preview", data={"title": "T", "body": body})).text

        for text in (typing, (await editor.get(page_of(article))).text):
            assert ("Pictures from other sites are not shown" in text) is warned
        assert "Pictures from other sites" not in (await editor.get(article.url)).text

    @pytest.mark.parametrize("body", ["## When\n\n**Banks** take <i>longer</i>.", "", "---"])
    async def test_shows_what_a_chat_would_say_of_it(
        self, editor: httpx.AsyncClient, write: WriteArticle, body: str
    ) -> None:
        content = {"summary": "Ten days.", "body": body}
        article = await write("Refunds", slug="refunds", **content)
        headers = {"authorization": f"Bearer {SERVICE_TOKEN}"}
        chosen = f"/api/v1/knowledge/articles/{article.id}/answer?language=en"
        said = (await editor.get(chosen, headers=headers)).json()["text"]

        typing = (await editor.post("/desk/knowledge/preview", data={"title": "Refunds", **content})).text

        for page in (typing, (await editor.get(page_of(article))).text):
            (bubble,) = re.findall(r'<blockquote class="bot-says words" dir="ltr">(.*?)</blockquote>', page, re.DOTALL)
            assert unescape(bubble) == said
            assert "**" not in said
            assert said.count("Ten days.") == 1

    async def test_without_scripts_a_button_shows_it_and_saves_nothing(
        self, editor: httpx.AsyncClient, write: WriteArticle, parts: Parts
    ) -> None:
        article = await write("Refund rules", slug="refunds", body="Ten days.")

        response = await editor.post(page_of(article), data=typed(title="X", body="**New**", action="preview"))

        assert "<strong>New</strong>" in response.text
        assert "**New**</textarea>" in response.text
        assert (await stored(parts, article.id)).body == "Ten days."
