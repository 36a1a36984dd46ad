"""A question that leans on the one before it, from the stored conversation to the API's answer."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from core.clock import FixedClock
from crm.conversations.intake import Intake
from crm.conversations.repository import QUESTIONS_LAST
from crm.conversations.turns import Turns
from crm.enums import Outcome
from crm.models import Inbox
from knowledge_base.models import Article
from knowledge_base.schemas import ArticleCreate
from tests.conftest import message
from tests.fixtures.fakes import FakeBot
from tests.fixtures.patience import until_done
from web.parts import Parts

Say = Callable[..., Awaitable[tuple[str, str]]]
QUESTION = "How much of the fee is refunded before the start?"
FOLLOW_UP = "and for companies?"


@pytest.fixture
async def refunds(parts: Parts) -> Article:
    async with parts.work.begin() as session:
        knowledge = parts.open_knowledge(session)
        parking = ArticleCreate(title="Parking", slug="parking", language="en", body="Park behind the house.")
        await knowledge.publish((await knowledge.create(parking)).id)
        refunds = ArticleCreate(
            title="How much is refunded",
            slug="refunds",
            language="en",
            summary="What comes back.",
            body="Before the start all of the fee is refunded.",
            questions=["do I get my money back?"],
        )
        return await knowledge.publish((await knowledge.create(refunds)).id)


@pytest.fixture
def say(intake: Intake, turns: Turns, inbox: Inbox, bot: FakeBot) -> Say:
    """A contact writes and the bot is done with it; gives the conversation's and the message's id."""
    numbers = iter(range(1, 100))

    async def say(text: str, outcome: Outcome | None = Outcome.answered, **more: Any) -> tuple[str, str]:
        bot.outcome = outcome
        received = await intake.receive(message(inbox, text, number=next(numbers), language="en", **more))
        await until_done(turns.run, received.conversation.id)
        return received.conversation.id, bot.turns[-1].message_id

    return say


@pytest.fixture
def ask(as_program: httpx.AsyncClient) -> Callable[..., Awaitable[dict[str, Any]]]:
    """What the bot's action asks the API."""

    async def ask(question: str, conversation: str, message_id: str) -> dict[str, Any]:
        body = {"question": question, "language": "en", "conversation_id": conversation, "message_id": message_id}
        response = await as_program.post("/api/v1/knowledge/answers", json=body)
        assert response.status_code == 200
        found: dict[str, Any] = response.json()
        return found

    return ask


Ask = Callable[..., Awaitable[dict[str, Any]]]


class TestFollowUp:
    async def test_is_answered_from_the_article_of_the_question_before(
        self, refunds: Article, say: Say, ask: Ask
    ) -> None:
        await say(QUESTION)

        found = await ask(FOLLOW_UP, *await say(FOLLOW_UP, None))

        assert found["answer"]["article_id"] == refunds.id

    async def test_a_suggestion_is_a_question_too(self, refunds: Article, say: Say, ask: Ask) -> None:
        await say("Refunds", payload=QUESTION)

        found = await ask(FOLLOW_UP, *await say(FOLLOW_UP, None))

        assert found["answer"]["article_id"] == refunds.id

    @pytest.mark.parametrize("outcome", [None, Outcome.not_understood, Outcome.failed])
    async def test_leans_on_nothing_that_was_not_answered(
        self, refunds: Article, say: Say, ask: Ask, outcome: Outcome | None
    ) -> None:
        await say(QUESTION)
        await say("tell me of whales", outcome)

        found = await ask(FOLLOW_UP, *await say(FOLLOW_UP, None))

        assert found["answer"] is None

    async def test_leans_on_nothing_of_long_ago(self, refunds: Article, say: Say, ask: Ask, clock: FixedClock) -> None:
        await say(QUESTION)
        clock.advance(QUESTIONS_LAST + timedelta(minutes=1))

        found = await ask(FOLLOW_UP, *await say(FOLLOW_UP, None))

        assert found["answer"] is None

    @pytest.mark.parametrize("stranger", ["0", "-1", "x' OR 1=1 --", "9" * 40, "۱"])
    async def test_a_message_that_is_not_the_conversations_own_leans_on_nothing(
        self, refunds: Article, say: Say, ask: Ask, stranger: str
    ) -> None:
        conversation, _ = await say(QUESTION)

        found = await ask(FOLLOW_UP, conversation, stranger)

        assert found["answer"] is None

    async def test_leans_on_nothing_of_another_visitor(self, refunds: Article, say: Say, ask: Ask) -> None:
        await say(QUESTION)

        found = await ask(FOLLOW_UP, *await say(FOLLOW_UP, None, visitor="another"))

        assert found["answer"] is None
