"""Categories: new ones, other names, another order."""

import re
from collections.abc import Awaitable, Callable

import httpx
import pytest

from crm.enums import Role
from crm.models import Agent
from knowledge_base.models import Category
from tests.web.knowledge.conftest import WriteArticle
from web.parts import Parts

PAGE = "/desk/knowledge/categories"
API = "/api/v1/knowledge/categories"
NEW = {"slug": "delivery", "name_fa": "ارسال", "name_en": "Delivery"}


async def shown(parts: Parts) -> list[str]:
    async with parts.work.reading() as session:
        return [one.slug for one in await parts.open_knowledge(session).categories.all()]


class TestDesk:
    async def test_adds_one_that_the_help_centre_shows_in_both_languages(
        self, editor: httpx.AsyncClient, write: WriteArticle
    ) -> None:
        added = await editor.post(PAGE, data=NEW)
        page = (await editor.get(added.headers["location"])).text
        for language in ("fa", "en"):
            await write("Post", slug="post", language=language, category="delivery")

        assert added.status_code == 303
        assert "Category added." in page
        assert "<h2>ارسال</h2>" in (await editor.get("/help/fa")).text
        assert "<h2>Delivery</h2>" in (await editor.get("/help/en")).text

    async def test_gives_other_names_and_moves_up_and_down(
        self, editor: httpx.AsyncClient, category: Category, parts: Parts
    ) -> None:
        await editor.post(PAGE, data=NEW)
        before = await shown(parts)

        saved = await editor.post(f"{PAGE}/delivery", data={"name_fa": "پست", "name_en": "Post", "action": "up"})
        after = await shown(parts)
        page = (await editor.get(PAGE)).text
        await editor.post(f"{PAGE}/delivery", data={"name_fa": "پست", "name_en": "Post", "action": "down"})

        assert saved.status_code == 303
        assert (before, after) == ([category.slug, "delivery"], ["delivery", category.slug])
        assert 'value="پست"' in page
        assert len(re.findall('value="(?:up|down)"', page)) == 2
        assert await shown(parts) == before

    @pytest.mark.parametrize(
        ("wrong", "said", "status"),
        [
            ({"name_fa": "  "}, "A name has from 1 to 200 characters.", 422),
            ({"name_en": "x" * 201}, "A name has from 1 to 200 characters.", 422),
            ({"slug": "No Slug"}, "Lower-case Latin letters and digits", 422),
            ({"slug": "payments"}, "There is a category with this address already.", 409),
        ],
    )
    async def test_refuses_what_does_not_fit_and_keeps_what_was_typed(
        self, editor: httpx.AsyncClient, category: Category, parts: Parts, wrong: dict[str, str], said: str, status: int
    ) -> None:
        refused = await editor.post(PAGE, data=NEW | wrong)

        assert refused.status_code == status
        assert said in refused.text
        assert f'value="{(NEW | wrong)["slug"]}"' in refused.text
        assert await shown(parts) == [category.slug]

    async def test_a_refused_name_stands_where_it_was_typed(
        self, editor: httpx.AsyncClient, category: Category
    ) -> None:
        refused = await editor.post(f"{PAGE}/payments", data={"name_fa": "", "name_en": "Paying"})

        assert refused.status_code == 422
        assert refused.text.count('value="Paying"') == 1
        assert refused.text.count("A name has from 1 to 200 characters.") == 1

    async def test_an_unknown_one_is_not_there(self, editor: httpx.AsyncClient) -> None:
        assert (await editor.post(f"{PAGE}/nowhere", data=NEW)).status_code == 404

    async def test_a_hostile_name_is_shown_harmless(self, editor: httpx.AsyncClient, write: WriteArticle) -> None:
        await editor.post(PAGE, data=NEW | {"name_en": '"><script>alert(1)</script>'})
        await write("Post", slug="post", category="delivery")

        for page in (PAGE, "/desk/knowledge", "/help/en"):
            assert "<script>alert" not in (await editor.get(page)).text


class TestApi:
    async def test_adds_renames_and_moves(self, editor: httpx.AsyncClient, category: Category) -> None:
        added = await editor.post(API, json=NEW)
        again = await editor.post(API, json=NEW)
        saved = await editor.put(f"{API}/delivery", json={"name_fa": "پست", "name_en": "Post", "position": 0})
        last = await editor.put(f"{API}/delivery", json={"name_fa": "پست", "name_en": "Post", "position": 9})
        unknown = await editor.put(f"{API}/nowhere", json={"name_fa": "پست", "name_en": "Post"})

        assert (added.status_code, added.json()) == (201, NEW | {"position": 1})
        assert (again.status_code, unknown.status_code) == (409, 404)
        assert saved.json() == {"slug": "delivery", "name_fa": "پست", "name_en": "Post", "position": 0}
        assert last.json()["position"] == 1


ROUTES = (("GET", PAGE), ("POST", PAGE), ("POST", f"{PAGE}/payments"), ("POST", API), ("PUT", f"{API}/payments"))


class TestAccess:
    async def test_nobody_gets_in_without_signing_in(self, client: httpx.AsyncClient) -> None:
        for method, path in ROUTES:
            assert (await client.request(method, path)).status_code in (303, 401), (method, path)

    async def test_who_only_handles_conversations_does_not(
        self, client: httpx.AsyncClient, sign_in: Callable[[Role], Awaitable[Agent]], category: Category
    ) -> None:
        await sign_in(Role.agent)

        for method, path in ROUTES:
            sent = {"json": NEW} if path.startswith("/api") else {"data": NEW} if method == "POST" else {}
            assert (await client.request(method, path, **sent)).status_code == 403, (method, path)  # type: ignore[arg-type]
