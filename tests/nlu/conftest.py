"""One model for all tests, trained on the repository's data, and our server around it; the actions are a stand-in."""

import asyncio
import http.client
import json
import shutil
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from bot.models import KeptModels, Model, now

TOKEN = "token-of-rasa"


def pytest_configure() -> None:
    # Before any test module imports Rasa.
    from bot.environment import prepare_environment, settle_rasa

    prepare_environment()
    settle_rasa()


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from bot.train import train

    output = tmp_path_factory.mktemp("model") / "model.tar.gz"
    assert train(output)
    return output


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory, model: Path) -> KeptModels:
    """Two kept models, of which the first serves."""
    folder = tmp_path_factory.mktemp("models")
    kept = KeptModels(folder)
    for name in ("20260102-000000", "20260101-000000"):
        known = Model(name, now(), "inputs", 0, "encoder", 40.0)
        kept.add(shutil.copy(model, folder / "made"), known)
    kept.choose(known)
    return kept


@dataclass
class FakeActions:
    """An action server that answers as it is told to."""

    url: str
    status: int = 200
    result: dict[str, Any] = field(default_factory=lambda: {"events": [], "responses": []})
    calls: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def says(self, text: str) -> None:
        self.status, self.result = 200, {"events": [], "responses": [{"text": text}]}

    def reset(self) -> None:
        self.status, self.result = 200, {"events": [], "responses": []}
        self.calls.clear()
        self.headers.clear()


@pytest.fixture(scope="session")
def action_server() -> Iterator[FakeActions]:
    fake = FakeActions(url="")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            fake.calls.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            fake.headers.append(dict(self.headers))
            body = json.dumps(fake.result).encode()
            self.send_response(fake.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    fake.url = f"http://127.0.0.1:{server.server_port}/actions/webhook"
    yield fake
    server.shutdown()


@pytest.fixture
def actions(action_server: FakeActions) -> FakeActions:
    action_server.reset()
    return action_server


@pytest.fixture(scope="session")
def agent(model: Path, action_server: FakeActions) -> Any:
    from bot.server import action_server as actions_at
    from bot.server import load_agent, reuse_action_result_validator

    reuse_action_result_validator()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ACTIONS_URL", action_server.url)
        patch.setenv("ACTIONS_TOKEN", "token-of-the-actions")
        return load_agent(model, actions_at(Path("endpoints.yml")))


@dataclass
class Server:
    """Our server, as a client sees it."""

    port: int

    def post(
        self, body: bytes, *, token: "str | None" = TOKEN, method: str = "POST", to: str = "turn"
    ) -> "tuple[int, dict[str, Any]]":
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        connection.request(method, f"/webhooks/hamyar/{to}", body, {"Content-Type": "application/json", **headers})
        response = connection.getresponse()
        return response.status, json.loads(response.read())

    def use(self, name: Any) -> "tuple[int, dict[str, Any]]":
        """Ask for another model."""
        return self.post(json.dumps({"name": name}).encode(), to="model")

    def serving(self) -> "str | None":
        _, body = self.post(b"", method="GET", to="model")
        return body["serving"]

    def turn(self, text: str, state: Any = None, **fields: Any) -> "tuple[int, dict[str, Any]]":
        """Say something in conversation c-1."""
        body = {"conversation_id": "c-1", "message_id": "m-1", "text": text, "metadata": {}, "state": state}
        return self.post(json.dumps(body | fields).encode())

    def talk(self, *texts: str, **fields: Any) -> "list[dict[str, Any]]":
        """Say one thing after the other, handing the state on; all turns have to succeed."""
        state, turns = None, []
        for text in texts:
            status, turn = self.turn(text, state, **fields)
            assert status == 200, turn
            turns.append(turn)
            state = turn["state"]
        return turns


@pytest.fixture(scope="session")
def server(agent: Any, models: KeptModels) -> Iterator[Server]:
    from bot.server import create_server

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RASA_TOKEN", TOKEN)
        app = create_server(agent, Path("credentials.yml"), models)
    loop = asyncio.new_event_loop()
    port: Future[int] = Future()

    async def start() -> None:
        # Sanic takes port 0 for its default; a socket that is bound already leaves it no choice.
        listening = socket.create_server(("127.0.0.1", 0))
        running = await app.create_server(sock=listening, return_asyncio_server=True, access_log=False)
        await running.startup()
        await running.start_serving()
        port.set_result(listening.getsockname()[1])

    def serve() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(start())
        loop.run_forever()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield Server(port.result(timeout=60))
    loop.call_soon_threadsafe(loop.stop)
    thread.join(timeout=10)
