"""The demo business in a database: loaded once, as the product itself would have left it."""

import asyncio
import re
import shutil
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from connectors.web_widget.config import DEMO_SITE, config_of, firm_names
from core.clock import FixedClock
from core.config import ROOT
from core.database import Base, Database
from crm.conversations.handoff_policy import HandoffPolicy
from crm.enums import (
    Author,
    Channel,
    ConversationStatus,
    DeliveryState,
    HandoffReason,
    MessageKind,
    Outcome,
    Role,
    TicketStatus,
    TurnState,
)
from crm.models import (
    Agent,
    Contact,
    Conversation,
    Delivery,
    Handoff,
    Inbox,
    Message,
    Rating,
    SlaPolicy,
    Ticket,
)
from crm.wording import Wording, WordingMissing
from knowledge_base.models import Article, Gap
from language.hashing_encoder import HashingEncoder
from seeds.admin import create_first_admin
from seeds.business import TELEGRAM_KEY, WIDGET_KEY
from seeds.hours import are_open
from seeds.load import FOLDER as SEEDS
from seeds.load import load
from sentiment.frustration import CauseCode
from tests.conftest import NOON

TABLES = (
    Agent,
    Article,
    Contact,
    Conversation,
    Delivery,
    Gap,
    Handoff,
    Inbox,
    Message,
    Rating,
    SlaPolicy,
    Ticket,
)
WEEK = timedelta(days=7)
ARABIC_FORMS = re.compile("[يىكةإ٠-٩]")
TICKET_NUMBER = re.compile(r"HM-\d+")
FICTIONAL_PHONE = re.compile(r"0900000\d{4}|02155500\d{3}")

Rows = dict[type, Sequence[Any]]


@dataclass
class Loads:
    """What there was after a load that crashed, after the next one, and after one more."""

    interrupted: Rows
    loaded: Rows
    again: Rows
    answers: list[bool] = field(default_factory=list)
    admin_passwords: list[str | None] = field(default_factory=list)


@pytest.fixture(scope="module")
def loads(tmp_path_factory: pytest.TempPathFactory) -> Loads:
    """One database for all of these tests: nobody writes to it afterwards."""
    return asyncio.run(_load_thrice(tmp_path_factory.mktemp("seeds") / "seeds.db"))


@pytest.fixture(scope="module")
def rows(loads: Loads) -> Rows:
    return loads.loaded


async def _load_thrice(file: Path) -> Loads:
    database = Database(f"sqlite+aiosqlite:///{file}")
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    with pytest.raises(WordingMissing):
        await _load(database, Wording({}))
    interrupted = await _all_rows(database)
    wording = Wording.load(ROOT / "domain.yml")
    answers = [await _load(database, wording)]
    loaded = await _all_rows(database)
    answers.append(await _load(database, wording))
    again = await _all_rows(database)
    passwords = [await create_first_admin(database), await create_first_admin(database)]
    await database.close()
    return Loads(interrupted, loaded, again, answers, passwords)


async def _load(database: Database, wording: Wording, folder: Path = SEEDS, *, at: datetime = NOON) -> bool:
    policy = HandoffPolicy.load(ROOT / "crm/conversations/handoff_policy.yml")
    clock = FixedClock(at)
    return await load(database, HashingEncoder(), wording=wording, policy=policy, clock=clock, folder=folder)


async def _all_rows(database: Database) -> Rows:
    async with database.reading() as session:
        return {table: (await session.scalars(select(table))).all() for table in TABLES}


def columns(table: type, rows: Sequence[Any]) -> list[dict[str, Any]]:
    """What a test can compare: rows without what is loaded on demand."""
    names = [
        column.key for column in table.__table__.columns if column.key not in ("vector", "findable", "dialogue_state")
    ]  # type: ignore[attr-defined]
    return [{name: getattr(row, name) for name in names} for row in rows]


def messages_by_conversation(rows: Rows) -> dict[str, list[Message]]:
    found: dict[str, list[Message]] = defaultdict(list)
    for message in rows[Message]:
        found[message.conversation_id].append(message)
    assert len(found) >= 34
    return {name: sorted(messages, key=lambda one: one.sequence) for name, messages in found.items()}


class TestLoad:
    def test_loads_an_empty_database_and_says_so(self, loads: Loads):
        assert loads.answers == [True, False]

    def test_changes_nothing_the_second_time(self, loads: Loads):
        for table in TABLES:
            assert columns(table, loads.again[table]) == columns(table, loads.loaded[table]), table.__name__

    def test_leaves_no_half_behind_when_it_is_interrupted(self, loads: Loads):
        left = {table.__name__ for table in TABLES if loads.interrupted[table]}

        assert left == {"Article"}

    def test_opens_both_inboxes(self, rows: Rows):
        assert {inbox.channel: inbox.key for inbox in rows[Inbox]} == {
            Channel.web_widget: WIDGET_KEY,
            Channel.telegram: TELEGRAM_KEY,
        }

    def test_its_widget_says_whose_it_is_and_has_the_demos_site(self, rows: Rows):
        widget = next(inbox for inbox in rows[Inbox] if inbox.channel is Channel.web_widget)

        assert firm_names(widget) == {"name_fa": "آکادمی رابطه", "name_en": "Rabeteh Academy"}
        assert config_of(widget).firm_site == DEMO_SITE

    def test_urgent_work_is_due_first(self, rows: Rows):
        policies = {policy.priority.value: policy for policy in rows[SlaPolicy]}

        for name in ("first_response_minutes", "next_response_minutes", "resolution_minutes"):
            minutes = [getattr(policies[priority], name) for priority in ("urgent", "high", "normal", "low")]
            assert minutes == sorted(set(minutes)), name

    def test_leaves_the_first_admin_to_be_made_once(self, loads: Loads):
        assert not any(agent.role is Role.admin for agent in loads.loaded[Agent])
        first, second = loads.admin_passwords
        assert first
        assert second is None


OWN_ARTICLE = """---
title: Getting your money back
category: refunds
slug: refund-timing
language: fa
summary: How long it takes.
questions: []
---

Ten days.
"""


# Somebody asked for a person an hour and a half ago.
FRESH = """
- contact: {name: Nobody There}
  starts: "-1h 30m"
  messages:
    - contact: A person, please
    - hand_off: contact_asked
    - agent: Here I am.
      by: negar
      after: 5m
    - contact: At last
    - resolve: true
      after: 1m
"""


def _own_folder(tmp_path: Path) -> Path:
    """Seeds without articles and conversations."""
    folder = tmp_path / "seeds"
    (folder / "articles/refunds").mkdir(parents=True)
    (folder / "articles/categories.yml").write_text("[]")
    shutil.copy(SEEDS / "business.yml", folder)
    return folder


class TestWorkingHours:
    # NOON is Monday afternoon in Tehran; eight hours later it is night.
    @pytest.mark.parametrize(
        ("later", "authors", "status"),
        [
            (0, {Author.contact, Author.agent}, ConversationStatus.resolved),
            (8, {Author.contact}, ConversationStatus.waiting),
        ],
    )
    async def test_who_asks_for_a_person_at_night_is_waiting_still(
        self, database: Database, tmp_path: Path, later: int, authors: set[Author], status: ConversationStatus
    ):
        folder = _own_folder(tmp_path)
        (folder / "conversations").mkdir()
        (folder / "conversations/fresh.yml").write_text(FRESH)

        await _load(database, Wording.load(ROOT / "domain.yml"), folder, at=NOON + timedelta(hours=later))

        rows = await _all_rows(database)
        assert [conversation.status for conversation in rows[Conversation]] == [status]
        assert {message.author for message in rows[Message]} - {Author.system} == authors


class TestOwnArticles:
    async def test_leave_out_the_conversations_that_speak_of_others_and_name_them(
        self, database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ):
        folder = _own_folder(tmp_path)
        shutil.copytree(SEEDS / "conversations", folder / "conversations")
        (folder / "articles/categories.yml").write_text(
            "- {slug: refunds, name_fa: بازگشت, name_en: Refunds, position: 1}"
        )
        (folder / "articles/refunds/refund-timing.fa.md").write_text(OWN_ARTICLE)

        assert await _load(database, Wording.load(ROOT / "domain.yml"), folder)

        names = {contact.name for contact in (await _all_rows(database))[Contact]}
        # He asks for the third part of an article that has one; she asks about another article.
        assert "کیوان صادقی" in names
        assert "الهام یوسفی" not in names
        assert "الهام یوسفی (-6d 15:44); not there: how-to-withdraw.fa, refund-rules.fa" in capsys.readouterr().out

    async def test_leave_out_the_conversations_of_people_who_do_not_work_there(
        self, database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ):
        folder = _own_folder(tmp_path)
        (folder / "business.yml").write_text("{sla: {}, team: {}}")
        (folder / "conversations").mkdir()
        (folder / "conversations/fresh.yml").write_text(FRESH)

        assert await _load(database, Wording.load(ROOT / "domain.yml"), folder)

        assert (await _all_rows(database))[Conversation] == []
        assert "Nobody There (-1h 30m); not there: negar\n" in capsys.readouterr().out


class TestConversations:
    def test_messages_count_from_one_without_a_gap(self, rows: Rows):
        last = {conversation.id: conversation.last_sequence for conversation in rows[Conversation]}

        for name, messages in messages_by_conversation(rows).items():
            assert [message.sequence for message in messages] == list(range(1, last[name] + 1))

    def test_messages_follow_each_other_in_time(self, rows: Rows):
        for messages in messages_by_conversation(rows).values():
            moments = [message.created_at for message in messages]
            assert moments == sorted(moments)

    @pytest.mark.parametrize("table", [Conversation, Message, Ticket, Handoff, Rating, Gap])
    def test_all_of_it_happened_within_the_last_week(self, rows: Rows, table: type):
        assert rows[table]
        for row in rows[table]:
            assert NOON - WEEK <= row.created_at <= NOON

    def test_people_wrote_while_they_were_at_work(self, rows: Rows):
        by_people = [message.created_at for message in rows[Message] if message.author is Author.agent]

        assert len(by_people) > 30
        assert [moment for moment in by_people if not are_open(moment)] == []

    def test_nothing_was_changed_in_the_future(self, rows: Rows):
        assert max(row.updated_at for row in [*rows[Conversation], *rows[Ticket]]) <= NOON

    def test_every_status_is_there(self, rows: Rows):
        count = Counter(conversation.status for conversation in rows[Conversation])

        assert set(count) == set(ConversationStatus)
        assert count[ConversationStatus.waiting] in (3, 4)

    def test_only_who_waits_has_a_place_in_the_queue(self, rows: Rows):
        for conversation in rows[Conversation]:
            is_waiting = conversation.status is ConversationStatus.waiting
            assert (conversation.waiting_since is not None) == is_waiting

    def test_open_ones_belong_to_somebody(self, rows: Rows):
        for conversation in rows[Conversation]:
            if conversation.status is ConversationStatus.open:
                assert conversation.assignee_id is not None

    def test_no_turn_is_left_to_run(self, rows: Rows):
        for message in rows[Message]:
            expected = TurnState.done if message.author is Author.contact else None
            assert message.turn is expected

    def test_nothing_is_left_to_send(self, rows: Rows):
        telegram = next(inbox.id for inbox in rows[Inbox] if inbox.channel is Channel.telegram)
        outgoing = {
            message.id
            for message in rows[Message]
            if message.inbox_id == telegram
            and message.author is not Author.contact
            and message.kind is not MessageKind.internal_note
        }

        assert outgoing
        assert {delivery.message_id for delivery in rows[Delivery]} == outgoing
        assert {delivery.state for delivery in rows[Delivery]} == {DeliveryState.sent}

    def test_some_were_rated_after_they_were_resolved(self, rows: Rows):
        resolved = {one.id for one in rows[Conversation] if one.status is ConversationStatus.resolved}

        assert {rating.conversation_id for rating in rows[Rating]} <= resolved
        assert len({rating.score for rating in rows[Rating]}) >= 4

    def test_every_article_link_leads_to_an_article(self, rows: Rows):
        urls = {article.url for article in rows[Article]}
        linked = [link["url"] for message in rows[Message] for link in message.articles]

        assert linked
        assert set(linked) <= urls

    def test_persian_is_written_with_persian_letters(self, rows: Rows):
        texts = [message.text for message in rows[Message]]
        texts += [contact.name for contact in rows[Contact]] + [agent.name for agent in rows[Agent]]

        assert texts
        assert not [text for text in texts if ARABIC_FORMS.search(text)]

    def test_nobody_can_be_called_or_written_to(self, rows: Rows):
        people = [*rows[Contact], *rows[Agent]]
        phones = [contact.phone for contact in rows[Contact] if contact.phone]
        emails = [person.email for person in people if person.email]

        assert phones
        assert all(FICTIONAL_PHONE.fullmatch(phone) for phone in phones)
        assert emails
        assert all(email.endswith(("@example.com", "@rabeteh.example")) for email in emails)


UPSET = {HandoffReason.negative_sentiment, HandoffReason.churn_threat, HandoffReason.legal_threat}


class TestHandoffs:
    def test_every_reason_is_there(self, rows: Rows):
        assert {handoff.reason for handoff in rows[Handoff]} == set(HandoffReason)

    def test_upset_contacts_were_over_the_policys_threshold(self, rows: Rows):
        policy = HandoffPolicy.load(ROOT / "crm/conversations/handoff_policy.yml")
        for handoff in rows[Handoff]:
            upset = handoff.reason in UPSET
            assert (handoff.frustration >= policy.frustration) == upset

    def test_causes_name_messages_of_the_contact(self, rows: Rows):
        conversations = messages_by_conversation(rows)
        causes = [(handoff.conversation_id, cause) for handoff in rows[Handoff] for cause in handoff.causes]

        assert causes
        for name, cause in causes:
            assert cause["code"] in set(CauseCode)
            assert conversations[name][cause["sequence"] - 1].author is Author.contact

    def test_somebody_angry_is_waiting(self, rows: Rows):
        waiting = {one.id for one in rows[Conversation] if one.status is ConversationStatus.waiting}
        angry = {message.conversation_id for message in rows[Message] if "anger" in message.signals}

        assert waiting & angry


class TestTickets:
    def test_every_status_is_there(self, rows: Rows):
        assert {ticket.status for ticket in rows[Ticket]} == set(TicketStatus)

    def test_numbers_in_what_was_said_are_tickets_of_that_conversation(self, rows: Rows):
        numbers = defaultdict(set)
        for ticket in rows[Ticket]:
            numbers[ticket.conversation_id].add(ticket.number)
        said = [(message.conversation_id, n) for message in rows[Message] for n in TICKET_NUMBER.findall(message.text)]

        assert said
        assert all(number in numbers[conversation] for conversation, number in said)

    def test_a_resolved_conversation_leaves_no_work_open(self, rows: Rows):
        resolved = {one.id for one in rows[Conversation] if one.status is ConversationStatus.resolved}
        finished = {ticket.status for ticket in rows[Ticket] if ticket.conversation_id in resolved}

        assert finished == {TicketStatus.solved, TicketStatus.closed}

    def test_solved_ones_say_when(self, rows: Rows):
        for ticket in rows[Ticket]:
            is_finished = ticket.status in (TicketStatus.solved, TicketStatus.closed)
            assert (ticket.solved_at is not None) == is_finished

    def test_one_is_overdue_and_another_nearly(self, rows: Rows):
        unanswered = [ticket for ticket in rows[Ticket] if ticket.first_responded_at is None]
        left = [ticket.first_response_due_at - NOON for ticket in unanswered]

        assert sum(time < timedelta() for time in left) == 1
        assert sum(timedelta() < time < timedelta(minutes=30) for time in left) == 1


class TestGaps:
    def test_every_question_without_a_sure_answer_is_kept(self, rows: Rows):
        unsure = {
            str(message.id)
            for message in rows[Message]
            if message.outcome is Outcome.offered or message.intent == "nlu_fallback"
        }

        assert unsure
        assert {gap.message_id for gap in rows[Gap]} == unsure
