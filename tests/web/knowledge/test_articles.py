"""The list of articles, and who may see these pages at all."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from sqlalchemy import update

from core.clock import FixedClock
from crm.enums import Role
from crm.models import Agent
from knowledge_base.enums import UseKind
from knowledge_base.models import Article, ArticleUse, ArticleVote, Category
from tests.web.knowledge.conftest import WriteArticle
from web.knowledge import articles
from web.parts import Parts

SignIn = Callable[[Role], Awaitable[Agent]]
LIST = "/desk/knowledge"
# In the order in which they are written.
ORDER_TITLES = (("پ", "pe"), ("ب", "be"), ("ی", "ye"))


async def use(
    parts: Parts, article: Article, kind: UseKind = UseKind.answered, *, led_to_handoff: bool = False
) -> None:
    """The article comes before a contact now."""
    async with parts.work.begin() as session:
        row = ArticleUse(article_id=article.id, kind=kind, used_at=parts.clock.now(), led_to_handoff=led_to_handoff)
        session.add(row)


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
    async def test_says_how_many_articles_a_new_encoder_has_still_to_read(
        self, editor: httpx.AsyncClient, write: WriteArticle, parts: Parts
    ) -> None:
        await write("Refund rules", slug="refunds")
        assert "The model that reads texts" not in (await editor.get(LIST)).text
        async with parts.work.begin() as session:
            await session.execute(update(Article).values(encoder="another"))

        assert "One article is still to be read by it" in (await editor.get(LIST)).text

        await parts.live_index.embed_anew()
        assert "The model that reads texts" not in (await editor.get(LIST)).text

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

    async def test_finds_what_was_long_left_alone(
        self, client: httpx.AsyncClient, sign_in: SignIn, write: WriteArticle, clock: FixedClock
    ) -> None:
        await write("Forgotten", slug="forgotten")
        await write("Reviewed", slug="reviewed", reviewed_on="2027-05-20")
        await write("Planned", slug="planned", review_due_on="2028-01-01")
        await write("Overdue", slug="overdue", review_due_on="2027-01-01")
        clock.advance(timedelta(days=200))
        await write("Fresh", slug="fresh")

        await sign_in(Role.editor)
        stale = (await client.get(LIST, params={"review": "stale"})).text

        assert [title in stale for title in ("Forgotten", "Overdue")] == [True, True]
        assert [title in stale for title in ("Reviewed", "Planned", "Fresh")] == [False, False, False]

    async def test_finds_what_was_shown_to_nobody(
        self, client: httpx.AsyncClient, sign_in: SignIn, write: WriteArticle, parts: Parts, clock: FixedClock
    ) -> None:
        await write("Unread", slug="unread")
        await write("For agents", slug="agents", visibility="agents")
        await use(parts, await write("Read long ago", slug="long-ago"))
        lately = await write("Read lately", slug="lately")
        clock.advance(timedelta(days=91))
        await use(parts, lately)
        await write("New", slug="new")

        await sign_in(Role.editor)
        unused = (await client.get(LIST, params={"use": "none"})).text

        assert [title in unused for title in ("Unread", "Read long ago")] == [True, True]
        assert [f"{title}</bdi>" in unused for title in ("For agents", "Read lately", "New")] == [False, False, False]

    @pytest.mark.parametrize(("language", "head"), [("en", "Led to a person"), ("fa", "سپرده به همکاران")])
    async def test_says_what_use_an_article_was(
        self, editor: httpx.AsyncClient, write: WriteArticle, parts: Parts, language: str, head: str
    ) -> None:
        article = await write("Opening hours", slug="hours")
        await use(parts, article, UseKind.answered, led_to_handoff=True)
        await use(parts, article, UseKind.offered)
        await use(parts, article, UseKind.chosen)

        page = (await editor.get(LIST, params={"lang": language})).text

        numbers = re.findall(r'<td class="numeric[^"]*">(.*?)</td>', page)
        digits = {"en": ["2", "1", "1"], "fa": ["۲", "۱", "۱"]}[language]
        assert f">{head}</a></th>" in page
        assert [numbers[1], numbers[2], numbers[4]] == digits

    async def test_finds_what_helped_few(self, editor: httpx.AsyncClient, write: WriteArticle, parts: Parts) -> None:
        for title, slug, helpful in (("Of help", "of-help", True), ("Of no help", "of-no-help", False)):
            await write(title, slug=slug)
            async with parts.work.begin() as session:
                await parts.open_knowledge(session).vote(slug, "en", reader="r", helpful=helpful)
        await write("Not voted on", slug="not-voted-on")

        page = (await editor.get(LIST, params={"helpful": "low"})).text

        titles = [title for title in ("Of help", "Of no help", "Not voted on") if f"{title}</bdi>" in page]
        assert titles == ["Of no help"]

    async def test_finds_what_somebody_looks_after(
        self, client: httpx.AsyncClient, sign_in: SignIn, write: WriteArticle, parts: Parts
    ) -> None:
        me = await sign_in(Role.editor)
        mine = await write("Mine", slug="mine")
        await write("Nobodys", slug="nobodys")
        async with parts.work.begin() as session:
            await parts.open_knowledge(session).give_to(mine.id, me.id)

        found = [
            [title for title in ("Mine", "Nobodys") if f"{title}</bdi>" in (await client.get(LIST, params=params)).text]
            for params in ({"owner": str(me.id)}, {"owner": "0"}, {"owner": "'; --"})
        ]

        assert found == [["Mine"], ["Nobodys"], ["Mine", "Nobodys"]]

    async def test_tells_what_agents_alone_see(self, editor: httpx.AsyncClient, write: WriteArticle) -> None:
        await write("Exceptions", slug="exceptions", visibility="agents")

        assert "Agents only" in (await editor.get(LIST)).text

    async def test_a_filter_that_nobody_knows_is_harmless(self, editor: httpx.AsyncClient) -> None:
        response = await editor.get(
            LIST,
            params={"status": "<b>", "language": "xx", "category": "'; --", "q": "%_", "review": "<i>", "use": "'"},
        )

        assert response.status_code == 200
        assert "No articles found" in response.text

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


class TestOrder:
    @pytest.fixture
    async def some(self, write: WriteArticle, parts: Parts, clock: FixedClock) -> None:
        """«پ» is shown often, «ب» seldom and «ی» never; the readers of «ب» are the happiest."""
        pe, be, ye = [await write(f"{letter} است", slug=slug, language="fa") for letter, slug in ORDER_TITLES]
        clock.advance(timedelta(minutes=1))
        await write("Another language", slug="other")
        for article in (pe, pe, be):
            await use(parts, article)
        await use(parts, ye, UseKind.chosen, led_to_handoff=True)
        async with parts.work.begin() as session:
            for article, reader, helpful in ((pe, "a", True), (pe, "b", False), (be, "a", True)):
                vote = ArticleVote(article_id=article.id, reader=reader, helpful=helpful, voted_at=clock.now())
                session.add(vote)

    @pytest.mark.parametrize(
        ("sort", "slugs"),
        [
            ("title", ["be", "pe", "ye"]),
            ("-title", ["ye", "pe", "be"]),
            ("-shown", ["pe", "be", "ye"]),
            ("shown", ["ye", "be", "pe"]),
            ("-chosen", ["ye", "be", "pe"]),
            ("-handed_off", ["ye", "be", "pe"]),
            # Who was never asked stands at the end, either way.
            ("-helpful", ["be", "pe", "ye"]),
            ("helpful", ["pe", "be", "ye"]),
            # Among equals the last one written comes first, and so it does where nobody knows the order.
            ("questions", ["ye", "be", "pe"]),
            ("'; --", ["ye", "be", "pe"]),
        ],
    )
    async def test_is_chosen_by_a_column(
        self, editor: httpx.AsyncClient, some: None, sort: str, slugs: list[str]
    ) -> None:
        page = (await editor.get(LIST, params={"sort": sort, "language": "fa"})).text

        assert re.findall(r'<bdi dir="ltr">(\w+)</bdi>', page) == slugs

    async def test_goes_on_from_page_to_page_and_stays_with_the_filters(
        self, editor: httpx.AsyncClient, some: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(articles, "ON_A_PAGE", 2)

        first = (await editor.get(LIST, params={"sort": "title", "language": "fa"})).text
        (onward,) = re.findall(r'rel="next" href="([^"]+)"', first)
        second = (await editor.get(onward.replace("&amp;", "&"))).text

        assert re.findall(r'<bdi dir="ltr">(\w+)</bdi>', first + second) == ["be", "pe", "ye"]
        assert '<input type="hidden" name="sort" value="title">' in first

    async def test_is_turned_around_by_the_same_column(self, editor: httpx.AsyncClient, some: None) -> None:
        page = (await editor.get(LIST, params={"sort": "title", "q": "است"})).text

        assert 'aria-sort="ascending"><a href="/desk/knowledge?q=%D8%A7%D8%B3%D8%AA&amp;sort=-title&amp;page=1"' in page
        assert page.count("aria-sort") == 1


class TestIds:
    async def test_one_that_no_row_can_have_is_refused(self, editor: httpx.AsyncClient) -> None:
        beyond = 2**31
        shown = [f"/desk/articles/{beyond}", f"{LIST}/{beyond}", f"{LIST}/{beyond}/versions"]

        answers = [await editor.get(path) for path in [*shown, f"{LIST}/new?translate={beyond}"]]
        answers.append(await editor.post(f"{LIST}/try", data={"article": beyond}))
        answers.append(await editor.post(f"{LIST}/questions", data={"gaps": beyond, "action": "dismissed"}))
        answers.append(await editor.post(f"{LIST}/new", data={"owner": beyond}))

        assert {answer.status_code for answer in answers} == {422}
