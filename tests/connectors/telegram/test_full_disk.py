"""A disk that fills while the app asks Telegram for updates: Telegram keeps what could not be stored."""

import pytest
from sqlalchemy import select

from connectors.telegram.threads import StoredThreads
from crm.conversations.intake import Intake
from crm.models import Message
from tests.conftest import POSTGRESQL_URL
from tests.connectors.telegram.emulator import Emulator
from tests.fixtures.full_disk import FewPages
from tests.fixtures.patience import until

pytestmark = pytest.mark.skipif(bool(POSTGRESQL_URL), reason="its disk is another machine's")


async def test_nothing_is_confirmed_that_was_not_stored_and_all_is_stored_once_there_is_room(
    make_connector, telegram: Emulator, telegram_inbox, database, work, open_service, timer
):
    intake = Intake(work, open_service=open_service, wake=lambda _conversation_id: None)
    connector = make_connector(
        inbox_id=telegram_inbox.id, receive=intake.receive, rate=intake.rate, threads=StoredThreads(work, intake)
    )
    written = [f"{number} ".ljust(4000, "x") for number in range(30)]
    disk = FewPages(database)

    async def stored() -> list[str]:
        async with work.reading() as session:
            return list(await session.scalars(select(Message.text).order_by(Message.id)))

    disk.fill()
    for text in written:
        telegram.write(text)
    await connector.start()
    await until(lambda: len(timer.slept) >= 12)
    before = await stored()
    waiting = [update["message"]["text"] for update in telegram.updates]
    assert len(before) < len(written)
    assert set(written) == {*before, *waiting}

    disk.make_room()
    await until(lambda: not telegram.updates)

    assert await stored() == written
