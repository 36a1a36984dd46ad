from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from connectors.lease import LASTS, Lease
from connectors.telegram.connector import STANDBY_SECONDS
from connectors.telegram.offsets import StoredOffsets
from tests.connectors.telegram.conftest import FakeDesk
from tests.connectors.telegram.emulator import Emulator, flood
from tests.fixtures.patience import until


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


class TestChatThatSendsMuch:
    async def test_comes_after_the_others_in_its_own_order(self, make_connector, telegram: Emulator, desk: FakeDesk):
        for text in ("یک", "دو", "سه", "چهار"):
            telegram.write(text)
        telegram.write("کوتاه", chat=42)

        await make_connector(updates_per_minute=2).start()
        await until(lambda: not telegram.updates)

        assert desk.texts == ["یک", "دو", "کوتاه", "سه", "چهار"]

    async def test_loses_nothing_where_one_fails_after_those_behind_it_were_stored(
        self, make_connector, telegram: Emulator, desk: FakeDesk, offsets
    ):
        receive, troubles = desk.receive, [RuntimeError("told to")]

        async def failing(message) -> None:
            if message.text == "سه" and troubles:
                raise troubles.pop()
            await receive(message)

        for text in ("یک", "دو", "سه", "چهار"):
            telegram.write(text)
        telegram.write("کوتاه", chat=42)
        third = telegram.updates[2]["update_id"]

        await make_connector(updates_per_minute=2, receive=failing).start()
        await until(lambda: not telegram.updates)

        assert desk.texts == ["یک", "دو", "کوتاه", "سه", "چهار"]
        assert offsets.kept == [third, third + 3]


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


class TestLease:
    async def test_waits_while_another_process_polls(
        self, make_connector, telegram: Emulator, desk: FakeDesk, lease, timer
    ):
        lease.is_ours = False
        telegram.write("یک")
        await make_connector().start()
        await until(lambda: len(timer.slept) >= 2)
        assert "getUpdates" not in telegram.calls

        lease.is_ours = True
        await until(lambda: desk.stored)

        assert desk.texts == ["یک"]

    async def test_goes_from_one_process_to_the_next_with_nothing_asked_twice(
        self, make_connector, telegram: Emulator, desk: FakeDesk, telegram_inbox, work, clock, timer
    ):
        def process(name: str):
            inbox_id = telegram_inbox.id
            lease = Lease(work, clock, inbox_id=inbox_id, owner=name)
            return make_connector(
                lease=lease,
                offsets=StoredOffsets(work, clock, lease=lease, inbox_id=inbox_id, bot_number=7000000001),
            )

        first, second = process("first"), process("second")
        telegram.write("/start")
        await first.start()
        await until(lambda: telegram.sent)
        await second.start()
        await until(lambda: STANDBY_SECONDS in timer.slept)
        await first.stop()
        telegram.write("یک")
        await until(lambda: desk.stored)
        await second.stop()

        assert len(telegram.sent) == 1
        assert desk.calls == 1


class TestOffsets:
    @pytest.fixture
    async def held(self, telegram_inbox, work, clock) -> AsyncIterator[Lease]:
        lease = Lease(work, clock, inbox_id=telegram_inbox.id, owner="this process")
        await lease.hold()
        yield lease
        await lease.release()

    @pytest.fixture
    def stored(self, held: Lease, telegram_inbox, work, clock) -> StoredOffsets:
        return StoredOffsets(work, clock, lease=held, inbox_id=telegram_inbox.id, bot_number=7000000001)

    async def test_are_kept_beyond_the_process(self, stored: StoredOffsets):
        assert await stored.read() == 0

        await stored.keep(830000002)
        await stored.keep(830000003)

        assert await stored.read() == 830000003

    async def test_count_for_one_bot_alone(self, stored: StoredOffsets, held: Lease, telegram_inbox, work, clock):
        await stored.keep(830000002)

        another = StoredOffsets(work, clock, lease=held, inbox_id=telegram_inbox.id, bot_number=7000000002)

        assert await another.read() == 0

    async def test_of_who_lost_the_right_meanwhile_do_not_count(
        self, stored: StoredOffsets, telegram_inbox, work, clock
    ):
        clock.advance(LASTS + timedelta(seconds=1))
        inbox_id = telegram_inbox.id
        lease = Lease(work, clock, inbox_id=inbox_id, owner="another process")
        assert await lease.hold()
        newer = StoredOffsets(work, clock, lease=lease, inbox_id=inbox_id, bot_number=7000000001)
        await newer.keep(830000009)

        await stored.keep(830000002)

        assert await newer.read() == 830000009
        await lease.release()

    async def test_count_no_longer_than_telegram_keeps_updates(self, stored: StoredOffsets, clock):
        await stored.keep(830000002)

        clock.advance(timedelta(hours=25))

        assert await stored.read() == 0

    async def test_are_asked_for_by_whoever_goes_on(self, make_connector, telegram: Emulator, desk: FakeDesk, offsets):
        telegram.write("یک")
        telegram.write("دو")
        # The first was dealt with before a crash that came before Telegram heard so.
        await offsets.keep(telegram.updates[0]["update_id"] + 1)

        await make_connector().start()
        await until(lambda: desk.stored)

        assert desk.texts == ["دو"]

    async def test_are_not_asked_for_once_all_is_confirmed(self, make_connector, telegram: Emulator, desk: FakeDesk):
        telegram.longest_poll = 0.0
        telegram.write("یک")
        await make_connector().start()
        await until(lambda: desk.stored and telegram.offsets[-1] == 0)

        # As after a quiet week: Telegram counts on from anywhere.
        telegram.count_from(100)
        telegram.write("دو")
        await until(lambda: len(desk.stored) == 2)

        assert desk.texts == ["یک", "دو"]
