import asyncio
from collections.abc import Awaitable, Callable, Sequence

from core.worker import Worker


async def nothing_to_find() -> Sequence[str]:
    return []


def make_worker(
    handle: Callable[[str], Awaitable[bool | None]],
    find: Callable[[], Awaitable[Sequence[str]]] = nothing_to_find,
    at_once: int = 4,
) -> Worker:
    return Worker("test", handle=handle, find=find, at_once=at_once, look_around_seconds=60)


class TestWorker:
    async def test_handles_a_key_woken_while_it_runs_once_more_and_never_twice_at_once(self) -> None:
        running = 0
        most = 0
        begun = 0
        go_on = asyncio.Event()
        twice = asyncio.Event()

        async def handle(_key: str) -> None:
            nonlocal running, most, begun
            running, begun = running + 1, begun + 1
            most = max(most, running)
            await go_on.wait()
            running -= 1
            if begun == 2:
                twice.set()

        worker = make_worker(handle)
        worker.wake("a")
        await asyncio.sleep(0)
        worker.wake("a")
        worker.wake("a")
        go_on.set()
        await asyncio.wait_for(twice.wait(), timeout=5)
        await worker.stop()

        assert (begun, most) == (2, 1)

    async def test_finds_what_nobody_woke_it_for(self) -> None:
        handled = asyncio.Event()

        async def handle(_key: str) -> None:
            handled.set()

        async def find() -> Sequence[str]:
            return ["left by a dead process"]

        worker = make_worker(handle, find)
        await worker.start()
        await asyncio.wait_for(handled.wait(), timeout=5)
        await worker.stop()

    async def test_outlives_what_it_cannot_handle(self) -> None:
        handled: list[str] = []

        async def handle(key: str) -> None:
            if key == "bad":
                raise RuntimeError("cannot")
            handled.append(key)

        worker = make_worker(handle)
        worker.wake("bad")
        worker.wake("good")
        await worker.stop()

        assert handled == ["good"]

    async def test_does_no_more_at_once_than_it_may(self) -> None:
        running = 0
        most = 0

        async def handle(_key: str) -> None:
            nonlocal running, most
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)
            running -= 1

        worker = make_worker(handle, at_once=2)
        for number in range(10):
            worker.wake(str(number))
        await worker.stop()

        assert most == 2

    async def test_a_key_with_much_work_waits_its_turn_behind_the_others(self) -> None:
        left = {"flood": 4, "sara": 2, "reza": 1}
        handled: list[str] = []
        done = asyncio.Event()

        async def handle(key: str) -> bool:
            handled.append(key)
            left[key] -= 1
            if not any(left.values()):
                done.set()
            return bool(left[key])

        worker = make_worker(handle, at_once=1)
        for key in left:
            worker.wake(key)
        await asyncio.wait_for(done.wait(), timeout=5)
        await worker.stop()

        assert handled == ["flood", "sara", "reza", "flood", "sara", "flood", "flood"]

    async def test_stopping_waits_until_what_it_cancels_has_let_go(self) -> None:
        begun = asyncio.Event()
        let_go = False

        async def handle(_key: str) -> None:
            nonlocal let_go
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)
                let_go = True

        worker = make_worker(handle)
        worker.wake("a")
        await begun.wait()
        await worker.stop(grace_seconds=0)

        assert let_go
