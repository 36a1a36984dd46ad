"""Trying out a question."""

import re

import httpx

from knowledge_base.enums import GapState
from tests.web.knowledge.conftest import WriteArticle
from web.parts import Parts

TRY = "/desk/knowledge/try"


class TestTry:
    async def test_says_what_the_bot_would_say_and_how_sure_it_is(
        self, editor: httpx.AsyncClient, write: WriteArticle
    ) -> None:
        article = await write("How long does a refund take?", slug="refunds", body="A refund takes ten working days.")

        page = (await editor.get(TRY, params={"question": "How long does a refund take?", "language": "en"})).text

        assert "The bot answers" in page
        assert "A refund takes ten working days." in page
        assert f"/desk/knowledge/{article.id}" in page
        assert re.search(r"Confidence \d+%", page)

    async def test_keeps_no_question(self, editor: httpx.AsyncClient, parts: Parts) -> None:
        page = (await editor.get(TRY, params={"question": "Is there parking?", "language": "en"})).text

        async with parts.work.reading() as session:
            assert await parts.open_knowledge(session).gaps.count(GapState.open) == 0
        assert "does not know" in page

    async def test_a_question_without_words_is_no_failure(self, editor: httpx.AsyncClient) -> None:
        response = await editor.get(TRY, params={"question": " \u200c "})

        assert response.status_code == 200
        assert "There are no words in this question." in response.text
