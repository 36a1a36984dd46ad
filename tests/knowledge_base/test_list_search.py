"""Editors find articles whatever their spelling."""

import pytest

from knowledge_base.repository import Wanted
from knowledge_base.schemas import ArticleDraft


@pytest.fixture
def found(work, open_knowledge):
    async def found(words):
        async with work.reading() as session:
            articles, total = await open_knowledge(session).articles.listed(Wanted(words=words))
            assert len(articles) == total
            return sorted(article.slug for article in articles)

    return found


class TestListed:
    @pytest.mark.parametrize(
        "words",
        [
            "كتاب",
            "کتاب‌های",
            "کتاب های ارسالی",
            "كتابهای",
            "ketab",
            "KETAB haye",
            "12",
            "۱۲",
            "١٢ روز",
            "گواهی‌نامه",
            "گواهی نامه",
            "مسئول",
            "govahiname",
            "گواهینامه  ـ",
            "BOOKS",
        ],
    )
    async def test_takes_for_the_same_what_people_do(self, make_article, found, words):
        await make_article(
            "books",
            language="fa",
            title="كتاب‌هاي ارسالی",
            summary="مسئول ارسال",
            body="در ١٢ روز می‌رسد.",
            questions=["گواهینامه کی می‌رسد؟"],
        )
        await make_article("cars", language="fa", title="خودرو")

        assert await found(words) == ["books"]

    async def test_wants_every_word_and_takes_signs_for_themselves(self, make_article, found):
        await make_article("refunds", title="Refunds", body="100% of the price_list")

        assert await found("refunds price") == ["refunds"]
        assert await found("refunds elephant") == await found("1%0") == await found("price-list") == []
        assert await found("100%") == await found("price_list") == ["refunds"]

    async def test_finds_persian_that_a_variant_has_in_latin_letters(self, make_article, found):
        await make_article("books", language="fa", title="خرید", questions=["ketab mikham"])

        assert await found("کتاب") == await found("ketab") == ["books"]

    async def test_follows_changes_and_addresses(self, make_article, found, work, open_knowledge):
        await make_article("refunds", language="fa", title="بازگشت وجه")
        english = await make_article("refunds", title="Refunds")
        draft = ArticleDraft(title="Money back")

        async with work.begin() as session:
            await open_knowledge(session).save(english.id, draft, version=1, slug="money-back")

        assert await found("refunds") == []
        assert await found("money-back") == ["money-back", "money-back"]
        assert await found("وجه money") == ["money-back"]
