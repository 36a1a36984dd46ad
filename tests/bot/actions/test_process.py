"""The actions as a process of their own."""

import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from bot.actions import __main__ as process
from bot.actions.endpoints import PATH
from core.config import ActionSettings

NAMES = ("API_URL", "SERVICE_TOKEN", "ACTIONS_TOKEN")
SECRETS = "SERVICE_TOKEN=service-token-of-the-tests\nACTIONS_TOKEN=actions-token-of-the-tests\n"


@pytest.fixture
def env_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The only place with settings."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / ".env"
    monkeypatch.setitem(ActionSettings.model_config, "env_file", path)
    monkeypatch.setattr(sys, "argv", ["bot.actions", "--port", "5055"])
    return path


def _write(path: Path, text: str) -> None:
    path.write_text(text)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[tuple[FastAPI, dict[str, Any]]]:
    """What would have been served."""
    calls: list[tuple[FastAPI, dict[str, Any]]] = []
    monkeypatch.setattr(uvicorn, "run", lambda app, **options: calls.append((app, options)))
    return calls


class TestMain:
    async def test_serves_on_loopback_with_the_settings_of_the_app(
        self, env_file: Path, served: list[tuple[FastAPI, dict[str, Any]]]
    ) -> None:
        _write(env_file, f"API_URL=http://127.0.0.1:8000\n{SECRETS}RASA_TOKEN=of-somebody-else\n")

        assert process.main() == 0

        ((app, options),) = served
        assert (options["host"], options["port"]) == ("127.0.0.1", 5055)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://actions") as client:
            assert (await client.get("/health/live")).status_code == 200
            assert (await client.post(PATH, json={})).status_code == 401
            call = {"next_action": "action_x", "sender_id": "c-1", "tracker": {}}
            allowed = {"Authorization": "Bearer actions-token-of-the-tests"}
            assert (await client.post(PATH, json=call, headers=allowed)).status_code == 404

    @pytest.mark.parametrize(
        ("written", "named"),
        [
            ("", "SERVICE_TOKEN: Field required; ACTIONS_TOKEN: Field required"),
            (SECRETS, "API_URL: where the app is"),
            (SECRETS.replace("actions-token-of-the-tests", "x"), "ACTIONS_TOKEN: must have at least 24"),
        ],
    )
    def test_says_in_one_line_what_is_missing(
        self,
        env_file: Path,
        served: list[tuple[FastAPI, dict[str, Any]]],
        capsys: pytest.CaptureFixture[str],
        written: str,
        named: str,
    ) -> None:
        env_file.write_text(written)

        assert process.main() == 78

        said = capsys.readouterr().err
        assert named in said
        assert said.count("\n") == 1
        assert served == []
