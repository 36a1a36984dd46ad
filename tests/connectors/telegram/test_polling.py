import httpx
import pytest

from tests.connectors.telegram.conftest import FakeDesk, until
from tests.connectors.telegram.emulator import Emulator, flood


class TestOffset:
    async def test_does_not_move_past_what_was_not_stored(self, polling, telegram: Emulator, desk: FakeDesk, timer):
        desk.troubles = [RuntimeError("the database is away")] * 3

        for text in ("یک", "دو", "سه"):
            telegram.write(text)
        await until(lambda: len(desk.stored) == 3)

        assert desk.texts == ["یک", "دو", "سه"]
        assert timer.slept == [1.0, 2.0, 4.0]

    async def test_confirms_what_was_stored(self, polling, telegram: Emulator, desk: FakeDesk):
        telegram.write("یک")

        await until(lambda: desk.stored and not telegram.updates)

        assert desk.calls == 1

    async def test_keeps_what_came_while_we_were_away(self, make_connector, telegram: Emulator, desk: FakeDesk):
        telegram.write("یک")
        telegram.write("دو")

        await make_connector().start()
        await until(lambda: len(desk.stored) == 2)

        assert desk.texts == ["یک", "دو"]

    async def test_after_a_crash_stores_again_only_what_was_new(
        self, make_connector, telegram: Emulator, desk: FakeDesk
    ):
        crashing = make_connector()
        desk.troubles = [RuntimeError("the disk is full")]
        telegram.write("یک")
        await crashing.start()
        await until(lambda: desk.calls)
        await crashing.stop()

        await make_connector().start()
        await until(lambda: desk.stored and not telegram.updates)

        assert desk.texts == ["یک"]


class TestLine:
    @pytest.mark.parametrize(
        "trouble", ["cut_before", "cut_after", httpx.ConnectError("refused"), httpx.ReadTimeout("slow")]
    )
    async def test_is_taken_up_again_and_nothing_is_lost(self, trouble, polling, telegram: Emulator, desk: FakeDesk):
        telegram.fail_next("getUpdates", trouble, trouble)

        telegram.write("یک")
        telegram.write("دو")
        await until(lambda: not telegram.updates)

        assert desk.texts == ["یک", "دو"]
        assert desk.calls == 2

    async def test_rests_as_long_as_telegram_asks(self, make_connector, telegram: Emulator, desk: FakeDesk, timer):
        telegram.fail_next("getUpdates", flood(9))
        telegram.write("یک")

        await make_connector().start()
        await until(lambda: desk.stored)

        assert timer.slept == [9.0]
