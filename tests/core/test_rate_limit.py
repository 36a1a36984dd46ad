import pytest

from core.errors import TooManyRequests
from core.rate_limit import RateLimit


class TestHit:
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
