"""Titles stand as in a dictionary."""

from random import Random

import pytest
from sqlalchemy import select

from knowledge_base.models import Article
from knowledge_base.ordering import alphabetical
from tests.conftest import NOON

ALPHABET = "آابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهی"


@pytest.fixture
def sort(work):
    """Titles in the database's order."""

    async def sorted_by_sql(titles: list[str]) -> list[str]:
        async with work.begin() as session:
            for number, title in enumerate(titles):
                article = Article(slug=f"a{number}", language="fa", title=title, created_at=NOON, updated_at=NOON)
                session.add(article)
        async with work.reading() as session:
            return list(await session.scalars(select(Article.title).order_by(alphabetical(Article.title))))

    return sorted_by_sql


class TestAlphabetical:
    async def test_is_the_persian_alphabet(self, sort):
        letters = list(ALPHABET)
        Random(1).shuffle(letters)

        assert "".join(await sort(letters)) == ALPHABET

    async def test_takes_no_notice_of_joiners_and_of_the_case_of_latin_letters(self, sort):
        titles = ["Zebra", "apple", "می\u200cرود", "میز", "میرزا"]

        assert await sort(titles) == ["apple", "Zebra", "میرزا", "می\u200cرود", "میز"]
