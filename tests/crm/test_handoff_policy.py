from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from crm.conversations.apology import apologies_for, soothed
from crm.conversations.handoff_policy import NEVER_IN_A_ROW, HandoffPolicy, PolicyUnreadable
from crm.conversations.ports import Cause, Mood, Reply
from crm.enums import HandoffReason, Outcome, Priority, Role
from crm.wording import Words

CALM = Mood(frustration=0.0)
SHIPPED = Path("crm/conversations/handoff_policy.yml")
PERSON = {"title": "Talk to a person", "payload": "/talk_to_person"}


def mood(frustration: float, *codes: str, sequence: int = 3) -> Mood:
    causes = tuple(Cause(code=code, weight=frustration, sequence=sequence) for code in codes)
    return Mood(frustration=frustration, causes=causes)


@pytest.fixture
def shipped() -> HandoffPolicy:
    return HandoffPolicy.load(SHIPPED)


class TestLowRating:
    """What a contact rated before weighs with what they write, and is nothing alone."""

    @pytest.mark.parametrize("code", ["rated_1", "rated_2"])
    def test_hands_no_calm_message_off_however_low_the_threshold(self, shipped: HandoffPolicy, code: str) -> None:
        strict = shipped.changed({"frustration": 0.01})

        assert strict.before_answer(mood(0.9, code), [], sequence=3) is None

    def test_is_among_the_reasons_of_a_displeased_contact(self, shipped: HandoffPolicy) -> None:
        decision = shipped.before_answer(mood(0.7, "displeasure", "rated_1"), [], sequence=3)

        assert decision is not None
        assert decision.reason is HandoffReason.negative_sentiment
        assert [cause.code for cause in decision.causes] == ["displeasure", "rated_1"]


class TestDanger:
    def test_brings_a_person_whatever_the_policy_leaves_to_the_bot(self, shipped: HandoffPolicy) -> None:
        lax = shipped.changed({"at_once": [], "frustration": 1.0})

        decision = lax.before_answer(CALM, ["danger"], sequence=3)

        assert decision is not None
        assert decision.reason is HandoffReason.vulnerable
        assert [(cause.code, cause.sequence) for cause in decision.causes] == [("danger", 3)]


class TestLoad:
    def test_every_reason_has_a_priority(self, shipped: HandoffPolicy) -> None:
        assert set(shipped.priorities) == set(HandoffReason)

    def test_legal_threats_and_threats_to_leave_are_treated_apart(self, shipped: HandoffPolicy) -> None:
        legal, churn = HandoffReason.legal_threat, HandoffReason.churn_threat

        assert shipped.priority(legal) is Priority.urgent
        assert shipped.priority(churn) is Priority.high
        assert shipped.told(legal) == [Role.supervisor, Role.admin]
        assert shipped.told(churn) == [Role.supervisor]
        assert shipped.told(HandoffReason.contact_asked) == []

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("frustration", 0),
            ("frustration", float("nan")),
            ("apology", 1.5),
            ("failed_in_a_row", 0),
            ("failed_in_a_row", NEVER_IN_A_ROW + 1),
            ("not_understood_in_a_row", NEVER_IN_A_ROW + 1),
            ("at_once", ["displeasure"]),
            ("tell", {"vulnerable": ["nobody"]}),
        ],
    )
    def test_refuses_a_bad_value_by_its_name(self, name: str, value: object) -> None:
        content = yaml.safe_load(SHIPPED.read_text(encoding="utf-8")) | {name: value}

        with pytest.raises(ValidationError) as refused:
            HandoffPolicy.model_validate(content)

        assert refused.value.errors()[0]["loc"][0] == name

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"frustration: [", "not YAML"),
            ("frustration: سلام".encode("cp1256"), "not YAML"),
            (b"[" * 100_000, "not YAML"),
            (b"since: 2026-02-31", "not YAML"),
            (b"", "should be a valid dictionary"),
            (b"frustration: 7", "frustration: Input should be less than or equal to 1"),
        ],
    )
    def test_says_in_one_line_why_a_file_cannot_be_used(self, tmp_path: Path, content: bytes, reason: str) -> None:
        file = tmp_path / "policy.yml"
        file.write_bytes(content)

        with pytest.raises(PolicyUnreadable, match=reason) as refused:
            HandoffPolicy.load(file)

        assert str(refused.value).startswith(f"{file}: ")
        assert "\n" not in str(refused.value)

    def test_names_the_file_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(PolicyUnreadable, match="No such file"):
            HandoffPolicy.load(tmp_path / "policy.yml")


class TestBeforeAnswer:
    @pytest.mark.parametrize("signal", ["vulnerable", "legal_threat"])
    def test_some_signals_bring_a_person_at_once(self, shipped: HandoffPolicy, signal: str) -> None:
        decision = shipped.before_answer(CALM, (signal,), sequence=3)

        assert decision is not None
        assert decision.reason == signal
        assert decision.causes == (Cause(code=signal, weight=0.0, sequence=3),)

    def test_distress_goes_before_threats_and_anger(self, shipped: HandoffPolicy) -> None:
        decision = shipped.before_answer(mood(0.9, "anger"), ("anger", "legal_threat", "vulnerable"), sequence=3)

        assert decision is not None
        assert decision.reason is HandoffReason.vulnerable
        assert [cause.code for cause in decision.causes] == ["vulnerable", "anger"]

    def test_one_threat_to_leave_is_a_warning(self, shipped: HandoffPolicy) -> None:
        assert shipped.before_answer(mood(0.5, "churn_threat"), ("churn_threat",), sequence=3) is None

    def test_one_that_weighs_with_more_is_the_reason(self, shipped: HandoffPolicy) -> None:
        decision = shipped.before_answer(mood(0.7, "churn_threat", "displeasure"), (), sequence=4)

        assert decision is not None
        assert decision.reason is HandoffReason.churn_threat

    def test_anger_is_a_reason_of_its_own(self, shipped: HandoffPolicy) -> None:
        decision = shipped.before_answer(mood(0.75, "anger"), ("anger",), sequence=3)

        assert decision is not None
        assert decision.reason is HandoffReason.negative_sentiment


class TestAfterAnswer:
    def test_tells_what_weighed_as_well(self, shipped: HandoffPolicy) -> None:
        decision = shipped.after_answer([Outcome.not_understood] * 3, mood(0.3, "not_understood"))

        assert decision is not None
        assert decision.reason is HandoffReason.not_understood
        assert decision.causes

    def test_an_answer_breaks_the_row(self, shipped: HandoffPolicy) -> None:
        outcomes = [Outcome.not_understood, Outcome.not_understood, Outcome.answered, Outcome.not_understood]

        assert shipped.after_answer(outcomes, CALM) is None


class TestChanged:
    def test_takes_what_was_saved_and_keeps_the_rest(self, shipped: HandoffPolicy) -> None:
        changed = shipped.changed({"frustration": 0.5, "weights": {"anger": 0.7}, "of another version": 1})

        assert (changed.frustration, changed.weights) == (0.5, {"anger": 0.7})
        assert changed.priorities == shipped.priorities

    def test_a_row_that_was_saved_longer_than_any_that_is_seen_is_the_longest_one(self, shipped: HandoffPolicy) -> None:
        changed = shipped.changed({"frustration": 0.5, "not_understood_in_a_row": 10_000, "failed_in_a_row": 4})

        assert (changed.frustration, changed.not_understood_in_a_row) == (0.5, NEVER_IN_A_ROW)
        assert changed.failed_in_a_row == 4


class TestApology:
    def test_only_displeasure_shown_in_this_very_message_calls_for_one(self, shipped: HandoffPolicy) -> None:
        assert shipped.wants_apology(mood(0.2, "displeasure"), sequence=3)
        assert not shipped.wants_apology(mood(0.2, "displeasure"), sequence=5)
        assert not shipped.wants_apology(mood(0.01, "displeasure"), sequence=3)
        assert not shipped.wants_apology(mood(0.2, "repeat"), sequence=3)

    def test_names_the_problem_and_ends_with_the_general_one(self) -> None:
        names = apologies_for(mood(0.3, "displeasure", "repeat"), "money")

        assert names == ["utter_sorry_repeat", "utter_sorry_money", "utter_sorry_displeasure"]

    def test_offers_a_person_once(self) -> None:
        words = Words("Sorry.", [PERSON])
        plain, offering = Reply(text="It takes a week."), Reply(text="I don't know.", buttons=[PERSON])

        assert [reply.buttons for reply in soothed([plain, plain], "utter_sorry_money", words)] == [[], [], [PERSON]]
        assert [reply.buttons for reply in soothed([offering], "utter_sorry_money", words)] == [[], [PERSON]]
