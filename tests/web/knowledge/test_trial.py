"""Trying out a question, and a text before it is published."""

import re

import httpx

from knowledge_base.enums import ArticleStatus, GapState
from tests.web.knowledge.conftest import WriteArticle
from tests.web.knowledge.test_editor import NEW, page_of, stored, typed
from web.parts import Parts

TRY = "/desk/knowledge/try"
QUESTION = "How long does a refund take?"


class TestTry:
    async def test_says_what_the_bot_would_say_and_how_sure_it_is(
        self, editor: httpx.AsyncClient, write: WriteArticle
    ) -> None:
        article = await write(QUESTION, slug="refunds", body="A refund takes ten working days.")

        page = (await editor.get(TRY, params={"question": QUESTION, "answer_in": "en"})).text

        assert "The bot answers" in page
        assert "A refund takes ten working days." in page
        assert f"/desk/knowledge/{article.id}" in page
        assert re.search(r"Confidence \d+%", page)

    async def test_says_why(self, editor: httpx.AsyncClient, write: WriteArticle) -> None:
        await write(QUESTION, slug="refunds", body="A refund takes ten working days.")

        page = (await editor.get(TRY, params={"question": QUESTION, "answer_in": "en"})).text

        assert "Share of the question in the text" in page
        # On a phone the names of the columns are gone, and each number says by itself what it is.
        label = 'data-label="Share of the question in the text"'
        assert re.search(rf'<td class="numeric" {label}><bdi dir="ltr">\d+\.\d\d', page)

    async def test_keeps_no_question(self, editor: httpx.AsyncClient, parts: Parts) -> None:
        page = (await editor.get(TRY, params={"question": "Is there parking?", "answer_in": "en"})).text

        async with parts.work.reading() as session:
            assert await parts.open_knowledge(session).gaps.count(GapState.open) == 0
        assert "does not know" in page

    async def test_a_question_without_words_is_no_failure(self, editor: httpx.AsyncClient) -> None:
        response = await editor.get(TRY, params={"question": " \u200c "})

        assert response.status_code == 200
        assert "There are no words in this question." in response.text


class TestTryUnsaved:
    async def test_shows_the_answer_now_and_with_the_text_of_the_form(
        self, editor: httpx.AsyncClient, write: WriteArticle, parts: Parts
    ) -> None:
        article = await write(QUESTION, slug="refunds", body="A refund takes ten working days.")
        form = typed(title=QUESTION, body="A refund takes three days.", article=article.id, question=QUESTION)

        page = (await editor.post(TRY, data=form | {"answer_in": "en"})).text

        assert "A refund takes ten working days." in page
        assert "A refund takes three days." in page
        assert (await stored(parts, article.id)).version == 1

    async def test_a_new_text_is_no_link_and_harmless(self, editor: httpx.AsyncClient) -> None:
        form = typed(title="<script>alert(1)</script> parking", slug="", language="en", body="<img onerror=x>")

        page = (await editor.post(TRY, data=form | {"question": "parking", "answer_in": "en"})).text

        assert "With the text of this form" in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt; parking" in page
        assert "<script>alert" not in page
        assert "<img onerror" not in page
        assert 'href="/desk/knowledge/0"' not in page

    async def test_a_form_that_cannot_be_saved_asks_the_saved_articles_alone(self, editor: httpx.AsyncClient) -> None:
        page = (await editor.post(TRY, data=typed(question="parking", title=""))).text

        assert "only the saved articles are asked" in page


class TestOverlaps:
    async def test_publishing_what_another_article_answers_warns_first(
        self, editor: httpx.AsyncClient, write: WriteArticle, parts: Parts
    ) -> None:
        other = await write(QUESTION, slug="refunds", body="A refund takes ten working days.")
        form = typed(title=QUESTION, slug="again", language="en", body="Ten days.")

        warned = await editor.post(NEW, data=form | {"action": "publish"})
        published = await editor.post(NEW, data=form | {"action": "publish_anyway"})

        warning = re.search(r'<section [^>]*aria-labelledby="overlaps">.*?</section>', warned.text, re.DOTALL)
        assert warning
        assert "nearly the same" in warning[0]
        assert 'value="publish_anyway"' in warning[0]
        assert page_of(other) in warned.text
        assert "Ten days.</textarea>" in warned.text
        assert published.status_code == 303
        assert (await editor.get("/help/en/again")).status_code == 200

    async def test_a_draft_is_warned_about_before_it_is_published(
        self, editor: httpx.AsyncClient, write: WriteArticle, parts: Parts
    ) -> None:
        await write(QUESTION, slug="refunds", body="A refund takes ten working days.")
        draft = await write(QUESTION, slug="again", published=False)

        response = await editor.post(page_of(draft), data=typed(title=QUESTION, action="publish"))

        assert "Publish anyway" in response.text
        later = typed(title=QUESTION, action="schedule", publish_at="2030-01-01 08:00")
        assert "Schedule anyway" in (await editor.post(page_of(draft), data=later)).text
        assert (await stored(parts, draft.id)).status is ArticleStatus.draft
