"""A stand-in for the app's REST API, and actions run as Rasa runs them: over HTTP."""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from bot.actions.backend import Backend
from bot.actions.endpoints import PATH, create_actions_router

ACTIONS_TOKEN = "token-of-the-actions"

Answer = Callable[[httpx.Request], httpx.Response]


class FakeApi:
    """Answers as it is told to, per method and path, and remembers what it was asked."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self._answers: dict[str, Answer] = {}

    def answers(self, call: str, body: Any = None, *, status_code: int = 200) -> None:
        """From now on `call` ("POST /tickets") gets this answer."""
        response = {"status_code": status_code} | ({"json": body} if body is not None else {})
        self._answers[call] = lambda _: httpx.Response(**response)

    def answers_each(self, call: str, answer_to: Callable[[dict[str, Any]], Any]) -> None:
        """From now on `call` gets what this makes of its body."""
        self._answers[call] = lambda request: httpx.Response(200, json=answer_to(json.loads(request.content)))

    def refuses(self, call: str, status_code: int, code: str) -> None:
        """From now on `call` is refused with the API's error body."""
        self.answers(call, {"error": {"code": code, "message": "..."}}, status_code=status_code)

    def is_down(self, call: str) -> None:
        """From now on nobody answers `call`."""

        def fail(request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("refused", request=request)

        self._answers[call] = fail

    def is_away_once(self, call: str, *, then: Any) -> None:
        """Only the next `call` is told that a part of the system is away."""
        to_come = [httpx.Response(503, json={"error": {"code": "unavailable", "message": "..."}})]
        self._answers[call] = lambda _: to_come.pop() if to_come else httpx.Response(200, json=then)

    def body_of(self, call: str) -> dict[str, Any]:
        """What the one request of `call` said."""
        (request,) = [request for request in self.requests if self._call(request) == call]
        body: dict[str, Any] = json.loads(request.content)
        return body

    @property
    def calls(self) -> list[str]:
        return [self._call(request) for request in self.requests]

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self._answers[self._call(request)](request)

    @staticmethod
    def _call(request: httpx.Request) -> str:
        return f"{request.method} {request.url.path.removeprefix('/api/v1')}"


class RunningActions:
    """The action endpoint, called with a tracker made of a message and slots."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def run(
        self,
        action: str,
        *,
        text: str = "سلام",
        slots: dict[str, Any] | None = None,
        intent: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
        candidates: dict[str, Any] | None = None,
        domain: dict[str, Any] | None = None,
        done_before: str = "utter_greet",
        said_before: tuple[str, str] = ("سلام", "greet"),
        said_first: tuple[str, str] | None = None,
        ranking: list[dict[str, Any]] | None = None,
        loop: str | None = None,
        just_set: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The events and responses of an action; `candidates` are slots that a form has just filled.

        `done_before` is what the bot did last before this message, `just_set` the slots that it set then, and
        `said_before` the message that it answered so, with its intent; `said_first` one before that.
        """
        events: list[dict[str, Any]] = [
            *(
                {
                    "event": "user",
                    "text": said,
                    "parse_data": {"intent": {"name": meant}},
                    "message_id": "m-6",
                    "timestamp": 0.0,
                }
                for said, meant in filter(None, [said_first, said_before])
            ),
            {"event": "action", "name": done_before, "timestamp": 0.5},
            *({"event": "slot", "name": name, "value": value} for name, value in (just_set or {}).items()),
            {"event": "action", "name": "action_listen", "timestamp": 1.0},
            {"event": "user", "text": text, "message_id": "m-7", "timestamp": 2.0},
            {"event": "action", "name": "ticket_form", "timestamp": 3.0},
            *({"event": "slot", "name": name, "value": value} for name, value in (candidates or {}).items()),
        ]
        tracker = {
            "sender_id": "c-1",
            "slots": {"language": "fa", **(slots or {}), **(just_set or {}), **(candidates or {})},
            "latest_message": {
                "text": text,
                "intent": intent or {"name": "ask_knowledge", "confidence": 0.9},
                "entities": [],
                "intent_ranking": ranking or [],
                "metadata": metadata or {},
            },
            "events": events,
            "paused": False,
            "followup_action": None,
            "active_loop": {"name": loop} if loop else {},
            "latest_action_name": "action_listen",
        }
        call = {"next_action": action, "sender_id": "c-1", "tracker": tracker, "version": "3.6.21"}
        if domain is not None:
            call["domain"] = domain
        response = await self.client.post(PATH, json=call, headers={"Authorization": f"Bearer {ACTIONS_TOKEN}"})
        assert response.status_code == 200, response.text
        result: dict[str, Any] = response.json()
        return result


def responses_in(result: dict[str, Any]) -> list[str]:
    """The names of the responses that an action uttered."""
    return [message["response"] for message in result["responses"]]


def slots_in(result: dict[str, Any]) -> dict[str, Any]:
    """The slots that an action set."""
    return {event["name"]: event["value"] for event in result["events"] if event["event"] == "slot"}


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.fixture
async def backend(api: FakeApi) -> AsyncIterator[Backend]:
    backend = Backend.connect("http://app", "service-token", transport=httpx.MockTransport(api.handle))
    yield backend
    await backend.close()


@pytest.fixture
async def client(backend: Backend) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(create_actions_router(backend, ACTIONS_TOKEN))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://actions") as client:
        yield client


@pytest.fixture
def actions(client: httpx.AsyncClient) -> RunningActions:
    return RunningActions(client)
