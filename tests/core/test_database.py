import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.database import Database


class TestErrors:
    async def test_do_not_repeat_what_contacts_wrote(self, database: Database) -> None:
        with pytest.raises(DBAPIError) as error:
            async with database.session() as session:
                await session.execute(text("SELECT :words FROM nowhere"), {"words": "my password is 1234"})

        assert "1234" not in str(error.value)
