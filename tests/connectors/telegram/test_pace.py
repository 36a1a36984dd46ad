import os
from datetime import timedelta

import pytest
from telegram.error import NetworkError, RetryAfter

from connectors.telegram.pace import Backoff, Pace, seconds_of
from tests.connectors.telegram.conftest import FakeTimer


@pytest.fixture(autouse=True)
def _timedeltas(monkeypatch):
    monkeypatch.setitem(os.environ, "PTB_TIMEDELTA", "1")


class TestPace:
    async def test_gives_each_its_own_moment(self):
        timer = FakeTimer()
        pace = Pace(timer)

        assert [pace.reserve("a"), pace.reserve("a"), pace.reserve("b"), pace.reserve("a")] == [0, 1, 0, 2]

    async def test_asks_for_no_wait_after_a_pause(self):
        timer = FakeTimer()
        pace = Pace(timer)
        pace.reserve("a")

        await timer.sleep(5)

        assert pace.reserve("a") == 0

    async def test_takes_no_moment_that_comes_too_late(self):
        timer = FakeTimer()
        pace = Pace(timer)
        for _ in range(3):
            pace.reserve("a")

        with pytest.raises(TimeoutError):
            await pace.wait("a", longest=2)
        await timer.sleep(1)
        await pace.wait("a", longest=2)

        assert timer.slept == [1, 2]

    async def test_forgets_chats_that_are_free_again(self):
        timer = FakeTimer()
        pace = Pace(timer)

        for chat in range(5000):
            pace.reserve(str(chat))
            await timer.sleep(0.01)

        assert len(pace._free_at) <= 1000


class TestBackoff:
    def test_doubles_to_a_minute_and_begins_anew(self):
        backoff = Backoff()
        error = NetworkError("cut")

        waits = [backoff.after(error) for _ in range(8)]
        backoff.reset()

        assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
        assert backoff.after(error) == 1

    def test_follows_telegram(self):
        assert Backoff().after(RetryAfter(timedelta(seconds=33))) == 33


class TestSecondsOf:
    @pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")
    @pytest.mark.parametrize("setting", ["1", "0"])
    def test_reads_either_form_of_the_library(self, setting: str, monkeypatch):
        monkeypatch.setitem(os.environ, "PTB_TIMEDELTA", setting)

        assert seconds_of(RetryAfter(5)) == 5.0
