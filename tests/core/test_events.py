import asyncio
from collections.abc import AsyncIterator

import pytest

from core.events import QUEUE_LIMIT, LocalEventBus, RedisEventBus


class TestListen:
    async def test_hears_its_topics_and_no_others(self) -> None:
        bus = LocalEventBus()

        async with bus.listen("a", "b") as heard:
            await bus.publish("a", {"n": 1})
            await bus.publish("c", {"n": 2})
            await bus.publish("b", {"n": 3})

        assert [heard.get_nowait()["n"] for _ in range(heard.qsize())] == [1, 3]

    async def test_a_listener_that_left_costs_nothing(self) -> None:
        bus = LocalEventBus()
        async with bus.listen("a"):
            pass

        await bus.publish("a", {})

        assert bus._queues == {}

    async def test_a_listener_that_sleeps_holds_nobody_up(self) -> None:
        bus = LocalEventBus()

        async with bus.listen("a") as heard:
            for number in range(QUEUE_LIMIT + 10):
                await asyncio.wait_for(bus.publish("a", {"n": number}), timeout=1)

        assert heard.qsize() == QUEUE_LIMIT


class TestRedis:
    async def test_a_redis_that_never_answers_holds_nobody_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def hang(*_: object) -> None:
            await asyncio.Event().wait()

        bus = RedisEventBus("redis://127.0.0.1:1")
        monkeypatch.setattr(bus._redis, "publish", hang)
        monkeypatch.setattr("core.events.PUBLISH_SECONDS", 0)

        async with bus.listen("a") as heard:
            await bus.publish("a", {"n": 1})
        await bus.close()

        assert heard.get_nowait() == {"n": 1}

    async def test_is_not_waited_for_by_one_event_after_the_other(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked = []

        async def hang(*what: object) -> None:
            asked.append(what)
            await asyncio.Event().wait()

        bus = RedisEventBus("redis://127.0.0.1:1")
        monkeypatch.setattr(bus._redis, "publish", hang)
        monkeypatch.setattr("core.events.PUBLISH_SECONDS", 0.01)

        async with bus.listen("a") as heard:
            for number in range(50):
                await bus.publish("a", {"n": number})
        await bus.close()

        assert (len(asked), heard.qsize()) == (1, 50)

    async def test_what_is_no_event_makes_nobody_deaf(self, monkeypatch: pytest.MonkeyPatch) -> None:
        published = ["no JSON", "7", "[]", '[["a"], {}]', '["a", {"n": 1}]']

        class Subscription:
            async def __aenter__(self) -> "Subscription":
                return self

            async def __aexit__(self, *_: object) -> None: ...

            async def subscribe(self, channel: str) -> None: ...

            async def listen(self) -> AsyncIterator[dict[str, str]]:
                for data in published:
                    yield {"type": "message", "data": data}
                await asyncio.Event().wait()

        bus = RedisEventBus("redis://127.0.0.1:1")
        monkeypatch.setattr(bus._redis, "pubsub", Subscription)

        async with bus.listen("a") as heard:
            await bus.start()
            event = await asyncio.wait_for(heard.get(), timeout=5)
        await bus.close()

        assert event == {"n": 1}
