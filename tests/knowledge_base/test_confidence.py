import pytest

from knowledge_base.confidence import SIGNALS, Calibration, Thresholds
from knowledge_base.enums import Band
from knowledge_base.ranking import FEATURES, Candidate


def candidate(score: float, **features: float) -> Candidate:
    return Candidate(1, {**dict.fromkeys(FEATURES, 0.0), **features}, score)


@pytest.fixture
def calibration() -> Calibration:
    weights = dict.fromkeys(SIGNALS, 0.0) | {"margin": 1.0}
    return Calibration(weights, -2.0, Thresholds(answer=0.8, offer=0.3))


class TestProbability:
    def test_grows_with_the_margin_to_the_next(self, calibration):
        close = calibration.probability([candidate(5.0), candidate(4.9)])
        clear = calibration.probability([candidate(5.0), candidate(1.0)])

        assert 0 < close < clear < 1

    def test_is_nothing_where_nothing_was_found(self, calibration):
        assert calibration.probability([]) == 0.0

    def test_takes_any_scores(self, calibration):
        assert calibration.probability([candidate(1e6), candidate(-1e6)]) <= 1


class TestBand:
    @pytest.mark.parametrize(
        ("probability", "band"), [(0.9, Band.answer), (0.8, Band.answer), (0.5, Band.offer), (0.29, Band.decline)]
    )
    def test_follows_the_operating_point(self, calibration, probability, band):
        assert calibration.band(probability) is band
