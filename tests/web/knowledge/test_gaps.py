"""Questions without an answer, from the list to the article that answers them."""

from collections.abc import Awaitable, Callable

import httpx
import pytest

from crm.enums import Role
from crm.models import Agent
from knowledge_base.enums import GapState
from knowledge_base.models import Gap
from tests.web.knowledge.conftest import WriteArticle
from tests.web.knowledge.test_editor import page_of, typed
from web.parts import Parts

LIST = "/desk/knowledge/questions"


@pytest.fixture
def asked(parts: Parts) -> Callable[..., Awaitable[int]]:
    """Somebody asks what nothing answers."""

    async def ask(question: str, *, language: str = "fa", conversation: str | None = None) -> int:
        async with parts.work.begin() as session:
            knowledge = parts.open_knowledge(session)
            found = await knowledge.answer(question, language=language, conversation_id=conversation)
        assert found.gap_id is not None
        return found.gap_id

    return ask


async def in_state(parts: Parts, state: GapState) -> set[int]:
    async with parts.work.reading() as session:
        gaps: list[Gap] = list(await parts.open_knowledge(session).gaps.in_state(state))
        return {gap.id for gap in gaps}


class TestList:
    async def test_equal_questions_stand_together(
        self, editor: httpx.AsyncClient, asked: Callable[..., Awaitable[int]]
    ) -> None:
        await asked("پارکینگ دارید؟")
        await asked("پاركينگ داريد؟")
        await asked("گربه هم می‌آید؟")

        page = (await editor.get(LIST)).text

        assert page.count('class="card gap"') == 2
        assert "asked 2 times" in page

    async def test_leads_to_the_conversation_those_who_may_read_it(
        self,
        editor: httpx.AsyncClient,
        asked: Callable[..., Awaitable[int]],
        sign_in: Callable[[Role], Awaitable[Agent]],
    ) -> None:
        await asked("پارکینگ دارید؟", conversation="c1")

        for_editors = (await editor.get(LIST)).text
        await sign_in(Role.supervisor)
        for_supervisors = (await editor.get(LIST)).text

        assert "/desk/conversations/c1" not in for_editors
        assert "/desk/conversations/c1" in for_supervisors

    async def test_a_hostile_question_is_shown_harmless(
        self, editor: httpx.AsyncClient, asked: Callable[..., Awaitable[int]]
    ) -> None:
        await asked("<script>alert(1)</script> chi?")

        assert "<script>alert" not in (await editor.get(LIST)).text


class TestSettle:
    async def test_dismisses_all_that_stand_together(
        self, editor: httpx.AsyncClient, asked: Callable[..., Awaitable[int]], parts: Parts
    ) -> None:
        both = [await asked("پارکینگ دارید؟"), await asked("پارکینگ دارید؟")]

        response = await editor.post(LIST, data={"gap": both, "state": "dismissed"})

        assert response.status_code == 303
        assert await in_state(parts, GapState.dismissed) == set(both)

    async def test_opens_again(
        self, editor: httpx.AsyncClient, asked: Callable[..., Awaitable[int]], parts: Parts
    ) -> None:
        gap = await asked("پارکینگ دارید؟")
        await editor.post(LIST, data={"gap": gap, "state": "answered"})

        response = await editor.post(LIST, data={"gap": gap, "state": "open", "shown": "answered"})

        assert response.headers["location"].endswith("?state=answered")
        assert await in_state(parts, GapState.open) == {gap}


class TestWriteAnArticle:
    async def test_begins_with_the_question_and_publishing_settles_it(
        self, editor: httpx.AsyncClient, asked: Callable[..., Awaitable[int]], parts: Parts
    ) -> None:
        both = {await asked("پارکینگ دارید؟"), await asked("پاركينگ دارید؟")}
        gap = min(both)

        page = (await editor.get("/desk/knowledge/new", params={"gap": gap})).text
        form = typed(title="پارکینگ", slug="parking", language="fa", questions="پارکینگ دارید؟", gap=gap)
        draft = await editor.post("/desk/knowledge/new", data=form)
        settled_by_draft = await in_state(parts, GapState.answered)
        address = draft.headers["location"]
        await editor.post(address.split("?")[0], data=form | {"action": "publish"})

        assert "پارکینگ دارید؟</textarea>" in page
        assert '<option value="fa" selected>' in page
        assert settled_by_draft == set()
        assert f"gap={gap}" in address
        assert await in_state(parts, GapState.answered) == both

    async def test_or_adds_the_question_to_an_article(
        self, editor: httpx.AsyncClient, asked: Callable[..., Awaitable[int]], write: WriteArticle, parts: Parts
    ) -> None:
        gap = await asked("Is there\nparking?", language="en")
        article = await write("Parking", slug="parking", questions=["where to park"])

        page = (await editor.get(page_of(article), params={"gap": gap})).text
        await editor.post(
            page_of(article), data=typed(title="Parking", questions="where to park\nIs there parking?", gap=gap)
        )

        assert "where to park\nIs there parking?</textarea>" in page
        assert await in_state(parts, GapState.answered) == {gap}

    async def test_an_article_for_agents_alone_leaves_the_question_open(
        self, editor: httpx.AsyncClient, asked: Callable[..., Awaitable[int]], parts: Parts
    ) -> None:
        gap = await asked("Is there parking?", language="en")

        form = typed(title="Parking", slug="parking", language="en", visibility="agents", gap=gap, action="publish")
        response = await editor.post("/desk/knowledge/new", data=form)

        assert response.headers["location"].endswith(f"done=published_agents&gap={gap}")
        assert await in_state(parts, GapState.open) == {gap}
