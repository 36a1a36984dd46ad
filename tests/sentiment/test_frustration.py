from dataclasses import replace

import numpy as np
import pytest

from sentiment.frustration import (
    CauseCode,
    ContactTurn,
    FrustrationWeights,
    WeightsUnreadable,
    WeightUnfit,
    changed_weights,
    frustration,
    heard_signals,
    is_repeat,
    load_weights,
)
from sentiment.mood import Sentiment, SentimentLabel, Signal

THRESHOLD = 0.6


def report(text: str = "سفارش من هنوز نرسیده است", **changes: object) -> ContactTurn:
    """A calm report of a problem."""
    return replace(ContactTurn(score=-0.1, text=text), **changes)


def furious(text: str = "این چه وضعشه؟ پولم را پس بدهید!!!") -> ContactTurn:
    return ContactTurn(score=-0.95, signals=frozenset({"anger"}), text=text)


@pytest.fixture(scope="module")
def weights() -> FrustrationWeights:
    return load_weights()


class TestFrustration:
    def test_is_nothing_before_anybody_wrote(self, weights):
        assert frustration([], weights).level == 0

    def test_is_nothing_after_one_calm_report_of_a_problem(self, weights):
        found = frustration([report()], weights)

        assert found.level == 0
        assert found.causes == ()

    @pytest.mark.parametrize("signal", ["anger", "abuse", "legal_threat"])
    def test_crosses_the_threshold_at_once_with_one_clear_message(self, weights, signal):
        found = frustration([report(), ContactTurn(score=-0.2, signals=frozenset({signal}))], weights)

        assert found.reaches(THRESHOLD)
        assert found.causes[0].code == signal
        assert found.causes[0].turn == 1

    def test_nothing_is_displeasure_where_it_begins_below_every_score(self, weights):
        deaf = changed_weights(weights, {"displeasure_from": 1})

        assert frustration([report(score=-1.0)], deaf).level == 0

    @pytest.mark.parametrize("text", ["خب پس نرخ تبدیل چی؟", "age dir bedam chi mishe", "what about the second one"])
    def test_is_nothing_after_a_plain_question_that_a_model_hears_ill_in(self, weights, text):
        assert frustration([ContactTurn(score=-0.9, text=text)], weights).level == 0

    def test_is_less_where_no_word_speaks_of_displeasure(self, weights):
        curt, cross = (
            ContactTurn(score=-0.55, text="اطلاعات من رو پاک کنید"),
            ContactTurn(score=-0.55, text="افتضاح بود"),
        )

        assert frustration([curt], weights).level == 0
        assert frustration([cross], weights).level > 0

    def test_no_repeat_is_counted_while_a_form_asks(self, weights):
        asked = report(outcome="asked")

        assert frustration([asked, report()], weights).level == 0
        assert frustration([report(), report()], weights).level > 0

    def test_needs_more_than_one_threat_to_leave(self, weights):
        calm_threat = ContactTurn(score=-0.2, signals=frozenset({"churn_threat"}))

        assert not frustration([calm_threat], weights).reaches(THRESHOLD)
        assert frustration([calm_threat, calm_threat], weights).reaches(THRESHOLD)

    def test_rises_slowly_when_a_calm_report_is_repeated(self, weights):
        levels = [frustration([report()] * count, weights).level for count in (1, 2, 3, 4)]

        assert levels == sorted(levels)
        assert 0 < levels[1] < 0.3
        assert levels[3] < THRESHOLD

    def test_crosses_the_threshold_when_repeats_are_not_understood_either(self, weights):
        unheard = report(outcome="not_understood")

        assert frustration([unheard, unheard, unheard], weights).reaches(THRESHOLD)

    def test_names_each_misunderstanding_at_its_turn(self, weights):
        found = frustration(
            [report("اولین پرسش من این است", outcome="not_understood"), report("حرف دیگری دارم")], weights
        )

        assert [(cause.code, cause.turn) for cause in found.causes] == [(CauseCode.not_understood, 0)]

    def test_fades_with_calm_messages(self, weights):
        calm = [report("ساعت کاری شعبه چند است"), report("و جمعه هم باز هستید"), report("آدرس را برایم بفرستید")]

        levels = [frustration([furious(), *calm[:count]], weights).level for count in range(4)]

        assert levels == sorted(levels, reverse=True)
        assert levels[3] < levels[0] / 2

    def test_falls_at_once_when_the_contact_thanks(self, weights):
        thanks = ContactTurn(score=0.2, thanked=True, text="ممنون، درست شد")

        assert frustration([furious(), thanks], weights).level < frustration([furious()], weights).level / 2
        assert frustration([furious(), thanks, thanks], weights).level < THRESHOLD / 3

    def test_falls_faster_after_an_answer_that_helped(self, weights):
        following = report("یک سوال دیگر هم داشتم")

        helped = frustration([replace(furious(), outcome="answered"), following], weights)
        unanswered = frustration([furious(), following], weights)

        assert helped.level < unanswered.level

    def test_does_not_fall_when_a_helpful_answer_is_asked_for_again(self, weights):
        again = frustration([report(outcome="answered"), report()], weights)

        assert again.causes[0].code == CauseCode.repeat

    def test_rises_with_waiting_up_to_a_limit(self, weights):
        levels = [frustration([report(waited_minutes=minutes)], weights).level for minutes in (0, 10, 30, 300)]

        assert levels[0] == 0
        assert levels[0] < levels[1] < levels[2] == levels[3] < THRESHOLD

    @pytest.mark.parametrize(("rating", "code"), [(1, CauseCode.rated_1), (2, CauseCode.rated_2)])
    def test_begins_a_little_higher_after_a_low_rating_and_names_it(self, weights, rating, code):
        found = frustration([report(rating=rating)], weights)

        assert [cause.code for cause in found.causes] == [code]
        assert 0 < found.level < THRESHOLD / 2

    @pytest.mark.parametrize("rating", [None, 3, 4, 5])
    def test_no_other_rating_weighs(self, weights, rating):
        assert frustration([report(rating=rating)], weights).level == 0

    def test_a_low_rating_fades_over_days_until_it_is_forgotten(self, weights):
        levels = [frustration([report(rating=1, rated_days_ago=days)], weights).level for days in (0, 30, 80, 90, 900)]

        assert levels[0] > levels[1] > levels[2] > levels[3] == levels[4] == 0

    def test_a_low_rating_lets_clear_displeasure_cross_the_threshold_sooner(self, weights):
        displeased = ContactTurn(score=-0.85, signals=frozenset({"misunderstood"}), text="باز هم که نفهمیدید")

        assert not frustration([displeased], weights).reaches(THRESHOLD)
        assert frustration([replace(displeased, rating=1)], weights).reaches(THRESHOLD)

    def test_a_low_rating_does_not_bring_calm_repeats_over_the_threshold(self, weights):
        talk = [report(rating=1), *[report()] * 3]

        assert not any(frustration(talk[:count], weights).reaches(THRESHOLD) for count in (1, 2, 3, 4))

    def test_a_low_rating_fades_over_messages_and_with_thanks(self, weights):
        calm = report("ساعت کاری شعبه چند است")
        begun = frustration([report(rating=1)], weights).level

        assert frustration([report(rating=1), calm], weights).level < begun
        assert frustration([report(rating=1), replace(calm, thanked=True)], weights).level < begun / 2

    def test_rises_when_a_person_is_asked_for(self, weights):
        found = frustration([report(asked_for_person=True)], weights)

        assert [cause.code for cause in found.causes] == [CauseCode.asked_for_person]

    def test_forgets_old_messages(self, weights):
        talk = [report(f"{number} {'abcdefghij'[number % 10] * 9} چیز دیگری است") for number in range(20)]

        assert frustration([furious(), *talk], weights).level == frustration(talk, weights).level

    def test_stays_within_bounds_and_names_the_heaviest_cause_first(self, weights):
        everything = ContactTurn(
            score=-1.0,
            signals=frozenset({"anger", "abuse", "legal_threat", "churn_threat", "vulnerable"}),
            outcome="not_understood",
            text="همه چیز خراب است",
            asked_for_person=True,
            waited_minutes=1e9,
        )

        found = frustration([everything] * 12, weights)

        assert 0.99 < found.level <= 1
        assert [cause.weight for cause in found.causes] == sorted((c.weight for c in found.causes), reverse=True)

    def test_does_not_take_vulnerability_for_anger(self, weights):
        assert frustration([ContactTurn(score=-0.2, signals=frozenset({"vulnerable"}))], weights).level == 0


class TestIsRepeat:
    def test_knows_the_same_words_whatever_their_spelling(self, weights):
        assert is_repeat(report("سفارش من كجاست آخه؟"), report("سفارش من کجاست آخه ؟!"), weights)

    def test_knows_the_same_meaning_by_the_vectors(self, weights):
        meaning = np.array([0.6, 0.8], dtype=np.float32)

        assert is_repeat(
            report("where is my parcel", vector=meaning), report("my package hasn't come", vector=meaning), weights
        )

    def test_tells_other_questions_apart(self, weights):
        one, other = np.array([1, 0], dtype=np.float32), np.array([0, 1], dtype=np.float32)

        assert not is_repeat(report("where is my parcel", vector=one), report("how much is it", vector=other), weights)

    def test_never_takes_short_messages_for_repeats(self, weights):
        assert not is_repeat(report("سلام"), report("سلام"), weights)


class TestHeardSignals:
    @pytest.mark.parametrize(("score", "heard"), [(-0.6, {"anger", "vulnerable"}), (0.3, {"vulnerable"})])
    def test_anger_in_a_glad_message_is_none(self, weights, score, heard):
        mood = Sentiment(
            label=SentimentLabel.neutral,
            score=score,
            probabilities={},
            signal_probabilities={},
            signals=frozenset({Signal.anger, Signal.vulnerable}),
        )

        assert heard_signals(mood, weights) == heard


class TestChangedWeights:
    def test_changes_what_an_admin_may_change_and_nothing_that_hangs_on_the_encoder(self, weights):
        changed = changed_weights(weights, {"anger": 0.9, "repeat_cosine": 0.1, "of another version": 1.0})

        assert changed == replace(weights, anger=0.9)

    @pytest.mark.parametrize("value", [7, -0.1, float("nan"), float("inf")])
    def test_refuses_a_number_out_of_range_by_its_name(self, weights, value):
        with pytest.raises(WeightUnfit) as refused:
            changed_weights(weights, {"decay": value})

        assert refused.value.name == "decay"


class TestLoadWeights:
    def test_names_a_number_that_is_out_of_range(self, tmp_path, weights):
        path = self.write(tmp_path, {**weights.__dict__, "decay": 7})

        with pytest.raises(WeightsUnreadable, match="decay must be a number from 0 to 1, not 7"):
            load_weights(path)

    def test_names_a_word_where_a_number_belongs(self, tmp_path, weights):
        path = self.write(tmp_path, {**weights.__dict__, "anger": "much"})

        with pytest.raises(WeightsUnreadable, match="anger must be a number"):
            load_weights(path)

    def test_names_what_is_missing_or_unknown(self, tmp_path, weights):
        path = self.write(tmp_path, {"angr": 0.5})

        with pytest.raises(WeightsUnreadable, match="angr"):
            load_weights(path)

    def test_says_when_there_is_no_file(self, tmp_path):
        with pytest.raises(WeightsUnreadable):
            load_weights(tmp_path / "missing.yml")

    @staticmethod
    def write(folder, content):
        path = folder / "weights.yml"
        path.write_text("\n".join(f"{name}: {value}" for name, value in content.items()), encoding="utf-8")
        return path
