import json
from functools import partial

import httpx
import pytest

from connectors.telegram import webhook
from connectors.telegram.webhook import MAX_BODY_BYTES, MEMBERS, SECRET_HEADER, ChatLimits, secret_for
from core.errors import TooManyRequests
from core.rate_limit import RateLimit
from tests.connectors.telegram.conftest import PUBLIC_URL, SECRET, FakeDesk, app_of, payload
from tests.connectors.telegram.emulator import TOKEN, Emulator
from tests.fixtures.patience import until

PATH = "/telegram/shop/webhook"


async def post(site: httpx.AsyncClient, body: bytes, secret: str | None = SECRET) -> httpx.Response:
    return await site.post(PATH, content=body, headers={SECRET_HEADER: secret} if secret is not None else {})


def an_update(chat: int, number: int, text: str = "سلام") -> bytes:
    """Somebody writes something in their private chat."""
    update = payload("text")
    update["update_id"] += number
    update["message"]["message_id"] += number
    update["message"]["chat"]["id"] = chat
    update["message"]["text"] = text
    return json.dumps(update).encode()


class TestWebhook:
    async def test_is_set_with_its_secret(self, site, telegram: Emulator):
        assert telegram.webhook
        assert telegram.webhook["url"] == f"{PUBLIC_URL}{PATH}"
        assert telegram.webhook["secret_token"] == SECRET
        assert json.loads(telegram.webhook["allowed_updates"]) == ["message", "edited_message", "callback_query"]

    async def test_stores_what_telegram_brings_in_order(self, site, telegram: Emulator, desk: FakeDesk):
        for text in ("یک", "دو", "سه"):
            telegram.write(text)
        await telegram.settle()

        assert desk.texts == ["یک", "دو", "سه"]
        assert telegram.webhook_answers == [200, 200, 200]

    async def test_makes_telegram_try_again_when_storing_fails(self, site, telegram: Emulator, desk: FakeDesk):
        desk.troubles = [RuntimeError("the database is away")] * 3

        telegram.write("یک")
        await telegram.settle()

        assert telegram.webhook_answers == [500, 500, 500, 200]
        assert telegram.waits == [0.0, 1.0, 2.0]
        assert desk.texts == ["یک"]

    async def test_a_new_bot_whose_messages_are_counted_anew_loses_none(self, make_connector, desk: FakeDesk):
        for token, text in ((TOKEN, "یک"), (TOKEN.replace("7000000001", "7000000002"), "دو")):
            transport = httpx.ASGITransport(app_of(make_connector(token=token, webhook=True)))
            async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as new_site:
                await post(new_site, an_update(1, 5, text))

        assert desk.texts == ["یک", "دو"]

    async def test_says_ok_to_what_nobody_could_answer(self, site, telegram: Emulator, desk: FakeDesk):
        telegram.write("\u2003")
        telegram.write("یک")
        await telegram.settle()

        assert telegram.webhook_answers == [200, 200]
        assert desk.texts == ["یک"]

    @pytest.mark.parametrize("secret", [None, "", "wrong", SECRET[:-1], SECRET + "x", "é"])
    async def test_refuses_whoever_does_not_know_the_secret(self, secret, site, desk: FakeDesk):
        header = None if secret is None else secret.encode("latin-1")
        answer = await post(site, json.dumps(payload("text")).encode(), header)

        assert answer.status_code == 403
        assert desk.calls == 0

    async def test_refuses_the_wrong_secret_before_it_reads_the_body(self, site, desk: FakeDesk):
        answer = await post(site, b"x" * (MAX_BODY_BYTES + 1), "wrong")

        assert answer.status_code == 403

    @pytest.mark.parametrize(
        "body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"{}", b'{"update_id": "1"}', b"[" * 100_000]
    )
    async def test_refuses_what_is_no_update(self, body: bytes, site, desk: FakeDesk):
        answer = await post(site, body)

        assert answer.status_code == 400
        assert answer.json() == {"error": {"code": "update_unreadable"}}
        assert desk.calls == 0

    async def test_refuses_a_body_that_is_too_large(self, site, desk: FakeDesk):
        answer = await post(site, json.dumps({"update_id": 1, "x": "y" * MAX_BODY_BYTES}).encode())

        assert answer.status_code == 413
        assert desk.calls == 0

    async def test_drops_an_update_that_would_be_no_better_the_next_time(self, site, desk: FakeDesk):
        answer = await post(site, b'{"update_id": 1, "message": {"text": "no id"}}')

        assert answer.status_code == 200
        assert desk.calls == 0

    async def test_answers_at_its_inboxs_address_alone(self, site):
        answer = await site.post("/telegram/other/webhook", json=payload("text"), headers={SECRET_HEADER: SECRET})

        assert answer.status_code == 404


class TestChatLimits:
    """One chat sends more than is taken of one."""

    @pytest.fixture
    async def site(self, make_connector, telegram: Emulator, timer, monkeypatch):
        monkeypatch.setattr(webhook, "RateLimit", partial(RateLimit, now=timer.now))
        connector = make_connector(webhook=True)
        transport = httpx.ASGITransport(app_of(connector, updates_per_minute=2))
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client:
            telegram.caller = client
            await connector.start()
            await until(lambda: telegram.webhook)
            yield client
            await telegram.settle()

    async def test_telegram_brings_it_later_in_order_and_all_of_it(self, site, telegram: Emulator, desk: FakeDesk):
        for text in ("یک", "دو", "سه", "چهار"):
            telegram.write(text)
        await telegram.settle()

        assert desk.texts == ["یک", "دو", "سه", "چهار"]
        assert telegram.webhook_answers == [200, 200, 429, 200, 429, 200]
        assert telegram.waits == [30.0, 30.0]

    async def test_others_are_taken_meanwhile(self, site, desk: FakeDesk):
        chats = (1, 1, 1, 2)
        answers = [await post(site, an_update(chat, number)) for number, chat in enumerate(chats)]

        assert [answer.status_code for answer in answers] == [200, 200, 429, 200]
        assert int(answers[2].headers["retry-after"]) == 30
        assert answers[2].json()["error"]["code"] == "rate_limited"
        assert [message.contact_external_id for message in desk.stored.values()] == ["1", "1", "2"]

    async def test_who_does_not_know_the_secret_uses_up_nobodys_allowance(self, site):
        for number in range(5):
            await post(site, an_update(1, number), "wrong")

        assert (await post(site, an_update(1, 5))).status_code == 200

    @pytest.mark.parametrize("kind", ["message", "edited_message", "callback_query"])
    def test_counts_whatever_comes_from_a_chat(self, kind: str):
        limits = ChatLimits(1)
        message = {"chat": {"id": 1}}
        limits.update("shop", {kind: {"message": message} if kind == "callback_query" else message})

        with pytest.raises(TooManyRequests):
            limits.update("shop", {"message": message})
        limits.update("support", {"message": message})

    def test_many_write_in_a_group(self):
        limits = ChatLimits(1)
        for _ in range(MEMBERS):
            limits.update("shop", {"message": {"chat": {"id": -1}}})

        with pytest.raises(TooManyRequests):
            limits.update("shop", {"message": {"chat": {"id": -1}}})

    @pytest.mark.parametrize(
        "update",
        [{}, {"message": "x"}, {"message": {"chat": []}}, {"callback_query": [1]}, {"message": {"chat": {"id": "1"}}}],
    )
    def test_leaves_alone_what_has_no_chat(self, update):
        limits = ChatLimits(1)

        limits.update("shop", update)
        limits.update("shop", update)


class TestSecretFor:
    def test_is_another_for_each_inbox_and_fits_telegrams_alphabet(self):
        first, second = secret_for("key", "shop"), secret_for("key", "support")

        assert first != second
        assert first.isalnum()
        assert len(first) <= 256


class TestStart:
    async def test_tries_until_telegram_can_be_reached(self, make_connector, telegram: Emulator, timer):
        telegram.fail_next("setWebhook", httpx.ConnectError("refused"), httpx.ConnectError("refused"))

        await make_connector(webhook=True).start()
        await until(lambda: telegram.webhook)

        assert timer.slept == [1.0, 2.0]
