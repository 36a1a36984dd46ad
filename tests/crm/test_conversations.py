import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import FixedClock
from core.errors import InvalidInput
from core.events import LocalEventBus
from core.unit_of_work import UnitOfWork
from crm.conversations.contents import MAX_MESSAGE_CHARACTERS, MessageEmpty, MessageTooLong
from crm.conversations.files import File
from crm.conversations.handling import FileNotCarried, Handling
from crm.conversations.handoff_policy import Decision, HandoffPolicy
from crm.conversations.intake import Intake
from crm.conversations.news import as_seen, contact_topic, topic_of_contact
from crm.conversations.ports import IncomingFile
from crm.conversations.reception import Reception
from crm.conversations.repository import ConversationRepository
from crm.conversations.service import (
    ConversationService,
    FileNotFound,
    RatingNotAsked,
    RatingRequestOver,
)
from crm.conversations.transitions import StatusChangeRefused
from crm.enums import AttachmentKind, Author, ConversationStatus, HandoffReason, MessageKind, Priority, TicketStatus
from crm.models import Agent, Conversation, Inbox, Message, Ticket
from crm.wording import Wording
from tests.conftest import NOON, message

OpenService = Callable[[AsyncSession], ConversationService]
MakeAgent = Callable[..., Awaitable[Agent]]


@pytest.fixture
async def conversation(intake: Intake, inbox: Inbox) -> Conversation:
    """A visitor has said hello."""
    return (await intake.receive(message(inbox, "hello", language="en"))).conversation


@pytest.fixture
async def agent(make_agent: MakeAgent) -> Agent:
    return await make_agent("Sara")


@pytest.fixture
async def service(
    work: UnitOfWork, open_service: OpenService, conversation: Conversation, agent: Agent
) -> AsyncIterator[ConversationService]:
    """The service in one transaction, after the visitor and the agent are there."""
    async with work.begin() as session:
        yield open_service(session)


@pytest.fixture
def handling(service: ConversationService) -> Handling:
    return Handling(service)


@pytest.fixture
async def colleague(make_agent: MakeAgent) -> Agent:
    return await make_agent("Omid")


async def put_on_hold(conversation: Conversation, handling: Handling, clock: FixedClock) -> Ticket:
    """People put a matter off, and the contact writes to the bot for a while."""
    ticket = await handling.conversations.hand_off(conversation, HandoffReason.contact_asked)
    await handling.tickets.change(ticket, status=TicketStatus.on_hold)
    await handling.return_to_bot(conversation)
    clock.advance(timedelta(days=1))
    return ticket


async def hand_to(agent: Agent, conversation: Conversation, handling: Handling) -> None:
    """The contact comes back after the matter was resolved, and somebody else takes it."""
    handling.conversations.begin_anew(conversation)
    await handling.take(conversation, by=agent)


class TestReceive:
    @pytest.mark.parametrize("text", ["", "   \n\t", "\u200c\u200c", "\x00"], ids=["empty", "blank", "zwnj", "nul"])
    async def test_refuses_a_message_without_words(self, intake: Intake, inbox: Inbox, text: str) -> None:
        with pytest.raises(MessageEmpty):
            await intake.receive(message(inbox, text))

    async def test_refuses_a_message_that_is_too_long_and_stores_nothing(
        self, intake: Intake, inbox: Inbox, work: UnitOfWork, open_service: OpenService
    ) -> None:
        with pytest.raises(MessageTooLong):
            await intake.receive(message(inbox, "ا" * (MAX_MESSAGE_CHARACTERS + 1)))

        async with work.reading() as session:
            assert await open_service(session).of_contact(inbox.id, "visitor") is None

    @pytest.mark.parametrize(
        "text",
        ["<script>alert(1)</script>", "سلام\u202eevil", "می\u200cخواهم", "👩‍👩‍👧", "a" * MAX_MESSAGE_CHARACTERS],
        ids=["html", "bidi", "zwnj", "emoji", "long"],
    )
    async def test_keeps_the_words_as_they_were_written(
        self, intake: Intake, inbox: Inbox, work: UnitOfWork, open_service: OpenService, text: str
    ) -> None:
        received = await intake.receive(message(inbox, text))

        async with work.reading() as session:
            stored = await open_service(session).conversations.messages(received.conversation.id)
        assert [entry.text for entry in stored] == [text]

    async def test_stores_what_no_database_could(
        self, intake: Intake, inbox: Inbox, work: UnitOfWork, open_service: OpenService
    ) -> None:
        received = await intake.receive(message(inbox, "lone \ud800 and \x00 nul"))

        async with work.reading() as session:
            stored = await open_service(session).conversations.messages(received.conversation.id)
        assert stored[0].text == "lone \ufffd and  nul"

    async def test_goes_on_with_the_same_conversation(self, intake: Intake, inbox: Inbox) -> None:
        first = await intake.receive(message(inbox, "hello", number=1))
        second = await intake.receive(message(inbox, "again", number=2))

        assert second.conversation.id == first.conversation.id
        assert second.message.sequence == 2

    async def test_gives_each_visitor_their_own(self, intake: Intake, inbox: Inbox) -> None:
        first = await intake.receive(message(inbox, "hello", visitor="a"))
        second = await intake.receive(message(inbox, "hello", visitor="b"))

        assert first.conversation.id != second.conversation.id

    async def test_a_pressed_button_can_be_stored_whatever_its_payload(self, intake: Intake, inbox: Inbox) -> None:
        received = await intake.receive(message(inbox, "yes", payload="/aff\0irm\ud800"))

        assert received.message.payload == "/affirm\ufffd"

    async def test_makes_one_conversation_of_two_first_messages_at_once(
        self, intake: Intake, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        look = ConversationRepository.of_contact
        first = await intake.receive(message(inbox, "hello", number=1))
        blind = iter([True])

        async def look_too_early(self: ConversationRepository, *address: object, lock: bool) -> Conversation | None:
            return None if next(blind, False) else await look(self, *address, lock=lock)

        monkeypatch.setattr(ConversationRepository, "of_contact", look_too_early)
        second = await intake.receive(message(inbox, "are you there?", number=2))

        assert second.conversation.id == first.conversation.id
        assert second.message.sequence == 2

    async def test_wakes_the_bot_after_people_resolved_the_matter(
        self, service: ConversationService, handling: Handling, conversation: Conversation, agent: Agent, inbox: Inbox
    ) -> None:
        locked = await service.lock(conversation.id)
        await handling.take(locked, by=agent)
        await handling.resolve(locked)

        received = await Reception(service).receive(message(inbox, "one more thing", number=2))

        assert received.conversation.status is ConversationStatus.with_bot

    async def test_tells_the_widget_and_the_desk(self, intake: Intake, inbox: Inbox, events: LocalEventBus) -> None:
        async with events.listen(topic_of_contact(inbox.id, "visitor"), "desk") as heard:
            await intake.receive(message(inbox, "hello"))

        kinds = [heard.get_nowait()["type"] for _ in range(heard.qsize())]
        assert {"message", "conversation"} <= set(kinds)


class TestHandOff:
    async def test_opens_a_ticket_tells_the_contact_and_queues(
        self, service: ConversationService, conversation: Conversation
    ) -> None:
        locked = await service.lock(conversation.id)

        ticket = await service.hand_off(locked, HandoffReason.contact_asked)

        assert locked.status is ConversationStatus.waiting
        assert locked.waiting_since is not None
        told, asked = (await service.conversations.messages(locked.id))[-2:]
        assert (told.author, told.text) == (Author.system, f"handed_off en {ticket.number}")
        assert asked.text == "ask_how_to_reach en"

    async def test_names_the_ticket_by_what_the_contact_typed_not_by_a_pressed_button(
        self,
        intake: Intake,
        inbox: Inbox,
        conversation: Conversation,
        work: UnitOfWork,
        open_service: OpenService,
    ) -> None:
        await intake.receive(message(inbox, "My invoice is wrong", number=2))
        await intake.receive(message(inbox, "Talk to a person", number=3, payload="/talk_to_person"))

        async with work.begin() as session:
            service = open_service(session)
            ticket = await service.hand_off(await service.lock(conversation.id), HandoffReason.contact_asked)

        assert (ticket.subject, ticket.description) == ("My invoice is wrong", "My invoice is wrong")

    async def test_names_the_ticket_of_somebody_who_typed_nothing_in_their_language(
        self, intake: Intake, inbox: Inbox, work: UnitOfWork, open_service: OpenService
    ) -> None:
        pressed = await intake.receive(
            message(inbox, "Talk to a person", number=9, payload="/talk_to_person", visitor="new")
        )

        async with work.begin() as session:
            service = open_service(session)
            conversation = await service.lock(pressed.conversation.id)
            ticket = await service.hand_off(conversation, HandoffReason.contact_asked)

        assert ticket.subject == f"subject_unsaid {conversation.language}"

    async def test_tells_of_a_technical_failure_beside_the_contacts_words(
        self, service: ConversationService, conversation: Conversation
    ) -> None:
        locked = await service.lock(conversation.id)

        ticket = await service.hand_off(locked, HandoffReason.bot_failed, detail="action_open_ticket: ReadTimeout")

        assert ticket.description == "hello"
        (handoff,) = await service.conversations.handoffs(locked.id)
        assert handoff.detail == "action_open_ticket: ReadTimeout"

    async def test_takes_over_the_ticket_that_the_contact_was_writing(
        self, service: ConversationService, policy: HandoffPolicy, conversation: Conversation, shipped_wording: Wording
    ) -> None:
        service = ConversationService(service.session, clock=service.clock, wording=shipped_wording, policy=policy)
        locked = await service.lock(conversation.id)
        slots = {
            **{"ticket_subject": "Late parcel", "ticket_description": "It was due on Monday", "order_number": "77341"},
            **{"amount": "a lot", "contact_detail": "sara@example.com", "correction": "it was Tuesday"},
        }
        locked.dialogue_state = [
            {"event": "active_loop", "name": "ticket_form"},
            *({"event": "slot", "name": name, "value": value} for name, value in slots.items()),
        ]

        ticket = await service.hand_off(locked, HandoffReason.negative_sentiment)

        assert ticket.subject == "Late parcel"
        assert ticket.description == "It was due on Monday\n\nAdded or corrected: it was Tuesday\nOrder number: 77341"
        assert locked.contact.email == "sara@example.com"

    @pytest.mark.parametrize("form", [None, "note_form"])
    async def test_takes_over_no_ticket_that_was_written_to_its_end(
        self, service: ConversationService, conversation: Conversation, form: str | None
    ) -> None:
        locked = await service.lock(conversation.id)
        locked.dialogue_state = [
            {"event": "active_loop", "name": "ticket_form"},
            {"event": "slot", "name": "ticket_subject", "value": "Late parcel"},
            {"event": "active_loop", "name": form},
        ]

        ticket = await service.hand_off(locked, HandoffReason.contact_asked)

        assert ticket.subject == "hello"

    async def test_keeps_the_ticket_when_people_already_have_it(
        self, service: ConversationService, conversation: Conversation
    ) -> None:
        locked = await service.lock(conversation.id)

        first = await service.hand_off(locked, HandoffReason.contact_asked)
        second = await service.hand_off(locked, HandoffReason.bot_failed)

        assert second.id == first.id
        assert len(await service.conversations.handoffs(locked.id)) == 1

    async def test_raises_the_ticket_that_is_there_for_a_graver_reason_and_never_lowers_it(
        self, service: ConversationService, handling: Handling, conversation: Conversation
    ) -> None:
        locked = await service.lock(conversation.id)
        reasons = (HandoffReason.contact_asked, HandoffReason.vulnerable, HandoffReason.bot_failed)

        seen = []
        for reason in reasons:
            ticket = await service.hand_off(locked, reason)
            seen.append((ticket.id, ticket.priority))
            await handling.return_to_bot(locked)

        assert seen == [(ticket.id, Priority.normal), (ticket.id, Priority.urgent), (ticket.id, Priority.urgent)]

    async def test_opens_a_new_ticket_for_a_new_matter_while_another_is_on_hold(
        self, service: ConversationService, handling: Handling, conversation: Conversation, clock: FixedClock
    ) -> None:
        locked = await service.lock(conversation.id)
        refund = await put_on_hold(locked, handling, clock)

        ticket = await service.hand_off(locked, HandoffReason.vulnerable)

        assert ticket.id != refund.id
        assert (refund.status, refund.priority) == (TicketStatus.on_hold, Priority.normal)

    async def test_keeps_the_ticket_that_people_are_called_for_though_it_is_on_hold(
        self, service: ConversationService, conversation: Conversation
    ) -> None:
        locked = await service.lock(conversation.id)
        ticket = await service.hand_off(locked, HandoffReason.contact_asked)
        await service.tickets.change(ticket, status=TicketStatus.on_hold)

        decision = Decision(HandoffReason.vulnerable, ())
        assert await service.call_again(locked, decision, response=None)

        assert [one.id for one in await service.tickets.of_contact(locked.contact_id)] == [ticket.id]
        assert ticket.priority is Priority.urgent


class TestReply:
    async def test_gives_the_conversation_to_who_replies(
        self, service: ConversationService, handling: Handling, conversation: Conversation, agent: Agent
    ) -> None:
        locked = await service.lock(conversation.id)
        ticket = await service.hand_off(locked, HandoffReason.contact_asked)

        await handling.reply(locked, "I am here", by=agent)

        assert (locked.status, locked.assignee_id) == (ConversationStatus.open, agent.id)
        assert ticket.first_responded_at is not None
        assert ticket.status is TicketStatus.open

    async def test_introduces_the_agent_once(
        self, service: ConversationService, handling: Handling, conversation: Conversation, agent: Agent
    ) -> None:
        locked = await service.lock(conversation.id)

        await handling.reply(locked, "one", by=agent)
        await handling.reply(locked, "two", by=agent)

        said = [entry.text for entry in await service.conversations.messages(locked.id)]
        assert said == ["hello", "agent_joined en Sara", "one", "two"]

    async def test_a_note_stays_inside(
        self, service: ConversationService, handling: Handling, conversation: Conversation, agent: Agent
    ) -> None:
        locked = await service.lock(conversation.id)

        await handling.add_note(locked, "a difficult one", by=agent)

        seen = await service.conversations.messages(locked.id, internal=False)
        assert [entry.text for entry in seen] == ["hello"]
        assert locked.status is ConversationStatus.with_bot

    async def test_sent_twice_at_the_same_moment_is_one_message(
        self, work: UnitOfWork, open_service: OpenService, conversation: Conversation, agent: Agent
    ) -> None:
        async def send(words: str) -> int:
            async with work.begin() as session:
                service = open_service(session)
                locked = await service.lock(conversation.id)
                handling = Handling(service)
                say = handling.reply if words == "hi" else handling.add_note
                return (await say(locked, words, by=agent, external_id=f"agent:{words}")).id

        sent = await asyncio.gather(*(send(words) for words in ("hi", "hi", "note", "note")))

        assert sent[0] == sent[1] != sent[2] == sent[3]


class TestAssign:
    @pytest.mark.parametrize("leave", ["resolve", "return_to_bot"])
    async def test_comes_too_late_for_a_conversation_that_is_open_no_more(
        self,
        service: ConversationService,
        handling: Handling,
        conversation: Conversation,
        agent: Agent,
        make_agent: MakeAgent,
        leave: str,
    ) -> None:
        omid = await make_agent("Omid")
        locked = await service.lock(conversation.id)
        await handling.take(locked, by=agent)
        await getattr(handling, leave)(locked)
        before = locked.assignee_id

        with pytest.raises(StatusChangeRefused):
            await handling.assign(locked, to=omid, by=agent)

        assert locked.assignee_id == before
        assert not [one for one in await service.conversations.messages(locked.id) if one.text == "Omid"]

    async def test_is_refused_while_nobody_has_taken_it(
        self, service: ConversationService, handling: Handling, conversation: Conversation, agent: Agent
    ) -> None:
        locked = await service.lock(conversation.id)
        await service.hand_off(locked, HandoffReason.contact_asked)

        with pytest.raises(StatusChangeRefused):
            await handling.assign(locked, to=agent, by=agent)


class TestResolve:
    async def test_solves_the_ticket_and_asks_for_a_rating(
        self, service: ConversationService, handling: Handling, conversation: Conversation, agent: Agent
    ) -> None:
        locked = await service.lock(conversation.id)
        ticket = await service.hand_off(locked, HandoffReason.contact_asked)
        await handling.reply(locked, "done", by=agent)

        await handling.resolve(locked)

        assert ticket.status is TicketStatus.solved
        assert (await service.conversations.messages(locked.id))[-1].kind is MessageKind.rating_request

    async def test_leaves_what_is_on_hold(
        self,
        service: ConversationService,
        handling: Handling,
        conversation: Conversation,
        agent: Agent,
        clock: FixedClock,
    ) -> None:
        locked = await service.lock(conversation.id)
        refund = await put_on_hold(locked, handling, clock)
        login = await service.hand_off(locked, HandoffReason.contact_asked)
        await handling.reply(locked, "you are in again", by=agent)

        await handling.resolve(locked, by=agent)

        assert (refund.status, login.status) == (TicketStatus.on_hold, TicketStatus.solved)

    async def test_leaves_the_tickets_of_colleagues_but_for_the_one_that_people_were_called_for(
        self,
        service: ConversationService,
        handling: Handling,
        conversation: Conversation,
        agent: Agent,
        colleague: Agent,
    ) -> None:
        locked = await service.lock(conversation.id)
        called_for = await service.hand_off(locked, HandoffReason.contact_asked)
        other = await service.tickets.open(locked, subject="An old invoice")
        for ticket in (called_for, other):
            await service.tickets.assign(ticket, to=colleague)
        await handling.take(locked, by=agent)

        await handling.resolve(locked, by=agent)

        assert (called_for.status, other.status) == (TicketStatus.solved, TicketStatus.new)

    async def test_twice_is_refused(
        self, service: ConversationService, handling: Handling, conversation: Conversation, agent: Agent
    ) -> None:
        locked = await service.lock(conversation.id)
        await handling.resolve(locked)

        with pytest.raises(StatusChangeRefused):
            await handling.resolve(locked)


class TestRate:
    async def test_keeps_one_rating_for_each_resolution(
        self, service: ConversationService, handling: Handling, conversation: Conversation, agent: Agent, clock: object
    ) -> None:
        locked = await service.lock(conversation.id)
        await handling.take(locked, by=agent)
        await handling.resolve(locked)

        rating = await service.rate(locked, score=5)

        assert (rating.score, rating.agent_id) == (5, agent.id)
        with pytest.raises(RatingNotAsked):
            await service.rate(locked, score=1)

    async def test_the_same_again_changes_nothing(
        self, service: ConversationService, handling: Handling, conversation: Conversation
    ) -> None:
        locked = await service.lock(conversation.id)
        await handling.resolve(locked)
        first = await service.rate(locked, score=4)
        said = len(await service.conversations.messages(locked.id))

        again = await service.rate(locked, score=4)

        assert again.id == first.id
        assert len(await service.conversations.messages(locked.id)) == said

    async def test_is_told_with_its_request_and_told_again_when_it_comes_again(
        self, work: UnitOfWork, open_service: OpenService, conversation: Conversation
    ) -> None:
        async with work.begin() as session:
            service = open_service(session)
            locked = await service.lock(conversation.id)
            await Handling(service).resolve(locked)
            topic, sequence = contact_topic(locked), locked.last_sequence

        heard = []
        async with work.events.listen(topic) as queue:
            for _ in range(2):
                async with work.begin() as session:
                    await open_service(session).rate(
                        await open_service(session).lock(conversation.id), score=4, request=sequence
                    )
            while not queue.empty():
                heard.append(queue.get_nowait())

        told = {"type": "rated", "score": 4, "sequence": sequence}
        assert [event for event in heard if event["type"] == "rated"] == [told, told]

    async def test_of_another_request_than_the_latest_is_refused(
        self, service: ConversationService, handling: Handling, conversation: Conversation
    ) -> None:
        locked = await service.lock(conversation.id)
        await handling.resolve(locked)
        first = locked.last_sequence
        service.begin_anew(locked)
        await handling.resolve(locked)

        with pytest.raises(RatingRequestOver):
            await service.rate(locked, score=1, request=first)

        assert await service.conversations.ratings(locked.id) == []
        assert (await service.rate(locked, score=5, request=locked.last_sequence)).score == 5

    async def test_that_comes_late_is_of_who_had_the_conversation_then(
        self,
        service: ConversationService,
        handling: Handling,
        conversation: Conversation,
        agent: Agent,
        make_agent: MakeAgent,
    ) -> None:
        omid = await make_agent("Omid")
        locked = await service.lock(conversation.id)
        await handling.take(locked, by=agent)
        await handling.resolve(locked)
        await hand_to(omid, locked, handling)

        rating = await service.rate(locked, score=1)

        assert rating.agent_id == agent.id

    async def test_is_of_who_wrote_last_before_it_was_asked_for_where_nothing_else_is_known(
        self,
        service: ConversationService,
        handling: Handling,
        conversation: Conversation,
        agent: Agent,
        make_agent: MakeAgent,
    ) -> None:
        omid = await make_agent("Omid")
        locked = await service.lock(conversation.id)
        await handling.reply(locked, "done", by=agent)
        await handling.add_note(locked, "an easy one", by=omid)
        await handling.resolve(locked)
        # As requests were kept before.
        (await service.conversations.messages(locked.id))[-1].agent_id = None
        await hand_to(omid, locked, handling)
        await handling.reply(locked, "me again", by=omid)

        rating = await service.rate(locked, score=1)

        assert rating.agent_id == agent.id

    async def test_is_asked_for_in_nobodys_name(
        self, work: UnitOfWork, open_service: OpenService, conversation: Conversation, agent: Agent
    ) -> None:
        async with work.begin() as session:
            service = open_service(session)
            locked = await service.lock(conversation.id)
            await Handling(service).reply(locked, "done", by=agent)
            await Handling(service).resolve(locked)

        async with work.reading() as session:
            seen = [as_seen(one) for one in await open_service(session).conversations.messages(conversation.id)]

        assert [(one["kind"], one["agent_name"]) for one in seen if one["agent_name"]] == [("text", "Sara")]
        assert seen[-1]["kind"] == "rating_request"

    async def test_that_is_offered_unasked_counts_once_and_is_nobodys(
        self, service: ConversationService, conversation: Conversation
    ) -> None:
        locked = await service.lock(conversation.id)

        rating = await service.rate(locked, score=4, offered=True)

        assert (rating.score, rating.agent_id) == (4, None)
        with pytest.raises(RatingNotAsked):
            await service.rate(locked, score=1, offered=True)

    async def test_unasked_is_refused(self, service: ConversationService, conversation: Conversation) -> None:
        with pytest.raises(RatingNotAsked):
            await service.rate(await service.lock(conversation.id), score=5)

    @pytest.mark.parametrize("score", [0, 6, -1])
    async def test_only_one_to_five(self, service: ConversationService, conversation: Conversation, score: int) -> None:
        with pytest.raises(InvalidInput):
            await service.rate(await service.lock(conversation.id), score=score)


class TestReturnToBot:
    async def test_begins_with_a_clean_slate(
        self, service: ConversationService, handling: Handling, conversation: Conversation, agent: Agent
    ) -> None:
        locked = await service.lock(conversation.id)
        locked.dialogue_state = ["old"]
        locked.frustration = 0.9
        await handling.take(locked, by=agent)

        await handling.return_to_bot(locked)

        assert locked.status is ConversationStatus.with_bot
        assert (locked.assignee_id, locked.dialogue_state, locked.frustration) == (None, None, 0.0)


class TestCorrect:
    async def test_keeps_the_first_words(self, intake: Intake, inbox: Inbox, conversation: Conversation, work) -> None:
        assert await intake.correct(inbox.id, "visitor:1", "hello there", at=NOON)

        corrected = await only_message(work)
        assert (corrected.text, corrected.corrected_text, corrected.corrected_at) == ("hello", "hello there", NOON)

    async def test_is_not_undone_by_an_older_one_that_comes_late(
        self, intake: Intake, inbox: Inbox, conversation: Conversation, work
    ) -> None:
        await intake.correct(inbox.id, "visitor:1", "second", at=NOON + timedelta(minutes=1))
        await intake.correct(inbox.id, "visitor:1", "first", at=NOON)

        assert (await only_message(work)).corrected_text == "second"

    async def test_of_nothing_is_none(self, intake: Intake, inbox: Inbox, conversation: Conversation, work) -> None:
        assert await intake.correct(inbox.id, "visitor:1", "hello", at=NOON)

        assert (await only_message(work)).corrected_text is None

    async def test_does_not_know_anothers_message(
        self, intake: Intake, inbox: Inbox, conversation: Conversation
    ) -> None:
        assert not await intake.correct(inbox.id, "visitor:2", "x", at=NOON)
        assert not await intake.correct(inbox.id + 1, "visitor:1", "x", at=NOON)

    async def test_refuses_what_could_not_have_been_written(
        self, intake: Intake, inbox: Inbox, conversation: Conversation, work
    ) -> None:
        with pytest.raises(MessageTooLong):
            await intake.correct(inbox.id, "visitor:1", "x" * (MAX_MESSAGE_CHARACTERS + 1), at=NOON)

        assert (await only_message(work)).corrected_text is None


async def only_message(work: UnitOfWork) -> Message:
    async with work.reading() as session:
        return (await session.scalars(select(Message))).one()


class TestStoredFile:
    async def test_is_there_for_a_reply_and_not_while_it_waits(
        self,
        service: ConversationService,
        handling: Handling,
        agent: Agent,
        telegram_inbox: Inbox,
        conversation: Conversation,
    ) -> None:
        locked = await service.lock(conversation.id)
        note = await handling.add_note(locked, "", by=agent, file=File("a.png", b"\x89PNG\r\n\x1a\n"))
        incoming = IncomingFile(source="BQAC", kind=AttachmentKind.voice)
        received = await Reception(service).receive(message(telegram_inbox, "[Voice]", file=incoming))
        assert note.attachment
        assert received.message.attachment

        assert (await service.stored_file(note.attachment.id)).content_type == "image/png"
        with pytest.raises(FileNotFound):
            await service.stored_file(received.message.attachment.id)

    async def test_is_read_while_everybody_else_goes_on(
        self,
        service: ConversationService,
        handling: Handling,
        agent: Agent,
        conversation: Conversation,
        file_reads: list[bool],
    ) -> None:
        note = await handling.add_note(await service.lock(conversation.id), "", by=agent, file=File("a.txt", b"x"))
        assert note.attachment
        await service.session.flush()
        service.session.expunge_all()

        await service.stored_file(note.attachment.id)

        assert file_reads == [True]

    async def test_is_not_sent_where_the_channel_carries_none(
        self,
        service: ConversationService,
        handling: Handling,
        agent: Agent,
        conversation: Conversation,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("crm.conversations.handling.FILE_CHANNELS", frozenset())

        with pytest.raises(FileNotCarried):
            await handling.reply(await service.lock(conversation.id), "x", by=agent, file=File("a.png", b"x"))

        assert (await service.get(conversation.id)).status is ConversationStatus.with_bot


class TestWhatIsPending:
    async def test_is_found_without_going_through_all_messages(self, work: UnitOfWork) -> None:
        if work.database.engine.dialect.name != "sqlite":
            pytest.skip("asks SQLite for its plan")
        asked: list[tuple[str, Any]] = []
        async with work.reading() as session:

            @event.listens_for(work.database.engine.sync_engine, "before_cursor_execute")
            def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
                asked.append((statement, parameters))

            await ConversationRepository(session).pending("a conversation", limit=1)
            await ConversationRepository(session).waiting_for_turn(NOON, limit=1)
            connection = await session.connection()
            plans = [
                str((await connection.exec_driver_sql(f"explain query plan {statement}", parameters)).all())
                for statement, parameters in asked[:2]
            ]

        assert ["ix_messages_pending" in plan for plan in plans] == [True, True]
