"""Hearing a rating in what people write."""

import pytest

from language.ratings import find_rating, rating_in_words, words_beside_rating


class TestFindRating:
    @pytest.mark.parametrize(("text", "rating"), [("5", 5), ("۴", 4), ("امتیاز ۳", 3), ("I give you 2", 2)])
    def test_takes_the_one_number(self, text: str, rating: int) -> None:
        assert find_rating(text) == rating

    @pytest.mark.parametrize("text", ["", "خوب بود", "0", "6", "10", "۱ یا ۲", "9" * 5000])
    def test_takes_nothing_else(self, text: str) -> None:
        assert find_rating(text) is None

    @pytest.mark.parametrize(
        "text",
        [
            *("پشتیبانی ۵ ستاره نبود", "۵ ستاره؟ اصلاً نه", "امتیاز ۵ نمی‌دم", "5 nabud"),
            *("5 stars? not at all", "not 5 stars", "I don't give you 5"),
        ],
    )
    def test_takes_none_that_is_denied(self, text: str) -> None:
        assert find_rating(text) is None

    @pytest.mark.parametrize(
        ("text", "rating"),
        [
            ("امتیاز ۱ میدم چون افتضاح بودین", 1),
            ("۱ میدم چون خوب نبود", 1),
            ("1, you did not help at all", 1),
            ("I give 2 because it was not solved", 2),
            ("۵ میدم، عالی بودید", 5),
        ],
    )
    def test_takes_one_whose_reason_is_a_denial(self, text: str, rating: int) -> None:
        assert find_rating(text) == rating

    @pytest.mark.parametrize(("text", "rating"), [("۴ از ۵", 4), ("2 out of 5", 2), ("5/5", 5), ("از ۵، ۳", 3)])
    def test_understands_so_many_out_of_five(self, text: str, rating: int) -> None:
        assert find_rating(text) == rating


class TestRatingInWords:
    @pytest.mark.parametrize(
        ("text", "rating"),
        [
            ("1, you were awful", 1),
            ("افتضاح بود، ۱ میدم بهتون", 1),
            ("۲ ستاره، اصلاً راضی نبودم", 2),
            ("5", 5),
            ("3/5", 3),
            ("nomre 4", 4),
        ],
    )
    def test_hears_one_with_its_reason(self, text: str, rating: int) -> None:
        assert rating_in_words(text) == rating

    @pytest.mark.parametrize(
        "text",
        ["2 days I have been waiting!", "۳ روزه منتظرم", "شما ۲ بار پول گرفتید", "call me at 5", "5 stars? not at all"],
    )
    def test_takes_no_other_number_for_one(self, text: str) -> None:
        assert rating_in_words(text) is None


class TestWordsBesideRating:
    @pytest.mark.parametrize(
        "text", ["5", "I give you 2 stars", "امتیاز می‌دم ۲ ستاره", "نمره‌ام ۴ است", "emtiaz 1 midam", "3 out of 5"]
    )
    def test_are_none_where_a_text_only_rates(self, text: str) -> None:
        assert words_beside_rating(text) == 0

    @pytest.mark.parametrize("text", ["1, you were awful", "۲ ستاره، دیر جواب دادید", "emtiaz 1 chon kond bud"])
    def test_are_those_that_say_why(self, text: str) -> None:
        assert words_beside_rating(text) >= 2
