"""Heads of public pages, and of nothing else."""

import httpx
import pytest


class TestHeads:
    @pytest.mark.parametrize("path", ["/", "/help/fa", "/help/en/nowhere", "/sitemap.xml"])
    async def test_of_public_pages_are_those_of_the_pages(self, client: httpx.AsyncClient, path: str) -> None:
        page = await client.get(path)

        head = await client.head(path)

        assert head.status_code == page.status_code != 405
        assert head.headers.get("content-type") == page.headers.get("content-type")
        assert head.content == b""

    @pytest.mark.parametrize("path", ["/desk", "/api/v1/tickets"])
    async def test_are_not_given_to_programs_or_at_the_desk(self, client: httpx.AsyncClient, path: str) -> None:
        assert (await client.head(path)).status_code == 405
