"""The list of articles, and who may see these pages at all."""

import re
from collections.abc import Awaitable, Callable

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from crm.enums import Role
from crm.models import Agent
from knowledge_base.models import Category
from tests.web.knowledge.conftest import WriteArticle
from web.knowledge import articles

SignIn = Callable[[Role], Awaitable[Agent]]
LIST = "/desk/knowledge"


@pytest.fixture
def routes(app: FastAPI) -> list[tuple[str, str]]:
    """Method and address of each of these pages."""
    found = [
        (method, re.sub(r"{\w+(:int)?}", "1", context.path or ""))
        for context in iter_route_contexts(app.routes)
        if isinstance(context.original_route, APIRoute) and (context.path or "").startswith(LIST)
        for method in context.methods or ()
    ]
    assert len(found) >= 10
    return found


class TestWhoMaySee:
    async def test_nobody_without_signing_in(self, client: httpx.AsyncClient, routes: list[tuple[str, str]]) -> None:
        for method, path in routes:
            response = await client.request(method, path)
            if method == "GET":
                assert response.headers["location"] == f"/desk/sign-in?next={path}"
            else:
                assert response.status_code in (401, 422), path

    async def test_no_agent(self, client: httpx.AsyncClient, sign_in: SignIn, routes: list[tuple[str, str]]) -> None:
        await sign_in(Role.agent)

        for method, path in routes:
            assert (await client.request(method, path)).status_code in (403, 422), (method, path)

    @pytest.mark.parametrize("role", [Role.editor, Role.supervisor, Role.admin])
    async def test_those_who_may_edit(self, client: httpx.AsyncClient, sign_in: SignIn, role: Role) -> None:
        await sign_in(role)

        assert (await client.get(LIST)).status_code == 200


class TestList:
    async def test_says_what_there_is_of_each_article(
        self, editor: httpx.AsyncClient, write: WriteArticle, category: Category
    ) -> None:
        persian = await write("شرایط بازگشت", slug="refunds", language="fa")
        english = await write(
            "Refund rules", slug="refunds", category=category.slug, questions=["money back", "refund?"]
        )

        page = (await editor.get(LIST, params={"language": "en"})).text

        assert "One article" in page
        assert "Refund rules" in page
        assert "Payments" in page
        assert f'href="{LIST}/{persian.id}">Persian' in page
        assert '<td class="numeric">2</td>' in page
        assert f'href="{LIST}/{english.id}"' in page

    async def test_an_article_without_translation_invites_to_write_one(
        self, editor: httpx.AsyncClient, write: WriteArticle
    ) -> None:
        article = await write("Refund rules", slug="refunds")

        assert f"{LIST}/new?translate={article.id}" in (await editor.get(LIST)).text

    @pytest.mark.parametrize("words", ["Refund", "withdraw", "money back", "refunds"])
    async def test_finds_words_of_title_text_variants_and_address(
        self, editor: httpx.AsyncClient, write: WriteArticle, words: str
    ) -> None:
        await write("Refund rules", slug="refunds", body="How to withdraw.", questions=["money back please"])
        await write("Opening hours", slug="hours")

        page = (await editor.get(LIST, params={"q": words})).text

        assert "Refund rules" in page
        assert "Opening hours" not in page

    async def test_filters_by_status_and_category(
        self, editor: httpx.AsyncClient, write: WriteArticle, category: Category
    ) -> None:
        await write("Refund rules", slug="refunds", category=category.slug)
        await write("Unfinished", slug="unfinished", published=False)

        drafts = (await editor.get(LIST, params={"status": "draft"})).text
        payments = (await editor.get(LIST, params={"category": category.slug})).text

        assert ("Unfinished" in drafts, "Refund rules" in drafts) == (True, False)
        assert ("Unfinished" in payments, "Refund rules" in payments) == (False, True)

    async def test_finds_what_should_have_been_reviewed(self, editor: httpx.AsyncClient, write: WriteArticle) -> None:
        await write("Due today", slug="today", review_due_on="2026-11-23")
        await write("Due tomorrow", slug="tomorrow", review_due_on="2026-11-24")
        await write("Never due", slug="never")

        everything = (await editor.get(LIST)).text
        due = (await editor.get(LIST, params={"review": "due"})).text

        assert everything.count("Review is due</span>") == 1
        assert "Due today" in due
        assert "Due tomorrow" not in due
        assert "Never due" not in due

    async def test_tells_what_agents_alone_see(self, editor: httpx.AsyncClient, write: WriteArticle) -> None:
        await write("Exceptions", slug="exceptions", visibility="agents")

        assert "Agents only" in (await editor.get(LIST)).text

    async def test_a_filter_that_nobody_knows_is_harmless(self, editor: httpx.AsyncClient) -> None:
        response = await editor.get(
            LIST, params={"status": "<b>", "language": "xx", "category": "'; --", "q": "%_", "review": "<i>"}
        )

        assert response.status_code == 200
        assert "No article fits" in response.text

    async def test_a_long_list_has_pages_that_keep_the_filter(
        self, editor: httpx.AsyncClient, write: WriteArticle, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(articles, "ON_A_PAGE", 2)
        for number in range(3):
            await write(f"Article {number}", slug=f"article-{number}", published=False)

        first = (await editor.get(LIST, params={"q": "article"})).text
        second = (await editor.get(LIST, params={"q": "article", "page": 2})).text

        assert "page=2" in first
        assert "q=article" in first
        assert second.count('class="subject"') == 1


class TestIds:
    async def test_one_that_no_row_can_have_is_refused(self, editor: httpx.AsyncClient) -> None:
        beyond = 2**31
        shown = [f"/desk/articles/{beyond}", f"{LIST}/{beyond}", f"{LIST}/{beyond}/versions"]
        asked = [f"{LIST}/new?translate={beyond}", f"{LIST}/new?gap={beyond}"]

        answers = [await editor.get(path) for path in [*shown, *asked]]
        answers.append(await editor.post(f"{LIST}/try", data={"article": beyond}))
        answers.append(await editor.post(f"{LIST}/questions", data={"gap": beyond, "state": "dismissed"}))
        answers.append(await editor.post(f"{LIST}/new", data={"gap": beyond}))

        assert {answer.status_code for answer in answers} == {422}
