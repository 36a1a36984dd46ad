"""A disk that fills: senders are told, nothing is acknowledged that was not stored, and service goes on after it."""

import errno
import json
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from connectors.registry import _open_telegram
from connectors.telegram.webhook import SECRET_HEADER, secret_for
from core.config import Settings
from core.database import Database
from crm.conversations.intake import Intake
from crm.enums import Role
from crm.models import Agent, Attachment, Conversation, Inbox, Message
from tests.conftest import POSTGRESQL_URL, message
from tests.connectors.telegram.emulator import TOKEN
from tests.connectors.telegram.test_webhook import an_update
from tests.fixtures.full_disk import SMALL_DISK, Disk, FewPages, SmallDisk
from tests.web.desk.browser_socket import BrowserSocket, browser_socket

pytestmark = pytest.mark.skipif(bool(POSTGRESQL_URL), reason="its disk is another machine's")

# Sends one message under a number; returns whether it was acknowledged.
Send = Callable[[int], Awaitable[bool]]
MANY = 400
PER_SENDER = ("widget_messages_per_minute", "telegram_updates_per_minute", "files_per_day")
TRY_AGAIN_LATER = 1013
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def tmp_path(tmp_path: Path) -> Iterator[Path]:
    if not SMALL_DISK:
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=SMALL_DISK) as folder:
        yield Path(folder)


@pytest.fixture
def disk(database: Database, tmp_path: Path) -> Iterator[Disk]:
    disk = SmallDisk(tmp_path) if SMALL_DISK else FewPages(database)
    yield disk
    disk.make_room()


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update=dict.fromkeys(PER_SENDER, 10_000))


@pytest.fixture
async def token(client: httpx.AsyncClient, inbox: Inbox) -> str:
    response = await client.post("/widget/session", json={"inbox": inbox.key, "language": "en"})
    return str(response.json()["token"])


@pytest.fixture
async def conversation(intake: Intake, inbox: Inbox) -> Conversation:
    return (await intake.receive(message(inbox, "hello", visitor="somebody"))).conversation


def words(number: int) -> str:
    """Five thousand characters, which need some room."""
    return f"message {number} ".ljust(5000, "x")


class Doors:
    """All ways by which a message comes in over HTTP or a socket."""

    def __init__(
        self, app: FastAPI, client: httpx.AsyncClient, token: str, conversation: Conversation, bot: Inbox
    ) -> None:
        self.app = app
        self.bot = bot
        self.client = client
        self.token = token
        self.conversation = conversation
        self.refusals: list[httpx.Response] = []

    async def api(self, number: int) -> bool:
        address = f"/api/v1/conversations/{self.conversation.id}/messages"
        return self._acknowledged(await self.client.post(address, json={"text": words(number)}))

    async def desk(self, number: int) -> bool:
        address = f"/desk/conversations/{self.conversation.id}/messages"
        headers = {"hx-request": "true", "accept-language": "en"}
        return self._acknowledged(await self.client.post(address, data={"text": words(number)}, headers=headers))

    async def file(self, number: int) -> bool:
        form = {"client_id": f"message-{number}", "text": words(number)}
        files = {"file": ("a.png", PNG + bytes(20_000))}
        headers = {"authorization": f"Bearer {self.token}"}
        return self._acknowledged(await self.client.post("/widget/files", data=form, files=files, headers=headers))

    async def widget(self, number: int) -> bool:
        """The widget's line breaks where its message cannot be stored; it keeps the message and sends it again."""
        socket = await browser_socket(self.app, "/widget/ws", {})
        await socket.send(json.dumps({"type": "hello", "token": self.token, "after": 0}))
        await socket.text_with('"ready"')
        frame = {"type": "message", "client_id": f"message-{number}", "text": words(number)}
        await socket.send(json.dumps(frame))
        return await _is_accepted(socket)

    async def webhook(self, number: int) -> bool:
        """Telegram brings again what was not answered with 200."""
        address = f"/telegram/{self.bot.key}/webhook"
        secret = secret_for(self.app.state.settings.secret_key.get_secret_value(), self.bot.key)
        update = an_update(42, number, words(number))
        return self._acknowledged(await self.client.post(address, content=update, headers={SECRET_HEADER: secret}))

    def _acknowledged(self, response: httpx.Response) -> bool:
        if not response.is_success:
            self.refusals.append(response)
        return response.is_success


async def _is_accepted(socket: BrowserSocket) -> bool:
    while True:
        said = await socket.receive()
        if said["type"] == "websocket.close":
            assert said["code"] == TRY_AGAIN_LATER
            return False
        if '"accepted"' in said["text"]:
            await socket.leave()
            return True


@pytest.fixture
async def doors(
    app: FastAPI,
    client: httpx.AsyncClient,
    token: str,
    conversation: Conversation,
    telegram_inbox: Inbox,
    sign_in: Callable[[Role], Awaitable[Agent]],
) -> Doors:
    await sign_in(Role.agent)
    channels = app.state.channels
    with_webhook = app.state.settings.model_copy(update={"telegram_webhook": True, "public_url": "https://hamyar.test"})
    # Not started: it asks Telegram for nothing.
    bot = _open_telegram(replace(channels._doors, settings=with_webhook), telegram_inbox, TOKEN)
    channels.connectors[telegram_inbox.id] = bot
    return Doors(app, client, token, conversation, telegram_inbox)


async def stored(app: FastAPI) -> list[str]:
    async with app.state.work.reading() as session:
        statement = select(Message.text).where(Message.text.startswith("message ")).order_by(Message.id)
        return list(await session.scalars(statement))


class TestFullDisk:
    @pytest.mark.parametrize("door", ["api", "desk", "widget", "file", "webhook"])
    async def test_acknowledges_what_is_stored_and_nothing_else(
        self, door: str, app: FastAPI, doors: Doors, disk: Disk
    ) -> None:
        send: Send = getattr(doors, door)
        assert await send(0)
        disk.fill()

        acknowledged = [0]
        while await send(acknowledged[-1] + 1):
            acknowledged.append(acknowledged[-1] + 1)
            assert len(acknowledged) < MANY
        refused = acknowledged[-1] + 1
        assert not await send(refused)
        assert await stored(app) == [words(number) for number in acknowledged]

        disk.make_room()
        assert await send(refused)
        assert await send(refused + 1)
        assert await stored(app) == [words(number) for number in (*acknowledged, refused, refused + 1)]

    async def test_is_told_with_when_to_try_again(self, doors: Doors, disk: Disk) -> None:
        disk.fill()

        for send in (doors.api, doors.desk, doors.webhook):
            number = 0
            while await send(number):
                number += 1

        api, desk, _webhook = doors.refusals
        assert [refusal.status_code for refusal in doors.refusals] == [503, 503, 503]
        assert api.json()["error"]["code"] == "storage_full"
        assert int(api.headers["retry-after"]) > 0
        assert "disk is full" in desk.text

    async def test_can_still_be_read(self, doors: Doors, client: httpx.AsyncClient, disk: Disk) -> None:
        disk.fill()
        while await doors.api(1):
            pass

        page = await client.get(f"/desk/conversations/{doors.conversation.id}")

        assert page.status_code == 200
        assert (await client.get("/health/ready")).status_code == 200


class TestFullDiskOfTemporaryFiles:
    """Where a large upload lies before it is stored."""

    @pytest.fixture
    def fill(self, tmp_path: Path, disk: Disk) -> Callable[[pytest.MonkeyPatch], None]:
        def leave_no_room(patch: pytest.MonkeyPatch) -> None:
            if SMALL_DISK:
                patch.setattr(tempfile, "tempdir", str(tmp_path))
                disk.fill()
            else:
                patch.setattr(tempfile.SpooledTemporaryFile, "rollover", _no_room_left)

        return leave_no_room

    @pytest.mark.parametrize("path", ["/widget/files", "/desk/conversations/{}/messages"])
    async def test_refuses_the_upload_and_takes_it_later(
        self, path: str, app: FastAPI, doors: Doors, disk: Disk, fill: Callable[[pytest.MonkeyPatch], None]
    ) -> None:
        large: dict[str, Any] = {
            "data": {"client_id": "message-1", "text": "x"} if "widget" in path else {"text": "x"},
            "files": {"file": ("a.png", PNG + bytes(1_200_000))},
            "headers": {"authorization": f"Bearer {doors.token}"} if "widget" in path else {"hx-request": "true"},
        }
        address = path.format(doors.conversation.id)

        with pytest.MonkeyPatch.context() as patch:
            fill(patch)
            refused = await doors.client.post(address, **large)
        async with app.state.work.reading() as session:
            count = await session.scalar(select(func.count()).select_from(Attachment))
        disk.make_room()
        taken = await doors.client.post(address, **large)

        assert (refused.status_code, count) == (503, 0)
        assert taken.is_success


def _no_room_left(_file: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")
