"""The REST API from outside: who gets in, what they get, and what errors look like."""

import re
from collections.abc import Awaitable, Callable

import httpx
import pytest
from fastapi import FastAPI

from core.database import Database
from core.unit_of_work import UnitOfWork
from crm.agents.auth import SESSION_COOKIE
from crm.conversations.intake import Intake
from crm.enums import HandoffReason, Role
from crm.models import Agent, Contact, Conversation, Inbox
from tests.conftest import message

SignIn = Callable[[Role], Awaitable[Agent]]
# Routes of the API that anybody may call, each with its reason in its own words.
OPEN = {("POST", "/api/v1/session")}


@pytest.fixture
async def conversation(intake: Intake, inbox: Inbox) -> Conversation:
    return (await intake.receive(message(inbox, "سلام"))).conversation


def api_routes(app: FastAPI) -> list[tuple[str, str]]:
    paths = app.openapi()["paths"]
    routes = [(method.upper(), path) for path, methods in paths.items() for method in methods if "/api/v1" in path]
    assert len(routes) > 20
    return routes


class TestWithoutSignIn:
    async def test_every_route_but_the_sign_in_is_closed(self, app: FastAPI, client: httpx.AsyncClient) -> None:
        for method, path in api_routes(app):
            if (method, path) in OPEN:
                continue
            address = re.sub(r"{\w+_id}|{number}", "1", path)
            response = await client.request(method, address, json={})
            assert response.status_code in (401, 422), (method, path)
            assert response.json()["error"]["code"], (method, path)

    async def test_a_wrong_token_is_refused(self, client: httpx.AsyncClient) -> None:
        response = await client.get("/api/v1/tickets", headers={"authorization": "Bearer wrong"})

        assert response.status_code == 401
        assert response.json() == {"error": {"code": "not_authenticated", "message": "Sign in, or send a valid token."}}


class TestAway:
    async def test_whoever_meets_a_database_that_is_away_may_try_again(
        self, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        away, reading = Database("postgresql+asyncpg://nobody@127.0.0.1:1/nothing"), Database.reading
        monkeypatch.setattr(Database, "reading", lambda _: reading(away))

        response = await client.post("/api/v1/session", json={"email": "a@example.com", "password": "wrong"})

        assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
        assert response.json()["error"]["code"] == "unavailable"


class TestRoles:
    @pytest.mark.parametrize(
        ("method", "path", "allowed"),
        [
            ("GET", "/api/v1/conversations", {Role.agent, Role.supervisor, Role.admin}),
            ("GET", "/api/v1/tickets", {Role.agent, Role.supervisor, Role.admin}),
            ("GET", "/api/v1/knowledge/articles", {Role.editor, Role.supervisor, Role.admin}),
            ("GET", "/api/v1/session", set(Role)),
        ],
    )
    @pytest.mark.parametrize("role", list(Role))
    async def test_each_role_gets_what_the_table_says(
        self, client: httpx.AsyncClient, sign_in: SignIn, role: Role, method: str, path: str, allowed: set[Role]
    ) -> None:
        await sign_in(role)

        response = await client.request(method, path)

        assert response.status_code == (200 if role in allowed else 403)

    async def test_an_agent_makes_no_accounts(self, client: httpx.AsyncClient, sign_in: SignIn) -> None:
        await sign_in(Role.agent)
        new = {"name": "Eve", "email": "eve@example.com", "password": "long enough it is", "role": "admin"}

        assert (await client.post("/api/v1/agents", json=new)).status_code == 403

    async def test_an_admin_does(self, client: httpx.AsyncClient, sign_in: SignIn) -> None:
        await sign_in(Role.admin)
        new = {"name": "Eve", "email": "eve@example.com", "password": "long enough it is", "role": "agent"}

        response = await client.post("/api/v1/agents", json=new)

        assert response.status_code == 201
        assert "password" not in response.text


class TestLists:
    async def test_of_conversations_and_tickets_are_given_a_page_at_a_time(
        self, as_program: httpx.AsyncClient, app: FastAPI, intake: Intake, inbox: Inbox
    ) -> None:
        for number in range(1, 6):
            arrived = await intake.receive(message(inbox, "hello", number=number, visitor=f"visitor-{number}"))
            handoff = {"reason": HandoffReason.contact_asked}
            await as_program.post(f"/api/v1/conversations/{arrived.conversation.id}/handoff", json=handoff)

        for path, key in (("/api/v1/conversations", "id"), ("/api/v1/tickets", "number")):
            everything = [one[key] for one in (await as_program.get(path)).json()]
            pages = [
                [one[key] for one in (await as_program.get(path, params={"limit": 2, "offset": offset})).json()]
                for offset in (0, 2, 4, 6)
            ]

            assert [len(page) for page in pages] == [2, 2, 1, 0], path
            assert [one for page in pages for one in page] == everything, path
            known = {one["name"]: one for one in app.openapi()["paths"][path]["get"]["parameters"]}
            assert known["offset"]["description"], path


class TestSignIn:
    async def test_sets_a_cookie_that_scripts_cannot_read(
        self, client: httpx.AsyncClient, make_agent: Callable[..., Awaitable[Agent]]
    ) -> None:
        agent = await make_agent("Sara")

        response = await client.post("/api/v1/session", json={"email": agent.email, "password": agent.email})

        cookie = response.headers["set-cookie"].lower()
        assert response.status_code == 200
        assert "httponly" in cookie
        assert "samesite=lax" in cookie

    async def test_guessing_is_slowed_down(self, client: httpx.AsyncClient) -> None:
        guess = {"email": "sara@example.com", "password": "a guess"}

        codes = [(await client.post("/api/v1/session", json=guess)).status_code for _ in range(4)]
        last = await client.post("/api/v1/session", json=guess)

        assert codes == [401, 401, 401, 429]
        assert int(last.headers["retry-after"]) >= 1

    async def test_a_request_from_another_site_is_refused_though_the_cookie_comes_along(
        self, client: httpx.AsyncClient, sign_in: SignIn
    ) -> None:
        await sign_in(Role.admin)

        response = await client.delete("/api/v1/session", headers={"origin": "https://evil.example"})

        assert response.status_code == 403
        assert response.json()["error"]["code"] == "cross_site_request"
        assert client.cookies.get(SESSION_COOKIE)


class TestConversations:
    async def test_the_bots_handoff_opens_a_ticket(
        self, as_program: httpx.AsyncClient, conversation: Conversation
    ) -> None:
        path = f"/api/v1/conversations/{conversation.id}/handoff"

        first = await as_program.post(path, json={"reason": "contact_asked"})
        second = await as_program.post(path, json={"reason": "contact_asked"})

        assert first.json() == second.json()
        assert first.json()["status"] == "waiting"

    async def test_people_cannot_call_what_is_for_programs(
        self, client: httpx.AsyncClient, sign_in: SignIn, conversation: Conversation
    ) -> None:
        await sign_in(Role.admin)

        path = f"/api/v1/conversations/{conversation.id}/handoff"

        assert (await client.post(path, json={"reason": "contact_asked"})).status_code == 401

    async def test_a_reply_is_seen_with_its_author(
        self, client: httpx.AsyncClient, sign_in: SignIn, conversation: Conversation
    ) -> None:
        agent = await sign_in(Role.agent)

        created = await client.post(
            f"/api/v1/conversations/{conversation.id}/messages", json={"text": "سلام، بفرمایید"}
        )
        messages = (await client.get(f"/api/v1/conversations/{conversation.id}/messages")).json()

        assert created.status_code == 201
        assert (messages[-1]["text"], messages[-1]["agent_id"]) == ("سلام، بفرمایید", agent.id)

    @pytest.mark.parametrize("path", ["messages", "notes"])
    async def test_the_same_key_twice_is_one_message(
        self, client: httpx.AsyncClient, sign_in: SignIn, conversation: Conversation, path: str
    ) -> None:
        await sign_in(Role.agent)
        address = f"/api/v1/conversations/{conversation.id}"

        created = [
            await client.post(f"{address}/{path}", json={"text": "بفرمایید"}, headers={"idempotency-key": key})
            for key in ("8e03978e-40d5", "8e03978e-40d5", "another")
        ]

        sequences = [response.json()["sequence"] for response in created]
        assert [response.status_code for response in created] == [201] * 3
        assert sequences[0] == sequences[1] < sequences[2]
        stored = (await client.get(f"{address}/messages")).json()
        assert [one["text"] for one in stored].count("بفرمایید") == 2

    async def test_the_same_key_for_other_words_is_refused(
        self, client: httpx.AsyncClient, sign_in: SignIn, conversation: Conversation
    ) -> None:
        await sign_in(Role.agent)
        address, headers = f"/api/v1/conversations/{conversation.id}", {"idempotency-key": "once"}
        await client.post(f"{address}/messages", json={"text": "بفرمایید"}, headers=headers)

        for path, text in (("messages", "سلام"), ("notes", "بفرمایید")):
            response = await client.post(f"{address}/{path}", json={"text": text}, headers=headers)

            assert response.status_code == 409
            assert response.json()["error"]["code"] == "key_reused"

    @pytest.mark.parametrize("key", ["", "x" * 101, "two words", "\u00fc"])
    async def test_a_key_that_cannot_be_kept_is_refused(
        self, client: httpx.AsyncClient, sign_in: SignIn, conversation: Conversation, key: str
    ) -> None:
        await sign_in(Role.agent)
        address = f"/api/v1/conversations/{conversation.id}/messages"

        response = await client.post(
            address, json={"text": "سلام"}, headers={b"idempotency-key": key.encode("latin-1")}
        )

        assert response.status_code == 422

    @pytest.mark.parametrize(
        ("text", "code"), [("", "message_empty"), ("x" * 10_001, "message_too_long")], ids=["empty", "too long"]
    )
    async def test_what_cannot_be_said_is_refused_with_a_code(
        self, client: httpx.AsyncClient, sign_in: SignIn, conversation: Conversation, text: str, code: str
    ) -> None:
        await sign_in(Role.agent)

        response = await client.post(f"/api/v1/conversations/{conversation.id}/messages", json={"text": text})

        assert response.status_code == 422
        assert response.json()["error"]["code"] == code

    async def test_an_unknown_one_is_not_found(self, client: httpx.AsyncClient, sign_in: SignIn) -> None:
        await sign_in(Role.agent)

        response = await client.get("/api/v1/conversations/none")

        assert response.status_code == 404
        assert response.json()["error"]["code"] == "conversation_not_found"


class TestTickets:
    async def test_the_same_request_opens_one_ticket(
        self, as_program: httpx.AsyncClient, conversation: Conversation
    ) -> None:
        body = {"conversation_id": conversation.id, "subject": "گواهی نرسیده", "idempotency_key": "message 7"}

        first = await as_program.post("/api/v1/tickets", json=body)
        second = await as_program.post("/api/v1/tickets", json=body)

        assert first.status_code == 201
        assert first.json()["number"] == second.json()["number"]

    async def test_a_contact_sees_only_their_own(
        self, as_program: httpx.AsyncClient, conversation: Conversation, intake: Intake, inbox: Inbox
    ) -> None:
        other = (await intake.receive(message(inbox, "hello", visitor="somebody else"))).conversation
        body = {"conversation_id": conversation.id, "subject": "secret", "idempotency_key": "1"}
        number = (await as_program.post("/api/v1/tickets", json=body)).json()["number"]

        own = await as_program.get(f"/api/v1/tickets/{number}", params={"conversation_id": conversation.id})
        foreign = await as_program.get(f"/api/v1/tickets/{number}", params={"conversation_id": other.id})

        assert own.status_code == 200
        assert foreign.status_code == 404

    async def test_the_contact_detail_is_kept(self, as_program: httpx.AsyncClient, conversation: Conversation) -> None:
        body = {
            "conversation_id": conversation.id,
            "subject": "x",
            "idempotency_key": "1",
            "contact_detail": "sara@example.com",
        }
        await as_program.post("/api/v1/tickets", json=body)

        contact = (await as_program.get(f"/api/v1/conversations/{conversation.id}")).json()["contact"]
        assert contact["email"] == "sara@example.com"

    @pytest.mark.parametrize("change", ["additions", "closure"])
    async def test_a_contact_changes_only_their_own(
        self, as_program: httpx.AsyncClient, conversation: Conversation, intake: Intake, inbox: Inbox, change: str
    ) -> None:
        other = (await intake.receive(message(inbox, "hello", visitor="somebody else"))).conversation
        body = {"conversation_id": conversation.id, "subject": "mine", "idempotency_key": "1"}
        number = (await as_program.post("/api/v1/tickets", json=body)).json()["number"]

        foreign = await as_program.post(
            f"/api/v1/tickets/{number}/{change}", json={"conversation_id": other.id, "text": "x"}
        )

        assert foreign.status_code == 404
        assert (await as_program.get(f"/api/v1/tickets/{number}")).json()["status"] == "new"

    @pytest.mark.parametrize("change", ["additions", "closure"])
    async def test_an_agent_does_not_speak_for_a_contact(
        self, client: httpx.AsyncClient, sign_in: SignIn, conversation: Conversation, change: str
    ) -> None:
        await sign_in(Role.admin)

        body = {"conversation_id": conversation.id, "text": "x"}
        response = await client.post(f"/api/v1/tickets/HM-1001/{change}", json=body)

        assert response.status_code in (401, 403)

    async def test_words_are_added_once_and_not_to_a_closed_one(
        self, as_program: httpx.AsyncClient, conversation: Conversation
    ) -> None:
        body = {"conversation_id": conversation.id, "subject": "x", "description": "first", "idempotency_key": "1"}
        ticket = f"/api/v1/tickets/{(await as_program.post('/api/v1/tickets', json=body)).json()['number']}"
        addition = {"conversation_id": conversation.id, "text": "<b>then</b>"}

        await as_program.post(f"{ticket}/additions", json=addition)
        twice = await as_program.post(f"{ticket}/additions", json=addition)
        closed = await as_program.post(f"{ticket}/closure", json={"conversation_id": conversation.id})
        again = await as_program.post(f"{ticket}/closure", json={"conversation_id": conversation.id})
        late = await as_program.post(f"{ticket}/additions", json=addition | {"text": "late"})

        assert twice.json()["description"] == "first\n\n<b>then</b>"
        assert closed.json()["status"] == again.json()["status"] == "closed"
        assert (late.status_code, late.json()["error"]["code"]) == (409, "ticket_already_closed")

    async def test_a_contact_detail_that_comes_after_the_ticket_is_kept(
        self, as_program: httpx.AsyncClient, conversation: Conversation, work: UnitOfWork
    ) -> None:
        path, body = f"/api/v1/conversations/{conversation.id}/contact-detail", {"contact_detail": "09121234567"}

        kept = await as_program.post(path, json=body)
        refused = await as_program.post(path, json={"contact_detail": ""})

        async with work.reading() as session:
            contact = await session.get_one(Contact, conversation.contact_id)
        assert (kept.status_code, refused.status_code) == (204, 422)
        assert contact.phone == "09121234567"

    async def test_a_corrected_contact_detail_takes_the_place_of_the_wrong_one_alone(
        self, as_program: httpx.AsyncClient, conversation: Conversation, work: UnitOfWork
    ) -> None:
        path, wrong = f"/api/v1/conversations/{conversation.id}/contact-detail", "sara@gmial.com"

        await as_program.post(path, json={"contact_detail": wrong})
        for corrected in ("sara@gmail.com", "other@example.com"):
            await as_program.post(path, json={"contact_detail": corrected, "instead_of": wrong})

        async with work.reading() as session:
            contact = await session.get_one(Contact, conversation.contact_id)
        assert contact.email == "sara@gmail.com"

    async def test_what_was_mentioned_stands_in_the_description(
        self, as_program: httpx.AsyncClient, conversation: Conversation
    ) -> None:
        details = {"order_number": "77341", "amount": "450000 toman", "date": "12 مهر", "product": "مبانی CRM"}
        details |= {"correction": "پریروز بود\nسه بار بود"}
        body = {"conversation_id": conversation.id, "subject": "x", "description": "y", "idempotency_key": "1"}

        opened = await as_program.post("/api/v1/tickets", json=body | {"details": details})

        corrections = ["اصلاح و توضیح بیشتر: پریروز بود", "اصلاح و توضیح بیشتر: سه بار بود"]
        mentioned = ["شمارهٔ سفارش: 77341", "مبلغ: ۴۵۰٬۰۰۰ تومان", "تاریخ: ۱۲ مهر", "محصول یا خدمت: مبانی CRM"]
        assert opened.json()["description"] == "y\n\n" + "\n".join(corrections + mentioned)


class TestErrors:
    async def test_a_broken_body_names_the_field_and_repeats_no_value(self, client: httpx.AsyncClient) -> None:
        response = await client.post("/api/v1/session", json={"email": "a@b.example", "password": ["hunter2"]})

        assert response.status_code == 422
        assert response.json()["error"]["code"] == "invalid_input"
        assert response.json()["error"]["details"][0]["field"] == "body.password"
        assert "hunter2" not in response.text

    async def test_every_answer_carries_the_security_headers(self, client: httpx.AsyncClient) -> None:
        response = await client.get("/health/live")

        assert "script-src 'self'" in response.headers["content-security-policy"]
        assert response.headers["x-content-type-options"] == "nosniff"
