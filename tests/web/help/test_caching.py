"""What of the help centre may be kept on its way, and what may not."""

import httpx
import pytest

from tests.web.knowledge.conftest import WriteArticle

ADDRESS = "/help/en/refunds"


class TestSharedPages:
    @pytest.mark.parametrize("path", ["/help/en", ADDRESS, "/sitemap.xml", "/robots.txt"])
    async def test_are_kept_for_a_short_while_and_not_sent_twice(
        self, client: httpx.AsyncClient, write: WriteArticle, path: str
    ) -> None:
        await write("Refund rules", slug="refunds")

        first = await client.get(path)
        again = await client.get(path, headers={"if-none-match": f'"other", {first.headers["etag"]}'})

        assert first.headers["cache-control"] == "public, max-age=60"
        assert "Cookie" in first.headers["vary"]
        assert "set-cookie" not in first.headers
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]

    async def test_are_sent_again_once_they_changed(self, client: httpx.AsyncClient, write: WriteArticle) -> None:
        tag = (await client.get("/help/en")).headers["etag"]
        await write("Refund rules", slug="refunds")

        assert (await client.get("/help/en", headers={"if-none-match": tag})).status_code == 200

    @pytest.mark.parametrize("tag", ["", ",", '"', "W/", "x" * 5_000])
    async def test_odd_tags_match_nothing(self, client: httpx.AsyncClient, tag: str) -> None:
        assert (await client.get("/help/en", headers={"if-none-match": tag})).status_code == 200


class TestPrivatePages:
    async def test_one_who_voted_has_a_page_of_their_own(self, client: httpx.AsyncClient, write: WriteArticle) -> None:
        await write("Refund rules", slug="refunds")
        before = await client.get(ADDRESS)
        voted = await client.post(f"{ADDRESS}/vote", data={"helpful": "yes"})

        after = await client.get(ADDRESS, headers={"if-none-match": before.headers["etag"]})

        assert "public" not in voted.headers.get("cache-control", "")
        assert after.status_code == 200
        assert after.headers["cache-control"] == "private, no-cache"
        assert "etag" not in after.headers

    @pytest.mark.parametrize("path", ["/help/en?q=refund", f"{ADDRESS}?asked=my+refund"])
    async def test_what_somebody_searched_for_is_theirs(
        self, client: httpx.AsyncClient, write: WriteArticle, path: str
    ) -> None:
        await write("Refund rules", slug="refunds")

        assert (await client.get(path)).headers["cache-control"] == "private, no-cache"

    @pytest.mark.parametrize("path", ["/help", "/help/en/nothing", "/help/de"])
    async def test_what_is_elsewhere_or_nowhere_is_not_kept(self, client: httpx.AsyncClient, path: str) -> None:
        assert "cache-control" not in (await client.get(path)).headers
