"""Everything that was saved of an article, two of the texts side by side, and one brought back."""

import re
from itertools import pairwise

import httpx
import pytest

from knowledge_base.models import Article
from tests.web.knowledge.conftest import WriteArticle
from tests.web.knowledge.test_editor import page_of, stored, typed
from web.parts import Parts


@pytest.fixture
async def article(editor: httpx.AsyncClient, write: WriteArticle) -> Article:
    """A Persian article that was saved three times."""
    article = await write("بازگشت وجه", slug="refunds", language="fa", body="ده روز")
    for version, body in enumerate(["پنج روز", "سه روز"], 1):
        await editor.post(page_of(article), data=typed(title=article.title, body=body, version=version))
    return article


class TestVersions:
    async def test_the_last_two_are_compared_from_right_to_left(
        self, editor: httpx.AsyncClient, article: Article
    ) -> None:
        page = (await editor.get(f"{page_of(article)}/versions")).text

        assert '<table lang="fa" dir="rtl">' in page
        assert '<div class="sides" dir="rtl" aria-hidden="true"><span>Version 2</span><span>Version 3</span>' in page
        assert "<del>پنج </del>روز" in page
        assert "<ins>سه </ins>روز" in page
        assert "Kaveh" in page
        assert "Editor" in page

    async def test_each_is_a_card_on_a_phone_that_says_what_is_in_it(
        self, editor: httpx.AsyncClient, article: Article
    ) -> None:
        page = (await editor.get(f"{page_of(article)}/versions")).text

        assert '<div class="table-frame stacks"' in page
        assert page.count('data-label="Older text"') == page.count('data-label="Newer text"') == 3

    async def test_headings_come_one_level_after_the_other(self, editor: httpx.AsyncClient, article: Article) -> None:
        page = (await editor.get(f"{page_of(article)}/versions")).text

        levels = [int(level) for level in re.findall(r"<h([1-6])", page)]
        assert levels[0] == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))

    async def test_one_alone_has_one_main_heading(self, editor: httpx.AsyncClient, article: Article) -> None:
        page = (await editor.get(f"{page_of(article)}/versions/1")).text

        assert page.count("<h1") == 1
        assert '<h2 class="article-title">بازگشت وجه</h2>' in page

    async def test_tells_of_a_text_that_was_opened_to_everybody_and_brings_back_its_words_alone(
        self, editor: httpx.AsyncClient, write: WriteArticle, parts: Parts
    ) -> None:
        article = await write("Exceptions", slug="exceptions", body="Pay.", visibility="public", published=False)
        form = typed(title="Exceptions", body="Pay.", visibility="agents", review_due="2030-01-01")
        await editor.post(page_of(article), data=form)

        pages = [(await editor.get(f"{page_of(article)}/versions{rest}")).text for rest in ("", "/1")]
        await editor.post(f"{page_of(article)}/versions/1/restore", data={"seen": 2, "status": "draft"})

        for page in pages:
            assert "<del>Everybody</del>" in page
            assert "<ins>Agents only</ins>" in page
            assert "<ins>2030-01-01</ins>" in page
        assert (await stored(parts, article.id)).visibility == "agents"

    async def test_the_article_tells_who_published_it(self, editor: httpx.AsyncClient, write: WriteArticle) -> None:
        article = await write("Exceptions", slug="exceptions", published=False)

        before = (await editor.get(page_of(article))).text
        await editor.post(page_of(article), data=typed(title="Exceptions", action="publish", status="draft"))
        page = (await editor.get(page_of(article))).text

        assert "Changes of status" not in before
        assert "Editor" in page.partition("Changes of status")[2]

    async def test_any_two_can_be_compared(self, editor: httpx.AsyncClient, article: Article) -> None:
        page = (await editor.get(f"{page_of(article)}/versions", params={"left": 1, "right": 3})).text

        assert "<del>ده </del>روز" in page
        assert "<ins>سه </ins>روز" in page

    async def test_a_version_beside_itself_asks_for_another(self, editor: httpx.AsyncClient, article: Article) -> None:
        page = (await editor.get(f"{page_of(article)}/versions", params={"left": 2, "right": 2})).text

        assert "Choose two different versions" in page

    async def test_bringing_one_back_is_a_new_save(
        self, editor: httpx.AsyncClient, article: Article, parts: Parts
    ) -> None:
        page = (await editor.get(f"{page_of(article)}/versions")).text
        assert f'formaction="{page_of(article)}/versions/1/restore"' in page

        await editor.post(f"{page_of(article)}/versions/1/restore", data={"seen": 3})

        assert (await stored(parts, article.id)).body == "ده روز"
        assert (await stored(parts, article.id)).version == 4

    @pytest.mark.parametrize("query", [{"left": 9}, {"right": -1}, {"left": 10**30}])
    async def test_a_version_that_never_was_is_not_found(
        self, editor: httpx.AsyncClient, article: Article, query: dict[str, int]
    ) -> None:
        assert (await editor.get(f"{page_of(article)}/versions", params=query)).status_code == 404

    async def test_hostile_text_is_harmless(self, editor: httpx.AsyncClient, write: WriteArticle) -> None:
        article = await write("<script>alert(1)</script>", slug="x", body="<img onerror=alert(2)>")
        await editor.post(page_of(article), data=typed(title="<b>", body="<script>alert(3)</script>"))

        page = (await editor.get(f"{page_of(article)}/versions")).text

        assert "<script>alert" not in page
        assert "<img onerror" not in page
