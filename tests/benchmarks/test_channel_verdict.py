"""A verdict that overlooks a fault would be worth nothing: each kind of fault is seen, and a clean run is clean."""

from typing import Any

import pytest

from benchmarks.channel_verdict import (
    Told,
    Transcript,
    Verdict,
    judge_deliveries,
    judge_screen,
    judge_storing,
    judge_turns,
)


def answers(*numbers: str | None, after: int = 100) -> list[Told]:
    """What the bot said, in this order."""
    return [
        Told(after + place, f"HM-{number}", number, delivery="sent", external_id=f"chat:{place}")
        for place, number in enumerate(numbers)
    ]


def shown(*ids: int, text: str = "") -> list[dict[str, Any]]:
    """What a chat shows, in this order."""
    return [{"message_id": message_id, "text": text or f"text {message_id}"} for message_id in ids]


@pytest.fixture
def verdict() -> Verdict:
    return Verdict()


# One contact's: two messages at once, then one.
BURSTS = [[["1", "2"], ["3"]]]


class TestJudgeStoring:
    @pytest.mark.parametrize("asked", [["1", "2", "3"], ["2", "1", "3"]], ids=["in order", "a burst in any order"])
    def test_is_content_with_each_message_once(self, verdict: Verdict, asked: list[str]) -> None:
        judge_storing(BURSTS, [Transcript(asked=asked)], verdict)

        assert verdict.is_clean
        assert verdict.sent == 3

    @pytest.mark.parametrize(
        ("asked", "fault"),
        [
            (["1", "3"], {"lost": 1}),
            ([], {"lost": 3}),
            (["1", "2", "2", "3"], {"stored_twice": 1}),
            (["1", "3", "2"], {"inverted": 1}),
            (["3", "1", "2"], {"inverted": 1}),
        ],
    )
    def test_sees_what_is_lost_stored_twice_or_out_of_order(
        self, verdict: Verdict, asked: list[str], fault: dict[str, int]
    ) -> None:
        judge_storing(BURSTS, [Transcript(asked=asked)], verdict)

        assert verdict == Verdict(sent=3, **fault)
        assert not verdict.is_clean

    def test_a_message_that_came_into_another_conversation_too_is_stored_twice(self, verdict: Verdict) -> None:
        judge_storing(BURSTS, [Transcript(asked=["1", "2", "3"]), Transcript(asked=["2"])], verdict)

        assert verdict.stored_twice == 1


class TestJudgeTurns:
    def test_is_content_with_one_answer_each_in_order(self, verdict: Verdict) -> None:
        judge_turns(Transcript(asked=["1", "2", "3"], told=answers("1", None, "3")), verdict)

        assert verdict.is_clean
        assert (verdict.answered_by_bot, verdict.told_that_bot_failed) == (2, 1)

    @pytest.mark.parametrize(
        ("told", "fault"),
        [
            (answers("1"), "unanswered"),
            (answers("1", "2", "2"), "doubled_turns"),
            (answers("1", "2", None), "doubled_turns"),
            (answers("2", "1"), "inverted"),
        ],
    )
    def test_sees_what_is_unanswered_answered_twice_or_out_of_order(
        self, verdict: Verdict, told: list[Told], fault: str
    ) -> None:
        judge_turns(Transcript(asked=["1", "2"], told=told), verdict)

        assert getattr(verdict, fault) > 0
        assert not verdict.is_clean

    def test_the_bot_may_be_silent_after_a_handoff_and_may_not_talk_over_the_person(self, verdict: Verdict) -> None:
        handed_off = Told(101, "a person comes", None)
        judge_turns(Transcript(asked=["1", "2"], told=answers("1"), handed_off=handed_off), verdict)
        silent = verdict.is_clean
        judge_turns(Transcript(asked=["1"], told=answers("1", after=102), handed_off=handed_off), verdict)

        assert silent
        assert verdict.doubled_turns == 1


class TestJudgeDeliveries:
    def test_is_content_with_each_reply_once_in_order(self, verdict: Verdict) -> None:
        judge_deliveries(answers("1", "2", "3"), shown(0, 1, 2), "chat", verdict)

        assert verdict.is_clean

    @pytest.mark.parametrize(
        ("ids", "fault"),
        [
            ((0, 2), {"replies_lost": 1}),
            ((0, 1, 2, 7), {"replies_doubled": 1}),
            ((0, 2, 1), {"replies_inverted": 1}),
        ],
    )
    def test_sees_what_is_lost_doubled_or_out_of_order(
        self, verdict: Verdict, ids: tuple[int, ...], fault: dict[str, int]
    ) -> None:
        judge_deliveries(answers("1", "2", "3"), shown(*ids), "chat", verdict)

        assert verdict == Verdict(**fault)

    @pytest.mark.parametrize("arrived", [[], [{"message_id": 9, "text": "HM-1"}]], ids=["did not", "did"])
    def test_what_may_have_been_sent_may_have_arrived_once(
        self, verdict: Verdict, arrived: list[dict[str, Any]]
    ) -> None:
        judge_deliveries([Told(100, "HM-1", "1", delivery="maybe_sent")], arrived, "chat", verdict)

        assert verdict.is_clean
        assert verdict.maybe_sent == 1

    def test_and_not_twice_nor_out_of_its_place(self, verdict: Verdict) -> None:
        maybe = Told(99, "HM-0", "0", delivery="maybe_sent")
        judge_deliveries([maybe], [*shown(8, text="HM-0"), *shown(9, text="HM-0")], "chat", verdict)
        late = Verdict()
        judge_deliveries([maybe, *answers("1")], [*shown(0), *shown(9, text="HM-0")], "chat", late)

        assert verdict.replies_doubled == 1
        assert late.replies_inverted == 1

    def test_a_reply_that_still_waits_is_lost(self, verdict: Verdict) -> None:
        judge_deliveries([Told(100, "HM-1", "1", delivery="pending")], [], "chat", verdict)

        assert verdict.replies_lost == 1


class TestJudgeScreen:
    @pytest.mark.parametrize(
        ("sequences", "fault"),
        [
            ([1, 2, 3], {}),
            ([1, 3], {"replies_lost": 1}),
            ([1, 2, 2, 3], {"replies_doubled": 1}),
            ([1, 3, 2], {"replies_inverted": 1}),
        ],
    )
    def test_counts_what_a_widget_was_not_sent_once_and_in_order(
        self, verdict: Verdict, sequences: list[int], fault: dict[str, int]
    ) -> None:
        judge_screen(sequences, Transcript(last_sequence=3), verdict)

        assert verdict == Verdict(**fault)
