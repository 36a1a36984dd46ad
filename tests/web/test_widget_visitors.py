"""Who a visitor of the widget is, what they see, fill in and send, and on which sites."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from connectors.web_widget import downloads
from connectors.web_widget.config import identity_secret
from connectors.web_widget.connector import TOKEN_SECONDS, VisitorTokens, VisitorUnknown
from core.config import Settings
from core.security import Signer, derived_secret
from crm.conversations.files import MAX_FILE_BYTES
from crm.conversations.service import ConversationService
from crm.enums import HandoffReason, Role
from crm.models import Agent, Consent, Contact, Conversation, Inbox, Message, Ticket
from tests.web.desk.browser_socket import BrowserSocket, browser_socket

PNG = b"\x89PNG\r\n\x1a\n..."
SENTENCE = "I agree that my data is kept."
HOSTILE = '"><img src=x onerror=alert(1)>.png\r\nX-Evil: yes\u202egpj.exe'

Sign = Callable[[str], dict[str, str]]
Talk = Callable[[str], Awaitable[BrowserSocket]]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"files_per_day": 2})


@pytest.fixture(autouse=True)
def silent_bot(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    """Turns stay pending: here is only asked what becomes of the contact's own words."""
    monkeypatch.setattr(app.state.intake, "wake", lambda _conversation_id: None)


@pytest.fixture
def sign(settings: Settings, inbox: Inbox) -> Sign:
    """A user as their site's server signs them."""

    def signed(user_id: str) -> dict[str, str]:
        secret = identity_secret(inbox, secret_key=settings.secret_key.get_secret_value())
        return {"id": user_id, "hash": derived_secret(secret, purpose=user_id)}

    return signed


@pytest.fixture
async def talk(app: FastAPI) -> AsyncIterator[Talk]:
    """Open the widget's socket with a token."""
    sockets: list[BrowserSocket] = []

    async def connect(token: str) -> BrowserSocket:
        socket = await browser_socket(app, "/widget/ws", {})
        sockets.append(socket)
        await socket.send(json.dumps({"type": "hello", "token": token}))
        await socket.text_with('"ready"')
        return socket

    yield connect
    for socket in sockets:
        await socket.leave()


@pytest.fixture
def configure(app: FastAPI, inbox: Inbox) -> Callable[..., Awaitable[None]]:
    """An admin's settings of the widget."""

    async def save(**config: Any) -> None:
        async with app.state.work.begin() as session:
            (await session.get_one(Inbox, inbox.id)).config = config

    return save


async def session_of(client: httpx.AsyncClient, inbox: Inbox, **more: Any) -> dict[str, Any]:
    response = await client.post("/widget/session", json={"inbox": inbox.key, "language": "en", **more})
    assert response.status_code == 200, response.text
    session: dict[str, Any] = response.json()
    return session


async def write(socket: BrowserSocket, text: str, *, number: int = 1) -> dict[str, Any]:
    await socket.send(json.dumps({"type": "message", "client_id": f"message-{number}", "text": text}))
    while True:
        said: dict[str, Any] = json.loads((await socket.receive())["text"])
        if said["type"] in ("accepted", "rejected"):
            return said


async def read_slowly(app: FastAPI, url: str, send: Callable[[Any], Awaitable[None]]) -> None:
    """Get what is at an address with a browser that takes it when it likes."""

    async def nothing_more() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    path = httpx.URL(url).path
    scope = {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"test")],
        "client": ("127.0.0.1", 50_000),
        "server": ("test", 80),
    }
    await app(scope, nothing_more, send)


async def stored(app: FastAPI, kind: type) -> list[Any]:
    async with app.state.work.reading() as session:
        return list(await session.scalars(select(kind).order_by(kind.id)))


async def finish_turns(app: FastAPI) -> None:
    """As if the bot had dealt with everything."""
    async with app.state.work.begin() as session:
        for message in await session.scalars(select(Message)):
            message.turn = None
        for conversation in await session.scalars(select(Conversation)):
            conversation.leased_until = None


class TestKnownUser:
    @pytest.mark.parametrize("wrong", ["", "00", "0" * 64, "é" * 64])
    async def test_with_a_wrong_signature_is_refused_and_nothing_is_merged(
        self, app: FastAPI, client: httpx.AsyncClient, inbox: Inbox, sign: Sign, talk: Talk, wrong: str
    ) -> None:
        mine = await session_of(client, inbox, user=sign("42"))
        await write(await talk(mine["token"]), "my secret")
        theirs = await session_of(client, inbox)

        response = await client.post(
            "/widget/session",
            json={"inbox": inbox.key, "token": theirs["token"], "user": {"id": "42", "hash": wrong}},
        )

        assert response.status_code == 401
        assert response.json()["error"]["code"] == "identity_wrong"
        assert len(await stored(app, Contact)) == 1

    async def test_whose_id_alone_is_signed_takes_nobody_elses_name_or_address(
        self, app: FastAPI, client: httpx.AsyncClient, inbox: Inbox, sign: Sign
    ) -> None:
        await session_of(client, inbox, user={**sign("42"), "name": "Sara"})

        await session_of(client, inbox, user={**sign("42"), "name": "The boss", "email": "sara@example.com"})

        assert [(one.name, one.email) for one in await stored(app, Contact)] == [("Sara", "sara@example.com")]

    async def test_is_called_what_their_site_signs_and_no_other_name_fits_that(
        self, app: FastAPI, client: httpx.AsyncClient, inbox: Inbox, sign: Sign
    ) -> None:
        await session_of(client, inbox, user={**sign("42"), "name": "Sara", "email": "old@example.com"})
        user = {**sign("42\nسارا\nnew@example.com"), "id": "42", "name": "سارا", "email": "new@example.com"}

        await session_of(client, inbox, user=user)
        refused = await client.post("/widget/session", json={"inbox": inbox.key, "user": {**user, "name": "The boss"}})

        assert refused.json()["error"]["code"] == "identity_wrong"
        assert [(one.name, one.email) for one in await stored(app, Contact)] == [("سارا", "new@example.com")]

    async def test_with_another_users_signature_is_refused(
        self, client: httpx.AsyncClient, inbox: Inbox, sign: Sign
    ) -> None:
        user = {**sign("42"), "id": "43"}

        assert (await client.post("/widget/session", json={"inbox": inbox.key, "user": user})).status_code == 401

    async def test_keeps_what_was_written_before_and_finds_it_on_another_device(
        self, app: FastAPI, client: httpx.AsyncClient, inbox: Inbox, sign: Sign, talk: Talk
    ) -> None:
        anonymous = await session_of(client, inbox)
        await write(await talk(anonymous["token"]), "before")

        known = await session_of(client, inbox, token=anonymous["token"], user={**sign("42"), "name": "Sara"})
        elsewhere = await session_of(client, inbox, user=sign("42"))

        assert elsewhere["conversation_id"] == known["conversation_id"] is not None
        assert "before" in await (await talk(elsewhere["token"])).text_with('"message"')
        assert [contact.name for contact in await stored(app, Contact)] == ["Sara"]

    async def test_a_message_sent_again_after_signing_in_is_still_the_same(
        self, app: FastAPI, client: httpx.AsyncClient, inbox: Inbox, sign: Sign, talk: Talk
    ) -> None:
        anonymous = await session_of(client, inbox)
        await write(await talk(anonymous["token"]), "once")
        known = await session_of(client, inbox, token=anonymous["token"], user=sign("42"))

        await write(await talk(known["token"]), "once")

        assert [message.text for message in await stored(app, Message)] == ["once"]

    async def test_has_one_conversation_of_two_devices(
        self, app: FastAPI, client: httpx.AsyncClient, inbox: Inbox, sign: Sign, talk: Talk
    ) -> None:
        first = await session_of(client, inbox, user=sign("42"))
        await write(await talk(first["token"]), "on the phone")
        anonymous = await session_of(client, inbox)
        await write(await talk(anonymous["token"]), "at the desk")
        await finish_turns(app)
        async with app.state.work.begin() as session:
            service: ConversationService = app.state.open_conversations(session)
            anonymous_id = await _id_of(session, "at the desk")
            await service.hand_off(await service.lock(anonymous_id), HandoffReason.bot_failed)

        joined = await session_of(client, inbox, token=anonymous["token"], user=sign("42"))

        assert joined["conversation_id"] not in (None, anonymous_id)
        conversations = await stored(app, Conversation)
        assert [(one.id, one.status.value) for one in conversations] == [(joined["conversation_id"], "waiting")]
        messages = await stored(app, Message)
        assert [message.sequence for message in messages] == [1, 2, 3, 4]
        assert len(await stored(app, Contact)) == 1
        (ticket,) = await stored(app, Ticket)
        assert ticket.conversation_id == joined["conversation_id"]
        assert ticket.contact_id == conversations[0].contact_id

    async def test_is_asked_to_wait_while_an_answer_is_on_its_way(
        self, app: FastAPI, client: httpx.AsyncClient, inbox: Inbox, sign: Sign, talk: Talk
    ) -> None:
        await write(await talk((await session_of(client, inbox, user=sign("42")))["token"]), "one")
        anonymous = await session_of(client, inbox)
        await write(await talk(anonymous["token"]), "two")

        response = await client.post(
            "/widget/session", json={"inbox": inbox.key, "token": anonymous["token"], "user": sign("42")}
        )

        assert response.json()["error"]["code"] == "conversation_busy"
        assert len(await stored(app, Conversation)) == 2

    async def test_does_not_get_what_another_user_of_the_browser_wrote(
        self, app: FastAPI, client: httpx.AsyncClient, inbox: Inbox, sign: Sign, talk: Talk
    ) -> None:
        hers = await session_of(client, inbox, user=sign("42"))
        await write(await talk(hers["token"]), "hers")

        his = await session_of(client, inbox, token=hers["token"], user=sign("43"))

        assert his["conversation_id"] is None
        await write(await talk(his["token"]), "his")
        assert len({conversation.contact_id for conversation in await stored(app, Conversation)}) == 2


class TestSecret:
    @pytest.fixture
    async def renew(
        self, client: httpx.AsyncClient, inbox: Inbox, sign_in: Callable[[Role], Awaitable[Agent]]
    ) -> Callable[[], Awaitable[None]]:
        """Somebody at the desk makes another secret."""

        async def make_another() -> None:
            await sign_in(Role.admin)
            assert (await client.post(f"/desk/widget/{inbox.key}/secret")).status_code == 303

        return make_another

    async def test_another_one_ends_the_tokens_of_known_users_and_of_nobody_else(
        self, client: httpx.AsyncClient, inbox: Inbox, sign: Sign, renew: Callable[[], Awaitable[None]]
    ) -> None:
        user, anonymous = await session_of(client, inbox, user=sign("42")), await session_of(client, inbox)

        await renew()

        for session, status in ((user, 401), (anonymous, 204)):
            headers = {"authorization": f"Bearer {session['token']}"}
            assert (await client.post("/widget/introduction", json={}, headers=headers)).status_code == status
        assert (await session_of(client, inbox, token=user["token"]))["visitor"] != user["visitor"]
        assert (await session_of(client, inbox, token=anonymous["token"]))["visitor"] == anonymous["visitor"]

    async def test_another_one_closes_the_open_chats_of_known_users_and_no_others(
        self,
        app: FastAPI,
        client: httpx.AsyncClient,
        inbox: Inbox,
        sign: Sign,
        talk: Talk,
        renew: Callable[[], Awaitable[None]],
    ) -> None:
        user = await talk((await session_of(client, inbox, user=sign("42")))["token"])
        anonymous = await talk((await session_of(client, inbox))["token"])

        await renew()

        assert (await user.receive())["code"] == 4401
        assert (await write(anonymous, "still here"))["type"] == "accepted"

    async def test_a_chat_that_did_not_hear_of_another_one_is_closed_at_its_next_heartbeat(
        self, client: httpx.AsyncClient, inbox: Inbox, sign: Sign, talk: Talk, configure: Callable[..., Awaitable[None]]
    ) -> None:
        socket = await talk((await session_of(client, inbox, user=sign("42")))["token"])
        await configure(secret_version=2)

        await socket.send(json.dumps({"type": "ping"}))

        assert json.loads((await socket.receive())["text"])["type"] == "pong"
        assert (await socket.receive())["code"] == 4401


class TestTokens:
    def test_from_before_they_named_a_secret_are_good_for_the_first_one(self, settings: Settings, inbox: Inbox) -> None:
        secret_key = settings.secret_key.get_secret_value()
        token = Signer(secret_key, purpose="widget visitor").sign(
            {"inbox": inbox.id, "visitor": "device", "language": "en", "user": "user:42"}
        )
        visitor = VisitorTokens(secret_key).read(token)
        visitor.check_secret(inbox)

        with pytest.raises(VisitorUnknown):
            visitor.check_secret(Inbox(config={"secret_version": 2}))

    async def test_last_for_half_a_year_and_each_session_gives_a_new_one(
        self, client: httpx.AsyncClient, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        start, later = int(time.time()), TOKEN_SECONDS * 2 // 3
        first = await session_of(client, inbox)

        monkeypatch.setattr("time.time", lambda: start + later)
        second = await session_of(client, inbox, token=first["token"])
        monkeypatch.setattr("time.time", lambda: start + 2 * later)
        third = await session_of(client, inbox, token=second["token"])
        too_late = await session_of(client, inbox, token=first["token"])

        assert first["visitor"] == second["visitor"] == third["visitor"] != too_late["visitor"]


async def _id_of(session: Any, text: str) -> str:
    """The id of the conversation in which this was written."""
    return str(await session.scalar(select(Message.conversation_id).where(Message.text == text)))


class TestSites:
    async def test_only_those_of_the_inbox_get_in(
        self, app: FastAPI, client: httpx.AsyncClient, inbox: Inbox, configure: Callable[..., Awaitable[None]]
    ) -> None:
        token = (await session_of(client, inbox))["token"]
        await configure(origins=["https://shop.example"])
        authorization = {"authorization": f"Bearer {token}"}

        for origin, allowed in {"https://shop.example": True, "https://evil.example": False, "null": False}.items():
            headers = {"origin": origin}
            session = await client.post("/widget/session", json={"inbox": inbox.key}, headers=headers)
            form = await client.post("/widget/introduction", json={}, headers=headers | authorization)
            file = await client.post("/widget/files", headers=headers | authorization)
            codes = [session.status_code, form.status_code, file.status_code]
            assert codes == ([200, 204, 422] if allowed else [403, 403, 403]), origin

    async def test_a_socket_from_elsewhere_is_closed(
        self, app: FastAPI, client: httpx.AsyncClient, inbox: Inbox, configure: Callable[..., Awaitable[None]]
    ) -> None:
        token = (await session_of(client, inbox))["token"]
        await configure(origins=["https://shop.example"])
        socket = await browser_socket(app, "/widget/ws", {}, origin="https://evil.example")

        await socket.send(json.dumps({"type": "hello", "token": token}))

        assert (await socket.receive())["code"] == 4403


class TestForm:
    async def test_comes_before_the_first_message_and_once(
        self,
        app: FastAPI,
        client: httpx.AsyncClient,
        inbox: Inbox,
        talk: Talk,
        configure: Callable[..., Awaitable[None]],
    ) -> None:
        await configure(ask_name=True, ask_address=True, consent_en=SENTENCE, privacy_url="https://shop.example/p")
        session = await session_of(client, inbox)
        assert session["form"] == {
            "name": True,
            "address": True,
            "consent": SENTENCE,
            "privacy_url": "https://shop.example/p",
        }
        socket = await talk(session["token"])
        assert (await write(socket, "hello"))["code"] == "introduction_needed"
        headers = {"authorization": f"Bearer {session['token']}"}
        answer = {"name": "<b>Sara</b>", "address": "sara@example.com", "consent": SENTENCE}

        for wrong, code in (
            ({"name": " "}, "introduction_incomplete"),
            ({"consent": "I agree to nothing"}, "introduction_incomplete"),
            ({"address": "nowhere"}, "contact_detail_unfit"),
        ):
            refused = await client.post("/widget/introduction", json=answer | wrong, headers=headers)
            assert refused.json()["error"]["code"] == code
        for _ in range(2):
            assert (await client.post("/widget/introduction", json=answer, headers=headers)).status_code == 204

        assert (await write(socket, "hello"))["type"] == "accepted"
        assert (await session_of(client, inbox, token=session["token"]))["form"] is None
        (contact,) = await stored(app, Contact)
        assert (contact.name, contact.email) == ("<b>Sara</b>", "sara@example.com")
        (consent,) = await stored(app, Consent)
        assert (consent.wording, consent.contact_id, consent.created_at) == (
            SENTENCE,
            contact.id,
            app.state.clock.now(),
        )

    async def test_asks_again_for_a_sentence_that_is_new_and_for_that_alone(
        self,
        app: FastAPI,
        client: httpx.AsyncClient,
        inbox: Inbox,
        talk: Talk,
        configure: Callable[..., Awaitable[None]],
    ) -> None:
        await configure(ask_name=True)
        token = (await session_of(client, inbox))["token"]
        headers = {"authorization": f"Bearer {token}"}
        await client.post("/widget/introduction", json={"name": "Sara"}, headers=headers)
        assert (await session_of(client, inbox, token=token))["form"] is None

        for sentence in (SENTENCE, f"{SENTENCE} And shared."):
            await configure(ask_name=True, ask_address=True, consent_en=sentence, consent_fa="می‌پذیرم.")
            asked = (await session_of(client, inbox, token=token))["form"]
            assert (asked["name"], asked["address"], asked["consent"]) == (False, False, sentence)
            assert (await write(await talk(token), "hello"))["code"] == "introduction_needed"
            for _ in range(2):
                agreed = await client.post("/widget/introduction", json={"consent": sentence}, headers=headers)
                assert agreed.status_code == 204
            assert (await session_of(client, inbox, token=token))["form"] is None
            # The same sentence in the visitor's other language.
            assert (await session_of(client, inbox, token=token, language="fa"))["form"] is None

        assert [consent.wording for consent in await stored(app, Consent)] == [SENTENCE, f"{SENTENCE} And shared."]
        assert (await stored(app, Contact))[0].name == "Sara"

    async def test_is_not_for_people_without_a_token(self, client: httpx.AsyncClient) -> None:
        response = await client.post("/widget/introduction", json={"name": "Eve"})

        assert response.json()["error"]["code"] == "visitor_unknown"


class TestFiles:
    async def test_reach_the_desk_and_come_back(
        self,
        app: FastAPI,
        client: httpx.AsyncClient,
        inbox: Inbox,
        talk: Talk,
        sign_in: Callable[[Role], Awaitable[Agent]],
    ) -> None:
        token = (await session_of(client, inbox))["token"]
        headers = {"authorization": f"Bearer {token}"}

        for _ in range(2):
            sent = await client.post(
                "/widget/files", data={"client_id": "client-id-1"}, files={"file": (HOSTILE, PNG)}, headers=headers
            )
            assert sent.status_code == 201

        frame = json.loads(await (await talk(token)).text_with('"message"'))
        assert frame["text"] == ""
        assert frame["file"]["is_picture"]
        assert "\u202e" not in frame["file"]["name"]
        assert frame["file"]["name"].endswith(".png")
        given = await client.get(frame["file"]["url"])
        assert given.content == PNG
        assert given.headers["content-disposition"].startswith("attachment; ")
        assert "x-evil" not in given.headers
        assert (await client.get(frame["file"]["url"] + "x")).status_code == 404
        await sign_in(Role.agent)
        message = (await stored(app, Message))[0]
        page = (await client.get(f"/desk/conversations/{message.conversation_id}")).text
        assert 'class="picture"' in page
        assert "<img src=x" not in page

    @pytest.mark.parametrize(
        ("name", "content", "code"),
        [
            ("a.png", b"<svg onload='alert(1)'/>", "file_kind_refused"),
            ("a.html", b"<script>alert(1)</script>", "file_kind_refused"),
            ("a.docm", b"PK\x03\x04macros", "file_kind_refused"),
            ("a.exe", b"MZ", "file_kind_refused"),
            ("a.png", b"", "file_empty"),
            ("a.png", PNG + bytes(MAX_FILE_BYTES), "file_too_large"),
        ],
    )
    async def test_of_other_kinds_are_refused(
        self, app: FastAPI, client: httpx.AsyncClient, inbox: Inbox, name: str, content: bytes, code: str
    ) -> None:
        headers = {"authorization": f"Bearer {(await session_of(client, inbox))['token']}"}

        response = await client.post(
            "/widget/files", data={"client_id": "client-id-1"}, files={"file": (name, content)}, headers=headers
        )

        assert response.json()["error"]["code"] == code
        async with app.state.work.reading() as session:
            assert await session.scalar(select(func.count(Message.id))) == 0

    async def test_wait_where_so_much_is_on_its_way_to_an_address_until_a_reader_has_it(
        self, app: FastAPI, client: httpx.AsyncClient, inbox: Inbox, talk: Talk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(downloads, "MOST_BYTES_OF_ADDRESS", len(PNG))
        token = (await session_of(client, inbox))["token"]
        fields, files = {"client_id": "client-id-1"}, {"file": ("a.png", PNG)}
        await client.post("/widget/files", data=fields, files=files, headers={"authorization": f"Bearer {token}"})
        url = json.loads(await (await talk(token)).text_with('"message"'))["file"]["url"]
        started, goes_on = asyncio.Event(), asyncio.Event()

        async def slow(_message: Any) -> None:
            started.set()
            await goes_on.wait()

        reading = asyncio.create_task(read_slowly(app, url, slow))
        await started.wait()
        refused = await client.get(url)
        goes_on.set()
        await reading

        assert (refused.status_code, refused.headers["retry-after"]) == (429, "10")
        assert (await client.get(url)).content == PNG

    async def test_are_limited(self, client: httpx.AsyncClient, inbox: Inbox) -> None:
        headers = {"authorization": f"Bearer {(await session_of(client, inbox))['token']}"}

        codes = [
            (
                await client.post(
                    "/widget/files",
                    data={"client_id": f"client-id-{number}"},
                    files={"file": ("a.pdf", b"%PDF-1.7")},
                    headers=headers,
                )
            ).status_code
            for number in range(3)
        ]

        assert codes == [201, 201, 429]

    async def test_nothing_is_read_of_somebody_without_a_token(self, client: httpx.AsyncClient) -> None:
        read = 0

        async def body() -> AsyncIterator[bytes]:
            nonlocal read
            read += 1
            yield bytes(100_000)

        response = await client.post(
            "/widget/files", content=body(), headers={"content-type": "multipart/form-data; boundary=x"}
        )

        assert (response.status_code, read) == (401, 0)


class TestVisitor:
    async def test_is_named_by_the_session_as_long_as_it_is_the_same(
        self, client: httpx.AsyncClient, inbox: Inbox, sign: Sign
    ) -> None:
        first = await session_of(client, inbox)

        again = await session_of(client, inbox, token=first["token"])
        elsewhere = await session_of(client, inbox, token=first["token"], language="fa")
        known = await session_of(client, inbox, token=first["token"], user=sign("42"))
        refused = await session_of(client, inbox, token=f"{first['token']}x")

        assert first["visitor"] == again["visitor"] == elsewhere["visitor"]
        assert len({first["visitor"], known["visitor"], refused["visitor"]}) == 3


class TestMarks:
    async def test_a_widget_that_comes_back_is_told_how_far_its_own_came(
        self, app: FastAPI, client: httpx.AsyncClient, inbox: Inbox, talk: Talk
    ) -> None:
        token = (await session_of(client, inbox))["token"]
        socket = await talk(token)
        await write(socket, "hello")
        for mark in ({"type": "seen", "sequence": 1}, {"type": "got", "sequence": 9}, {"type": "ping"}):
            await socket.send(json.dumps(mark))
        await socket.text_with('"pong"')
        last = (await stored(app, Conversation))[0].last_sequence

        again = await browser_socket(app, "/widget/ws", {})
        await again.send(json.dumps({"type": "hello", "token": token}))
        ready = json.loads(await again.text_with('"ready"'))
        await again.leave()

        assert (ready["sequence"], ready["seen"], ready["got"]) == (last, 1, last)

    async def test_go_both_ways(
        self,
        app: FastAPI,
        client: httpx.AsyncClient,
        inbox: Inbox,
        talk: Talk,
        sign_in: Callable[[Role], Awaitable[Agent]],
    ) -> None:
        session = await session_of(client, inbox)
        socket = await talk(session["token"])
        await write(socket, "hello")
        message = (await stored(app, Message))[0]
        address = f"/desk/conversations/{message.conversation_id}"
        assert (await client.post(f"{address}/seen")).status_code == 401
        await sign_in(Role.editor)
        assert (await client.post(f"{address}/seen")).status_code == 403
        assert (await client.post(f"{address}/typing")).status_code == 403
        agent = await sign_in(Role.agent)

        assert (await client.post(f"{address}/seen")).status_code == 204
        assert json.loads(await socket.text_with('"status"'))["read"] >= 1
        await client.post(f"{address}/take")
        await client.post(f"{address}/typing")
        assert json.loads(await socket.text_with('"typing"'))["name"] == agent.name
        await socket.send(json.dumps({"type": "got", "sequence": 9}))
        await socket.send(json.dumps({"type": "ping"}))
        await socket.text_with('"pong"')

        assert "Delivered" in (await client.get(address, params={"lang": "en"})).text
