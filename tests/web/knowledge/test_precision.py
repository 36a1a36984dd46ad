"""Choosing how many of the given answers may be wrong."""

from collections.abc import Awaitable, Callable

import httpx
import pytest

from crm.enums import Role
from crm.models import Agent
from knowledge_base.operating_point import CalibrationData, Reached, Reliability
from web.parts import Parts

PAGE = "/desk/knowledge/precision"
API = "/api/v1/knowledge/operating-point"
HELD_OUT = CalibrationData(
    wrong_wanted=0.1,
    points=[Reached(confidence=0.9, wrong=0.0, answered=0.2), Reached(confidence=0.4, wrong=0.2, answered=0.8)],
    reliability=[Reliability(said=0.4, right=0.5, share=1.0)],
)


@pytest.fixture
async def admin(client: httpx.AsyncClient, sign_in: Callable[[Role], Awaitable[Agent]]) -> httpx.AsyncClient:
    await sign_in(Role.admin)
    client.headers["accept-language"] = "en"
    return client


@pytest.fixture(autouse=True)
def held_out(parts: Parts) -> None:
    live = parts.live_index
    live.weights = live.weights.model_copy(update={"held_out": HELD_OUT})


class TestPage:
    async def test_shows_the_curve_and_what_comes_of_a_choice(self, admin: httpx.AsyncClient, parts: Parts) -> None:
        saved = await admin.post(PAGE, data={"percent": "۲۰٪"})
        page = (await admin.get(saved.headers["location"])).text

        assert saved.status_code == 303
        assert "Of 100 questions it would answer 80, and of 100 answers 20.0 would be wrong." in page
        assert '<circle class="plot-point"' in page
        assert parts.live_index.search.calibration.thresholds.answer == 0.4

    @pytest.mark.parametrize("percent", ["0", "51", "<script>", "nan", "1e9"])
    async def test_says_what_is_wrong(self, admin: httpx.AsyncClient, parts: Parts, percent: str) -> None:
        response = await admin.post(PAGE, data={"percent": percent})

        assert response.status_code == 422
        assert "Write a number from 0.5 to 50." in response.text
        assert "<script>" not in response.text.replace("<script ", "")
        assert parts.live_index.wrong_wanted is None

    async def test_says_so_where_the_weights_know_nothing(self, admin: httpx.AsyncClient, parts: Parts) -> None:
        live = parts.live_index
        live.weights = live.weights.model_copy(update={"held_out": None})

        assert "do not say how often they are right" in (await admin.get(PAGE)).text
        assert (await admin.post(PAGE, data={"percent": "5"})).status_code == 422


class TestApi:
    async def test_tells_and_takes(self, admin: httpx.AsyncClient) -> None:
        before = (await admin.get(API)).json()
        after = (await admin.put(API, json={"wrong": 0.2})).json()
        refused = await admin.put(API, json={"wrong": 0.9})

        assert before["wrong_wanted"] is None
        assert (after["thresholds"]["answer"], after["reached"]["answered"]) == (0.4, 0.8)
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "share_unfit")


class TestAccess:
    async def test_nobody_gets_in_without_signing_in(self, client: httpx.AsyncClient) -> None:
        assert (await client.get(PAGE)).status_code == 303
        for method, path in (("POST", PAGE), ("GET", API), ("PUT", API)):
            assert (await client.request(method, path, json={"wrong": 0.2})).status_code == 401

    @pytest.mark.parametrize("role", [Role.agent, Role.editor, Role.supervisor])
    async def test_only_admins_do(
        self, client: httpx.AsyncClient, sign_in: Callable[[Role], Awaitable[Agent]], role: Role
    ) -> None:
        await sign_in(role)

        for method, path in (("GET", PAGE), ("POST", PAGE), ("GET", API), ("PUT", API)):
            assert (await client.request(method, path, json={"wrong": 0.2})).status_code == 403
