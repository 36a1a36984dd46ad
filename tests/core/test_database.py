import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.database import Database, without_nul


class TestErrors:
    async def test_do_not_repeat_what_contacts_wrote(self, database: Database) -> None:
        with pytest.raises(DBAPIError) as error:
            async with database.session() as session:
                await session.execute(text("SELECT :words FROM nowhere"), {"words": "my password is 1234"})

        assert "1234" not in str(error.value)


class TestWithoutNul:
    def test_leaves_nul_out_of_texts_alone(self) -> None:
        assert without_nul((1, "a\0b", None, b"\0")) == (1, "ab", None, b"\0")
        assert without_nul([("\0",), ("c",)]) == [("",), ("c",)]
        assert without_nul({"name": "x\0"}) == {"name": "x"}
