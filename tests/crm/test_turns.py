import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import FixedClock
from core.events import LocalEventBus
from core.rate_limit import RateLimit
from core.unit_of_work import UnitOfWork
from crm.conversations.claims import MAX_ATTEMPTS, TOGETHER_CHARACTERS
from crm.conversations.commands import START_OVER, TALK_TO_PERSON
from crm.conversations.crowd import AT_ONCE, AT_ONCE_IN_A_CROWD, FEW, Crowd
from crm.conversations.handling import Handling
from crm.conversations.handoff_policy import REMEMBERED_TURNS
from crm.conversations.intake import Intake
from crm.conversations.parked import ParkedTurns
from crm.conversations.ports import Cause, Mood, Reading
from crm.conversations.reception import Received
from crm.conversations.service import ConversationService
from crm.conversations.turns import LEASE, MAX_DEATHS, Turns
from crm.enums import Author, ConversationStatus, HandoffReason, Outcome, Priority, TurnState
from crm.models import Agent, Conversation, Handoff, Inbox, Message, Rating, SavedHandoffPolicy
from tests.conftest import message
from tests.fixtures.fakes import FakeBot, FakeReader
from tests.fixtures.patience import until_done

OpenService = Callable[[AsyncSession], ConversationService]


class Talk:
    """One visitor's conversation: what they write, what comes of it, and what people do to it meanwhile."""

    def __init__(self, turns: Turns, intake: Intake, inbox: Inbox, work: UnitOfWork, open_service: OpenService) -> None:
        self.turns = turns
        self.intake = intake
        self.inbox = inbox
        self.work = work
        self.open_service = open_service
        self.id = ""
        self.message_id = 0
        self._written = 0

    async def sends(self, text: str, **more: Any) -> Received:
        """A message comes in; nobody answers it yet."""
        self._written += 1
        received = await self.intake.receive(message(self.inbox, text, **{"number": self._written, **more}))
        self.id, self.message_id = received.conversation.id, received.message.id
        return received

    async def answered(self) -> None:
        """All that waits has its turn."""
        await until_done(self.turns.run, self.id)

    async def says(self, text: str, **more: Any) -> None:
        """A message comes in and has its turn."""
        await self.sends(text, **more)
        await self.answered()

    @asynccontextmanager
    async def changing(self) -> AsyncIterator[tuple[ConversationService, Conversation]]:
        async with self.work.begin() as session:
            service = self.open_service(session)
            yield service, await service.lock(self.id)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[ConversationService]:
        async with self.work.reading() as session:
            yield self.open_service(session)

    async def conversation(self) -> Conversation:
        async with self.reading() as service:
            return await service.get(self.id)

    async def messages(self) -> Sequence[Message]:
        async with self.reading() as service:
            return await service.conversations.messages(self.id)

    async def transcript(self) -> list[tuple[str, str]]:
        return [(entry.author.value, entry.text) for entry in await self.messages()]

    async def heard(self) -> Message:
        """The contact's last message."""
        return [entry for entry in await self.messages() if entry.author is Author.contact][-1]

    async def handoff(self) -> Handoff:
        """The last one."""
        async with self.reading() as service:
            return (await service.conversations.handoffs(self.id))[0]

    async def priorities(self) -> list[Priority]:
        """Of the contact's tickets."""
        contact_id = (await self.conversation()).contact_id
        async with self.reading() as service:
            return [ticket.priority for ticket in await service.tickets.of_contact(contact_id)]

    async def turn_states(self) -> list[str]:
        """What became of the contact's messages, in order."""
        return [entry.turn.value for entry in await self.messages() if entry.turn]


@pytest.fixture
def talk(turns: Turns, intake: Intake, inbox: Inbox, work: UnitOfWork, open_service: OpenService) -> Talk:
    return Talk(turns, intake, inbox, work, open_service)


class TestRun:
    async def test_answers_each_message_in_order(self, talk: Talk) -> None:
        await talk.sends("first")
        await talk.says("second")

        assert await talk.transcript() == [
            ("contact", "first"),
            ("contact", "second"),
            ("bot", "You said: first"),
            ("bot", "You said: second"),
        ]

    async def test_hands_the_bot_the_state_of_the_turn_before(self, talk: Talk, bot: FakeBot) -> None:
        await talk.says("first")
        await talk.says("second")

        assert [turn.state for turn in bot.turns] == [None, ["first"]]

    async def test_answers_a_message_that_came_twice_once(self, talk: Talk, bot: FakeBot) -> None:
        await talk.sends("hello")
        again = await talk.sends("hello", number=1)
        await talk.answered()

        assert not again.is_new
        assert len(bot.turns) == 1

    async def test_leaves_a_conversation_alone_that_another_process_works_on(
        self, talk: Talk, bot: FakeBot, work: UnitOfWork, clock: FixedClock
    ) -> None:
        await talk.sends("hello")
        async with work.begin() as session:
            conversation = await session.get_one(Conversation, talk.id)
            conversation.lease_owner = "another process"
            conversation.leased_until = clock.now() + LEASE

        await talk.answered()

        assert bot.turns == []

    async def test_takes_over_when_the_other_process_has_died(
        self, talk: Talk, turns: Turns, bot: FakeBot, work: UnitOfWork, clock: FixedClock
    ) -> None:
        await talk.sends("hello")
        async with work.begin() as session:
            conversation = await session.get_one(Conversation, talk.id)
            conversation.lease_owner = "another process"
            conversation.leased_until = clock.now() + LEASE
        clock.advance(LEASE + timedelta(seconds=1))

        assert await turns.waiting(limit=10) == [talk.id]
        await talk.answered()

        assert len(bot.turns) == 1

    async def test_does_not_send_what_the_bot_finishes_after_a_person_took_over(
        self, talk: Talk, bot: FakeBot, make_agent: Callable[..., Awaitable[Agent]]
    ) -> None:
        agent = await make_agent("Sara")
        await talk.sends("hello")

        async def agent_steps_in() -> None:
            async with talk.changing() as (service, conversation):
                await Handling(service).reply(conversation, "I am here", by=agent)

        bot.meanwhile = agent_steps_in
        await talk.answered()

        assert [author for author, _ in await talk.transcript()] == [
            "contact",
            "system",
            "agent",
        ]

    async def test_nor_where_the_person_has_given_it_back_meanwhile(
        self, talk: Talk, bot: FakeBot, make_agent: Callable[..., Awaitable[Agent]]
    ) -> None:
        agent = await make_agent("Sara")
        await talk.sends("hello")

        async def agent_steps_in_for_a_moment() -> None:
            async with talk.changing() as (service, conversation):
                await Handling(service).reply(conversation, "I am here", by=agent)
                await Handling(service).return_to_bot(conversation)

        bot.meanwhile = agent_steps_in_for_a_moment
        await talk.answered()
        bot.meanwhile = FakeBot().meanwhile
        await talk.says("and another thing")

        assert [text for author, text in await talk.transcript() if author == "bot"] == ["You said: and another thing"]
        assert [turn.state for turn in bot.turns] == [None, None]

    async def test_acknowledges_once_what_is_written_while_waiting(self, talk: Talk, clock: FixedClock) -> None:
        await talk.says("Talk to a person", payload="/talk_to_person", language="en")
        for number in (2, 3):
            clock.advance(timedelta(seconds=1))
            await talk.says(f"and this {number}", language="en")

        said = [text for author, text in await talk.transcript() if author == "system"]

        assert [text.split()[0] for text in said] == ["handed_off", "ask_how_to_reach", "seen_while_waiting"]

    async def test_a_turn_that_died_after_its_handoff_says_no_more_when_it_is_run_again(
        self, talk: Talk, clock: FixedClock
    ) -> None:
        await talk.sends("somebody else there?", language="en")
        clock.advance(timedelta(seconds=1))
        async with talk.changing() as (service, conversation):
            await service.hand_off(conversation, HandoffReason.contact_asked)
        await talk.answered()

        said = [text.split()[0] for author, text in await talk.transcript() if author == "system"]
        assert said == ["handed_off", "ask_how_to_reach"]

    async def test_acknowledges_again_in_another_wait(self, talk: Talk, clock: FixedClock) -> None:
        await talk.says("Talk to a person", payload="/talk_to_person", language="en")
        for _wait in range(2):
            clock.advance(timedelta(seconds=1))
            await talk.says("and this", language="en")
            async with talk.changing() as (service, conversation):
                await Handling(service).return_to_bot(conversation)
            clock.advance(timedelta(seconds=1))
            await talk.says("A person", payload="/talk_to_person", language="en")

        said = [text.split()[0] for _, text in await talk.transcript()]

        assert said.count("seen_while_waiting") == 2

    async def test_is_silent_while_a_person_has_the_conversation_but_still_hears_the_mood(
        self, talk: Talk, bot: FakeBot, make_agent: Callable[..., Awaitable[Agent]]
    ) -> None:
        agent = await make_agent("Sara")
        await talk.sends("hello")
        async with talk.changing() as (service, conversation):
            await Handling(service).take(conversation, by=agent)
        await talk.says("HURRY UP")

        assert bot.turns == []
        assert (await talk.heard()).sentiment == "negative"

    async def test_answers_what_came_in_while_an_agent_was_closing_the_matter(
        self, talk: Talk, make_agent: Callable[..., Awaitable[Agent]]
    ) -> None:
        agent = await make_agent("Sara")
        await talk.sends("hello")
        async with talk.changing() as (service, conversation):
            await Handling(service).reply(conversation, "I am here", by=agent)
        await talk.sends("a person please", payload=TALK_TO_PERSON)
        async with talk.changing() as (service, conversation):
            await Handling(service).resolve(conversation)

        await talk.answered()

        conversation = await talk.conversation()
        assert conversation.status is ConversationStatus.waiting

    async def test_answers_anew_when_the_matter_was_closed_while_the_bot_was_thinking(
        self, talk: Talk, bot: FakeBot
    ) -> None:
        await talk.sends("hello")

        async def agent_resolves() -> None:
            if len(bot.turns) > 1:
                return
            async with talk.changing() as (service, conversation):
                await Handling(service).resolve(conversation)

        bot.meanwhile = agent_resolves
        await talk.answered()

        assert (await talk.transcript())[-1] == ("bot", "You said: hello")

    async def test_hears_how_long_the_contact_has_waited_and_what_they_asked_for(
        self, talk: Talk, reader: FakeReader, clock: FixedClock
    ) -> None:
        await talk.says("a person please", payload=TALK_TO_PERSON)
        clock.advance(timedelta(minutes=12))
        await talk.says("anybody there?")

        asked, waited = reader.turns
        assert (asked.asked_for_person, asked.waited_minutes) == (True, 0)
        assert (waited.asked_for_person, waited.waited_minutes) == (False, 12)

    @pytest.mark.parametrize("content", [{"at_once": ["a signal of another version"]}, {"frustration": "much"}])
    async def test_goes_by_the_default_policy_where_the_saved_one_is_not_readable(
        self,
        talk: Talk,
        work: UnitOfWork,
        clock: FixedClock,
        caplog: pytest.LogCaptureFixture,
        content: dict[str, object],
    ) -> None:
        async with work.begin() as session:
            session.add(SavedHandoffPolicy(content=content, created_at=clock.now()))
        await talk.says("hello")

        assert (await talk.transcript())[-1] == ("bot", "You said: hello")
        assert "the saved handoff policy is not readable" in caplog.text


class TestHandOff:
    async def test_an_angry_contact_gets_a_person_at_once_with_the_reasons(self, talk: Talk, bot: FakeBot) -> None:
        await talk.says("THIS IS A DISGRACE")

        conversation = await talk.conversation()
        assert conversation.status is ConversationStatus.waiting
        assert bot.turns == []
        handoff = await talk.handoff()
        assert handoff.reason is HandoffReason.negative_sentiment
        assert handoff.causes == [{"code": "anger", "weight": 1.0, "sequence": 1}]
        assert await talk.priorities() == [Priority.high]
        assert (await talk.transcript())[-2] == ("system", "handed_off_upset en")

    async def test_a_contact_in_distress_gets_a_person_first_of_all_and_gentle_words_however_calm_they_are(
        self, talk: Talk, bot: FakeBot
    ) -> None:
        await talk.says("vulnerable")

        assert bot.turns == []
        handoff = await talk.handoff()
        assert handoff.reason is HandoffReason.vulnerable
        assert handoff.causes == [{"code": "vulnerable", "weight": 0.0, "sequence": 1}]
        assert await talk.priorities() == [Priority.urgent]
        assert (await talk.transcript())[-2] == ("system", "handed_off_gently en")

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("danger", "handed_off_in_danger en"),
            ("danger, a human please", "handed_off_in_danger en"),
            ("vulnerable", "handed_off_gently en"),
        ],
    )
    async def test_the_emergency_services_are_named_where_a_life_may_be_in_danger_alone(
        self, talk: Talk, text: str, told: str
    ) -> None:
        await talk.says(text)

        assert (await talk.transcript())[-2] == ("system", told)

    async def test_whoever_asks_for_a_person_is_not_told_how_upset_they_are(
        self, talk: Talk, turns: Turns, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(turns.thinking.reader, "mood", lambda *_: Mood(frustration=1.0))
        await talk.says("a human please")

        assert (await talk.handoff()).reason is HandoffReason.negative_sentiment
        said = await talk.transcript()
        assert said[-2][1].startswith("handed_off en HM-")

    async def test_the_roles_that_the_policy_names_are_told(self, talk: Talk, events: LocalEventBus) -> None:
        await talk.sends("vulnerable")

        async with events.listen("desk") as heard:
            await talk.answered()

        told = [event for event in [heard.get_nowait() for _ in range(heard.qsize())] if event["type"] == "handed_off"]
        assert [(event["reason"], event["roles"]) for event in told] == [("vulnerable", ["supervisor"])]

    @pytest.mark.parametrize(
        ("text", "told"), [("danger", "handed_off_in_danger"), ("vulnerable", "handed_off_gently")]
    )
    async def test_distress_of_somebody_who_waits_already_calls_people_again(
        self, talk: Talk, clock: FixedClock, events: LocalEventBus, text: str, told: str
    ) -> None:
        await talk.says("a person please", payload=TALK_TO_PERSON)
        clock.advance(timedelta(minutes=5))

        async with events.listen("desk") as heard:
            for words in (text, "please", text):
                await talk.says(words)

        calls = [event for event in [heard.get_nowait() for _ in range(heard.qsize())] if event["type"] == "handed_off"]
        assert [(event["reason"], event["roles"]) for event in calls] == [("vulnerable", ["supervisor"])]
        assert (await talk.handoff()).reason is HandoffReason.vulnerable
        assert await talk.priorities() == [Priority.urgent]
        said = [words.split()[0] for author, words in await talk.transcript() if author == "system"]
        assert said == ["handed_off", "ask_how_to_reach", told, "seen_while_waiting"]

    async def test_anger_of_somebody_who_waits_makes_their_ticket_more_urgent_without_a_word(
        self, talk: Talk, clock: FixedClock
    ) -> None:
        await talk.says("a person please", payload=TALK_TO_PERSON)
        clock.advance(timedelta(minutes=5))
        await talk.says("THIS IS A DISGRACE")

        handoff = await talk.handoff()
        assert (handoff.reason, handoff.causes[0]["code"]) == (HandoffReason.negative_sentiment, "anger")
        assert await talk.priorities() == [Priority.high]
        assert (await talk.transcript())[-1][1].split()[0] == "seen_while_waiting"

    async def test_what_is_less_grave_than_what_people_know_calls_nobody(self, talk: Talk, clock: FixedClock) -> None:
        await talk.says("danger")
        clock.advance(timedelta(minutes=5))
        for words in ("THIS IS A DISGRACE", "vulnerable"):
            await talk.says(words)

        async with talk.reading() as service:
            assert len(await service.conversations.handoffs(talk.id)) == 1

    async def test_an_agent_hears_distress_themselves_but_a_life_in_danger_calls_everybody(
        self, talk: Talk, make_agent: Callable[..., Awaitable[Agent]]
    ) -> None:
        agent = await make_agent("Sara")
        await talk.says("hello")
        async with talk.changing() as (service, conversation):
            await Handling(service).take(conversation, by=agent)
        await talk.says("vulnerable")
        assert await talk.priorities() == []

        await talk.says("danger")

        assert await talk.priorities() == [Priority.urgent]
        assert (await talk.transcript())[-1][1].startswith("handed_off_in_danger")

    async def test_a_handoff_by_the_bot_itself_says_what_the_mood_came_from(
        self, talk: Talk, turns: Turns, bot: FakeBot, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        cause = Cause(code="displeasure", weight=0.2, sequence=1)
        monkeypatch.setattr(turns.thinking.reader, "mood", lambda *_: Mood(frustration=0.2, causes=(cause,)))

        async def bot_hands_off() -> None:
            async with talk.changing() as (service, conversation):
                await service.hand_off(conversation, HandoffReason.contact_asked)

        bot.meanwhile = bot_hands_off
        await talk.says("somebody else there?")

        handoff = await talk.handoff()
        assert [cause["code"] for cause in handoff.causes] == ["displeasure"]
        assert handoff.frustration == 0.2

    async def test_distress_calls_people_again_in_another_wait(self, talk: Talk, clock: FixedClock) -> None:
        for _wait in range(2):
            await talk.says("a person please", payload=TALK_TO_PERSON)
            clock.advance(timedelta(minutes=5))
            await talk.says("danger")
            async with talk.changing() as (service, conversation):
                await Handling(service).return_to_bot(conversation)
            clock.advance(timedelta(minutes=5))

        said = [words.split()[0] for _, words in await talk.transcript()]
        assert said.count("handed_off_in_danger") == 2

    async def test_the_button_reaches_a_person_though_the_bot_is_down(self, talk: Talk, bot: FakeBot) -> None:
        bot.fails = True
        await talk.says("a person please", payload=TALK_TO_PERSON)

        conversation = await talk.conversation()
        assert conversation.status is ConversationStatus.waiting
        assert bot.turns == []

    async def test_so_do_plain_words(self, talk: Talk, bot: FakeBot) -> None:
        bot.fails = True
        await talk.says("a human please")

        assert bot.turns == []
        handoff, heard = await talk.handoff(), await talk.heard()
        assert (handoff.reason, heard.intent) == (HandoffReason.contact_asked, "talk_to_person")

    async def test_the_third_message_in_a_row_that_nobody_understands_brings_a_person_instead_of_an_apology(
        self, talk: Talk, bot: FakeBot
    ) -> None:
        bot.outcome = Outcome.not_understood
        for number in range(1, 4):
            await talk.says(f"blah {number}")

        said = await talk.transcript()
        assert [text for author, text in said if author == "bot"] == ["You said: blah 1", "You said: blah 2"]
        assert said[-2][0] == "system"
        assert said[-2][1].startswith("handed_off en HM-")


class TestReachingTheContact:
    async def test_a_number_in_the_request_is_the_contacts_and_none_is_asked_for(self, talk: Talk) -> None:
        await talk.says("a human please, call me on 0912 123 4567")

        conversation = await talk.conversation()
        assert conversation.contact.phone == "09121234567"
        assert (await talk.transcript())[-1][1].startswith("handed_off en")

    async def test_one_that_comes_while_waiting_is_noted_and_they_are_told(self, talk: Talk) -> None:
        await talk.says("a human please")
        assert (await talk.transcript())[-1] == ("system", "ask_how_to_reach en")

        await talk.says("sara@example.com")

        conversation = await talk.conversation()
        assert conversation.contact.email == "sara@example.com"
        assert (await talk.transcript())[-1] == ("system", "reach_noted en")


class TestWantedLanguage:
    async def test_is_answered_in_from_now_on_whatever_the_contact_writes_in(self, talk: Talk, bot: FakeBot) -> None:
        await talk.says("به انگلیسی بگو")
        await talk.says("ساعت کاری")

        assert [turn.language for turn in bot.turns] == ["en", "en"]
        assert (await talk.conversation()).language == "en"


class TestRatingInAnger:
    async def test_is_kept_with_its_reason_though_a_person_comes(self, talk: Talk) -> None:
        await talk.says("hello")
        async with talk.changing() as (service, conversation):
            await Handling(service).resolve(conversation)

        await talk.says("1, AWFUL!")

        async with talk.reading() as service:
            conversations = service.conversations
            (rating,) = await conversations.ratings(talk.id)
            (handoff,) = await conversations.handoffs(talk.id)
        assert (rating.score, rating.comment) == (1, "1, AWFUL!")
        assert handoff.reason is HandoffReason.negative_sentiment


class TestReasonOfALowRating:
    """What is written after a low rating says why it was so low."""

    @staticmethod
    async def rated(talk: Talk, clock: FixedClock, score: int, comment: str = "") -> None:
        await talk.says("hello")
        async with talk.changing() as (service, conversation):
            await Handling(service).resolve(conversation)
            await service.rate(conversation, score=score, comment=comment)
        clock.advance(timedelta(minutes=2))

    @staticmethod
    async def comment(talk: Talk) -> str:
        async with talk.reading() as service:
            (rating,) = await service.conversations.ratings(talk.id)
        return rating.comment

    @pytest.mark.parametrize(("score", "comment", "asked"), [(2, "", True), (2, "slow", False), (3, "", False)])
    async def test_is_asked_for_where_none_was_given(
        self, talk: Talk, clock: FixedClock, score: int, comment: str, asked: bool
    ) -> None:
        await self.rated(talk, clock, score, comment)

        assert (await talk.messages())[-1].response == ("utter_rating_low" if asked else "utter_rating_thanks")

    async def test_is_kept_beside_it_and_answered_when_it_is_displeased(self, talk: Talk, clock: FixedClock) -> None:
        await self.rated(talk, clock, 2)

        await talk.says("sigh, two weeks for nothing")

        assert await self.comment(talk) == "sigh, two weeks for nothing"
        assert (await talk.transcript())[-1] == ("bot", "You said: sigh, two weeks for nothing")

    async def test_is_kept_where_it_complains_calmly(self, talk: Talk, clock: FixedClock, bot: FakeBot) -> None:
        await self.rated(talk, clock, 1)
        bot.intent = ("complaint", "complaint", 0.9)

        await talk.says("nobody answered for two weeks")

        assert await self.comment(talk) == "nobody answered for two weeks"

    async def test_is_thanked_for_where_the_bot_would_not_understand(
        self, talk: Talk, clock: FixedClock, bot: FakeBot
    ) -> None:
        await self.rated(talk, clock, 1)
        bot.outcome = Outcome.not_understood

        await talk.says("two weeks for nothing")
        clock.advance(timedelta(minutes=1))
        await talk.says("and more of that")

        assert await self.comment(talk) == "two weeks for nothing"
        assert [message.response for message in await talk.messages()][-3:] == ["utter_rating_reason_kept", None, None]
        assert (await talk.transcript())[-1] == ("bot", "You said: and more of that")

    @pytest.mark.parametrize("text", ["I would like an invoice", "how do I pay? sigh?", "/open_ticket"])
    async def test_is_not_what_wants_something_else(self, talk: Talk, clock: FixedClock, text: str) -> None:
        await self.rated(talk, clock, 1)

        await talk.says(text)

        assert await self.comment(talk) == ""

    async def test_nor_what_is_written_days_later(self, talk: Talk, clock: FixedClock) -> None:
        await self.rated(talk, clock, 1)
        clock.advance(timedelta(days=2))

        await talk.says("sigh")

        assert await self.comment(talk) == ""


class TestChoosingByPlace:
    @pytest.mark.parametrize(
        ("words", "payload"),
        [("the second one", "/read 2"), ("همون اولی رو بگو", "/read 1"), ("the last one please", "/read 3")],
    )
    async def test_is_pressing_the_button(self, talk: Talk, bot: FakeBot, words: str, payload: str) -> None:
        bot.buttons = ["/read 1", "/read 2", "/read 3"]
        await talk.says("what do you have?")
        await talk.says(words)

        assert bot.turns[-1].text == payload

    async def test_a_person_who_is_named_so_is_called(self, talk: Talk, bot: FakeBot) -> None:
        bot.buttons = [TALK_TO_PERSON, "/open_ticket"]
        await talk.says("what do you have?")
        await talk.says("the first one")

        assert (await talk.handoff()).reason is HandoffReason.contact_asked

    async def test_words_stay_words_where_there_are_fewer_to_choose_from(self, talk: Talk, bot: FakeBot) -> None:
        bot.buttons = ["/read 1", "/read 2"]
        await talk.says("what do you have?")
        await talk.says("the third one")

        assert bot.turns[-1].text == "the third one"

    async def test_after_one_the_next_may_be_chosen(self, talk: Talk, bot: FakeBot) -> None:
        bot.buttons = ["/read 1", "/read 2"]
        await talk.says("what do you have?")
        bot.buttons = []
        await talk.says("the first one")
        await talk.says("and the second one?")

        assert bot.turns[-1].text == "/read 2"

    async def test_and_where_the_choice_is_of_an_earlier_answer(self, talk: Talk, bot: FakeBot) -> None:
        bot.buttons = ["/read 1", "/read 2"]
        await talk.says("what do you have?")
        bot.buttons = []
        await talk.says("thanks")
        await talk.says("the first one")

        assert bot.turns[-1].text == "the first one"


class TestDeEscalation:
    async def test_displeasure_below_the_threshold_is_met_with_an_apology_that_names_the_problem_and_with_a_person(
        self, talk: Talk
    ) -> None:
        await talk.says("sigh, my money")

        entries = await talk.messages()
        assert [entry.text for entry in entries[1:]] == ["sorry_money en", "You said: sigh, my money"]
        assert [[button["payload"] for button in entry.buttons] for entry in entries[1:]] == [[], [TALK_TO_PERSON]]

    async def test_no_apology_is_given_twice(self, talk: Talk) -> None:
        for _time in range(3):
            await talk.says("sigh, my money")

        said = await talk.transcript()
        apologies = [text for _, text in said if text.startswith("sorry")]
        assert apologies == ["sorry_money en", "sorry_displeasure en"]

    async def test_the_bot_hears_the_mood_and_that_it_need_not_apologise_as_well(
        self, talk: Talk, bot: FakeBot
    ) -> None:
        for words in ("sigh", "sigh", "where is my money"):
            await talk.says(words)

        heard = [(turn.reading.sentiment, turn.apologised) for turn in bot.turns]
        assert heard == [("negative", True), ("negative", False), ("neutral", False)]

    @pytest.mark.parametrize("intent", ["doubt", "ask_again"])
    async def test_nobody_is_told_twice_that_the_bot_was_of_no_help(
        self, talk: Talk, bot: FakeBot, intent: str
    ) -> None:
        bot.intent = (intent, intent, 0.9)
        await talk.says("sigh, that did not help")

        assert (await talk.transcript())[1:] == [("bot", "You said: sigh, that did not help")]

    async def test_a_calm_message_is_simply_answered(self, talk: Talk) -> None:
        await talk.says("where is my money")

        said = await talk.transcript()
        assert said[1:] == [("bot", "You said: where is my money")]

    async def test_a_bot_that_failed_excuses_itself_alone(self, talk: Talk, bot: FakeBot) -> None:
        bot.fails = True
        await talk.says("sigh")

        said = await talk.transcript()
        assert said[1:] == [("system", "bot_failed en")]


class TestWithoutWords:
    async def test_a_file_is_not_taken_for_a_question_and_its_sender_is_asked_for_words_once(
        self, talk: Talk, bot: FakeBot
    ) -> None:
        for _time in range(2):
            await talk.says("[Photo]", response="photo", language="en")

        said = await talk.transcript()
        assert bot.turns == []
        assert said == [("contact", "[Photo]"), ("system", "words_please en"), ("contact", "[Photo]")]

    async def test_whoever_has_just_said_what_their_files_are_about_is_not_asked_for_words(self, talk: Talk) -> None:
        await talk.says("It arrived broken", language="en")
        for _time in range(9):
            await talk.says("[Photo]", response="photo")

        assert (await talk.transcript())[2:] == 9 * [("contact", "[Photo]")]

    async def test_whoever_said_something_a_while_ago_is_asked(self, talk: Talk, clock: FixedClock) -> None:
        await talk.says("Where is my parcel?", language="en")
        clock.advance(timedelta(seconds=61))
        await talk.says("[Photo]", response="photo")

        assert (await talk.transcript())[-1] == ("system", "words_please en")

    async def test_the_words_after_it_are_answered(self, talk: Talk) -> None:
        await talk.says("[Photo]", response="photo")
        await talk.says("It arrived broken")

        said = await talk.transcript()
        assert said[-1] == ("bot", "You said: It arrived broken")

    async def test_nor_are_words_that_its_sender_adds_afterwards_taken_for_none(
        self, talk: Talk, bot: FakeBot, work: UnitOfWork, clock: FixedClock
    ) -> None:
        await talk.sends("[Photo]", response="photo")
        async with work.begin() as session:
            stored = await session.get_one(Message, talk.message_id)
            stored.corrected_text, stored.corrected_at = "It arrived broken", clock.now()

        await talk.answered()

        assert [turn.text for turn in bot.turns] == ["It arrived broken"]


class TestFailure:
    async def test_the_contact_is_told_when_the_bot_fails(self, talk: Talk, bot: FakeBot) -> None:
        bot.fails = True
        await talk.says("hello")

        assert (await talk.transcript())[-1] == ("system", "bot_failed en")

    async def test_the_contact_is_told_when_the_bot_says_nothing(self, talk: Talk, bot: FakeBot) -> None:
        bot.silent = True
        await talk.says("hello")

        assert (await talk.transcript())[-1] == ("system", "bot_failed en")

    async def test_the_contact_is_told_also_when_the_message_before_was_answered_after_this_one_came(
        self, talk: Talk, bot: FakeBot
    ) -> None:
        await talk.sends("hello")
        await talk.sends("and another thing")

        async def fall_silent_next_time() -> None:
            bot.silent = len(bot.turns) > 1

        bot.meanwhile = fall_silent_next_time
        await talk.answered()

        said = await talk.transcript()
        assert said[-2:] == [("bot", "You said: hello"), ("system", "bot_failed en")]

    async def test_a_turn_that_cannot_be_stored_is_set_aside_as_well(
        self, talk: Talk, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def refuse(*_: object) -> None:
            raise RuntimeError("unstorable")

        monkeypatch.setattr(ConversationService, "bot_says", refuse)
        await talk.sends("hello", language="en")

        for _ in range(MAX_ATTEMPTS):
            await talk.answered()
            clock.advance(LEASE + timedelta(seconds=1))

        assert (await talk.transcript())[-1] == ("system", "bot_failed en")

    async def test_a_turn_is_tried_again_while_the_database_is_away(
        self, talk: Talk, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def be_away(*_: object) -> None:
            raise OperationalError("COMMIT", {}, RuntimeError("the line was cut"))

        with monkeypatch.context() as patches:
            patches.setattr(ConversationService, "bot_says", be_away)
            await talk.sends("hello", language="en")
            for _ in range(2 * MAX_ATTEMPTS):
                await talk.answered()
                clock.advance(LEASE + timedelta(seconds=1))
        await talk.answered()

        assert (await talk.transcript())[-1] == ("bot", "You said: hello")

    async def test_a_bot_that_fails_twice_brings_a_person(self, talk: Talk, bot: FakeBot) -> None:
        bot.fails = True
        for _time in range(2):
            await talk.says("hello")

        conversation = await talk.conversation()
        assert conversation.status is ConversationStatus.waiting

    async def test_a_poison_message_is_set_aside_and_the_next_one_answered(
        self, talk: Talk, turns: Turns, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        read = turns.thinking.reader.read

        async def choke(text: str, *, expected_language: str) -> object:
            if text == "poison":
                raise RuntimeError("indigestible")
            return await read(text, expected_language=expected_language)

        monkeypatch.setattr(turns.thinking.reader, "read", choke)
        await talk.sends("poison")
        await talk.sends("hello")

        for _ in range(MAX_ATTEMPTS + 1):
            await talk.answered()
            clock.advance(LEASE + timedelta(seconds=1))

        entries = await talk.messages()
        poison = next(entry for entry in entries if entry.text == "poison")
        assert (poison.turn, poison.error) == (TurnState.parked, "RuntimeError: indigestible")
        assert entries[-1].text == "You said: hello"


class TestTryAgain:
    async def test_gives_a_message_that_was_set_aside_its_answer(self, talk: Talk, work: UnitOfWork) -> None:
        await talk.sends("poison")
        async with work.begin() as session:
            (await session.get_one(Message, talk.message_id)).turn = TurnState.parked
        await talk.answered()
        assert len(await talk.transcript()) == 1

        async with talk.changing() as (service, _conversation):
            await ParkedTurns(service).try_again(talk.message_id)
        await talk.answered()

        assert await talk.transcript() == [
            ("contact", "poison"),
            ("bot", "You said: poison"),
        ]


class TestInterruption:
    async def test_a_turn_that_was_cut_off_is_run_again_from_the_old_state(
        self, talk: Talk, bot: FakeBot, clock: FixedClock
    ) -> None:
        await talk.sends("hello")

        async def die() -> None:
            raise KeyboardInterrupt

        bot.meanwhile = die
        with pytest.raises(KeyboardInterrupt):
            await talk.answered()
        bot.meanwhile = FakeBot().meanwhile
        clock.advance(LEASE + timedelta(seconds=1))
        await talk.answered()

        assert [turn.state for turn in bot.turns] == [None, None]
        said = await talk.transcript()
        assert said == [(Author.contact, "hello"), (Author.bot, "You said: hello")]

    async def test_a_message_that_kills_every_process_is_set_aside(
        self, talk: Talk, bot: FakeBot, clock: FixedClock
    ) -> None:
        await talk.sends("hello", language="en")

        async def die() -> None:
            raise KeyboardInterrupt

        bot.meanwhile = die
        for _ in range(MAX_DEATHS):
            with pytest.raises(KeyboardInterrupt):
                await talk.answered()
            clock.advance(LEASE + timedelta(seconds=1))
        await talk.answered()

        assert len(bot.turns) == MAX_DEATHS
        assert (await talk.transcript())[-1] == ("system", "bot_failed en")

    async def test_a_failing_process_leaves_the_turn_alone_that_another_has_taken_over(
        self, talk: Talk, bot: FakeBot, work: UnitOfWork
    ) -> None:
        await talk.sends("hello")

        async def be_overtaken() -> None:
            async with work.begin() as session:
                (await session.get_one(Conversation, talk.id)).lease_owner = "another process"
                (await session.get_one(Message, talk.message_id)).attempts = MAX_ATTEMPTS
            raise RuntimeError("too late")

        bot.meanwhile = be_overtaken
        await talk.answered()

        async with work.reading() as session:
            conversation = await session.get_one(Conversation, talk.id)
            kept = await session.get_one(Message, talk.message_id)
        assert conversation.lease_owner == "another process"
        assert kept.turn is TurnState.pending


class TestBeginningAnew:
    """What a person has dealt with does not make the bot bring in a person again."""

    async def test_a_calm_message_after_an_agent_gave_the_conversation_back_is_for_the_bot(
        self, talk: Talk, bot: FakeBot
    ) -> None:
        await talk.says("THIS IS A DISGRACE")
        async with talk.changing() as (service, conversation):
            await Handling(service).return_to_bot(conversation)

        await talk.says("what is CRM")

        assert (await talk.conversation()).status is ConversationStatus.with_bot
        assert [turn.text for turn in bot.turns] == ["what is CRM"]

    async def test_so_is_one_after_the_matter_was_resolved_and_no_old_form_waits_for_it(
        self, talk: Talk, bot: FakeBot
    ) -> None:
        await talk.says("a ticket please")
        await talk.says("THIS IS A DISGRACE")
        async with talk.changing() as (service, conversation):
            await Handling(service).resolve(conversation)

        await talk.says("what is CRM")

        assert (await talk.conversation()).status is ConversationStatus.with_bot
        assert [(turn.text, turn.state) for turn in bot.turns[1:]] == [("what is CRM", None)]


class TestLowRating:
    """An earlier conversation was rated 1 of 5."""

    @pytest.fixture(autouse=True)
    async def low_rating(self, talk: Talk, clock: FixedClock) -> None:
        await talk.says("hello")
        async with talk.changing() as (service, conversation):
            await service.hand_off(conversation, HandoffReason.contact_asked)
            await Handling(service).resolve(conversation)
        clock.advance(timedelta(minutes=1))
        await talk.intake.rate(talk.inbox.id, "visitor", 1)
        clock.advance(timedelta(days=9))

    async def test_brings_a_person_at_a_sigh_and_tells_them_why(self, talk: Talk) -> None:
        await talk.says("sigh")

        handoff = await talk.handoff()
        assert handoff.reason is HandoffReason.negative_sentiment
        assert [cause["code"] for cause in handoff.causes] == ["displeasure", "rated_1"]

    async def test_leaves_a_calm_message_to_the_bot_and_comes_with_the_first_one_alone(
        self, talk: Talk, bot: FakeBot, reader: FakeReader, clock: FixedClock
    ) -> None:
        for number in range(2, 2 + REMEMBERED_TURNS):
            clock.advance(timedelta(minutes=1))
            await talk.says(f"what is {number}")
        seen = [(turn.rating, round(turn.rated_days_ago)) for turn in reader.turns]
        await talk.says("and then")

        assert seen == [(1, 9)] + [(None, 0)] * (REMEMBERED_TURNS - 1)
        assert len(bot.turns) == 1 + REMEMBERED_TURNS + 1
        assert [turn.rating for turn in reader.turns] == [None] * (REMEMBERED_TURNS + 1)

    async def test_is_taken_back_by_a_better_one(
        self, talk: Talk, work: UnitOfWork, reader: FakeReader, clock: FixedClock
    ) -> None:
        async with work.begin() as session:
            session.add(Rating(conversation_id=talk.id, score=4, created_at=clock.now()))
        clock.advance(timedelta(days=1))

        await talk.says("sigh")

        assert [turn.rating for turn in reader.turns] == [4]

    async def test_counts_in_the_contacts_other_conversations_and_in_nobody_elses(
        self, talk: Talk, work: UnitOfWork, reader: FakeReader
    ) -> None:
        contact_id = (await talk.conversation()).contact_id
        await talk.sends("hello", visitor="another address")
        async with work.begin() as session:
            (await session.get_one(Conversation, talk.id)).contact_id = contact_id
        await talk.answered()
        own = [turn.rating for turn in reader.turns]
        await talk.says("hello", visitor="somebody else")

        assert own == [1]
        assert [turn.rating for turn in reader.turns] == [None]


class TestStartingOver:
    async def test_calls_the_bot_back_from_people_and_lets_it_forget(
        self, talk: Talk, bot: FakeBot, make_agent: Callable[..., Awaitable[Agent]]
    ) -> None:
        await talk.says("سلام")
        agent = await make_agent()
        async with talk.changing() as (service, conversation):
            await Handling(service).take(conversation, by=agent)

        await talk.sends("از اول", payload=START_OVER)
        await talk.says("ساعت کاری؟")

        assert [turn.state for turn in bot.turns] == [None, None]
        assert (await talk.transcript())[-2:] == [
            ("system", "started_over fa"),
            ("bot", "You said: ساعت کاری؟"),
        ]
        conversation = await talk.conversation()
        assert (conversation.status, conversation.assignee) == (ConversationStatus.with_bot, None)

    async def test_waits_for_the_turns_before_it(self, talk: Talk, bot: FakeBot) -> None:
        await talk.sends("سلام")

        async def meanwhile() -> None:
            bot.meanwhile = FakeBot().meanwhile
            await talk.sends("از اول", payload=START_OVER)

        bot.meanwhile = meanwhile
        await talk.answered()

        assert (await talk.conversation()).dialogue_state is None


class TestChosenLanguage:
    async def test_counts_before_the_one_that_is_written(
        self, talk: Talk, intake: Intake, inbox: Inbox, bot: FakeBot
    ) -> None:
        await talk.sends("hello", language="en")
        await intake.choose_language(inbox.id, "visitor", "fa", "")

        await talk.answered()

        assert [turn.language for turn in bot.turns] == ["fa"]
        assert (await talk.conversation()).language == "fa"


class TestPace:
    """Somebody writes faster than they are answered."""

    @pytest.fixture
    def turns(self, turns: Turns, clock: FixedClock) -> Turns:
        turns.pace = RateLimit("2/minute", now=lambda: clock.now().timestamp())
        return turns

    async def test_what_waits_is_answered_together_and_nothing_is_left(
        self, talk: Talk, bot: FakeBot, clock: FixedClock
    ) -> None:
        for number in range(1, 6):
            await talk.sends(f"line {number}")
        await talk.answered()
        await talk.says("line 6")
        before = [turn.text for turn in bot.turns]
        clock.advance(timedelta(seconds=30))
        await talk.answered()

        assert before == ["line 1", "line 2\nline 3\nline 4\nline 5"]
        assert [turn.text for turn in bot.turns[2:]] == ["line 6"]
        assert "pending" not in await talk.turn_states()

    async def test_who_has_to_wait_is_found_by_any_process_when_the_time_has_come(
        self, talk: Talk, turns: Turns
    ) -> None:
        await talk.sends("again")
        await talk.says("again")
        await talk.sends("again")

        assert not await turns.run(talk.id)
        assert await turns.waiting(limit=10) == [talk.id]

    async def test_one_command_counts_once_and_is_not_mixed_with_words(
        self, talk: Talk, bot: FakeBot, clock: FixedClock
    ) -> None:
        await talk.sends("hello")
        for _press in range(3):
            await talk.sends("Yes", payload="/affirm")
        await talk.says("thanks")
        clock.advance(timedelta(seconds=30))
        await talk.answered()

        assert [turn.text for turn in bot.turns] == ["hello", "/affirm", "thanks"]

    async def test_of_very_much_the_last_words_are_read(self, talk: Talk, bot: FakeBot) -> None:
        await talk.sends("hello")
        for number in range(2, 30):
            await talk.sends("x" * 100 + str(number))
        await talk.answered()

        assert len(bot.turns[1].text) == TOGETHER_CHARACTERS
        assert bot.turns[1].text.endswith("x29")

    async def test_words_corrected_while_the_bot_thinks_are_read_anew(
        self, talk: Talk, turns: Turns, intake: Intake, inbox: Inbox, bot: FakeBot, clock: FixedClock
    ) -> None:
        for number in range(1, 4):
            await talk.sends(f"line {number}")
        await turns.run(talk.id)

        async def correct() -> None:
            bot.meanwhile = nothing
            await intake.correct(inbox.id, "visitor:2", "line two", at=clock.now())

        bot.meanwhile = correct
        await talk.answered()
        clock.advance(timedelta(seconds=30))
        await talk.answered()

        assert [turn.text for turn in bot.turns][1:] == ["line 2\nline 3", "line two\nline 3"]
        assert "pending" not in await talk.turn_states()

    async def test_a_message_that_cannot_be_dealt_with_is_set_aside_alone(
        self, talk: Talk, reader: FakeReader, clock: FixedClock
    ) -> None:
        read = reader.read

        async def choke(text: str, *, expected_language: str) -> Reading:
            if "poison" in text:
                raise RuntimeError("cannot")
            return await read(text, expected_language=expected_language)

        await talk.sends("hello")
        for text in ("one", "poison", "two"):
            await talk.sends(text)
        reader.read = choke  # type: ignore[method-assign]
        for _ in range(8):
            await talk.answered()
            clock.advance(timedelta(seconds=30))

        assert await talk.turn_states() == ["done", "done", "parked", "done"]


async def nothing() -> None:
    return None


class TestCrowd:
    """Many more people write than can be answered."""

    @pytest.mark.parametrize(("others", "at_once"), [(0, AT_ONCE), (FEW, AT_ONCE_IN_A_CROWD)])
    async def test_few_are_thought_about_at_once_and_all_are_answered(
        self,
        turns: Turns,
        intake: Intake,
        inbox: Inbox,
        bot: FakeBot,
        others: int,
        at_once: int,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("crm.conversations.crowd.PATIENCE_SECONDS", 60)
        turns.crowd = intake.crowd = Crowd(now=lambda: 0.0)
        received = [await intake.receive(message(inbox, "hello", visitor=str(number))) for number in range(6)]
        for number in range(others):
            intake.crowd.writes(number)
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

        assert len(bot.turns) == len(received)
        assert most == at_once


class TestPressing:
    """Somebody writes on before they are answered."""

    @staticmethod
    async def answered_while_another_is(talk: Talk, other: str, bot: FakeBot) -> list[str]:
        """What is answered until the long turn of another visitor is over."""
        await talk.sends("one")
        await talk.sends("two")
        assert await talk.turns.run(talk.id)
        seen: list[str] = []

        async def meanwhile() -> None:
            if bot.turns[-1].text == "calm":
                # Room for all that does not wait.
                await asyncio.sleep(0.3)
                seen.extend(turn.text for turn in bot.turns)

        bot.meanwhile = meanwhile
        calm = asyncio.create_task(talk.turns.run(other))
        async with asyncio.timeout(10):
            while bot.turns[-1].text != "calm":  # noqa: ASYNC110 - until it is under way
                await asyncio.sleep(0)
        await asyncio.gather(calm, talk.turns.run(talk.id))
        return seen

    @pytest.mark.parametrize(
        ("courtesy", "seen"), [(timedelta(seconds=60), ["one", "calm"]), (timedelta(0), ["one", "calm", "two"])]
    )
    async def test_they_go_on_when_the_others_are_answered_unless_that_takes_long(
        self, talk: Talk, intake: Intake, inbox: Inbox, bot: FakeBot, courtesy: timedelta, seen: list[str], monkeypatch
    ) -> None:
        monkeypatch.setattr("crm.conversations.turns.COURTESY", courtesy)
        other = await intake.receive(message(inbox, "calm", visitor="another"))

        assert await self.answered_while_another_is(talk, other.conversation.id, bot) == seen
        assert await talk.turn_states() == ["done", "done"]


class TestCorrection:
    async def test_that_comes_while_the_bot_thinks_is_what_is_answered_once_and_counts_as_no_failure(
        self, talk: Talk, intake: Intake, inbox: Inbox, bot: FakeBot, work: UnitOfWork, clock: FixedClock
    ) -> None:
        await talk.sends("hello")

        async def meanwhile() -> None:
            if len(bot.turns) <= MAX_ATTEMPTS:
                clock.advance(timedelta(seconds=1))
                await intake.correct(inbox.id, "visitor:1", f"hello {len(bot.turns)}", at=clock.now())

        bot.meanwhile = meanwhile
        await talk.answered()
        await talk.answered()

        assert [turn.text for turn in bot.turns] == ["hello", "hello 1", "hello 2", "hello 3"]
        assert (await talk.transcript())[1:] == [("bot", "You said: hello 3")]
        async with work.reading() as session:
            corrected = await session.get_one(Message, talk.message_id)
        assert (corrected.turn, corrected.corrected_text) == (TurnState.done, "hello 3")
