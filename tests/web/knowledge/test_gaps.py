"""Questions without an answer, from the list to the article that answers them."""

from collections.abc import Awaitable, Callable

import httpx
import pytest
from sqlalchemy import select

from crm.conversations.intake import Intake
from crm.enums import Role
from crm.models import Agent, Inbox
from knowledge_base.enums import GapState
from knowledge_base.models import Expectation, Gap
from tests.conftest import message
from tests.web.knowledge.conftest import WriteArticle
from tests.web.knowledge.test_editor import page_of
from web.knowledge import gaps
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

    async def test_a_question_runs_in_its_own_direction_whatever_it_was_to_be_answered_in(
        self, editor: httpx.AsyncClient, asked: Callable[..., Awaitable[int]], write: WriteArticle
    ) -> None:
        await write("CRM چیست؟", slug="crm", language="fa")
        await asked("parking darid?", language="fa")

        page = (await editor.get(LIST)).text

        assert '<bdi dir="ltr">parking darid?</bdi>' in page
        assert "\u2067CRM چیست؟\u2069" in page

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

    async def test_what_one_page_does_not_hold_is_on_the_next(
        self,
        editor: httpx.AsyncClient,
        asked: Callable[..., Awaitable[int]],
        parts: Parts,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(gaps, "ON_A_PAGE", 2)
        questions = ("پارکینگ دارید؟", "گربه هم می‌آید؟", "where is the moon")
        ids = {question: await asked(question) for question in questions}
        first = (await editor.get(LIST)).text
        second = (await editor.get(LIST, params={"page": 2})).text
        on_second = next(one for one in ids.values() if f'name="typical" value="{one}"' in second)

        done = await editor.post(LIST, data={"gaps": on_second, "action": "dismissed", "page": 2})
        after = (await editor.get(done.headers["location"])).text

        assert sorted(page.count('class="card gap"') for page in (first, second)) == [1, 2]
        assert sum(question in first for question in questions) == 2
        assert f'href="{LIST}?state=open&amp;page=2"' in first
        assert f'rel="prev" href="{LIST}?state=open"' in second
        assert "Page 2 of 2" in second
        assert 'name="page" value="2"' in second
        # The page that is no more leads to the last one there is.
        assert done.headers["location"].endswith("?state=open&page=2")
        assert after.count('class="card gap"') == 2
        assert "Page 2" not in after

    @pytest.mark.parametrize("number", ["0", "-1", "x", "10001"])
    async def test_a_page_that_cannot_be_is_refused(self, editor: httpx.AsyncClient, number: str) -> None:
        assert (await editor.get(LIST, params={"page": number})).status_code == 422

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

        response = await editor.post(LIST, data={"gaps": ",".join(map(str, both)), "action": "dismissed"})

        assert response.status_code == 303
        assert await in_state(parts, GapState.dismissed) == set(both)

    async def test_opens_again(
        self, editor: httpx.AsyncClient, asked: Callable[..., Awaitable[int]], parts: Parts
    ) -> None:
        gap = await asked("پارکینگ دارید؟")
        await editor.post(LIST, data={"gaps": gap, "action": "answered"})

        response = await editor.post(LIST, data={"gaps": gap, "action": "open", "shown": "answered"})

        assert response.headers["location"].endswith("?state=answered")
        assert await in_state(parts, GapState.open) == {gap}


class TestOneClick:
    async def test_begins_a_draft_that_asks_all_of_them(
        self, editor: httpx.AsyncClient, asked: Callable[..., Awaitable[int]], parts: Parts
    ) -> None:
        both = [await asked("Is there parking?", language="en"), await asked("where do I park", language="en")]

        form = {"gaps": ",".join(map(str, both)), "typical": both[0], "action": "draft"}
        address = (await editor.post(LIST, data=form)).headers["location"]
        page = (await editor.get(address)).text
        waiting = await in_state(parts, GapState.open)

        assert "where do I park\nIs there parking?</textarea>" in page
        assert "is-there-parking" in page
        assert waiting == set(both)
        assert "To be answered by:" in (await editor.get(LIST)).text

    async def test_keeps_nothing_of_who_asked(
        self,
        editor: httpx.AsyncClient,
        asked: Callable[..., Awaitable[int]],
        write: WriteArticle,
        intake: Intake,
        inbox: Inbox,
        parts: Parts,
    ) -> None:
        incoming = message(inbox, "hello", contact_name="Sara Ahmadi")
        conversation = (await intake.receive(incoming)).conversation.id
        gap = await asked("sara here, 09121234567, is there parking?", language="en", conversation=conversation)
        article = await write("Opening hours", slug="hours")
        form = {"gaps": gap, "typical": gap, "article": article.id}

        drafted = (await editor.post(LIST, data=form | {"action": "draft"})).headers["location"]
        await editor.post(LIST, data=form | {"action": "add"})
        await editor.post(LIST, data=form | {"action": "expect"})

        async with parts.work.reading() as session:
            knowledge = parts.open_knowledge(session)
            draft = await knowledge.get(int(drafted.rpartition("/")[2].partition("?")[0]))
            other = await knowledge.get(article.id)
            kept = [one.question for one in await session.scalars(select(Expectation))]
        said = "[name] here, [phone number], is there parking?"
        assert (draft.title, draft.slug) == (said, "name-here-phone-number-is-there")
        assert other.questions == [said]
        assert kept == [said]

    async def test_questions_to_be_added_say_nothing_of_who_asked(
        self, editor: httpx.AsyncClient, asked: Callable[..., Awaitable[int]], write: WriteArticle
    ) -> None:
        article = await write("Is there parking?", slug="parking")
        await asked("is there any parking? 09121234567", language="en")

        suggested = (await editor.get(f"{page_of(article)}/asked")).text

        assert "is there any parking? [phone number]" in suggested

    async def test_adds_them_to_an_article_and_settles_them(
        self, editor: httpx.AsyncClient, asked: Callable[..., Awaitable[int]], write: WriteArticle, parts: Parts
    ) -> None:
        gap = await asked("Is there parking?", language="en")
        article = await write("Opening hours", slug="hours")

        await editor.post(LIST, data={"gaps": gap, "article": article.id, "action": "add"})

        assert "Is there parking?</textarea>" in (await editor.get(page_of(article))).text
        assert await in_state(parts, GapState.answered) == {gap}

    async def test_warns_before_it_adds_what_another_article_answers(
        self, editor: httpx.AsyncClient, asked: Callable[..., Awaitable[int]], write: WriteArticle, parts: Parts
    ) -> None:
        gap = await asked("Is there parking?", language="en")
        await write("Is there parking?", slug="parking", body="Behind the house.")
        article = await write("Opening hours", slug="hours")
        form = {"gaps": gap, "article": article.id, "typical": gap}

        warned = await editor.post(LIST, data=form | {"action": "add"})
        before = await in_state(parts, GapState.open)
        added = await editor.post(LIST, data=form | {"action": "add_anyway"})

        assert "Not added yet" in warned.text
        assert "nearly the same" in warned.text
        assert before == {gap}
        assert added.status_code == 303
        assert await in_state(parts, GapState.answered) == {gap}

    async def test_does_not_warn_of_what_the_article_gets_in_the_way_of_already(
        self, editor: httpx.AsyncClient, asked: Callable[..., Awaitable[int]], write: WriteArticle, parts: Parts
    ) -> None:
        gap = await asked("Is there parking?", language="en")
        await write("When are you open?", slug="open", body="From nine to five.")
        article = await write("When are you open?", slug="hours", body="From nine to five.")
        as_it_is = (await editor.get(f"{page_of(article)}?done=saved")).text

        added = await editor.post(LIST, data={"gaps": gap, "article": article.id, "action": "add"})

        assert "nearly the same" in as_it_is
        assert added.status_code == 303
        assert await in_state(parts, GapState.answered) == {gap}

    @pytest.mark.parametrize("gaps", ["", "x", "1,,2", "99999999999", "1;2", "-1"])
    async def test_odd_groups_are_refused(self, editor: httpx.AsyncClient, gaps: str) -> None:
        assert (await editor.post(LIST, data={"gaps": gaps, "action": "dismissed"})).status_code == 422

    async def test_is_for_editors(self, client: httpx.AsyncClient, sign_in: Callable[[Role], Awaitable[Agent]]) -> None:
        nobody = await client.post(LIST, data={"gaps": "1", "action": "draft"})
        await sign_in(Role.agent)
        an_agent = await client.post(LIST, data={"gaps": "1", "action": "draft"})

        assert nobody.status_code in (303, 401)
        assert an_agent.status_code == 403
