import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import FixedClock
from core.events import LocalEventBus
from core.rate_limit import RateLimit
from core.unit_of_work import UnitOfWork
from crm.conversations.handoff_policy import REMEMBERED_TURNS
from crm.conversations.intake import Intake
from crm.conversations.ports import Mood, Reading
from crm.conversations.service import ConversationService
from crm.conversations.turns import (
    LEASE,
    MAX_ATTEMPTS,
    MAX_DEATHS,
    START_OVER,
    TALK_TO_PERSON,
    TOGETHER_CHARACTERS,
    TURNS_IN_CROWD,
    Turns,
)
from crm.enums import Author, ConversationStatus, HandoffReason, Outcome, Priority, TurnState
from crm.models import Agent, Conversation, Handoff, Inbox, Message, Rating, SavedHandoffPolicy
from tests.conftest import message
from tests.fixtures.fakes import FakeBot, FakeReader
from tests.fixtures.patience import until_done

OpenService = Callable[[AsyncSession], ConversationService]


async def transcript(work: UnitOfWork, open_service: OpenService, conversation: Conversation) -> list[tuple[str, str]]:
    async with work.reading() as session:
        messages = await open_service(session).conversations.messages(conversation.id)
    return [(entry.author.value, entry.text) for entry in messages]


async def reload(work: UnitOfWork, open_service: OpenService, conversation: Conversation) -> Conversation:
    async with work.reading() as session:
        return await open_service(session).get(conversation.id)


class TestRun:
    async def test_answers_each_message_in_order(
        self, turns: Turns, intake: Intake, inbox: Inbox, work: UnitOfWork, open_service: OpenService
    ) -> None:
        received = await intake.receive(message(inbox, "first", number=1))
        await intake.receive(message(inbox, "second", number=2))

        await until_done(turns.run, received.conversation.id)

        assert await transcript(work, open_service, received.conversation) == [
            ("contact", "first"),
            ("contact", "second"),
            ("bot", "You said: first"),
            ("bot", "You said: second"),
        ]

    async def test_hands_the_bot_the_state_of_the_turn_before(
        self, turns: Turns, intake: Intake, inbox: Inbox, bot: FakeBot
    ) -> None:
        received = await intake.receive(message(inbox, "first", number=1))
        await until_done(turns.run, received.conversation.id)
        await intake.receive(message(inbox, "second", number=2))
        await until_done(turns.run, received.conversation.id)

        assert [turn.state for turn in bot.turns] == [None, ["first"]]

    async def test_answers_a_message_that_came_twice_once(
        self, turns: Turns, intake: Intake, inbox: Inbox, bot: FakeBot
    ) -> None:
        first = await intake.receive(message(inbox, "hello"))
        again = await intake.receive(message(inbox, "hello"))
        await until_done(turns.run, first.conversation.id)

        assert not again.is_new
        assert len(bot.turns) == 1

    async def test_leaves_a_conversation_alone_that_another_process_works_on(
        self, turns: Turns, intake: Intake, inbox: Inbox, bot: FakeBot, work: UnitOfWork, clock: FixedClock
    ) -> None:
        received = await intake.receive(message(inbox, "hello"))
        async with work.begin() as session:
            conversation = await session.get_one(Conversation, received.conversation.id)
            conversation.lease_owner = "another process"
            conversation.leased_until = clock.now() + LEASE

        await until_done(turns.run, received.conversation.id)

        assert bot.turns == []

    async def test_takes_over_when_the_other_process_has_died(
        self, turns: Turns, intake: Intake, inbox: Inbox, bot: FakeBot, work: UnitOfWork, clock: FixedClock
    ) -> None:
        received = await intake.receive(message(inbox, "hello"))
        async with work.begin() as session:
            conversation = await session.get_one(Conversation, received.conversation.id)
            conversation.lease_owner = "another process"
            conversation.leased_until = clock.now() + LEASE
        clock.advance(LEASE + timedelta(seconds=1))

        assert await turns.waiting(limit=10) == [received.conversation.id]
        await until_done(turns.run, received.conversation.id)

        assert len(bot.turns) == 1

    async def test_does_not_send_what_the_bot_finishes_after_a_person_took_over(
        self,
        turns: Turns,
        intake: Intake,
        inbox: Inbox,
        bot: FakeBot,
        work: UnitOfWork,
        open_service: OpenService,
        make_agent: Callable[..., Agent],
    ) -> None:
        agent = await make_agent("Sara")
        received = await intake.receive(message(inbox, "hello"))

        async def agent_steps_in() -> None:
            async with work.begin() as session:
                service = open_service(session)
                await service.reply(await service.lock(received.conversation.id), "I am here", by=agent)

        bot.meanwhile = agent_steps_in
        await until_done(turns.run, received.conversation.id)

        assert [author for author, _ in await transcript(work, open_service, received.conversation)] == [
            "contact",
            "system",
            "agent",
        ]

    async def test_acknowledges_once_what_is_written_while_waiting(
        self, turns: Turns, intake: Intake, inbox: Inbox, work: UnitOfWork, open_service: OpenService, clock: FixedClock
    ) -> None:
        received = await intake.receive(message(inbox, "Talk to a person", payload="/talk_to_person", language="en"))
        await until_done(turns.run, received.conversation.id)
        for number in (2, 3):
            clock.advance(timedelta(seconds=1))
            await intake.receive(message(inbox, f"and this {number}", number=number, language="en"))
            await until_done(turns.run, received.conversation.id)

        said = [
            text for author, text in await transcript(work, open_service, received.conversation) if author == "system"
        ]

        assert [text.split()[0] for text in said] == ["handed_off", "ask_how_to_reach", "seen_while_waiting"]

    async def test_acknowledges_again_in_another_wait(
        self, turns: Turns, intake: Intake, inbox: Inbox, work: UnitOfWork, open_service: OpenService, clock: FixedClock
    ) -> None:
        received = await intake.receive(message(inbox, "Talk to a person", payload="/talk_to_person", language="en"))
        await until_done(turns.run, received.conversation.id)
        for number in (2, 4):
            clock.advance(timedelta(seconds=1))
            await intake.receive(message(inbox, "and this", number=number, language="en"))
            await until_done(turns.run, received.conversation.id)
            async with work.begin() as session:
                service = open_service(session)
                await service.return_to_bot(await service.lock(received.conversation.id))
            clock.advance(timedelta(seconds=1))
            again = message(inbox, "A person", number=number + 1, payload="/talk_to_person", language="en")
            await intake.receive(again)
            await until_done(turns.run, received.conversation.id)

        said = [text.split()[0] for _, text in await transcript(work, open_service, received.conversation)]

        assert said.count("seen_while_waiting") == 2

    async def test_is_silent_while_a_person_has_the_conversation_but_still_hears_the_mood(
        self,
        turns: Turns,
        intake: Intake,
        inbox: Inbox,
        bot: FakeBot,
        work: UnitOfWork,
        open_service: OpenService,
        make_agent: Callable[..., Agent],
    ) -> None:
        agent = await make_agent("Sara")
        received = await intake.receive(message(inbox, "hello"))
        async with work.begin() as session:
            service = open_service(session)
            await service.take(await service.lock(received.conversation.id), by=agent)
        await intake.receive(message(inbox, "HURRY UP", number=2))

        await until_done(turns.run, received.conversation.id)

        assert bot.turns == []
        async with work.reading() as session:
            last = await open_service(session).conversations.last_from_contact(received.conversation.id)
        assert last is not None
        assert last.sentiment == "negative"

    async def test_answers_what_came_in_while_an_agent_was_closing_the_matter(
        self,
        turns: Turns,
        intake: Intake,
        inbox: Inbox,
        work: UnitOfWork,
        open_service: OpenService,
        make_agent: Callable[..., Agent],
    ) -> None:
        agent = await make_agent("Sara")
        received = await intake.receive(message(inbox, "hello"))
        async with work.begin() as session:
            service = open_service(session)
            await service.reply(await service.lock(received.conversation.id), "I am here", by=agent)
        await intake.receive(message(inbox, "a person please", number=2, payload=TALK_TO_PERSON))
        async with work.begin() as session:
            service = open_service(session)
            await service.resolve(await service.lock(received.conversation.id))

        await until_done(turns.run, received.conversation.id)

        conversation = await reload(work, open_service, received.conversation)
        assert conversation.status is ConversationStatus.waiting

    async def test_answers_anew_when_the_matter_was_closed_while_the_bot_was_thinking(
        self, turns: Turns, intake: Intake, inbox: Inbox, bot: FakeBot, work: UnitOfWork, open_service: OpenService
    ) -> None:
        received = await intake.receive(message(inbox, "hello"))

        async def agent_resolves() -> None:
            if len(bot.turns) > 1:
                return
            async with work.begin() as session:
                service = open_service(session)
                await service.resolve(await service.lock(received.conversation.id))

        bot.meanwhile = agent_resolves
        await until_done(turns.run, received.conversation.id)

        assert (await transcript(work, open_service, received.conversation))[-1] == ("bot", "You said: hello")

    async def test_hears_how_long_the_contact_has_waited_and_what_they_asked_for(
        self,
        turns: Turns,
        intake: Intake,
        inbox: Inbox,
        reader: FakeReader,
        clock: FixedClock,
    ) -> None:
        received = await intake.receive(message(inbox, "a person please", payload=TALK_TO_PERSON))
        await until_done(turns.run, received.conversation.id)
        clock.advance(timedelta(minutes=12))
        await intake.receive(message(inbox, "anybody there?", number=2))

        await until_done(turns.run, received.conversation.id)

        asked, waited = reader.turns
        assert (asked.asked_for_person, asked.waited_minutes) == (True, 0)
        assert (waited.asked_for_person, waited.waited_minutes) == (False, 12)

    @pytest.mark.parametrize("content", [{"at_once": ["a signal of another version"]}, {"frustration": "much"}])
    async def test_goes_by_the_default_policy_where_the_saved_one_is_not_readable(
        self,
        turns: Turns,
        intake: Intake,
        inbox: Inbox,
        work: UnitOfWork,
        open_service: OpenService,
        clock: FixedClock,
        caplog: pytest.LogCaptureFixture,
        content: dict[str, object],
    ) -> None:
        async with work.begin() as session:
            session.add(SavedHandoffPolicy(content=content, created_at=clock.now()))
        received = await intake.receive(message(inbox, "hello"))

        await until_done(turns.run, received.conversation.id)

        assert (await transcript(work, open_service, received.conversation))[-1] == ("bot", "You said: hello")
        assert "the saved handoff policy is not readable" in caplog.text


class TestHandOff:
    async def test_an_angry_contact_gets_a_person_at_once_with_the_reasons(
        self, turns: Turns, intake: Intake, inbox: Inbox, bot: FakeBot, work: UnitOfWork, open_service: OpenService
    ) -> None:
        received = await intake.receive(message(inbox, "THIS IS A DISGRACE"))

        await until_done(turns.run, received.conversation.id)

        conversation = await reload(work, open_service, received.conversation)
        assert conversation.status is ConversationStatus.waiting
        assert bot.turns == []
        async with work.reading() as session:
            service = open_service(session)
            handoff = (await service.conversations.handoffs(conversation.id))[0]
            tickets = await service.tickets.of_contact(conversation.contact_id)
        assert handoff.reason is HandoffReason.negative_sentiment
        assert handoff.causes == [{"code": "anger", "weight": 1.0, "sequence": 1}]
        assert [ticket.priority for ticket in tickets] == [Priority.high]
        assert (await transcript(work, open_service, conversation))[-2] == ("system", "handed_off_upset en")

    async def test_a_contact_in_distress_gets_a_person_first_of_all_and_gentle_words_however_calm_they_are(
        self, turns: Turns, intake: Intake, inbox: Inbox, bot: FakeBot, work: UnitOfWork, open_service: OpenService
    ) -> None:
        received = await intake.receive(message(inbox, "vulnerable"))

        await until_done(turns.run, received.conversation.id)

        assert bot.turns == []
        async with work.reading() as session:
            service = open_service(session)
            handoff = (await service.conversations.handoffs(received.conversation.id))[0]
            tickets = await service.tickets.of_contact(received.conversation.contact_id)
        assert handoff.reason is HandoffReason.vulnerable
        assert handoff.causes == [{"code": "vulnerable", "weight": 0.0, "sequence": 1}]
        assert [ticket.priority for ticket in tickets] == [Priority.urgent]
        assert (await transcript(work, open_service, received.conversation))[-2] == ("system", "handed_off_gently en")

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("danger", "handed_off_in_danger en"),
            ("danger, a human please", "handed_off_in_danger en"),
            ("vulnerable", "handed_off_gently en"),
        ],
    )
    async def test_the_emergency_services_are_named_where_a_life_may_be_in_danger_alone(
        self,
        turns: Turns,
        intake: Intake,
        inbox: Inbox,
        work: UnitOfWork,
        open_service: OpenService,
        text: str,
        told: str,
    ) -> None:
        received = await intake.receive(message(inbox, text))

        await until_done(turns.run, received.conversation.id)

        assert (await transcript(work, open_service, received.conversation))[-2] == ("system", told)

    async def test_whoever_asks_for_a_person_is_not_told_how_upset_they_are(
        self, turns: Turns, intake: Intake, inbox: Inbox, work: UnitOfWork, open_service: OpenService
    ) -> None:
        turns.reader.mood = lambda *_: Mood(frustration=1.0)  # type: ignore[method-assign]
        received = await intake.receive(message(inbox, "a human please"))

        await until_done(turns.run, received.conversation.id)

        async with work.reading() as session:
            handoff = (await open_service(session).conversations.handoffs(received.conversation.id))[0]
        assert handoff.reason is HandoffReason.negative_sentiment
        said = await transcript(work, open_service, received.conversation)
        assert said[-2][1].startswith("handed_off en HM-")

    async def test_the_roles_that_the_policy_names_are_told(
        self, turns: Turns, intake: Intake, inbox: Inbox, events: LocalEventBus
    ) -> None:
        received = await intake.receive(message(inbox, "vulnerable"))

        async with events.listen("desk") as heard:
            await until_done(turns.run, received.conversation.id)

        told = [event for event in [heard.get_nowait() for _ in range(heard.qsize())] if event["type"] == "handed_off"]
        assert [(event["reason"], event["roles"]) for event in told] == [("vulnerable", ["supervisor"])]

    async def test_the_button_reaches_a_person_though_the_bot_is_down(
        self, turns: Turns, intake: Intake, inbox: Inbox, bot: FakeBot, work: UnitOfWork, open_service: OpenService
    ) -> None:
        bot.fails = True
        received = await intake.receive(message(inbox, "a person please", payload=TALK_TO_PERSON))

        await until_done(turns.run, received.conversation.id)

        conversation = await reload(work, open_service, received.conversation)
        assert conversation.status is ConversationStatus.waiting
        assert bot.turns == []

    async def test_so_do_plain_words(
        self, turns: Turns, intake: Intake, inbox: Inbox, bot: FakeBot, work: UnitOfWork, open_service: OpenService
    ) -> None:
        bot.fails = True
        received = await intake.receive(message(inbox, "a human please"))

        await until_done(turns.run, received.conversation.id)

        assert bot.turns == []
        async with work.reading() as session:
            repository = open_service(session).conversations
            handoff = (await repository.handoffs(received.conversation.id))[0]
            heard = await repository.last_from_contact(received.conversation.id)
        assert heard is not None
        assert (handoff.reason, heard.intent) == (HandoffReason.contact_asked, "talk_to_person")

    async def test_the_third_message_in_a_row_that_nobody_understands_brings_a_person_instead_of_an_apology(
        self, turns: Turns, intake: Intake, inbox: Inbox, bot: FakeBot, work: UnitOfWork, open_service: OpenService
    ) -> None:
        bot.outcome = Outcome.not_understood
        for number in range(1, 4):
            received = await intake.receive(message(inbox, f"blah {number}", number=number))
            await until_done(turns.run, received.conversation.id)

        said = await transcript(work, open_service, received.conversation)
        assert [text for author, text in said if author == "bot"] == ["You said: blah 1", "You said: blah 2"]
        assert said[-2][0] == "system"
        assert said[-2][1].startswith("handed_off en HM-")


class TestReachingTheContact:
    async def test_a_number_in_the_request_is_the_contacts_and_none_is_asked_for(
        self, turns: Turns, intake: Intake, inbox: Inbox, work: UnitOfWork, open_service: OpenService
    ) -> None:
        received = await intake.receive(message(inbox, "a human please, call me on 0912 123 4567"))

        await until_done(turns.run, received.conversation.id)

        conversation = await reload(work, open_service, received.conversation)
        assert conversation.contact.phone == "09121234567"
        assert (await transcript(work, open_service, conversation))[-1][1].startswith("handed_off en")

    async def test_one_that_comes_while_waiting_is_noted_and_they_are_told(
        self, turns: Turns, intake: Intake, inbox: Inbox, work: UnitOfWork, open_service: OpenService
    ) -> None:
        received = await intake.receive(message(inbox, "a human please"))
        await until_done(turns.run, received.conversation.id)
        assert (await transcript(work, open_service, received.conversation))[-1] == ("system", "ask_how_to_reach en")

        await intake.receive(message(inbox, "sara@example.com", number=2))
        await until_done(turns.run, received.conversation.id)

        conversation = await reload(work, open_service, received.conversation)
        assert conversation.contact.email == "sara@example.com"
        assert (await transcript(work, open_service, conversation))[-1] == ("system", "reach_noted en")


class TestWantedLanguage:
    async def test_is_answered_in_from_now_on_whatever_the_contact_writes_in(
        self, turns: Turns, intake: Intake, inbox: Inbox, bot: FakeBot, work: UnitOfWork, open_service: OpenService
    ) -> None:
        received = await intake.receive(message(inbox, "به انگلیسی بگو", number=1))
        await until_done(turns.run, received.conversation.id)
        await intake.receive(message(inbox, "ساعت کاری", number=2))
        await until_done(turns.run, received.conversation.id)

        assert [turn.language for turn in bot.turns] == ["en", "en"]
        assert (await reload(work, open_service, received.conversation)).language == "en"


class TestRatingInAnger:
    async def test_is_kept_with_its_reason_though_a_person_comes(
        self, turns: Turns, intake: Intake, inbox: Inbox, work: UnitOfWork, open_service: OpenService
    ) -> None:
        received = await intake.receive(message(inbox, "hello"))
        await until_done(turns.run, received.conversation.id)
        async with work.begin() as session:
            service = open_service(session)
            await service.resolve(await service.lock(received.conversation.id))

        await intake.receive(message(inbox, "1, AWFUL!", number=2))
        await until_done(turns.run, received.conversation.id)

        async with work.reading() as session:
            conversations = open_service(session).conversations
            (rating,) = await conversations.ratings(received.conversation.id)
            (handoff,) = await conversations.handoffs(received.conversation.id)
        assert (rating.score, rating.comment) == (1, "1, AWFUL!")
        assert handoff.reason is HandoffReason.negative_sentiment


class TestDeEscalation:
    async def test_displeasure_below_the_threshold_is_met_with_an_apology_that_names_the_problem_and_with_a_person(
        self, turns: Turns, intake: Intake, inbox: Inbox, work: UnitOfWork, open_service: OpenService
    ) -> None:
        received = await intake.receive(message(inbox, "sigh, my money"))

        await until_done(turns.run, received.conversation.id)

        async with work.reading() as session:
            entries = await open_service(session).conversations.messages(received.conversation.id)
        assert [entry.text for entry in entries[1:]] == ["sorry_money en", "You said: sigh, my money"]
        assert [[button["payload"] for button in entry.buttons] for entry in entries[1:]] == [[], [TALK_TO_PERSON]]

    async def test_no_apology_is_given_twice(
        self, turns: Turns, intake: Intake, inbox: Inbox, work: UnitOfWork, open_service: OpenService
    ) -> None:
        for number in range(1, 4):
            received = await intake.receive(message(inbox, "sigh, my money", number=number))
            await until_done(turns.run, received.conversation.id)

        said = await transcript(work, open_service, received.conversation)
        apologies = [text for _, text in said if text.startswith("sorry")]
        assert apologies == ["sorry_money en", "sorry_displeasure en"]

    async def test_the_bot_is_not_asked_to_apologise_as_well(
        self, turns: Turns, intake: Intake, inbox: Inbox, bot: FakeBot, work: UnitOfWork, open_service: OpenService
    ) -> None:
        received = await intake.receive(message(inbox, "sigh"))

        await until_done(turns.run, received.conversation.id)

        assert bot.turns[0].reading.sentiment == "neutral"
        async with work.reading() as session:
            heard = await open_service(session).conversations.last_from_contact(received.conversation.id)
        assert heard is not None
        assert heard.sentiment == "negative"

    async def test_a_calm_message_is_simply_answered(
        self, turns: Turns, intake: Intake, inbox: Inbox, work: UnitOfWork, open_service: OpenService
    ) -> None:
        received = await intake.receive(message(inbox, "where is my money"))

        await until_done(turns.run, received.conversation.id)

        said = await transcript(work, open_service, received.conversation)
        assert said[1:] == [("bot", "You said: where is my money")]

    async def test_a_bot_that_failed_excuses_itself_alone(
        self, turns: Turns, intake: Intake, inbox: Inbox, bot: FakeBot, work: UnitOfWork, open_service: OpenService
    ) -> None:
        bot.fails = True
        received = await intake.receive(message(inbox, "sigh"))

        await until_done(turns.run, received.conversation.id)

        said = await transcript(work, open_service, received.conversation)
        assert said[1:] == [("system", "bot_failed en")]


class TestWithoutWords:
    async def test_a_file_is_not_taken_for_a_question_and_its_sender_is_asked_for_words_once(
        self, turns: Turns, intake: Intake, inbox: Inbox, bot: FakeBot, work: UnitOfWork, open_service: OpenService
    ) -> None:
        for number in (1, 2):
            received = await intake.receive(message(inbox, "[Photo]", number=number, response="photo", language="en"))
            await until_done(turns.run, received.conversation.id)

        said = await transcript(work, open_service, received.conversation)
        assert bot.turns == []
        assert said == [("contact", "[Photo]"), ("system", "words_please en"), ("contact", "[Photo]")]

    async def test_the_words_after_it_are_answered(
        self, turns: Turns, intake: Intake, inbox: Inbox, bot: FakeBot, work: UnitOfWork, open_service: OpenService
    ) -> None:
        received = await intake.receive(message(inbox, "[Photo]", number=1, response="photo"))
        await until_done(turns.run, received.conversation.id)
        await intake.receive(message(inbox, "It arrived broken", number=2))
        await until_done(turns.run, received.conversation.id)

        said = await transcript(work, open_service, received.conversation)
        assert said[-1] == ("bot", "You said: It arrived broken")

    async def test_nor_are_words_that_its_sender_adds_afterwards_taken_for_none(
        self, turns: Turns, intake: Intake, inbox: Inbox, bot: FakeBot, work: UnitOfWork, clock: FixedClock
    ) -> None:
        received = await intake.receive(message(inbox, "[Photo]", number=1, response="photo"))
        async with work.begin() as session:
            stored = await session.get_one(Message, received.message.id)
            stored.corrected_text, stored.corrected_at = "It arrived broken", clock.now()

        await until_done(turns.run, received.conversation.id)

        assert [turn.text for turn in bot.turns] == ["It arrived broken"]


class TestFailure:
    async def test_the_contact_is_told_when_the_bot_fails(
        self, turns: Turns, intake: Intake, inbox: Inbox, bot: FakeBot, work: UnitOfWork, open_service: OpenService
    ) -> None:
        bot.fails = True
        received = await intake.receive(message(inbox, "hello"))

        await until_done(turns.run, received.conversation.id)

        assert (await transcript(work, open_service, received.conversation))[-1] == ("system", "bot_failed en")

    async def test_the_contact_is_told_when_the_bot_says_nothing(
        self, turns: Turns, intake: Intake, inbox: Inbox, bot: FakeBot, work: UnitOfWork, open_service: OpenService
    ) -> None:
        bot.silent = True
        received = await intake.receive(message(inbox, "hello"))

        await until_done(turns.run, received.conversation.id)

        assert (await transcript(work, open_service, received.conversation))[-1] == ("system", "bot_failed en")

    async def test_the_contact_is_told_also_when_the_message_before_was_answered_after_this_one_came(
        self, turns: Turns, intake: Intake, inbox: Inbox, bot: FakeBot, work: UnitOfWork, open_service: OpenService
    ) -> None:
        received = await intake.receive(message(inbox, "hello", number=1))
        await intake.receive(message(inbox, "and another thing", number=2))

        async def fall_silent_next_time() -> None:
            bot.silent = len(bot.turns) > 1

        bot.meanwhile = fall_silent_next_time
        await until_done(turns.run, received.conversation.id)

        said = await transcript(work, open_service, received.conversation)
        assert said[-2:] == [("bot", "You said: hello"), ("system", "bot_failed en")]

    async def test_a_turn_that_cannot_be_stored_is_set_aside_as_well(
        self,
        turns: Turns,
        intake: Intake,
        inbox: Inbox,
        work: UnitOfWork,
        open_service: OpenService,
        clock: FixedClock,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        async def refuse(*_: object) -> None:
            raise RuntimeError("unstorable")

        monkeypatch.setattr(ConversationService, "bot_says", refuse)
        received = await intake.receive(message(inbox, "hello", language="en"))

        for _ in range(MAX_ATTEMPTS):
            await until_done(turns.run, received.conversation.id)
            clock.advance(LEASE + timedelta(seconds=1))

        assert (await transcript(work, open_service, received.conversation))[-1] == ("system", "bot_failed en")

    async def test_a_bot_that_fails_twice_brings_a_person(
        self, turns: Turns, intake: Intake, inbox: Inbox, bot: FakeBot, work: UnitOfWork, open_service: OpenService
    ) -> None:
        bot.fails = True
        for number in (1, 2):
            received = await intake.receive(message(inbox, "hello", number=number))
            await until_done(turns.run, received.conversation.id)

        conversation = await reload(work, open_service, received.conversation)
        assert conversation.status is ConversationStatus.waiting

    async def test_a_poison_message_is_set_aside_and_the_next_one_answered(
        self,
        turns: Turns,
        intake: Intake,
        inbox: Inbox,
        bot: FakeBot,
        work: UnitOfWork,
        open_service: OpenService,
        clock: FixedClock,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        read = turns.reader.read

        async def choke(text: str, *, expected_language: str) -> object:
            if text == "poison":
                raise RuntimeError("indigestible")
            return await read(text, expected_language=expected_language)

        monkeypatch.setattr(turns.reader, "read", choke)
        received = await intake.receive(message(inbox, "poison", number=1))
        await intake.receive(message(inbox, "hello", number=2))

        for _ in range(MAX_ATTEMPTS + 1):
            await until_done(turns.run, received.conversation.id)
            clock.advance(LEASE + timedelta(seconds=1))

        async with work.reading() as session:
            entries = await open_service(session).conversations.messages(received.conversation.id)
        poison = next(entry for entry in entries if entry.text == "poison")
        assert (poison.turn, poison.error) == (TurnState.parked, "RuntimeError: indigestible")
        assert entries[-1].text == "You said: hello"


class TestTryAgain:
    async def test_gives_a_message_that_was_set_aside_its_answer(
        self, turns: Turns, intake: Intake, inbox: Inbox, work: UnitOfWork, open_service: OpenService
    ) -> None:
        received = await intake.receive(message(inbox, "poison"))
        async with work.begin() as session:
            (await session.get_one(Message, received.message.id)).turn = TurnState.parked
        await until_done(turns.run, received.conversation.id)
        assert len(await transcript(work, open_service, received.conversation)) == 1

        async with work.begin() as session:
            await open_service(session).try_again(received.message.id)
        await until_done(turns.run, received.conversation.id)

        assert await transcript(work, open_service, received.conversation) == [
            ("contact", "poison"),
            ("bot", "You said: poison"),
        ]


class TestInterruption:
    async def test_a_turn_that_was_cut_off_is_run_again_from_the_old_state(
        self,
        turns: Turns,
        intake: Intake,
        inbox: Inbox,
        bot: FakeBot,
        work: UnitOfWork,
        open_service: OpenService,
        clock: FixedClock,
    ) -> None:
        received = await intake.receive(message(inbox, "hello"))

        async def die() -> None:
            raise KeyboardInterrupt

        bot.meanwhile = die
        with pytest.raises(KeyboardInterrupt):
            await until_done(turns.run, received.conversation.id)
        bot.meanwhile = FakeBot().meanwhile
        clock.advance(LEASE + timedelta(seconds=1))
        await until_done(turns.run, received.conversation.id)

        assert [turn.state for turn in bot.turns] == [None, None]
        said = await transcript(work, open_service, received.conversation)
        assert said == [(Author.contact, "hello"), (Author.bot, "You said: hello")]

    async def test_a_message_that_kills_every_process_is_set_aside(
        self,
        turns: Turns,
        intake: Intake,
        inbox: Inbox,
        bot: FakeBot,
        work: UnitOfWork,
        open_service: OpenService,
        clock: FixedClock,
    ) -> None:
        received = await intake.receive(message(inbox, "hello", language="en"))

        async def die() -> None:
            raise KeyboardInterrupt

        bot.meanwhile = die
        for _ in range(MAX_DEATHS):
            with pytest.raises(KeyboardInterrupt):
                await until_done(turns.run, received.conversation.id)
            clock.advance(LEASE + timedelta(seconds=1))
        await until_done(turns.run, received.conversation.id)

        assert len(bot.turns) == MAX_DEATHS
        assert (await transcript(work, open_service, received.conversation))[-1] == ("system", "bot_failed en")

    async def test_a_failing_process_leaves_the_turn_alone_that_another_has_taken_over(
        self, turns: Turns, intake: Intake, inbox: Inbox, bot: FakeBot, work: UnitOfWork
    ) -> None:
        received = await intake.receive(message(inbox, "hello"))

        async def be_overtaken() -> None:
            async with work.begin() as session:
                (await session.get_one(Conversation, received.conversation.id)).lease_owner = "another process"
                (await session.get_one(Message, received.message.id)).attempts = MAX_ATTEMPTS
            raise RuntimeError("too late")

        bot.meanwhile = be_overtaken
        await until_done(turns.run, received.conversation.id)

        async with work.reading() as session:
            conversation = await session.get_one(Conversation, received.conversation.id)
            kept = await session.get_one(Message, received.message.id)
        assert conversation.lease_owner == "another process"
        assert kept.turn is TurnState.pending


class TestBeginningAnew:
    """What a person has dealt with does not make the bot bring in a person again."""

    async def test_a_calm_message_after_an_agent_gave_the_conversation_back_is_for_the_bot(
        self, turns: Turns, intake: Intake, inbox: Inbox, bot: FakeBot, work: UnitOfWork, open_service: OpenService
    ) -> None:
        received = await intake.receive(message(inbox, "THIS IS A DISGRACE", number=1))
        await until_done(turns.run, received.conversation.id)
        async with work.begin() as session:
            service = open_service(session)
            await service.return_to_bot(await service.lock(received.conversation.id))

        await intake.receive(message(inbox, "what is CRM", number=2))
        await until_done(turns.run, received.conversation.id)

        assert (await reload(work, open_service, received.conversation)).status is ConversationStatus.with_bot
        assert [turn.text for turn in bot.turns] == ["what is CRM"]

    async def test_so_is_one_after_the_matter_was_resolved_and_no_old_form_waits_for_it(
        self, turns: Turns, intake: Intake, inbox: Inbox, bot: FakeBot, work: UnitOfWork, open_service: OpenService
    ) -> None:
        received = await intake.receive(message(inbox, "a ticket please", number=1))
        await until_done(turns.run, received.conversation.id)
        await intake.receive(message(inbox, "THIS IS A DISGRACE", number=2))
        await until_done(turns.run, received.conversation.id)
        async with work.begin() as session:
            service = open_service(session)
            await service.resolve(await service.lock(received.conversation.id))

        await intake.receive(message(inbox, "what is CRM", number=3))
        await until_done(turns.run, received.conversation.id)

        assert (await reload(work, open_service, received.conversation)).status is ConversationStatus.with_bot
        assert [(turn.text, turn.state) for turn in bot.turns[1:]] == [("what is CRM", None)]


class TestLowRating:
    """An earlier conversation was rated 1 of 5."""

    @pytest.fixture
    async def conversation(
        self, turns: Turns, intake: Intake, inbox: Inbox, work: UnitOfWork, open_service: OpenService, clock: FixedClock
    ) -> Conversation:
        received = await intake.receive(message(inbox, "hello", number=1))
        await until_done(turns.run, received.conversation.id)
        async with work.begin() as session:
            service = open_service(session)
            conversation = await service.lock(received.conversation.id)
            await service.hand_off(conversation, HandoffReason.contact_asked)
            await service.resolve(conversation)
        clock.advance(timedelta(minutes=1))
        await intake.rate(inbox.id, "visitor", 1)
        clock.advance(timedelta(days=9))
        return received.conversation

    async def test_brings_a_person_at_a_sigh_and_tells_them_why(
        self,
        conversation: Conversation,
        turns: Turns,
        intake: Intake,
        inbox: Inbox,
        work: UnitOfWork,
        open_service: OpenService,
    ) -> None:
        await intake.receive(message(inbox, "sigh", number=2))
        await until_done(turns.run, conversation.id)

        handoff = await self.latest_handoff(work, open_service, conversation)
        assert handoff.reason is HandoffReason.negative_sentiment
        assert [cause["code"] for cause in handoff.causes] == ["displeasure", "rated_1"]

    async def test_leaves_a_calm_message_to_the_bot_and_comes_with_the_first_one_alone(
        self,
        conversation: Conversation,
        turns: Turns,
        intake: Intake,
        inbox: Inbox,
        bot: FakeBot,
        reader: FakeReader,
        clock: FixedClock,
    ) -> None:
        for number in range(2, 2 + REMEMBERED_TURNS):
            clock.advance(timedelta(minutes=1))
            await intake.receive(message(inbox, f"what is {number}", number=number))
            await until_done(turns.run, conversation.id)
        seen = [(turn.rating, round(turn.rated_days_ago)) for turn in reader.turns]
        await intake.receive(message(inbox, "and then", number=50))
        await until_done(turns.run, conversation.id)

        assert seen == [(1, 9)] + [(None, 0)] * (REMEMBERED_TURNS - 1)
        assert len(bot.turns) == 1 + REMEMBERED_TURNS + 1
        assert [turn.rating for turn in reader.turns] == [None] * (REMEMBERED_TURNS + 1)

    async def test_is_taken_back_by_a_better_one(
        self,
        conversation: Conversation,
        turns: Turns,
        intake: Intake,
        inbox: Inbox,
        work: UnitOfWork,
        reader: FakeReader,
        clock: FixedClock,
    ) -> None:
        async with work.begin() as session:
            session.add(Rating(conversation_id=conversation.id, score=4, created_at=clock.now()))
        clock.advance(timedelta(days=1))

        await intake.receive(message(inbox, "sigh", number=2))
        await until_done(turns.run, conversation.id)

        assert [turn.rating for turn in reader.turns] == [4]

    async def test_counts_in_the_contacts_other_conversations_and_in_nobody_elses(
        self,
        conversation: Conversation,
        turns: Turns,
        intake: Intake,
        inbox: Inbox,
        work: UnitOfWork,
        reader: FakeReader,
    ) -> None:
        elsewhere = await intake.receive(message(inbox, "hello", visitor="another address"))
        async with work.begin() as session:
            (await session.get_one(Conversation, elsewhere.conversation.id)).contact_id = conversation.contact_id
        await until_done(turns.run, elsewhere.conversation.id)
        own = [turn.rating for turn in reader.turns]
        other = await intake.receive(message(inbox, "hello", visitor="somebody else"))
        await until_done(turns.run, other.conversation.id)

        assert own == [1]
        assert [turn.rating for turn in reader.turns] == [None]

    @staticmethod
    async def latest_handoff(work: UnitOfWork, open_service: OpenService, conversation: Conversation) -> Handoff:
        async with work.reading() as session:
            return (await open_service(session).conversations.handoffs(conversation.id))[0]


class TestStartingOver:
    async def test_calls_the_bot_back_from_people_and_lets_it_forget(
        self,
        turns: Turns,
        intake: Intake,
        inbox: Inbox,
        bot: FakeBot,
        work: UnitOfWork,
        open_service: OpenService,
        make_agent: Callable[..., Awaitable[Agent]],
    ) -> None:
        received = await intake.receive(message(inbox, "سلام", number=1))
        await until_done(turns.run, received.conversation.id)
        agent = await make_agent()
        async with work.begin() as session:
            service = open_service(session)
            await service.take(await service.lock(received.conversation.id), by=agent)

        await intake.receive(message(inbox, "از اول", number=2, payload=START_OVER))
        await intake.receive(message(inbox, "ساعت کاری؟", number=3))
        await until_done(turns.run, received.conversation.id)

        assert [turn.state for turn in bot.turns] == [None, None]
        assert (await transcript(work, open_service, received.conversation))[-2:] == [
            ("system", "started_over fa"),
            ("bot", "You said: ساعت کاری؟"),
        ]
        conversation = await reload(work, open_service, received.conversation)
        assert (conversation.status, conversation.assignee) == (ConversationStatus.with_bot, None)

    async def test_waits_for_the_turns_before_it(
        self, turns: Turns, intake: Intake, inbox: Inbox, bot: FakeBot, work: UnitOfWork, open_service: OpenService
    ) -> None:
        received = await intake.receive(message(inbox, "سلام", number=1))

        async def meanwhile() -> None:
            bot.meanwhile = FakeBot().meanwhile
            await intake.receive(message(inbox, "از اول", number=2, payload=START_OVER))

        bot.meanwhile = meanwhile
        await until_done(turns.run, received.conversation.id)

        assert (await reload(work, open_service, received.conversation)).dialogue_state is None


class TestChosenLanguage:
    async def test_counts_before_the_one_that_is_written(
        self, turns: Turns, intake: Intake, inbox: Inbox, bot: FakeBot, work: UnitOfWork, open_service: OpenService
    ) -> None:
        received = await intake.receive(message(inbox, "hello", number=1, language="en"))
        await intake.choose_language(inbox.id, "visitor", "fa", "")

        await until_done(turns.run, received.conversation.id)

        assert [turn.language for turn in bot.turns] == ["fa"]
        assert (await reload(work, open_service, received.conversation)).language == "fa"


class TestPace:
    """Somebody writes faster than they are answered."""

    @pytest.fixture
    def turns(self, turns: Turns, clock: FixedClock) -> Turns:
        turns.pace = RateLimit("2/minute", now=lambda: clock.now().timestamp())
        return turns

    async def test_what_waits_is_answered_together_and_nothing_is_left(
        self, turns: Turns, intake: Intake, inbox: Inbox, bot: FakeBot, clock: FixedClock, work: UnitOfWork
    ) -> None:
        for number in range(1, 6):
            received = await intake.receive(message(inbox, f"line {number}", number=number))
        await until_done(turns.run, received.conversation.id)
        await intake.receive(message(inbox, "line 6", number=6))
        await until_done(turns.run, received.conversation.id)
        before = [turn.text for turn in bot.turns]
        clock.advance(timedelta(seconds=30))
        await until_done(turns.run, received.conversation.id)

        assert before == ["line 1", "line 2\nline 3\nline 4\nline 5"]
        assert [turn.text for turn in bot.turns[2:]] == ["line 6"]
        assert await pending(work, received.conversation) == 0

    async def test_who_has_to_wait_is_found_by_any_process_when_the_time_has_come(
        self, turns: Turns, intake: Intake, inbox: Inbox, clock: FixedClock
    ) -> None:
        for number in range(1, 3):
            received = await intake.receive(message(inbox, "again", number=number))
        await until_done(turns.run, received.conversation.id)
        await intake.receive(message(inbox, "again", number=3))

        assert not await turns.run(received.conversation.id)
        assert await turns.waiting(limit=10) == [received.conversation.id]

    async def test_one_command_counts_once_and_is_not_mixed_with_words(
        self, turns: Turns, intake: Intake, inbox: Inbox, bot: FakeBot, clock: FixedClock
    ) -> None:
        await intake.receive(message(inbox, "hello", number=1))
        for number in range(2, 5):
            received = await intake.receive(message(inbox, "Yes", number=number, payload="/affirm"))
        await intake.receive(message(inbox, "thanks", number=5))
        await until_done(turns.run, received.conversation.id)
        clock.advance(timedelta(seconds=30))
        await until_done(turns.run, received.conversation.id)

        assert [turn.text for turn in bot.turns] == ["hello", "/affirm", "thanks"]

    async def test_of_very_much_the_last_words_are_read(
        self, turns: Turns, intake: Intake, inbox: Inbox, bot: FakeBot
    ) -> None:
        await intake.receive(message(inbox, "hello", number=1))
        for number in range(2, 30):
            received = await intake.receive(message(inbox, "x" * 100 + str(number), number=number))
        await until_done(turns.run, received.conversation.id)

        assert len(bot.turns[1].text) == TOGETHER_CHARACTERS
        assert bot.turns[1].text.endswith("x29")

    async def test_words_corrected_while_the_bot_thinks_are_read_anew(
        self, turns: Turns, intake: Intake, inbox: Inbox, bot: FakeBot, clock: FixedClock, work: UnitOfWork
    ) -> None:
        for number in range(1, 4):
            received = await intake.receive(message(inbox, f"line {number}", number=number))
        await turns.run(received.conversation.id)

        async def correct() -> None:
            bot.meanwhile = nothing
            await intake.correct(inbox.id, "visitor:2", "line two", at=clock.now())

        bot.meanwhile = correct
        await until_done(turns.run, received.conversation.id)
        clock.advance(timedelta(seconds=30))
        await until_done(turns.run, received.conversation.id)

        assert [turn.text for turn in bot.turns][1:] == ["line 2\nline 3", "line two\nline 3"]
        assert await pending(work, received.conversation) == 0

    async def test_a_message_that_cannot_be_dealt_with_is_set_aside_alone(
        self, turns: Turns, intake: Intake, inbox: Inbox, reader: FakeReader, clock: FixedClock, work: UnitOfWork
    ) -> None:
        read = reader.read

        async def choke(text: str, *, expected_language: str) -> Reading:
            if "poison" in text:
                raise RuntimeError("cannot")
            return await read(text, expected_language=expected_language)

        await intake.receive(message(inbox, "hello", number=1))
        for number, text in enumerate(["one", "poison", "two"], start=2):
            received = await intake.receive(message(inbox, text, number=number))
        reader.read = choke  # type: ignore[method-assign]
        for _ in range(8):
            await until_done(turns.run, received.conversation.id)
            clock.advance(timedelta(seconds=30))

        assert await states(work, received.conversation) == ["done", "done", "parked", "done"]


async def nothing() -> None:
    return None


async def states(work: UnitOfWork, conversation: Conversation) -> list[str]:
    """What became of the contact's messages, in order."""
    statement = select(Message.turn).where(Message.conversation_id == conversation.id, Message.turn.is_not(None))
    async with work.reading() as session:
        return [turn.value for turn in await session.scalars(statement.order_by(Message.sequence)) if turn]


async def pending(work: UnitOfWork, conversation: Conversation) -> int:
    return (await states(work, conversation)).count("pending")


class TestCrowd:
    """Messages come in faster than they can be stored one by one."""

    @pytest.mark.parametrize(("is_crowded", "at_once"), [(True, TURNS_IN_CROWD), (False, 2 * TURNS_IN_CROWD)])
    async def test_few_are_thought_about_at_once_and_all_are_answered(
        self, turns: Turns, intake: Intake, inbox: Inbox, bot: FakeBot, is_crowded: bool, at_once: int
    ) -> None:
        visitors = [str(number) for number in range(2 * TURNS_IN_CROWD)]
        received = [await intake.receive(message(inbox, "hello", visitor=visitor)) for visitor in visitors]
        turns.is_crowded = lambda: is_crowded
        thought_about = most = 0

        async def meanwhile() -> None:
            nonlocal thought_about, most
            thought_about += 1
            most = max(most, thought_about)
            async with asyncio.timeout(10):
                while most < at_once:  # noqa: ASYNC110 - until the others are there
                    await asyncio.sleep(0)
            thought_about -= 1

        bot.meanwhile = meanwhile
        await asyncio.gather(*(turns.run(one.conversation.id) for one in received))

        assert len(bot.turns) == len(visitors)
        assert most == at_once


class TestCorrection:
    async def test_that_comes_while_the_bot_thinks_is_what_is_answered_once_and_counts_as_no_failure(
        self,
        turns: Turns,
        intake: Intake,
        inbox: Inbox,
        bot: FakeBot,
        work: UnitOfWork,
        open_service: OpenService,
        clock: FixedClock,
    ) -> None:
        received = await intake.receive(message(inbox, "hello"))

        async def meanwhile() -> None:
            if len(bot.turns) <= MAX_ATTEMPTS:
                clock.advance(timedelta(seconds=1))
                await intake.correct(inbox.id, "visitor:1", f"hello {len(bot.turns)}", at=clock.now())

        bot.meanwhile = meanwhile
        await until_done(turns.run, received.conversation.id)
        await until_done(turns.run, received.conversation.id)

        assert [turn.text for turn in bot.turns] == ["hello", "hello 1", "hello 2", "hello 3"]
        assert (await transcript(work, open_service, received.conversation))[1:] == [("bot", "You said: hello 3")]
        async with work.reading() as session:
            corrected = await session.get_one(Message, received.message.id)
        assert (corrected.turn, corrected.corrected_text) == (TurnState.done, "hello 3")
