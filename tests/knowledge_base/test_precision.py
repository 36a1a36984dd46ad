"""From which confidence on to answer, by the share of wrong answers that is wanted."""

import numpy as np
import pytest

from knowledge_base.enums import Band
from knowledge_base.examples import Kind
from knowledge_base.operating_point import CalibrationData, Reached
from knowledge_base.precision import NotCalibrated, Precision, ShareUnfit
from knowledge_base.search import VERBATIM
from knowledge_base.train import calibration_data
from knowledge_base.weights import RankerWeights

HELD_OUT = CalibrationData(
    wrong_wanted=0.1,
    points=[
        Reached(confidence=0.9, wrong=0.0, answered=0.2),
        Reached(confidence=0.7, wrong=0.05, answered=0.4),
        Reached(confidence=0.4, wrong=0.2, answered=0.8),
    ],
    reliability=[],
)


@pytest.fixture
def weights():
    return RankerWeights.load().model_copy(update={"held_out": HELD_OUT})


@pytest.fixture
def precision(live, weights, work, open_knowledge):
    """Calls a method in a transaction of its own, on an index with these weights."""
    live.weights = weights

    async def call(name, *arguments, **more):
        async with work.begin() as session:
            found = getattr(Precision(open_knowledge(session)), name)(*arguments, **more)
            return await found if name == "choose" else found

    return call


class TestThreshold:
    @pytest.mark.parametrize(("wrong", "confidence"), [(0.3, 0.4), (0.2, 0.4), (0.1, 0.7), (0.01, 0.9)])
    def test_is_the_lowest_at_which_few_enough_are_wrong(self, weights, wrong, confidence):
        assert weights.calibration(wrong=wrong).thresholds.answer == confidence

    def test_is_what_was_trained_for_where_nothing_is_chosen(self, weights):
        assert weights.calibration().thresholds.answer == weights.thresholds.answer

    def test_leaves_questions_in_an_editors_own_words_where_nothing_is_enough(self, weights):
        worse = HELD_OUT.model_copy(update={"points": [Reached(confidence=0.9, wrong=0.5, answered=0.2)]})
        calibration = weights.model_copy(update={"held_out": worse}).calibration(wrong=0.01)

        assert calibration.band(VERBATIM) is Band.answer
        assert calibration.band(VERBATIM - 0.001) is not Band.answer

    def test_never_offers_later_than_it_answers(self, weights):
        thresholds = weights.calibration(wrong=0.3).thresholds

        assert thresholds.offer <= thresholds.answer

    def test_the_weights_that_ship_know_how_often_they_are_right_or_stay_as_they_were_trained(self):
        shipped = RankerWeights.load()
        if shipped.held_out is None:
            assert shipped.calibration(wrong=0.02) == shipped.calibration()
            return

        answered = [one.answered for one in shipped.held_out.points]
        assert answered == sorted(answered)
        assert shipped.calibration(wrong=0.02).thresholds.answer >= shipped.calibration(wrong=0.2).thresholds.answer


class TestChoose:
    async def test_holds_at_once_and_after_a_restart(self, precision, live):
        await precision("choose", 0.2, by="Sara")
        now = await precision("now")

        live.answer_at(None)
        await live.synchronise()

        assert (now.thresholds.answer, now.reached.answered) == (0.4, 0.8)
        assert live.search.calibration.thresholds.answer == 0.4

    async def test_can_be_taken_back(self, precision, live, weights):
        await precision("choose", 0.2, by="Sara")
        await precision("choose", None, by="Sara")

        assert live.search.calibration == weights.calibration()

    @pytest.mark.parametrize("wrong", [0.0, -1.0, 0.51, float("nan"), float("inf")])
    async def test_refuses_a_share_that_is_none(self, precision, wrong):
        with pytest.raises(ShareUnfit):
            await precision("choose", wrong, by="Sara")

    async def test_refuses_where_the_weights_know_nothing_of_it(self, precision, live):
        live.weights = live.weights.model_copy(update={"held_out": None})

        with pytest.raises(NotCalibrated):
            await precision("choose", 0.1, by="Sara")


class TestCalibrationData:
    def test_counts_from_the_surest_on(self):
        probabilities = np.array([0.9, 0.8, 0.6, 0.3])
        right = np.array([True, True, False, False])
        kinds = np.array([Kind.unseen] * 3 + [Kind.unanswerable])

        data = calibration_data(probabilities, right, kinds)

        assert [one.confidence for one in data.points] == [0.9, 0.8, 0.6, 0.3]
        assert [one.wrong for one in data.points] == pytest.approx([0, 0, 1 / 3, 0.4667], abs=1e-3)
        assert data.points[-1].answered == pytest.approx(1)
        assert sum(one.share for one in data.reliability) == pytest.approx(1, abs=1e-3)
