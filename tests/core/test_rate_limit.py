import pytest

from core.errors import TooManyRequests
from core.rate_limit import KEPT_KEYS, RateLimit


class Watch:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def watch() -> Watch:
    return Watch()


class TestHit:
    def test_none_at_all_is_a_limit_too(self) -> None:
        limit = RateLimit("0/day")

        with pytest.raises(TooManyRequests):
            limit.hit("sara")
        assert limit.left("sara") == 0

    def test_refuses_one_more_and_says_when_to_come_back(self) -> None:
        limit = RateLimit("2/minute")
        limit.hit("sara")
        limit.hit("sara")

        with pytest.raises(TooManyRequests) as refusal:
            limit.hit("sara")

        assert 1 <= refusal.value.retry_after_seconds <= 120

    def test_counts_each_key_for_itself(self) -> None:
        limit = RateLimit("1/minute")

        limit.hit("sara")
        limit.hit("reza")

    def test_allows_the_next_when_its_share_has_passed_and_no_more(self, watch: Watch) -> None:
        limit = RateLimit("4/minute", now=watch)
        for _ in range(4):
            limit.hit("sara")

        watch.seconds += 15
        limit.hit("sara")

        with pytest.raises(TooManyRequests) as refusal:
            limit.hit("sara")
        assert refusal.value.retry_after_seconds == 15

    def test_who_is_refused_again_and_again_waits_no_longer_for_it(self, watch: Watch) -> None:
        limit = RateLimit("1/minute", now=watch)
        limit.hit("sara")
        for _ in range(100):
            with pytest.raises(TooManyRequests):
                limit.hit("sara")

        watch.seconds += 60
        limit.hit("sara")

    @pytest.mark.parametrize("times", [3, 7, 30, 1000])
    def test_allows_all_of_them_at_the_very_same_moment(self, watch: Watch, times: int) -> None:
        limit = RateLimit(f"{times}/hour", now=watch)

        for _ in range(times):
            limit.hit("sara")

        with pytest.raises(TooManyRequests):
            limit.hit("sara")

    def test_forgets_those_who_have_their_whole_allowance_again(self, watch: Watch) -> None:
        limit = RateLimit("2/minute", now=watch)
        for number in range(KEPT_KEYS - 2):
            limit.hit(str(number))
        watch.seconds += 60
        limit.hit("sara")
        limit.hit("sara")
        limit.hit("reza")

        assert limit.left("sara") == 0
        assert len(limit._whole_at) == 2


class TestLeft:
    def test_counts_down_and_comes_back(self, watch: Watch) -> None:
        limit = RateLimit("3/minute", now=watch)
        before = limit.left("sara")
        limit.hit("sara")
        limit.hit("sara")
        after = limit.left("sara")
        watch.seconds += 20

        assert (before, after, limit.left("sara")) == (3, 1, 2)
