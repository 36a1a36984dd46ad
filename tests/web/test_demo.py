"""The demo business's site, and where the bare address leads."""

import httpx
import pytest

from core.unit_of_work import UnitOfWork
from crm.models import Inbox


@pytest.fixture
async def demo_inbox(inbox: Inbox, work: UnitOfWork) -> Inbox:
    """The widget that the seeds make."""
    async with work.begin() as session:
        (await session.get_one(Inbox, inbox.id)).config = {"firm_site": "/demo"}
    return inbox


class TestDemo:
    async def test_is_the_front_page_as_long_as_it_is_the_firms_site(
        self, client: httpx.AsyncClient, demo_inbox: Inbox
    ) -> None:
        assert (await client.get("/")).headers["location"] == "/demo"
        page = await client.get("/demo")
        assert page.status_code == 200
        assert f'data-inbox="{demo_inbox.key}"' in page.text
        assert '<a href="/demo">' in (await client.get("/help/en")).text

    async def test_nobody_else_has_an_invented_academy(self, client: httpx.AsyncClient, inbox: Inbox) -> None:
        assert (await client.get("/")).headers["location"] == "/help"
        assert (await client.get("/demo")).status_code == 404

    async def test_nor_has_an_empty_database(self, client: httpx.AsyncClient) -> None:
        assert (await client.get("/")).headers["location"] == "/help"
