"""What the desk works out of what is stored."""

from datetime import UTC, datetime, timedelta

import pytest

from crm.enums import Author, ConversationStatus, MessageKind, Priority, TicketStatus
from crm.models import Conversation, Handoff, Message, Ticket
from web.desk.presenter import Span, actions_of, causes_of, due_of, entries_of, is_safe_url, mood_of, span

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def ticket(**more: object) -> Ticket:
    fields = {
        "status": TicketStatus.new,
        "priority": Priority.normal,
        "created_at": NOON,
        "first_response_due_at": NOON + timedelta(hours=1),
        "resolution_due_at": NOON + timedelta(days=1),
    }
    return Ticket(**{**fields, **more})


def message(sequence: int, author: Author, kind: MessageKind = MessageKind.text) -> Message:
    return Message(id=sequence, sequence=sequence, author=author, kind=kind, text="x")


class TestSpan:
    @pytest.mark.parametrize(
        ("length", "expected"),
        [
            (timedelta(seconds=59), Span(0, "minutes")),
            (timedelta(minutes=59), Span(59, "minutes")),
            (timedelta(minutes=61), Span(1, "hours")),
            (timedelta(hours=47), Span(47, "hours")),
            (timedelta(days=3, hours=5), Span(3, "days")),
        ],
    )
    def test_says_it_in_one_unit(self, length: timedelta, expected: Span) -> None:
        assert span(NOON, NOON + length) == expected
        assert span(NOON + length, NOON) == expected


class TestDueOf:
    def test_the_first_answer_comes_before_the_solution(self) -> None:
        due = due_of(ticket(), NOON)
        assert due is not None
        assert (due.target, due.state) == ("first_response", "later")

    def test_is_near_in_the_last_quarter_and_over_after_it(self) -> None:
        near = due_of(ticket(), NOON + timedelta(minutes=46))
        over = due_of(ticket(), NOON + timedelta(minutes=61))
        assert near is not None
        assert over is not None
        assert (near.state, over.state) == ("near", "over")

    def test_an_answered_ticket_has_the_solution_left(self) -> None:
        due = due_of(ticket(first_responded_at=NOON), NOON)
        assert due is not None
        assert due.target == "resolution"

    def test_a_solved_ticket_has_nothing_left(self) -> None:
        assert due_of(ticket(solved_at=NOON), NOON) is None

    @pytest.mark.parametrize("status", [TicketStatus.pending, TicketStatus.on_hold])
    def test_nothing_is_due_of_us_while_we_wait_for_somebody(self, status: TicketStatus) -> None:
        assert due_of(ticket(status=status), NOON + timedelta(days=9)) is None


class TestEntriesOf:
    def test_marks_the_last_of_our_messages_that_was_seen(self) -> None:
        messages = [
            message(1, Author.bot),
            message(2, Author.agent),
            message(3, Author.agent, MessageKind.internal_note),
            message(4, Author.agent),
        ]

        entries = entries_of(messages, {}, seen_sequence=3)

        assert [entry.seen for entry in entries] == [False, True, False, False]
        assert [entry.look for entry in entries] == ["bot", "agent", "note", "agent"]


class TestCausesOf:
    def test_names_each_kind_once_with_its_latest_message(self) -> None:
        causes = [{"code": "anger", "sequence": 3}, {"code": "repeat"}, {"code": "anger", "sequence": 7}]

        written = causes_of(Handoff(causes=causes))

        assert [(cause.text, cause.sequence) for cause in written] == [
            ("wrote in anger", 7),
            ("had to say the same thing again", None),
        ]


class TestActionsOf:
    def test_an_open_conversation_of_a_colleague_is_not_taken_but_assigned(self) -> None:
        actions = actions_of(Conversation(status=ConversationStatus.open, assignee_id=1))
        assert not actions.take
        assert actions.assign


class TestMoodOf:
    def test_has_three_colours(self) -> None:
        assert [mood_of(level) for level in (0.0, 0.3, 0.6)] == ["calm", "tense", "upset"]


class TestIsSafeUrl:
    def test_lets_no_script_be_a_link(self) -> None:
        assert is_safe_url("/help/fa/refund")
        assert is_safe_url("https://example.com")
        assert not is_safe_url("javascript:alert(1)")
        assert not is_safe_url("//evil.example")
