"""Another model takes over while contacts write, and a bad one does not."""

import asyncio
import json
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.models import KeptModels, Model, now
from bot.switch import ModelRefused, ModelSwitch

# Both of conftest's; the first serves at the beginning.
FIRST, SECOND, BROKEN = "20260101-000000", "20260102-000000", "20260103-000000"


@pytest.fixture
def serving_first(server, models):
    """The first model serves, and does so again afterwards."""
    if server.serving() != FIRST:
        server.use(FIRST)
    yield
    server.use(FIRST)


class TestAuthorisation:
    @pytest.mark.parametrize("method", ["GET", "POST"])
    @pytest.mark.parametrize("token", [None, "", "wrong"])
    def test_nobody_sees_or_changes_the_model_without_the_token(self, server, method, token) -> None:
        body = json.dumps({"name": SECOND}).encode()

        assert server.post(body, token=token, method=method, to="model") == (401, {"error": "unauthorized"})
        assert server.serving() == FIRST


@pytest.mark.usefixtures("serving_first")
class TestSwitch:
    def test_serves_another_model_and_the_first_again(self, server, models) -> None:
        assert server.use(SECOND) == (200, {"serving": SECOND})
        assert (server.serving(), models.serving) == (SECOND, SECOND)
        assert server.turn("سلام")[0] == 200

        assert server.use(FIRST) == (200, {"serving": FIRST})
        assert (server.serving(), models.serving) == (FIRST, FIRST)

    def test_no_turn_fails_meanwhile_and_conversations_go_on(self, server) -> None:
        statuses: list[int] = []
        is_over = threading.Event()

        def talk() -> None:
            state: Any = None
            while not is_over.is_set():
                status, turn = server.turn("salam khubi?", state)
                statuses.append(status)
                state = turn.get("state")

        people = [threading.Thread(target=talk) for _ in range(4)]
        for person in people:
            person.start()
        answers = [server.use(name)[0] for name in (SECOND, FIRST, SECOND)]
        is_over.set()
        for person in people:
            person.join()

        assert answers == [200, 200, 200]
        assert len(statuses) > len(people)
        assert set(statuses) == {200}

    @pytest.mark.parametrize(
        "name", ["", None, 5, ["a"], "20991231-235959", f"../{FIRST}", "/etc/passwd", f"{FIRST}.tar.gz", "\u202e"]
    )
    def test_takes_names_alone(self, server, name) -> None:
        assert server.use(name)[0] == 404
        assert server.serving() == FIRST

    @pytest.mark.parametrize("body", [b"[]", b"null", b'"x"', b"{}", b"{"])
    def test_refuses_other_bodies(self, server, body) -> None:
        assert server.post(body, to="model")[0] in (400, 404)

    def test_a_model_that_does_not_load_leaves_the_old_one(self, server, models, tmp_path) -> None:
        (tmp_path / "broken").write_bytes(b"no model at all")
        models.add(tmp_path / "broken", Model(BROKEN, now(), "inputs", 0, "encoder", 40.0))

        status, body = server.use(BROKEN)

        assert (status, body["error"]) == (409, "model_refused")
        assert "./hamyar train" in body["message"]
        assert (server.serving(), models.serving) == (FIRST, FIRST)
        assert server.turn("سلام")[0] == 200

    def test_a_model_of_another_encoder_is_refused_with_what_to_do(self, server, models, tmp_path, monkeypatch) -> None:
        (tmp_path / "encoder.json").write_text(json.dumps({"fingerprint": "another"}))
        monkeypatch.setenv("ENCODER_FOLDER", str(tmp_path))

        status, body = server.use(SECOND)

        assert status == 409
        assert "trained with another encoder; run: ./hamyar train" in body["message"]
        assert models.serving == FIRST


class TestModelSwitch:
    """Without a server: what happens between the steps."""

    def switch(self, models: KeptModels, load: Any) -> "tuple[ModelSwitch, Any]":
        app: Any = SimpleNamespace(ctx=SimpleNamespace(agent="the old one"))
        return ModelSwitch(app, models, load=load), app

    def test_the_old_model_answers_until_the_new_one_has_loaded(self, models) -> None:
        seen = []

        def load(_: Path) -> Any:
            seen.append(app.ctx.agent)
            return "the new one"

        switch, app = self.switch(models, load)
        asyncio.run(switch.use(SECOND))

        assert seen == ["the old one"]
        assert app.ctx.agent == "the new one"
        models.choose(models.get(FIRST))

    def test_a_choice_that_cannot_be_written_down_is_not_made(self, models, monkeypatch) -> None:
        def full(_: Any) -> None:
            raise OSError("no space left on device")

        switch, app = self.switch(models, lambda _: "the new one")
        monkeypatch.setattr(models, "choose", full)

        with pytest.raises(ModelRefused):
            asyncio.run(switch.use(SECOND))
        assert app.ctx.agent == "the old one"
