import asyncio
import threading

import numpy as np
import pytest

from language.batching import BatchingEncoder, EncoderClosed
from language.hashing_encoder import HashingEncoder


class RecordingEncoder(HashingEncoder):
    """Remembers each call, and can be held until the test lets it go on."""

    def __init__(self):
        super().__init__(dimension=32)
        self.calls = []
        self.entered = threading.Event()
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def encode(self, texts, *, kind):
        self.calls.append((list(texts), kind))
        self.entered.set()
        self.may_go_on.wait(timeout=10)
        if "fail" in texts:
            raise ValueError("cannot read this")
        return super().encode(texts, kind=kind)


@pytest.fixture
def recording():
    return RecordingEncoder()


async def _hold(recording, batching):
    """Keep the worker busy with one text, so that the next ones have to wait; returns the task that is served."""
    recording.may_go_on.clear()
    held = asyncio.create_task(batching.encode("held", kind="query"))
    await asyncio.to_thread(recording.entered.wait, 10)
    return held


class TestEncode:
    async def test_gives_the_vector_that_the_encoder_gives(self, recording):
        async with BatchingEncoder(recording) as batching:
            vector = await batching.encode("سلام", kind="query")

        assert np.array_equal(vector, HashingEncoder(32).encode(["سلام"], kind="query")[0])

    async def test_serves_what_waits_in_one_call_and_a_repeated_text_once(self, recording):
        async with BatchingEncoder(recording) as batching:
            held = await _hold(recording, batching)
            waiting = asyncio.gather(*(batching.encode(text, kind="query") for text in ["a b", "c d", "a b"]))
            await asyncio.sleep(0)
            recording.may_go_on.set()
            first, second, third = await waiting
            await held

        assert recording.calls == [(["held"], "query"), (["a b", "c d"], "query")]
        assert np.array_equal(first, third)
        assert not np.array_equal(first, second)

    async def test_takes_at_most_the_largest_batch_at_once(self, recording):
        async with BatchingEncoder(recording, largest_batch=2) as batching:
            held = await _hold(recording, batching)
            waiting = asyncio.gather(*(batching.encode(f"text {n}", kind="query") for n in range(5)))
            await asyncio.sleep(0)
            recording.may_go_on.set()
            await waiting
            await held

        assert [len(texts) for texts, _ in recording.calls] == [1, 2, 2, 1]

    async def test_keeps_queries_and_passages_apart(self, recording):
        async with BatchingEncoder(recording) as batching:
            held = await _hold(recording, batching)
            waiting = asyncio.gather(batching.encode("x", kind="query"), batching.encode("x", kind="passage"))
            await asyncio.sleep(0)
            recording.may_go_on.set()
            await waiting
            await held

        assert recording.calls[1:] == [(["x"], "passage"), (["x"], "query")]

    async def test_tells_a_failure_to_those_who_asked_and_serves_the_next(self, recording):
        async with BatchingEncoder(recording) as batching:
            with pytest.raises(ValueError, match="cannot read this"):
                await batching.encode("fail", kind="query")

            assert (await batching.encode("fine", kind="query")).any()

    async def test_does_not_encode_for_a_caller_who_left(self, recording):
        async with BatchingEncoder(recording) as batching:
            held = await _hold(recording, batching)
            leaving = asyncio.create_task(batching.encode("left", kind="query"))
            staying = asyncio.create_task(batching.encode("stays", kind="query"))
            await asyncio.sleep(0)
            leaving.cancel()
            recording.may_go_on.set()
            await staying
            await held

        assert recording.calls[1:] == [(["stays"], "query")]


class TestClose:
    async def test_refuses_what_waits_and_finishes_what_runs(self, recording):
        batching = BatchingEncoder(recording)
        held = await _hold(recording, batching)
        waiting = asyncio.create_task(batching.encode("waits", kind="query"))
        await asyncio.sleep(0)
        closing = asyncio.create_task(batching.aclose())
        await asyncio.sleep(0)
        recording.may_go_on.set()
        await closing

        assert (await held).any()
        with pytest.raises(EncoderClosed):
            await waiting

    async def test_refuses_who_comes_later_and_may_be_called_twice(self, recording):
        batching = BatchingEncoder(recording)
        await batching.aclose()
        await batching.aclose()

        with pytest.raises(EncoderClosed):
            await batching.encode("late", kind="query")
