"""The widget's settings, as an admin keeps them."""

import re
from collections.abc import Awaitable, Callable

import httpx
import pytest
from fastapi import FastAPI

from connectors.web_widget.config import config_of, identity_secret
from core.config import Settings
from crm.enums import Role
from crm.models import Agent, Inbox
from tests.web.desk.conftest import is_asked_first

SignIn = Callable[[Role], Awaitable[Agent]]
HOSTILE = "</textarea><script>alert(1)</script>"


async def now(app: FastAPI, inbox: Inbox) -> Inbox:
    async with app.state.work.reading() as session:
        return await session.get_one(Inbox, inbox.id)


def revision(page: str) -> str:
    """Of which settings the form on the page is."""
    (found,) = re.findall(r'name="revision" value="(\w+)"', page)
    return str(found)


async def test_is_for_admins_alone(client: httpx.AsyncClient, sign_in: SignIn, inbox: Inbox) -> None:
    addresses = (f"/desk/widget/{inbox.key}", f"/desk/widget/{inbox.key}/secret")
    for address in addresses:
        assert (await client.post(address)).status_code == 401
    for role in (Role.agent, Role.supervisor, Role.editor):
        await sign_in(role)
        assert (await client.get("/desk/widget")).status_code == 403
        for address in addresses:
            assert (await client.post(address)).status_code == 403

    await sign_in(Role.admin)

    assert (await client.get("/desk/widget")).status_code == 200


@pytest.mark.parametrize("language", ["fa", "en"])
async def test_shows_the_line_and_the_secret_and_can_renew_it(
    app: FastAPI, client: httpx.AsyncClient, sign_in: SignIn, inbox: Inbox, settings: Settings, language: str
) -> None:
    await sign_in(Role.admin)
    secret = identity_secret(inbox, secret_key=settings.secret_key.get_secret_value())

    response = await client.get("/desk/widget", params={"lang": language})

    assert f'data-inbox="{inbox.key}"' in response.text
    assert secret in response.text
    assert response.headers["cache-control"] == "no-store"
    assert is_asked_first(response.text, f"/desk/widget/{inbox.key}/secret")
    await client.post(f"/desk/widget/{inbox.key}/secret")
    assert secret not in (await client.get("/desk/widget")).text


async def test_names_the_firm_for_the_chat_the_help_centre_and_the_colleagues(
    app: FastAPI, client: httpx.AsyncClient, sign_in: SignIn, inbox: Inbox
) -> None:
    await sign_in(Role.admin)
    form = {"firm_fa": " گل‌فروشی  بهار\n", "firm_en": HOSTILE, "firm_site": "https://bahar.example/"}

    assert (await client.post(f"/desk/widget/{inbox.key}", data=form)).status_code == 303

    session = await client.post("/widget/session", json={"inbox": inbox.key, "language": "fa"})
    assert session.json()["firm"] == {"name_fa": "گل‌فروشی بهار", "name_en": HOSTILE}
    persian, english = [(await client.get(f"/help/{language}")).text for language in ("fa", "en")]
    assert "<b>گل‌فروشی بهار</b>" in persian
    assert '<a href="https://bahar.example/">' in persian
    assert HOSTILE not in english
    assert (await now(app, inbox)).name == "گل‌فروشی بهار"


async def test_can_put_the_demos_site_back(client: httpx.AsyncClient, sign_in: SignIn, inbox: Inbox) -> None:
    await sign_in(Role.admin)

    await client.post(f"/desk/widget/{inbox.key}", data={"firm_site": "/demo"})

    assert (await client.get("/")).headers["location"] == "/demo"


async def test_a_firm_without_a_name_is_called_as_its_inbox(client: httpx.AsyncClient, inbox: Inbox) -> None:
    session = await client.post("/widget/session", json={"inbox": inbox.key, "language": "fa"})

    assert session.json()["firm"] == {"name_fa": "Demo", "name_en": "Demo"}
    assert "رفتن به سایت" not in (await client.get("/help/fa")).text


async def test_saves_what_can_be_used(app: FastAPI, client: httpx.AsyncClient, sign_in: SignIn, inbox: Inbox) -> None:
    await sign_in(Role.admin)
    form = {
        "origins": "https://Shop.example/\r\nhttp://localhost:3000",
        "ask_name": "true",
        "consent_en": HOSTILE,
        "privacy_url": "https://shop.example/privacy",
    }

    response = await client.post(f"/desk/widget/{inbox.key}", data=form)

    assert response.status_code == 303
    config = config_of(await now(app, inbox))
    assert config.origins == ["https://shop.example", "http://localhost:3000"]
    assert (config.ask_name, config.ask_address, config.consent_en) == (True, False, HOSTILE)
    assert HOSTILE not in (await client.get("/desk/widget")).text


@pytest.mark.parametrize(
    "wrong",
    [
        {"origins": "shop.example"},
        {"origins": "https://a b"},
        {"privacy_url": "javascript:alert(1)"},
        {"firm_site": "javascript:alert(1)"},
        {"firm_site": "/desk"},
        {"firm_fa": "x" * 121},
    ],
)
async def test_refuses_the_rest_and_keeps_what_was_typed(
    app: FastAPI, client: httpx.AsyncClient, sign_in: SignIn, inbox: Inbox, wrong: dict[str, str]
) -> None:
    await sign_in(Role.admin)

    response = await client.post(f"/desk/widget/{inbox.key}", data={"consent_en": "typed", **wrong})

    assert response.status_code == 422
    assert "typed</textarea>" in response.text
    assert (await now(app, inbox)).config == {}


async def test_undoes_nothing_that_a_colleague_saved_meanwhile_until_saved_again(
    app: FastAPI, client: httpx.AsyncClient, sign_in: SignIn, inbox: Inbox
) -> None:
    await sign_in(Role.admin)
    address = f"/desk/widget/{inbox.key}?lang=en"
    stale = {"revision": revision((await client.get("/desk/widget")).text)}
    await client.post(f"/desk/widget/{inbox.key}/secret")
    assert (await client.post(address, data={**stale, "firm_en": "Spring"})).status_code == 303

    wrong = await client.post(address, data={**stale, "consent_en": "typed", "firm_site": "nowhere"})
    response = await client.post(address, data={**stale, "consent_en": "typed"})

    assert revision(wrong.text) == stale["revision"]
    assert response.status_code == 409
    assert "A colleague saved this while you had it open." in response.text
    assert "typed</textarea>" in response.text
    assert config_of(await now(app, inbox)).firm_en == "Spring"
    again = {"revision": revision(response.text), "consent_en": "typed"}
    assert (await client.post(address, data=again)).status_code == 303
    config = config_of(await now(app, inbox))
    assert (config.firm_en, config.consent_en) == ("", "typed")


async def test_there_is_no_other_widget(client: httpx.AsyncClient, sign_in: SignIn, telegram_inbox: Inbox) -> None:
    await sign_in(Role.admin)

    assert (await client.post(f"/desk/widget/{telegram_inbox.key}")).status_code == 404
