"""Was this helpful?"""

from http.cookies import SimpleCookie

import httpx
import pytest
from fastapi import FastAPI

from core.rate_limit import RateLimit
from crm.enums import Role
from knowledge_base.repository import Votes
from tests.web.knowledge.conftest import WriteArticle
from tests.web.knowledge.test_articles import SignIn
from web.help.votes import READER_COOKIE
from web.parts import Parts

ADDRESS = "/help/en/refunds"
VOTE = f"{ADDRESS}/vote"


@pytest.fixture
async def article_id(write: WriteArticle) -> int:
    return (await write("Refund rules", slug="refunds", body="Ten days.")).id


async def votes(parts: Parts, article_id: int) -> Votes:
    async with parts.work.reading() as session:
        return (await parts.open_knowledge(session).votes.counts([article_id])).get(article_id, Votes())


class TestVote:
    async def test_counts_once_a_reader_and_the_last_word(
        self, client: httpx.AsyncClient, article_id: int, parts: Parts
    ) -> None:
        first = await client.post(VOTE, data={"helpful": "yes"})
        after_first = await votes(parts, article_id)
        for _ in range(2):
            await client.post(VOTE, data={"helpful": "no"})

        assert first.headers["location"] == f"{ADDRESS}#vote"
        assert after_first == Votes(helpful=1)
        assert await votes(parts, article_id) == Votes(unhelpful=1)

    async def test_the_page_asks_and_shows_what_was_said(self, client: httpx.AsyncClient, article_id: int) -> None:
        before = (await client.get(ADDRESS)).text
        await client.post(VOTE, data={"helpful": "no"})
        after = (await client.get(ADDRESS)).text

        assert f'<form class="row" method="post" action="{VOTE}">' in before
        assert "Thank you" not in before
        assert 'value="no" aria-pressed="true"' in after
        assert "Thank you" in after

    async def test_other_readers_have_their_own(self, client: httpx.AsyncClient, article_id: int, parts: Parts) -> None:
        for _ in range(2):
            await client.post(VOTE, data={"helpful": "yes"})
            client.cookies.clear()

        assert await votes(parts, article_id) == Votes(helpful=2)

    async def test_a_forged_cookie_is_nobodys(self, client: httpx.AsyncClient, article_id: int, parts: Parts) -> None:
        client.cookies.set(READER_COOKIE, "eyJyZWFkZXIiOiJ4In0.forged.signature", path="/help")

        page = await client.get(ADDRESS)
        voted = await client.post(VOTE, data={"helpful": "yes"})

        assert page.status_code == 200
        assert "forged" not in SimpleCookie(voted.headers["set-cookie"])[READER_COOKIE].value
        assert await votes(parts, article_id) == Votes(helpful=1)

    async def test_too_many_from_one_address_are_refused(
        self, app: FastAPI, client: httpx.AsyncClient, article_id: int
    ) -> None:
        app.state.vote_limit = RateLimit("1/hour")
        await client.post(VOTE, data={"helpful": "yes"})

        refused = await client.post(VOTE, data={"helpful": "yes"})

        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) > 0

    async def test_another_site_cannot_vote(self, client: httpx.AsyncClient, article_id: int, parts: Parts) -> None:
        response = await client.post(VOTE, data={"helpful": "yes"}, headers={"sec-fetch-site": "cross-site"})

        assert response.status_code == 403
        assert await votes(parts, article_id) == Votes()

    @pytest.mark.parametrize("said", [{}, {"helpful": "<script>"}, {"helpful": ""}])
    async def test_anything_but_yes_and_no_is_refused(
        self, client: httpx.AsyncClient, article_id: int, said: dict[str, str]
    ) -> None:
        response = await client.post(VOTE, data=said)

        assert response.status_code == 422
        assert "<script>" not in response.text

    async def test_what_contacts_do_not_see_takes_no_votes(
        self, client: httpx.AsyncClient, write: WriteArticle
    ) -> None:
        await write("Draft", slug="draft", published=False)
        await write("Hidden", slug="hidden", visibility="agents")

        for path in ("/help/en/draft/vote", "/help/en/hidden/vote", "/help/xx/refunds/vote", "/help/en/%00/vote"):
            assert (await client.post(path, data={"helpful": "yes"})).status_code == 404, path

    async def test_the_list_of_articles_counts_them(
        self, client: httpx.AsyncClient, article_id: int, sign_in: SignIn
    ) -> None:
        await client.post(VOTE, data={"helpful": "no"})
        await sign_in(Role.editor)

        page = (await client.get("/desk/knowledge", headers={"accept-language": "en"})).text

        assert "0 / 1" in page
