"""The sitemap and what crawlers are kept out of."""

from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree

import httpx
import pytest
from fastapi import FastAPI

from tests.web.knowledge.conftest import WriteArticle

NAMES = {"map": "http://www.sitemaps.org/schemas/sitemap/0.9", "xhtml": "http://www.w3.org/1999/xhtml"}


async def sitemap(client: httpx.AsyncClient) -> dict[str, ElementTree.Element]:
    response = await client.get("/sitemap.xml")
    assert response.headers["content-type"].startswith("application/xml")
    urls = ElementTree.fromstring(response.text).findall("map:url", NAMES)  # noqa: S314 - it is our own
    return {one.findtext("map:loc", "", NAMES): one for one in urls}


def alternates(url: ElementTree.Element) -> dict[str | None, str | None]:
    return {one.get("hreflang"): one.get("href") for one in url.findall("xhtml:link", NAMES)}


class TestSitemap:
    async def test_names_articles_with_their_other_language_and_last_change(
        self, client: httpx.AsyncClient, write: WriteArticle
    ) -> None:
        await write("بازگشت وجه", slug="refunds", language="fa")
        await write("Refund rules", slug="refunds")
        await write("Opening hours", slug="hours")

        found = await sitemap(client)

        both = {"fa": "http://test/help/fa/refunds", "en": "http://test/help/en/refunds"}
        assert alternates(found["http://test/help/fa/refunds"]) == both
        assert alternates(found["http://test/help/en/refunds"]) == both
        assert alternates(found["http://test/help/en/hours"]) == {"en": "http://test/help/en/hours"}
        assert found["http://test/help/en/hours"].findtext("map:lastmod", "", NAMES).startswith("2026-11-23T12:00:00")

    async def test_an_empty_help_centre_has_its_contents_alone(self, client: httpx.AsyncClient) -> None:
        assert set(await sitemap(client)) == {"http://test/help/fa", "http://test/help/en"}

    async def test_keeps_what_contacts_do_not_see_to_itself(
        self, client: httpx.AsyncClient, write: WriteArticle
    ) -> None:
        await write("Draft", slug="draft", published=False)
        await write("Hidden", slug="hidden", visibility="agents")

        assert set(await sitemap(client)) == {"http://test/help/fa", "http://test/help/en"}

    async def test_addresses_are_the_public_ones(
        self, app: FastAPI, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(app.state.settings, "public_url", "https://help.example.com/")

        assert "https://help.example.com/help/fa" in await sitemap(client)
        assert "Sitemap: https://help.example.com/sitemap.xml" in (await client.get("/robots.txt")).text

    async def test_a_hostile_host_cannot_break_the_file(self, client: httpx.AsyncClient) -> None:
        response = await client.get("/sitemap.xml", headers={"host": "a&b'c.example"})

        assert ElementTree.fromstring(response.text) is not None  # noqa: S314 - it is our own


class TestRobots:
    async def test_lets_crawlers_read_the_help_centre_alone(self, client: httpx.AsyncClient) -> None:
        response = await client.get("/robots.txt")
        rules = RobotFileParser()
        rules.parse(response.text.splitlines())

        assert response.headers["content-type"].startswith("text/plain")
        assert rules.site_maps() == ["http://test/sitemap.xml"]
        for path in ("/", "/help/fa", "/help/en/refunds", "/widget.js", "/static/help.css"):
            assert rules.can_fetch("*", path), path
        for path in ("/desk", "/desk/sign-in", "/api/v1/tickets", "/widget/ws", "/widget/session"):
            assert not rules.can_fetch("*", path), path
