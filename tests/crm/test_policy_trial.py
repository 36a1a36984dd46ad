from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import inspect
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import FixedClock
from core.unit_of_work import UnitOfWork
from crm.conversations.commands import TALK_TO_PERSON
from crm.conversations.handling import Handling
from crm.conversations.handoff_policy import HandoffPolicy
from crm.conversations.intake import Intake
from crm.conversations.policy_trial import replay, try_policy
from crm.conversations.ports import ReadTurn
from crm.conversations.repository import LONGEST_STRETCH
from crm.conversations.service import ConversationService
from crm.conversations.turns import Turns
from crm.enums import HandoffReason, Outcome
from crm.models import Agent, Inbox, Rating
from tests.conftest import message
from tests.fixtures.fakes import FakeReader
from tests.fixtures.patience import until_done

OpenService = Callable[[AsyncSession], ConversationService]


def turn(sequence: int, score: float = 0.0, *signals: str, **more: object) -> ReadTurn:
    return ReadTurn(
        **{
            "sequence": sequence,
            "text": "a message",
            "sentiment_score": score,
            "signals": signals,
            "vector": b"1234",
            "outcome": Outcome.answered,
            **more,
        }
    )


class TestReplay:
    def test_finds_the_first_message_that_brings_a_person(self, policy: HandoffPolicy) -> None:
        turns = [turn(1), turn(3, -1.0, "anger"), turn(5, 0.0, "vulnerable")]

        handed = replay(turns, policy, FakeReader())

        assert handed is not None
        assert (handed.place, handed.decision.reason) == (1, HandoffReason.negative_sentiment)

    def test_a_request_for_a_person_is_one(self, policy: HandoffPolicy) -> None:
        pressed = turn(3, vector=None, asked_for_person=True)

        handed = replay([turn(1), pressed], policy, FakeReader())

        assert handed is not None
        assert handed.decision.reason is HandoffReason.contact_asked

    @pytest.mark.parametrize(
        ("outcome", "count", "reason"),
        [
            (Outcome.not_understood, 3, HandoffReason.not_understood),
            (Outcome.failed, 2, HandoffReason.bot_failed),
        ],
    )
    def test_so_are_outcomes_in_a_row(
        self, policy: HandoffPolicy, outcome: Outcome, count: int, reason: HandoffReason
    ) -> None:
        turns = [turn(number, outcome=outcome) for number in range(1, count + 1)]

        handed = replay(turns, policy, FakeReader())

        assert handed is not None
        assert (handed.place, handed.decision.reason) == (count - 1, reason)
        assert replay(turns[:-1], policy, FakeReader()) is None

    def test_leaves_a_calm_conversation_to_the_bot(self, policy: HandoffPolicy) -> None:
        assert replay([turn(1), turn(3, -0.8)], policy, FakeReader()) is None
        assert replay([], policy, FakeReader()) is None


class TestTryPolicy:
    async def test_does_not_judge_what_was_written_to_a_person(
        self,
        turns: Turns,
        intake: Intake,
        inbox: Inbox,
        work: UnitOfWork,
        open_service: OpenService,
        policy: HandoffPolicy,
        make_agent: Callable[..., Agent],
    ) -> None:
        agent = await make_agent("Sara")
        calm = await intake.receive(message(inbox, "hello", visitor="calm"))
        await until_done(turns.run, calm.conversation.id)
        async with work.begin() as session:
            service = open_service(session)
            await Handling(service).reply(await service.lock(calm.conversation.id), "I am here", by=agent)
        await intake.receive(message(inbox, "AT LAST", number=2, visitor="calm"))
        asked = await intake.receive(message(inbox, "a person", visitor="asked", payload=TALK_TO_PERSON))
        for received in (calm, asked):
            await until_done(turns.run, received.conversation.id)

        async with work.reading() as session:
            repository = open_service(session).conversations
            trial = await try_policy(policy, policy, conversations=repository, reader=FakeReader())

        assert (trial.conversations, trial.handed_off, trial.handed_off_now) == (2, 1, 1)
        assert (trial.new, trial.gone) == ([], [])

    async def test_looks_at_the_last_matter_alone(
        self,
        turns: Turns,
        intake: Intake,
        inbox: Inbox,
        work: UnitOfWork,
        open_service: OpenService,
        policy: HandoffPolicy,
    ) -> None:
        received = await intake.receive(message(inbox, "OUTRAGEOUS"))
        await until_done(turns.run, received.conversation.id)
        async with work.begin() as session:
            service = open_service(session)
            await Handling(service).return_to_bot(await service.lock(received.conversation.id))
        await intake.receive(message(inbox, "and how do I enrol?", number=2))
        await until_done(turns.run, received.conversation.id)

        async with work.reading() as session:
            repository = open_service(session).conversations
            trial = await try_policy(policy, policy, conversations=repository, reader=FakeReader())

        assert (trial.conversations, trial.handed_off) == (1, 0)

    @pytest.mark.parametrize(("rated_after", "handed_off"), [(timedelta(days=-1), 1), (timedelta(hours=1), 0)])
    async def test_weighs_the_rating_that_was_known_then(
        self,
        turns: Turns,
        intake: Intake,
        inbox: Inbox,
        work: UnitOfWork,
        open_service: OpenService,
        policy: HandoffPolicy,
        clock: FixedClock,
        rated_after: timedelta,
        handed_off: int,
    ) -> None:
        received = await intake.receive(message(inbox, "sigh"))
        await until_done(turns.run, received.conversation.id)
        async with work.begin() as session:
            rated_at = clock.now() + rated_after
            session.add(Rating(conversation_id=received.conversation.id, score=1, created_at=rated_at))

        async with work.reading() as session:
            repository = open_service(session).conversations
            trial = await try_policy(policy, policy, conversations=repository, reader=FakeReader())

        assert (trial.conversations, trial.handed_off) == (1, handed_off)

    async def test_reads_the_beginning_of_a_long_conversation_and_no_more_of_a_message_than_it_needs(
        self, intake: Intake, inbox: Inbox, work: UnitOfWork, open_service: OpenService
    ) -> None:
        for number in range(1, LONGEST_STRETCH + 3):
            await intake.receive(message(inbox, "hello", number=number))

        async with work.reading() as session:
            (stretch,) = await open_service(session).conversations.last_stretches(limit=10)

        assert [one.sequence for one in stretch.messages] == list(range(1, LONGEST_STRETCH + 1))
        assert {"buttons", "articles", "corrected_text"} <= inspect(stretch.messages[0]).unloaded
        assert "dialogue_state" in inspect(stretch.conversation).unloaded
