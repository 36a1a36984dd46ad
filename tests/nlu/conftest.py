"""One model for all tests, trained on the repository's data, and our server around it; the actions are a stand-in."""

import asyncio
import http.client
import itertools
import json
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from bot.models import KeptModels, Model, now

TOKEN = "token-of-rasa"
# The interpreter of the actions.
APP_PYTHON = ".venv/bin/python"


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
    from bot.quicker import make_rasa_quicker
    from bot.server import action_server as actions_at
    from bot.server import load_agent

    make_rasa_quicker()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ACTIONS_URL", action_server.url)
        patch.setenv("ACTIONS_TOKEN", "token-of-the-actions")
        return load_agent(model, actions_at(Path("endpoints.yml")))


@pytest.fixture(scope="session")
def small_app() -> Iterator[str]:
    """Where the real actions are served, with a small app behind them."""
    process = subprocess.Popen([APP_PYTHON, "-m", "tests.fixtures.small_app"], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    process.terminate()
    process.wait(timeout=10)


class Talk:
    """A conversation of one contact: every message is a turn of Rasa's, in which the real actions run."""

    numbers = itertools.count(1)

    def __init__(self, runner: Any, loop: asyncio.AbstractEventLoop, app: str) -> None:
        self._runner, self._loop, self._app = runner, loop, app
        self.id = f"talk-{next(self.numbers)}"
        self.state: list[dict[str, Any]] | None = None
        self.messages: list[dict[str, Any]] = []
        self.intent: str | None = None

    def say(self, *texts: str, language: "str | None" = None, contact_known: bool = False) -> "Talk":
        """Say one thing after the other; a turn that fails raises."""
        from rasa.core.channels.channel import UserMessage

        for text in texts:
            metadata = {"contact_known": contact_known, **({"language": language} if language else {})}
            number = f"m-{next(self.numbers)}"
            message = UserMessage(text, sender_id=self.id, message_id=number, metadata=metadata)
            turn = self._loop.run_until_complete(self._runner.run(message, self.state))
            self.state, self.messages, self.intent = turn.state, turn.messages, turn.intent["name"]
        return self

    @property
    def words(self) -> str:
        """What the bot said to the latest message."""
        return "\n".join(message["text"] for message in self.messages)

    @property
    def payloads(self) -> "list[str]":
        """What the buttons under it say."""
        return [button["payload"] for message in self.messages for button in message["buttons"]]

    @property
    def form(self) -> "str | None":
        loops = [event.get("name") for event in self.state or [] if event["event"] == "active_loop"]
        return loops[-1] if loops else None

    def slot(self, name: str) -> Any:
        values = [event.get("value") for event in self.state or [] if event.get("name") == name]
        return values[-1] if values else None

    @property
    def asked_for(self) -> "str | None":
        """The slot that the form asks for."""
        return self.slot("requested_slot")

    @property
    def calls(self) -> "list[dict[str, Any]]":
        """What the app was told to do."""
        connection = http.client.HTTPConnection(self._app.removeprefix("http://"), timeout=30)
        connection.request("GET", f"/calls/{self.id}")
        found: list[dict[str, Any]] = json.loads(connection.getresponse().read())
        return found

    def called(self, name: str) -> "list[dict[str, Any]]":
        return [call for call in self.calls if call["call"] == name]


@pytest.fixture(scope="session")
def begin_talk(model: Path, small_app: str) -> "Iterator[Callable[[], Talk]]":
    """Begins another conversation."""
    from bot.quicker import make_rasa_quicker
    from bot.server import ActionServer, load_agent
    from bot.turns import TurnRunner

    make_rasa_quicker()
    headers = {"Authorization": "Bearer token-of-the-actions"}
    actions = ActionServer(f"{small_app}/actions/webhook", headers=headers, enable_selective_domain=True)
    runner = TurnRunner(load_agent(model, actions).processor)
    loop = asyncio.new_event_loop()
    yield lambda: Talk(runner, loop, small_app)
    loop.run_until_complete(actions.close())
    loop.close()


@pytest.fixture
def talk(begin_talk: "Callable[[], Talk]") -> Talk:
    return begin_talk()


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
