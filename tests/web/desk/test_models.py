"""The bot's models, as an admin sees them, exchanges them and has another one trained."""

import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from bot.models import Endings, KeptModels, Model, Progress, Stages, Trial, now
from core.config import Settings
from crm.enums import Role
from crm.models import Agent
from tests.web.desk.conftest import HOSTILE
from web.bot_training import BotTraining

SignIn = Callable[[Role], Awaitable[Agent]]
PATH = "/desk/models"
OLD, NEW = "20260101-000000", "20260102-000000"
TRIAL = Trial(OLD, 143, ["A refund", HOSTILE], ["A refund", HOSTILE], 211, 0.9573, 0.9621, 4, 1.0, 0.75)


@dataclass
class FakeRasa:
    """Serves what it is told to, refuses what it is told to refuse, or says nothing."""

    serving: str | None = OLD
    refuses: str = ""
    is_silent: bool = False
    is_slow: bool = False
    asked: list[str] = field(default_factory=list)

    def answer(self, request: httpx.Request) -> httpx.Response:
        if self.is_silent:
            raise httpx.ConnectError("nobody there")
        assert request.headers["authorization"].startswith("Bearer ")
        if request.method == "GET":
            return httpx.Response(200, json={"serving": self.serving})
        self.asked.append(json.loads(request.content)["name"])
        if self.is_slow:
            raise httpx.ReadTimeout("still loading")
        if self.refuses:
            return httpx.Response(409, json={"error": "model_refused", "message": self.refuses})
        self.serving = self.asked[-1]
        return httpx.Response(200, json={"serving": self.serving})


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    return settings.model_copy(
        update={"rasa_models_folder": tmp_path / "models", "rasa_python": tmp_path / "rasa-python"}
    )


@pytest.fixture
def rasa(app: FastAPI) -> FakeRasa:
    fake = FakeRasa()
    app.state.parts.rasa_client = httpx.AsyncClient(base_url="http://rasa", transport=httpx.MockTransport(fake.answer))
    return fake


@pytest.fixture
async def training(app: FastAPI) -> AsyncIterator[BotTraining]:
    yield app.state.bot_training
    await app.state.bot_training.stop()


@pytest.fixture
def models(training: BotTraining) -> KeptModels:
    """An old model that serves, and a new one that did worse."""
    models = training.models
    models.folder.mkdir()
    for model in (Model(OLD, now(), "a", 0, "encoder", 40.0), Model(NEW, now(), "b", 4, "encoder", 41.0, TRIAL)):
        models.file_of(model.name).write_bytes(b"a model")
        models.note(model)
    models.choose(Model(OLD, now(), "a", 0, "encoder", 40.0))
    return models


@pytest.fixture
async def admin(client: httpx.AsyncClient, sign_in: SignIn) -> Agent:
    client.cookies.set("hamyar_language", "en")
    return await sign_in(Role.admin)


def give_python(settings: Settings, program: str) -> None:
    """Have this run in place of Rasa's interpreter, whatever it is asked to do."""
    settings.rasa_python.write_text(f"#!/bin/sh\nexec {sys.executable} -c '{program}' \"$@\"\n")
    settings.rasa_python.chmod(0o755)


@pytest.mark.usefixtures("rasa", "models")
class TestAccess:
    async def test_is_for_admins_alone(self, client: httpx.AsyncClient, sign_in: SignIn, rasa: FakeRasa) -> None:
        assert (await client.get(PATH)).status_code == 303
        assert (await client.post(PATH, data={"name": NEW})).status_code == 401
        assert (await client.post(f"{PATH}/train")).status_code == 401
        for role in set(Role) - {Role.admin}:
            await sign_in(role)
            assert (await client.get(PATH)).status_code == 403, role
            assert (await client.post(PATH, data={"name": NEW})).status_code == 403, role
            assert (await client.post(f"{PATH}/train")).status_code == 403, role
        assert rasa.asked == []


@pytest.mark.usefixtures("admin", "rasa")
class TestList:
    async def test_shows_what_each_is_and_how_it_did(self, client: httpx.AsyncClient, models: KeptModels) -> None:
        html = (await client.get(PATH)).text

        assert "141 of 143" in html
        assert "95.7 percent" in html
        assert "before: 96.2 percent" in html
        assert "A refund" in html
        assert "<script>alert" not in html
        assert html.count("Use this model") == 1
        # On a phone the names of the columns are gone.
        assert 'data-label="Test messages"' in html
        assert "Serves" in html

    async def test_offers_to_go_back_to_what_served(
        self, client: httpx.AsyncClient, models: KeptModels, rasa: FakeRasa
    ) -> None:
        new = models.get(NEW)
        assert new
        models.choose(new)
        rasa.serving = NEW

        assert (await client.get(PATH)).text.count("Go back to this model") == 1

    async def test_says_where_a_choice_waits_for_rasa(
        self, client: httpx.AsyncClient, models: KeptModels, rasa: FakeRasa
    ) -> None:
        new = models.get(NEW)
        assert new
        models.choose(new)

        assert "Serves from Rasa&#39;s next start on" in (await client.get(PATH)).text

    async def test_is_in_persian_too(self, client: httpx.AsyncClient, models: KeptModels) -> None:
        client.cookies.set("hamyar_language", "fa")

        html = (await client.get(PATH)).text

        assert "۱۴۱ از ۱۴۳" in html
        assert "۹۵٫۷ درصد" in html
        assert "در حال کار" in html

    async def test_says_how_far_a_trial_has_come(self, client: httpx.AsyncClient, models: KeptModels) -> None:
        models.note(Model(NEW, now(), "b", 4, "encoder", 41.0, trial_began_at=now()))
        with models.training():
            models.tell(Progress(Stages.TRIAL, now(), model=NEW))
            during = (await client.get(PATH)).text

        after = (await client.get(PATH)).text

        assert "It is being tried." in during
        assert "Its trial was broken off." in after
        assert after.count("there was nothing to compare it with") == 1

    async def test_says_so_where_there_is_none_and_no_rasa(self, client: httpx.AsyncClient, rasa: FakeRasa) -> None:
        rasa.is_silent = True

        html = (await client.get(PATH)).text

        assert "There is no model here" in html
        assert "./hamyar train" in html


@pytest.mark.usefixtures("admin", "models")
class TestUse:
    async def test_has_rasa_serve_it(self, client: httpx.AsyncClient, rasa: FakeRasa) -> None:
        response = await client.post(PATH, data={"name": NEW})

        assert (response.status_code, response.headers["location"]) == (303, PATH)
        assert rasa.asked == [NEW]

    @pytest.mark.parametrize("name", ["20991231-000000", "../models/x", f"{NEW}.tar.gz", "/etc/passwd", HOSTILE])
    async def test_takes_names_of_kept_models_alone(self, client: httpx.AsyncClient, rasa: FakeRasa, name: str) -> None:
        assert (await client.post(PATH, data={"name": name})).status_code == 404
        assert rasa.asked == []

    async def test_says_why_rasa_refused_it(self, client: httpx.AsyncClient, rasa: FakeRasa) -> None:
        rasa.refuses = f"trained with another encoder; run: ./hamyar train {HOSTILE}"

        response = await client.post(PATH, data={"name": NEW})

        assert response.status_code == 409
        assert "run: ./hamyar train &lt;script&gt;" in response.text
        assert "<script>alert" not in response.text

    async def test_changes_nothing_where_rasa_is_silent(
        self, client: httpx.AsyncClient, rasa: FakeRasa, models: KeptModels
    ) -> None:
        rasa.is_silent = True

        response = await client.post(PATH, data={"name": NEW})

        assert response.status_code == 503
        assert "nothing was changed" in response.text
        assert models.serving == OLD

    async def test_promises_nothing_where_rasa_is_slow(
        self, client: httpx.AsyncClient, rasa: FakeRasa, models: KeptModels
    ) -> None:
        rasa.is_slow = True

        response = await client.post(PATH, data={"name": NEW})

        assert response.status_code == 504
        assert "may still be loading" in response.text
        assert "nothing was changed" not in response.text


@pytest.mark.usefixtures("admin", "rasa")
class TestTrain:
    async def test_is_not_possible_without_rasas_interpreter(
        self, client: httpx.AsyncClient, training: BotTraining
    ) -> None:
        response = await client.post(f"{PATH}/train")

        assert response.status_code == 409
        assert training.models.progress() is None

    async def test_goes_on_in_a_process_of_its_own_one_at_a_time(
        self, client: httpx.AsyncClient, settings: Settings, training: BotTraining
    ) -> None:
        give_python(settings, "import sys; sys.stdin.read(); import time; time.sleep(60)")

        first = await client.post(f"{PATH}/train")
        second = await client.post(f"{PATH}/train")
        html = (await client.get(PATH)).text

        assert (first.status_code, second.status_code) == (303, 409)
        assert "The bot is being trained" in html
        assert 'hx-trigger="every 2s"' in html
        assert "/desk/models/train" not in html
        assert training.models.labels_file.exists()

    async def test_one_that_dies_was_broken_off(
        self, client: httpx.AsyncClient, settings: Settings, training: BotTraining
    ) -> None:
        give_python(settings, "import time; time.sleep(60)")
        await client.post(f"{PATH}/train")

        await training.stop()

        html = (await client.get(PATH)).text
        assert "was broken off" in html
        assert "/desk/models/train" in html

    async def test_is_told_no_secret_but_rasas(
        self, client: httpx.AsyncClient, settings: Settings, training: BotTraining, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("EMAIL_PASSWORD", "a-secret-of-others")
        give_python(settings, "import os; print(dict(os.environ), flush=True)")

        await client.post(f"{PATH}/train")
        assert training._process
        await training._process.wait()

        said = (training.models.folder / "training.log").read_text()
        assert "RASA_TOKEN" in said
        assert "a-secret-of-others" not in said

    async def test_is_told_where_rasa_is_and_waits_behind_contacts(
        self, client: httpx.AsyncClient, settings: Settings, training: BotTraining
    ) -> None:
        give_python(settings, 'import os, sys; print(sys.argv[1:], os.environ["RASA_URL"], flush=True)')

        await client.post(f"{PATH}/train")
        assert training._process
        await training._process.wait()

        said = (training.models.folder / "training.log").read_text()
        assert "'bot.train', '--gently', '--models'" in said
        assert settings.rasa_url in said

    @pytest.mark.parametrize(
        ("outcome", "words"),
        [
            (Endings.WORSE, "did worse in its trial"),
            (Endings.FAILED, "The training failed"),
            (Endings.KEPT, "Another model was chosen during the trial"),
            (Endings.REFUSED, "could not load the new model"),
            (Endings.BROKEN_OFF, "was broken off"),
        ],
    )
    async def test_how_the_last_one_ended_is_shown(
        self, client: httpx.AsyncClient, models: KeptModels, outcome: str, words: str
    ) -> None:
        models.tell(replace(Progress(Stages.ENDED, now(), now()), outcome=outcome, model=NEW, reason=HOSTILE))

        html = (await client.get(PATH)).text

        assert words in html
        assert "<script>alert" not in html

    @pytest.mark.parametrize("outcome", ["serves", "serves_next", "worse", "kept", "refused", "broken_off"])
    async def test_what_was_chosen_since_serves_whatever_was_said_of_it(
        self, client: httpx.AsyncClient, models: KeptModels, rasa: FakeRasa, outcome: str
    ) -> None:
        models.tell(replace(Progress(Stages.ENDED, now(), now()), outcome=outcome, model=NEW))

        rasa.serving = NEW

        assert "The new model serves." in (await client.get(PATH)).text

    async def test_a_model_that_another_has_followed_is_not_said_to_serve(
        self, client: httpx.AsyncClient, models: KeptModels, rasa: FakeRasa
    ) -> None:
        models.tell(replace(Progress(Stages.ENDED, now(), now()), outcome="serves", model=NEW))

        rasa.serving = OLD

        assert "The new model serves." not in (await client.get(PATH)).text
