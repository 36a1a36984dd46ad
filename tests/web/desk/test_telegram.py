"""Bots as admins connect them, on an emulated Telegram over HTTP."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import select

from connectors.telegram.webhook import SECRET_HEADER, secret_for
from core.config import Settings
from crm.enums import Channel, HandoffReason, Role
from crm.models import (
    Agent,
    Conversation,
    Inbox,
    Message,
    PairingCode,
    ParkedUpdate,
    PollerLease,
    TelegramAccount,
    TelegramBot,
    TelegramGroup,
)
from tests.connectors.telegram.conftest import payload
from tests.connectors.telegram.emulator import GROUP, ApiError, Emulator, Telegram
from tests.fixtures.fakes import FakeBot
from tests.fixtures.telegram_server import served
from tests.web.desk.conftest import is_asked_first

SignIn = Callable[[Role], Awaitable[Agent]]
FIRST = "7000000001:AAFirstFirstFirstFirstFirstFirst000"
SECOND = "7000000002:AASecondSecondSecondSecondSecond00"
THIRD = "7000000003:AAThirdThirdThirdThirdThirdThird00"
BOSS = 6000000001
HOSTILE = "</bdi><script>alert(1)</script>"


@pytest.fixture
def first() -> Emulator:
    return Emulator(token=FIRST, username="first_bot")


@pytest.fixture
def second() -> Emulator:
    return Emulator(token=SECOND, username="second_bot")


@pytest.fixture
async def settings(settings: Settings, first: Emulator, second: Emulator) -> AsyncIterator[Settings]:
    """The app reaches the two bots; neither is connected yet."""
    async with served(Telegram(first, second)) as url:
        yield settings.model_copy(update={"telegram_api_url": url})
        await first.close()
        await second.close()


@pytest.fixture
async def admin(sign_in: SignIn) -> Agent:
    return await sign_in(Role.admin)


@pytest.fixture
async def running(app: FastAPI) -> AsyncIterator[FastAPI]:
    """The app with everything that works in the background."""
    async with app.router.lifespan_context(app):
        yield app


async def until(condition: Callable[[], Awaitable[object]]) -> None:
    async with asyncio.timeout(20):
        while not await condition():  # noqa: ASYNC110 - a condition over anything
            await asyncio.sleep(0.02)


async def stored(app: FastAPI, kind: type) -> list:
    async with app.state.work.reading() as session:
        return list(await session.scalars(select(kind)))


async def connect(client: httpx.AsyncClient, token: str, **more: str) -> httpx.Response:
    return await client.post("/desk/telegram", data={"token": token, **more})


class TestAccess:
    async def test_is_for_admins_alone(self, client: httpx.AsyncClient, sign_in: SignIn) -> None:
        bot = "/desk/telegram/telegram"
        acts = ("disconnect", "code", "group", "group/leave")
        addresses = ("/desk/telegram", bot, *(f"{bot}/{act}" for act in acts))
        for address in addresses:
            assert (await client.post(address)).status_code == 401
        for role in (Role.agent, Role.supervisor, Role.editor):
            await sign_in(role)
            assert (await client.get("/desk/telegram")).status_code == 403
            for address in addresses:
                assert (await client.post(address, data={"token": FIRST})).status_code == 403

        await sign_in(Role.admin)

        assert (await client.get("/desk/telegram")).status_code == 200

    async def test_other_inboxes_are_none_of_its(
        self, client: httpx.AsyncClient, admin: Agent, inbox: Inbox, app: FastAPI
    ) -> None:
        for act in ("", "/disconnect", "/code", "/group", "/group/leave"):
            response = await client.post(f"/desk/telegram/{inbox.key}{act}", data={"token": FIRST})
            assert response.status_code == 404, act
        assert await stored(app, TelegramBot) == []


class TestAdd:
    @pytest.mark.parametrize("language", ["fa", "en"])
    async def test_keeps_a_token_sealed_and_never_shows_it(
        self, client: httpx.AsyncClient, admin: Agent, app: FastAPI, language: str
    ) -> None:
        response = await connect(client, f" {FIRST}\r\n", name="فروشگاه")

        assert response.status_code == 303
        (bot,) = await stored(app, TelegramBot)
        (inbox,) = await stored(app, Inbox)
        assert (bot.number, bot.username) == (7000000001, "first_bot")
        assert (inbox.channel, inbox.name, inbox.config) == (Channel.telegram, "فروشگاه", {})
        assert "AAFirst" not in bot.sealed_token
        shown = (await client.get("/desk/telegram", params={"lang": language})).text
        assert "@first_bot" in shown
        assert "AAFirst" not in shown

    @pytest.mark.parametrize(
        "token", ["", "   ", "nonsense", THIRD, f"{FIRST}x", "1:../../etc", "7000000001:a/b?c#d" * 3, "۷" * 40]
    )
    async def test_refuses_a_token_that_telegram_does_not_know_and_keeps_nothing(
        self, client: httpx.AsyncClient, admin: Agent, app: FastAPI, caplog: pytest.LogCaptureFixture, token: str
    ) -> None:
        caplog.set_level(logging.INFO)
        logging.getLogger("httpx").setLevel(logging.WARNING)

        response = await client.post("/desk/telegram?lang=en", data={"token": token, "name": HOSTILE})

        assert response.status_code == 422
        assert "Telegram does not know this token." in response.text
        assert HOSTILE not in response.text
        assert "AAThird" not in response.text + caplog.text
        assert await stored(app, Inbox) == []

    async def test_says_that_telegram_cannot_be_asked(
        self, client: httpx.AsyncClient, admin: Agent, app: FastAPI, first: Emulator
    ) -> None:
        first.fail_next("getMe", ApiError(502, "Bad Gateway"))

        response = await client.post("/desk/telegram?lang=en", data={"token": FIRST})

        assert response.status_code == 422
        assert "Telegram does not answer at the moment" in response.text
        assert await stored(app, Inbox) == []

    async def test_finds_the_inbox_of_a_bot_that_was_here_before(
        self, client: httpx.AsyncClient, admin: Agent, app: FastAPI
    ) -> None:
        await connect(client, FIRST, name=HOSTILE)
        (inbox,) = await stored(app, Inbox)
        assert is_asked_first((await client.get("/desk/telegram")).text, f"/desk/telegram/{inbox.key}/disconnect")
        await client.post(f"/desk/telegram/{inbox.key}/disconnect")
        assert await stored(app, TelegramBot) == []

        await connect(client, FIRST)

        (again,) = await stored(app, Inbox)
        assert (again.id, again.name) == (inbox.id, HOSTILE)
        assert HOSTILE not in (await client.get("/desk/telegram")).text


class TestChange:
    async def test_renames_and_keeps_the_token(self, client: httpx.AsyncClient, admin: Agent, app: FastAPI) -> None:
        await connect(client, FIRST)
        (inbox,) = await stored(app, Inbox)
        (before,) = await stored(app, TelegramBot)

        await client.post(f"/desk/telegram/{inbox.key}", data={"name": "Shop", "shown_name": inbox.name, "token": " "})

        (bot,) = await stored(app, TelegramBot)
        assert bot.sealed_token == before.sealed_token
        assert [one.name for one in await stored(app, Inbox)] == ["Shop"]

    async def test_leaves_the_name_that_a_colleague_gave_it_meanwhile_until_saved_again(
        self, client: httpx.AsyncClient, admin: Agent, app: FastAPI
    ) -> None:
        await connect(client, FIRST, name="Shop")
        (inbox,) = await stored(app, Inbox)
        address = f"/desk/telegram/{inbox.key}?lang=en"
        await client.post(address, data={"name": "Bazaar", "shown_name": "Shop"})

        untouched = await client.post(address, data={"name": "Shop", "shown_name": "Shop"})
        stale = await client.post(address, data={"name": "Market", "shown_name": "Shop"})

        assert untouched.status_code == 303
        assert stale.status_code == 409
        assert "A colleague gave this inbox another name" in stale.text
        assert 'value="Market"' in stale.text
        assert [one.name for one in await stored(app, Inbox)] == ["Bazaar"]
        (shown,) = re.findall(r'name="shown_name" value="(.*?)"', stale.text)
        await client.post(address, data={"name": "Market", "shown_name": shown})
        assert [one.name for one in await stored(app, Inbox)] == ["Market"]

    async def test_gives_no_two_inboxes_one_bot(self, client: httpx.AsyncClient, admin: Agent, app: FastAPI) -> None:
        await connect(client, FIRST)
        await connect(client, SECOND)
        key = (await stored(app, Inbox))[1].key

        response = await client.post(f"/desk/telegram/{key}?lang=en", data={"name": "Other", "token": FIRST})

        assert response.status_code == 422
        assert 'value="Other"' in response.text
        assert "Another inbox has this bot already." in response.text
        assert [bot.number for bot in await stored(app, TelegramBot)] == [7000000001, 7000000002]
        assert "Other" not in [one.name for one in await stored(app, Inbox)]


class TestSeveral:
    @pytest.fixture
    async def settings(self, settings: Settings) -> Settings:
        """The first bot is that of the environment."""
        return settings.model_copy(update={"telegram_bot_token": SecretStr(FIRST)})

    async def test_answer_side_by_side_each_in_its_own_inbox(
        self, running: FastAPI, client: httpx.AsyncClient, admin: Agent, first: Emulator, second: Emulator
    ) -> None:
        await connect(client, SECOND, name="Second")

        first.write("یک")
        second.write("دو")

        await until(lambda: _both(first.texts_to(), second.texts_to()))
        assert first.texts_to() == ["You said: یک"]
        assert second.texts_to() == ["You said: دو"]
        inboxes = {inbox.id: inbox.name for inbox in await stored(running, Inbox)}
        told = {one.text: inboxes[one.inbox_id] for one in await stored(running, Message)}
        assert (told["یک"], told["دو"]) == ("Telegram", "Second")
        assert len(await stored(running, PollerLease)) == 2
        assert "@first_bot" in (await client.get("/desk/telegram")).text

    async def test_go_on_when_telegram_refuses_ones_token(
        self,
        running: FastAPI,
        client: httpx.AsyncClient,
        admin: Agent,
        first: Emulator,
        second: Emulator,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        await connect(client, SECOND)
        await until(lambda: _called(second, "getUpdates"))
        second.token = THIRD
        second.write("بی‌جواب")

        first.write("یک")
        await until(lambda: _both(first.texts_to()))
        await until(lambda: _shows(client, "Telegram refuses the token"))

        assert first.texts_to() == ["You said: یک"]
        assert "AASecond" not in caplog.text

    async def test_may_be_taken_away_while_the_other_goes_on(
        self, running: FastAPI, client: httpx.AsyncClient, admin: Agent, first: Emulator, second: Emulator
    ) -> None:
        await connect(client, SECOND)
        await until(lambda: _called(second, "getUpdates"))
        key = next(inbox.key for inbox in await stored(running, Inbox) if inbox.key.endswith("2"))

        await client.post(f"/desk/telegram/{key}/disconnect")
        await until(lambda: _closed(running))
        second.write("کسی نیست")
        first.write("یک")
        await until(lambda: _both(first.texts_to()))

        assert second.texts_to() == []
        assert len(second.updates) == 1

    async def test_need_no_token_of_the_environment_twice(
        self, client: httpx.AsyncClient, admin: Agent, running: FastAPI
    ) -> None:
        response = await client.post("/desk/telegram?lang=en", data={"token": FIRST})

        assert "Another inbox has this bot already." in response.text
        response = await client.post("/desk/telegram/telegram?lang=en", data={"token": SECOND})
        assert "change it there" in response.text
        assert await stored(running, TelegramBot) == []


class TestStart:
    async def test_is_not_hindered_by_a_token_that_cannot_be_read(
        self, app: FastAPI, client: httpx.AsyncClient, admin: Agent, first: Emulator, second: Emulator
    ) -> None:
        await connect(client, FIRST)
        await connect(client, SECOND)
        async with app.state.work.begin() as session:
            (
                await session.scalars(select(TelegramBot).where(TelegramBot.number == 7000000001))
            ).one().sealed_token = "x"

        async with app.router.lifespan_context(app):
            second.write("دو")
            await until(lambda: _both(second.texts_to()))
            shown = (await client.get("/desk/telegram?lang=en")).text

        assert "SECRET_KEY has changed" in shown
        assert second.texts_to() == ["You said: دو"]


class TestWebhooks:
    @pytest.fixture
    async def settings(self, settings: Settings, app_address: str) -> Settings:
        webhook = {"telegram_webhook": True, "public_url": app_address}
        return settings.model_copy(update=webhook)

    @pytest.fixture
    def app_address(self) -> str:
        return "https://hamyar.example"

    async def test_have_a_path_and_a_secret_for_each_bot(
        self, running: FastAPI, client: httpx.AsyncClient, admin: Agent, first: Emulator, second: Emulator
    ) -> None:
        await connect(client, FIRST)
        await connect(client, SECOND)
        await until(lambda: _both(first.webhook, second.webhook))
        keys = [inbox.key for inbox in await stored(running, Inbox)]
        assert first.webhook
        assert second.webhook
        assert first.webhook["url"] == f"https://hamyar.example/telegram/{keys[0]}/webhook"
        assert first.webhook["secret_token"] != second.webhook["secret_token"]
        key = running.state.settings.secret_key.get_secret_value()
        assert second.webhook["secret_token"] == secret_for(key, keys[1])

        path = f"/telegram/{keys[1]}/webhook"
        for secret, status in ((first.webhook["secret_token"], 403), (second.webhook["secret_token"], 200)):
            answer = await client.post(path, json=payload("text"), headers={SECRET_HEADER: secret})
            assert answer.status_code == status
            assert len(await stored(running, Message)) >= (status == 200)
        assert (await client.post("/telegram/none/webhook", json=payload("text"))).status_code == 404

    async def test_set_aside_what_always_fails_until_an_admin_has_it_tried_again(
        self,
        running: FastAPI,
        client: httpx.AsyncClient,
        admin: Agent,
        first: Emulator,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        await connect(client, FIRST)
        await until(lambda: _both(first.webhook))
        (inbox,) = await stored(running, Inbox)
        assert first.webhook
        headers = {SECRET_HEADER: first.webhook["secret_token"]}
        monkeypatch.setattr(running.state.intake, "_gathering", Choking())
        transport = httpx.ASGITransport(running, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as telegram:
            path = f"/telegram/{inbox.key}/webhook"
            answers = [await telegram.post(path, json=payload("text"), headers=headers) for _ in range(5)]
        assert [answer.status_code for answer in answers] == [500, 500, 500, 500, 200]
        (parked,) = await stored(running, ParkedUpdate)
        assert "RuntimeError: told to" in (await client.get("/desk/parked")).text

        monkeypatch.undo()
        await client.post(f"/desk/parked/updates/{parked.id}/try-again")
        await until(lambda: _replied(running, payload("text")["message"]["text"]))
        await until(lambda: _none(running, ParkedUpdate))

        assert parked.text == payload("text")["message"]["text"]


class Choking:
    """Stores nothing."""

    async def add(self, _incoming: object) -> None:
        raise RuntimeError("told to")


class TestTyping:
    @pytest.fixture
    async def connected(self, running: FastAPI, client: httpx.AsyncClient, admin: Agent, first: Emulator) -> None:
        await connect(client, FIRST)
        await until(lambda: _called(first, "getUpdates"))

    async def test_is_shown_while_the_bot_thinks(self, connected: None, first: Emulator, bot: FakeBot) -> None:
        bot.meanwhile = lambda: until(lambda: _both(first.typing))

        first.write("سفارشم کجاست؟")
        await until(lambda: _both(first.texts_to()))

        assert first.typing == [5012345678]
        assert first.texts_to() == ["You said: سفارشم کجاست؟"]

    async def test_is_shown_while_an_agent_writes_to_who_waits_for_one(
        self, connected: None, running: FastAPI, client: httpx.AsyncClient, first: Emulator
    ) -> None:
        first.write("/human")
        await until(lambda: _both(first.texts_to()))
        (conversation,) = await stored(running, Conversation)
        assert first.typing == []

        for _key in range(3):
            await client.post(f"/desk/conversations/{conversation.id}/typing")
        await until(lambda: _both(first.typing))

        assert first.typing == [5012345678]

    async def test_costs_an_answer_nothing_where_telegram_refuses_it(
        self, connected: None, first: Emulator, bot: FakeBot
    ) -> None:
        first.fail_next("sendChatAction", ApiError(500, "Internal Server Error"))
        bot.meanwhile = lambda: until(lambda: _called(first, "sendChatAction"))

        first.write("سلام")
        await until(lambda: _both(first.texts_to()))

        assert first.texts_to() == ["You said: سلام"]


class TestGroup:
    async def test_is_paired_told_answers_and_is_left(
        self,
        running: FastAPI,
        client: httpx.AsyncClient,
        admin: Agent,
        first: Emulator,
        says: Callable[..., Awaitable[Conversation]],
    ) -> None:
        await connect(client, FIRST)
        await until(lambda: _called(first, "getUpdates"))
        key = next(inbox.key for inbox in await stored(running, Inbox) if inbox.channel is Channel.telegram)
        first.write_in_group(await _command(client, f"/desk/telegram/{key}/code"), sender=BOSS)
        first.write(await _command(client, "/desk/profile/telegram/code"), chat=BOSS)
        await until(lambda: _both(first.texts_to(GROUP["id"]), first.texts_to(BOSS)))
        conversation = await says("I want a person", name=HOSTILE)
        assert "گروه پشتیبانی" in (await client.get("/desk/telegram")).text
        assert "Linked" in (await client.get("/desk/profile?lang=en")).text

        async with running.state.work.begin() as session:
            service = running.state.open_conversations(session)
            await service.hand_off(await service.lock(conversation.id), HandoffReason.contact_asked)
        await until(lambda: _both(len(first.texts_to(GROUP["id"])) == 2))
        first.write_in_group("سلام", sender=BOSS, to=first.sent[-1])

        await until(lambda: _replied(running, "سلام"))
        thread = (await client.get(f"/desk/conversations/{conversation.id}")).text
        assert "سلام" in thread
        await client.post(f"/desk/telegram/{key}/group", data={})
        assert [group.hears_all for group in await stored(running, TelegramGroup)] == [False]
        await client.post(f"/desk/telegram/{key}/group/leave")
        assert await stored(running, TelegramGroup) == []
        await client.post("/desk/profile/telegram/unlink")
        assert await stored(running, TelegramAccount) == []

    async def test_codes_are_shown_once_and_kept_as_digests(
        self, app: FastAPI, client: httpx.AsyncClient, admin: Agent
    ) -> None:
        await connect(client, FIRST)
        (inbox,) = await stored(app, Inbox)

        commands = [
            await _command(client, "/desk/profile/telegram/code"),
            await _command(client, f"/desk/telegram/{inbox.key}/code"),
        ]

        assert commands[1].startswith("/link@first_bot ")
        kept = {code.code_hash for code in await stored(app, PairingCode)}
        for command in commands:
            code = command.split()[1]
            assert code not in kept
            for page in ("/desk/profile", "/desk/telegram"):
                assert code not in (await client.get(page)).text

    async def test_has_one_code_of_an_admin_at_a_time(
        self, app: FastAPI, client: httpx.AsyncClient, admin: Agent
    ) -> None:
        for _time in range(3):
            await client.post("/desk/profile/telegram/code")

        assert len(await stored(app, PairingCode)) == 1


class TestProfile:
    async def test_is_for_those_who_handle_conversations(self, client: httpx.AsyncClient, sign_in: SignIn) -> None:
        acts = ("code", "unlink")
        for act in acts:
            assert (await client.post(f"/desk/profile/telegram/{act}")).status_code == 401
        await sign_in(Role.editor)
        assert "/desk/profile/telegram" not in (await client.get("/desk/profile")).text
        for act in acts:
            assert (await client.post(f"/desk/profile/telegram/{act}")).status_code == 403

        for role in (Role.agent, Role.supervisor, Role.admin):
            await sign_in(role)
            assert "/desk/profile/telegram" in (await client.get("/desk/profile")).text
            response = await client.post("/desk/profile/telegram/code")
            assert (response.status_code, response.headers["cache-control"]) == (200, "no-store")


async def _command(client: httpx.AsyncClient, address: str) -> str:
    """What a page says is to be sent."""
    found = re.search(r"<code>(/link\S* [A-Z2-9]{12})</code>", (await client.post(address)).text)
    assert found
    return found[1]


async def _replied(app: FastAPI, text: str) -> bool:
    return text in [one.text for one in await stored(app, Message)]


async def _none(app: FastAPI, kind: type) -> bool:
    return await stored(app, kind) == []


async def _both(*conditions: object) -> bool:
    return all(conditions)


async def _called(bot: Emulator, method: str) -> bool:
    return method in bot.calls


async def _closed(app: FastAPI) -> bool:
    return len(app.state.channels.connectors) == 1


async def _shows(client: httpx.AsyncClient, text: str) -> bool:
    return text in (await client.get("/desk/telegram?lang=en")).text
