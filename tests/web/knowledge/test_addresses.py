"""Articles move to other addresses, and what links to the old ones still leads to them."""

from typing import Any

import httpx
import pytest

from tests.web.knowledge.conftest import WriteArticle
from tests.web.knowledge.test_editor import ask, page_of, stored, typed, versions
from web.parts import Parts

NEW = "/desk/knowledge/new"


def moved(slug: str, **changes: Any) -> dict[str, Any]:
    """The form of an article with another address."""
    return typed(title="Refund rules", slug=slug, body="Ten days.", **changes)


@pytest.fixture
def write_rules(write: WriteArticle) -> WriteArticle:
    """Write the article that is moved."""

    async def write_one(**content: Any) -> Any:
        return await write("Refund rules", slug="refunds", body="Ten days.", **content)

    return write_one


class TestDraft:
    async def test_moves_and_leaves_nothing_behind(
        self, editor: httpx.AsyncClient, write_rules: WriteArticle, parts: Parts
    ) -> None:
        article = await write_rules(published=False)

        response = await editor.post(page_of(article), data=moved("money-back", action="publish", status="draft"))

        assert response.status_code == 303
        assert (await stored(parts, article.id)).slug == "money-back"
        assert (await editor.get("/help/en/money-back")).status_code == 200
        assert (await editor.get("/help/en/refunds")).status_code == 404


class TestPublished:
    async def test_is_found_at_the_new_address_and_the_old_one_leads_there(
        self, editor: httpx.AsyncClient, write_rules: WriteArticle
    ) -> None:
        article = await write_rules()

        await editor.post(page_of(article), data=moved("money-back", status="published"))
        old = await editor.get("/help/en/refunds?asked=money+%3Cb%3E")
        answer = await ask(editor, "Refund rules")

        assert (old.status_code, old.headers["location"]) == (301, "/help/en/money-back?asked=money+%3Cb%3E")
        assert "Ten days." in (await editor.get("/help/en/money-back")).text
        assert answer["answer"]["url"] == "/help/en/money-back"

    async def test_takes_its_translation_along(
        self, editor: httpx.AsyncClient, write: WriteArticle, write_rules: WriteArticle, parts: Parts
    ) -> None:
        article, persian = await write_rules(), await write("شرایط بازگشت", slug="refunds", language="fa")

        await editor.post(page_of(article), data=moved("money-back"))

        translation = await stored(parts, persian.id)
        assert (translation.slug, translation.version) == ("money-back", 2)
        assert [one.number for one in await versions(parts, persian.id)] == [2, 1]
        assert (await editor.get("/help/fa/refunds")).headers["location"] == "/help/fa/money-back"
        assert parts.live_index.search.translation(article.id, "fa").id == persian.id  # type: ignore[union-attr]

    async def test_may_come_back(self, editor: httpx.AsyncClient, write_rules: WriteArticle) -> None:
        article = await write_rules()

        await editor.post(page_of(article), data=moved("money-back"))
        await editor.post(page_of(article), data=moved("refunds", version=2))

        assert (await editor.get("/help/en/refunds")).status_code == 200
        assert (await editor.get("/help/en/money-back")).headers["location"] == "/help/en/refunds"

    async def test_makes_way_for_another_article_at_its_old_address(
        self, editor: httpx.AsyncClient, write: WriteArticle, write_rules: WriteArticle
    ) -> None:
        article = await write_rules()
        await editor.post(page_of(article), data=moved("money-back"))

        await write("New rules", slug="refunds", body="Twenty days.")

        assert "Twenty days." in (await editor.get("/help/en/refunds")).text

    async def test_leads_on_while_another_article_at_its_old_address_is_a_draft(
        self, editor: httpx.AsyncClient, write: WriteArticle, write_rules: WriteArticle
    ) -> None:
        article = await write_rules()
        await editor.post(page_of(article), data=moved("money-back"))

        await write("New rules", slug="refunds", body="Twenty days.", published=False)
        response = await editor.post("/help/en/refunds/vote", data={"helpful": "yes"})

        assert (await editor.get("/help/en/refunds")).headers["location"] == "/help/en/money-back"
        assert response.headers["location"] == "/help/en/money-back#vote"

    async def test_leads_on_from_where_it_was_before_it_became_a_draft_again(
        self, editor: httpx.AsyncClient, write_rules: WriteArticle
    ) -> None:
        article = await write_rules()
        await editor.post(page_of(article), data=moved("refunds", action="archive", status="published"))
        await editor.post(page_of(article), data=moved("refunds", action="draft", status="archived"))

        await editor.post(page_of(article), data=moved("money-back", action="publish", status="draft"))

        assert (await editor.get("/help/en/refunds")).headers["location"] == "/help/en/money-back"

    async def test_does_not_lead_to_what_contacts_may_not_see(
        self, editor: httpx.AsyncClient, write_rules: WriteArticle
    ) -> None:
        article = await write_rules()
        await editor.post(page_of(article), data=moved("money-back"))

        await editor.post(page_of(article), data=moved("money-back", version=2, action="archive"))

        assert (await editor.get("/help/en/refunds")).status_code == 404

    async def test_is_voted_on_from_a_page_that_was_open(
        self, editor: httpx.AsyncClient, write_rules: WriteArticle
    ) -> None:
        await editor.post(page_of(await write_rules()), data=moved("money-back"))

        response = await editor.post("/help/en/refunds/vote", data={"helpful": "yes"})

        assert response.headers["location"] == "/help/en/money-back#vote"


class TestRefusal:
    @pytest.mark.parametrize("slug", ["Not An Address", "<script>", "a--b", "x" * 121])
    async def test_of_what_is_no_address(
        self, editor: httpx.AsyncClient, write_rules: WriteArticle, parts: Parts, slug: str
    ) -> None:
        article = await write_rules()

        response = await editor.post(page_of(article), data=moved(slug, summary="My words."))

        assert response.status_code == 422
        assert "Lower-case Latin letters and digits" in response.text
        assert "My words." in response.text
        assert (await stored(parts, article.id)).slug == "refunds"

    @pytest.mark.parametrize("language", ["en", "fa"])
    async def test_of_what_another_article_has_in_either_language_of_the_pair(
        self, editor: httpx.AsyncClient, write: WriteArticle, write_rules: WriteArticle, parts: Parts, language: str
    ) -> None:
        article, persian = await write_rules(), await write("شرایط بازگشت", slug="refunds", language="fa")
        await write("Other", slug="taken", language=language)

        response = await editor.post(page_of(article), data=moved("taken", summary="My words."))

        assert response.status_code == 422
        assert "There is an article with this address" in response.text
        assert (await stored(parts, article.id)).summary == ""
        assert {(await stored(parts, one.id)).slug for one in (article, persian)} == {"refunds"}

    async def test_of_a_move_without_a_text_is_none(
        self, editor: httpx.AsyncClient, write_rules: WriteArticle, parts: Parts
    ) -> None:
        article = await write_rules()

        await editor.post(page_of(article), data=moved("", summary="New."))

        saved = await stored(parts, article.id)
        assert (saved.slug, saved.summary) == ("refunds", "New.")
