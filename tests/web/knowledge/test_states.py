"""Review, publishing later, and what only agents see."""

from datetime import UTC, date, datetime

import httpx
import pytest

from crm.enums import Role
from knowledge_base.enums import ArticleStatus, Visibility
from tests.web.knowledge.conftest import WriteArticle
from tests.web.knowledge.test_articles import SignIn
from tests.web.knowledge.test_editor import NEW, ask, page_of, stored, typed
from web.parts import Parts


class TestReview:
    async def test_an_article_goes_to_review_and_back(
        self, editor: httpx.AsyncClient, write: WriteArticle, parts: Parts
    ) -> None:
        article = await write("Refund rules", slug="refunds", published=False)

        await editor.post(page_of(article), data=typed(title=article.title, action="review"))
        in_review = await stored(parts, article.id)
        await editor.post(page_of(article), data=typed(title=article.title, action="draft"))

        assert in_review.status is ArticleStatus.in_review
        assert (await stored(parts, article.id)).status is ArticleStatus.draft

    async def test_what_is_published_does_not_go_to_review(
        self, editor: httpx.AsyncClient, write: WriteArticle, parts: Parts
    ) -> None:
        article = await write("Refund rules", slug="refunds")

        response = await editor.post(page_of(article), data=typed(title=article.title, action="review"))

        assert response.status_code == 409
        assert (await stored(parts, article.id)).status is ArticleStatus.published

    async def test_what_cannot_be_keeps_the_typed_text_in_the_form_and_saves_nothing(
        self, editor: httpx.AsyncClient, write: WriteArticle, parts: Parts
    ) -> None:
        article = await write("Refund rules", slug="refunds", body="Ten days.")

        response = await editor.post(page_of(article), data=typed(title="Mine", body="Half", action="review"))

        assert response.status_code == 409
        assert "Half</textarea>" in response.text
        assert "This article cannot go there from its present status" in response.text
        assert (await stored(parts, article.id)).body == "Ten days."
        assert "Half" not in str(await ask(editor, "Mine"))


class TestSchedule:
    @pytest.mark.parametrize(("language", "at"), [("fa", "۱۴۰۵/۰۹/۰۳ ۰۸:۳۰"), ("en", "2026-11-24 08:30")])
    async def test_the_time_is_of_the_readers_calendar_and_clock(
        self, editor: httpx.AsyncClient, parts: Parts, language: str, at: str
    ) -> None:
        editor.headers["accept-language"] = language
        form = typed(title="Later", slug="later", language="en", publish_at=at, action="schedule")

        response = await editor.post(NEW, data=form)
        address = response.headers["location"].split("?")[0]
        article = await stored(parts, int(address.rsplit("/", 1)[1]))

        assert article.publishes_at == datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
        assert article.status is ArticleStatus.draft
        assert f'name="publish_at" value="{at}"' in (await editor.get(address)).text

    @pytest.mark.parametrize(
        ("at", "sentence"),
        [
            ("", "Write a day and a time"),
            ("2026-11-24", "Write a day and a time"),
            ("2026-11-24 25:00", "Write a day and a time"),
            ("2026-11-22 10:00", "Choose a time that is still to come"),
            ("9999-12-31 23:59", "Choose a time that is still to come"),
        ],
    )
    async def test_no_time_to_come_is_refused(
        self, editor: httpx.AsyncClient, write: WriteArticle, parts: Parts, at: str, sentence: str
    ) -> None:
        article = await write("Refund rules", slug="refunds", published=False)

        form = typed(title=article.title, publish_at=at, action="schedule")
        response = await editor.post(page_of(article), data=form)

        assert response.status_code == 422
        assert sentence in response.text
        assert (await stored(parts, article.id)).publishes_at is None

    async def test_it_can_be_called_off(self, editor: httpx.AsyncClient, write: WriteArticle, parts: Parts) -> None:
        article = await write("Refund rules", slug="refunds", published=False)
        form = typed(title=article.title, publish_at="2026-11-24 05:00")
        await editor.post(page_of(article), data=form | {"action": "schedule"})
        assert "It will be published by itself on" in (await editor.get(page_of(article))).text

        await editor.post(page_of(article), data=form | {"action": "draft"})

        assert (await stored(parts, article.id)).publishes_at is None


class TestPublishedMeanwhile:
    async def test_half_written_text_does_not_go_live_and_is_not_lost(
        self, editor: httpx.AsyncClient, write: WriteArticle, parts: Parts
    ) -> None:
        article = await write("Refund rules", slug="refunds", body="Ten days.", published=False)
        seen = (await editor.get(page_of(article))).text
        async with parts.work.begin() as session:
            await parts.open_knowledge(session).publish(article.id)

        form = typed(title=article.title, body="Half <b>", status="draft")
        refused = await editor.post(page_of(article), data=form)
        kept = (await stored(parts, article.id)).body
        again = await editor.post(page_of(article), data=form | {"status": "published"})

        assert 'name="status" value="draft"' in seen
        assert refused.status_code == 409
        assert "This article was published while you were writing" in refused.text
        assert "Half &lt;b&gt;</textarea>" in refused.text
        assert 'name="status" value="published"' in refused.text
        assert kept == "Ten days."
        assert again.status_code == 303
        assert (await stored(parts, article.id)).body == "Half <b>"


class TestAgentsOnly:
    async def test_contacts_find_it_nowhere(self, editor: httpx.AsyncClient, write: WriteArticle) -> None:
        article = await write("Refund exceptions", slug="exceptions", body="The manager may.")
        await write("Other", slug="other", body="Something else.")
        form = typed(title=article.title, body=article.body, visibility="agents")

        response = await editor.post(page_of(article), data=form)

        assert response.headers["location"].endswith("done=saved_agents")
        assert (await editor.get("/help/en/exceptions")).status_code == 404
        assert "/help/en/exceptions" not in (await editor.get("/help/en")).text
        found = (await editor.get("/help/en", params={"q": "Refund exceptions"})).text
        assert "The manager may." not in found
        assert "/help/en/exceptions" not in found
        assert (await ask(editor, "Refund exceptions"))["answer"] is None

    async def test_agents_read_it(self, client: httpx.AsyncClient, sign_in: SignIn, write: WriteArticle) -> None:
        article = await write("<b>Exceptions", slug="exceptions", body="<script>alert(1)</script>", visibility="agents")
        draft = await write("Draft", slug="draft", published=False)
        address = f"/desk/articles/{article.id}"
        stranger = await client.get(address)
        await sign_in(Role.agent)

        page = await client.get(address, headers={"accept-language": "en"})

        assert stranger.status_code == 303
        assert "for agents only" in page.text
        assert "&lt;b&gt;Exceptions" in page.text
        assert "<script>alert" not in page.text
        assert (await client.get(f"/desk/articles/{draft.id}")).status_code == 404

    async def test_the_form_keeps_it_with_the_review_date(
        self, editor: httpx.AsyncClient, write: WriteArticle, parts: Parts
    ) -> None:
        article = await write("Exceptions", slug="exceptions", visibility="agents")

        form = typed(title="Exceptions", visibility="agents", review_due="1405/12/01")
        await editor.post(page_of(article), data=form)
        saved = await stored(parts, article.id)

        assert (saved.visibility, saved.review_due_on) == (Visibility.agents, date(2027, 2, 20))
        assert '<option value="agents" selected>' in (await editor.get(page_of(article))).text

    async def test_a_visibility_that_nobody_knows_is_refused(
        self, editor: httpx.AsyncClient, write: WriteArticle
    ) -> None:
        article = await write("Exceptions", slug="exceptions")

        response = await editor.post(page_of(article), data=typed(title="Exceptions", visibility="<b>"))

        assert response.status_code == 422
        assert "Choose who may see it." in response.text
