"""A resolved conversation becomes a draft, without what tells whose it was."""

from collections.abc import Awaitable, Callable

import httpx
import pytest
from fastapi import FastAPI

from crm.conversations.handling import Handling
from crm.conversations.intake import Intake
from crm.conversations.service import ConversationService
from crm.enums import Role
from crm.models import Agent, Conversation, Inbox
from knowledge_base.enums import ArticleStatus
from knowledge_base.models import Article
from tests.conftest import message
from web.parts import Parts

SignIn = Callable[[Role], Awaitable[Agent]]
Talk = Callable[..., Awaitable[Conversation]]


@pytest.fixture
def talk(app: FastAPI, intake: Intake, inbox: Inbox, make_agent: Callable[..., Awaitable[Agent]]) -> Talk:
    """A contact asks, a person answers, and the matter is resolved."""
    count = 0

    async def talk(
        *asked: str, answers: tuple[str, ...] = (), resolve: bool = True, visitor: str = "visitor"
    ) -> Conversation:
        nonlocal count
        count += 1
        colleague = await make_agent(f"Mina{count}")
        for place, text in enumerate(asked):
            more = {"number": 100 * count + place, "language": "fa", "contact_name": "علی رضایی", "visitor": visitor}
            incoming = message(inbox, text, **more)
            conversation = (await intake.receive(incoming)).conversation
        async with app.state.work.begin() as session:
            service: ConversationService = app.state.open_conversations(session)
            conversation = await service.lock(conversation.id)
            await Handling(service).take(conversation, by=colleague)
            for text in answers:
                await Handling(service).reply(conversation, text, by=colleague)
            await Handling(service).add_note(conversation, "یادداشت محرمانه", by=colleague)
            if resolve:
                await Handling(service).resolve(conversation)
        return conversation

    return talk


async def drafts(parts: Parts) -> list[Article]:
    async with parts.work.reading() as session:
        knowledge = parts.open_knowledge(session)
        ids = (await knowledge.articles.at_addresses(await knowledge.articles.slugs_like("answer-"))).values()
        return [await knowledge.get(one) for one in ids]


def address(conversation: Conversation) -> str:
    return f"/desk/conversations/{conversation.id}/article"


class TestMakeArticle:
    async def test_keeps_what_was_asked_and_answered_and_not_who_asked(
        self, client: httpx.AsyncClient, sign_in: SignIn, talk: Talk, parts: Parts
    ) -> None:
        conversation = await talk(
            "سلام",
            "من علي رضايي هستم، سفارش ۴۸۲۱۳۹ کی می‌رسد؟",
            "به ۰۹۱۲۱۲۳۴۵۶۷ زنگ می‌زنید؟",
            answers=("آقای رضایی، تا ۳ روز کاری.", "رسیدش: https://shop.example/r?token=k1"),
        )
        await sign_in(Role.supervisor)

        response = await client.post(address(conversation))
        page = (await client.get(response.headers["location"])).text
        [draft] = await drafts(parts)

        assert draft.status is ArticleStatus.draft
        assert draft.language == "fa"
        assert draft.title == "من [نام] هستم، سفارش [شماره] کی می‌رسد؟"
        assert draft.questions == ["به [شمارهٔ تلفن] زنگ می‌زنید؟"]
        assert draft.body == "آقای [نام]، تا ۳ روز کاری.\n\nرسیدش: [پیوند]"
        assert "پیش از انتشار آن را با دقت بخوانید" in page
        assert (await client.get(draft.url)).status_code == 404

    async def test_nor_who_answered(self, client: httpx.AsyncClient, sign_in: SignIn, talk: Talk, parts: Parts) -> None:
        conversation = await talk("سفارشم کی می‌رسد؟", answers=("Mina1 هستم. تا ۳ روز کاری.",))
        await sign_in(Role.supervisor)

        await client.post(address(conversation))

        assert (await drafts(parts))[0].body == "[نام] هستم. تا ۳ روز کاری."

    async def test_nor_what_their_own_site_calls_who_asked(
        self, client: httpx.AsyncClient, sign_in: SignIn, talk: Talk, parts: Parts
    ) -> None:
        conversation = await talk("سفارش ali42 کی می‌رسد؟", answers=("Ali42 عزیز، فردا.",), visitor="user:ali42")
        await sign_in(Role.supervisor)

        await client.post(address(conversation))
        [draft] = await drafts(parts)

        assert (draft.title, draft.body) == ("سفارش [نام] کی می‌رسد؟", "[نام] عزیز، فردا.")

    async def test_pressed_twice_makes_one_draft(
        self, client: httpx.AsyncClient, sign_in: SignIn, talk: Talk, parts: Parts
    ) -> None:
        conversation = await talk("کی می‌رسد؟", answers=("فردا.",))
        await sign_in(Role.admin)

        places = [(await client.post(address(conversation))).headers["location"] for _ in range(2)]

        assert places[0] == places[1]
        assert len(await drafts(parts)) == 1

    async def test_tells_of_the_last_matter_alone(
        self, client: httpx.AsyncClient, sign_in: SignIn, talk: Talk, parts: Parts
    ) -> None:
        await talk("کی می‌رسد؟", answers=("فردا.",))
        conversation = await talk("چطور پس بدهم؟", answers=("با پست.",))
        await sign_in(Role.admin)

        await client.post(address(conversation))
        [draft] = await drafts(parts)

        assert (draft.title, draft.questions, draft.body) == ("چطور پس بدهم؟", [], "با پست.")

    async def test_there_must_be_an_answer_and_an_end(
        self, client: httpx.AsyncClient, sign_in: SignIn, talk: Talk, parts: Parts
    ) -> None:
        unanswered = await talk("کی می‌رسد؟")
        await sign_in(Role.admin)
        refused = await client.post(address(unanswered))
        wordless = await client.post(address(await talk("؟؟؟", "!!", answers=("بله؟",))))
        unfinished = await talk("چطور پس بدهم؟", answers=("با پست.",), resolve=False)

        assert [refused.status_code, wordless.status_code] == [409, 409]
        assert (await client.post(address(unfinished))).status_code == 409
        assert await drafts(parts) == []
        assert (await client.post("/desk/conversations/none/article")).status_code == 404

    async def test_hostile_words_do_no_harm(self, client: httpx.AsyncClient, sign_in: SignIn, talk: Talk) -> None:
        conversation = await talk("<script>alert(1)</script> \u202eچرا؟", answers=("<img src=x onerror=alert(1)>",))
        await sign_in(Role.admin)

        page = (await client.get((await client.post(address(conversation))).headers["location"])).text

        assert "<script>alert" not in page
        assert "<img src=x" not in page


class TestWhoMay:
    async def test_needs_both_to_read_conversations_and_to_write_articles(
        self, client: httpx.AsyncClient, sign_in: SignIn, talk: Talk, parts: Parts
    ) -> None:
        conversation = await talk("کی می‌رسد؟", answers=("فردا.",))

        nobody = await client.post(address(conversation))
        refused = []
        for role in (Role.agent, Role.editor):
            await sign_in(role)
            refused.append((await client.post(address(conversation))).status_code)

        assert nobody.status_code == 401
        assert refused == [403, 403]
        assert await drafts(parts) == []

    async def test_the_button_is_for_them_and_for_what_is_resolved(
        self, client: httpx.AsyncClient, sign_in: SignIn, talk: Talk
    ) -> None:
        conversation = await talk("کی می‌رسد؟", answers=("فردا.",))
        page = f"/desk/conversations/{conversation.id}"

        await sign_in(Role.agent)
        for_agents = (await client.get(page)).text
        await sign_in(Role.supervisor)
        for_supervisors = (await client.get(page)).text
        await talk("باز هم سؤال دارم", resolve=False)
        opened_again = (await client.get(page)).text

        button = f'action="{address(conversation)}"'
        assert [button in one for one in (for_agents, for_supervisors, opened_again)] == [False, True, False]
        assert "ساخت مقاله از این گفت‌وگو" in for_supervisors
