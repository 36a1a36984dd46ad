import httpx
import pytest

from core.database import Database
from web.parts import Parts


class TestReady:
    async def test_says_that_the_database_is_away(
        self, client: httpx.AsyncClient, parts: Parts, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(_: Database) -> None:
            raise ConnectionRefusedError("nobody listens")

        monkeypatch.setattr(Database, "reading", refuse)

        response = await client.get("/health/ready")

        assert (response.status_code, response.json()) == (503, {"status": "database_unavailable"})
