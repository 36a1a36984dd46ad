"""Order numbers, amounts and dates in what customers write."""

import pytest

from bot.nlu.details import DetailFinder


@pytest.fixture(scope="module")
def finder() -> DetailFinder:
    return DetailFinder()


def values(finder: DetailFinder, entity: str, text: str) -> "list[str]":
    return [found.value for found in finder.find(text) if found.entity == entity]


class TestAmounts:
    @pytest.mark.parametrize(
        ("text", "amount"),
        [
            ("۲ میلیون و ۵۰۰ هزار تومان از حسابم کم شد", "2500000 toman"),
            ("دو میلیون و پانصد هزار تومن واریز کردم", "2500000 toman"),
            ("سیصد و پنجاه هزار تومن دادم", "350000 toman"),
            ("سیصدوپنجاه هزارتومان دادم", "350000 toman"),
            ("۲/۵ میلیون تومان پرداخت کردم", "2500000 toman"),
            ("صد و بیست تومن کم شد", "120 toman"),
            ("پونصد تومن", "500 toman"),
            ("یک میلیون و دویست و پنجاه هزار تومان", "1250000 toman"),
            ("دو میلیون پونصد هزار تومن ریختم", "2500000 toman"),
            ("دو و نیم میلیون تومن", "2500000 toman"),
            ("یه میلیون و نیم تومن دادم بهتون", "1500000 toman"),
            ("مبلغ ۴۵۰/۰۰۰ تومان", "450000 toman"),
            ("مبلغ 2.500.000 ریال", "2500000 rial"),
            ("۴۵۰٬۰۰۰ تومانم رو پس بدید", "450000 toman"),
            ("2 500 000 تومان", "2500000 toman"),
            ("do milion o 500 hezar toman dadam", "2500000 toman"),
            ("panjah hezar toman kam shod", "50000 toman"),
            ("€19,99 was taken", "19.99 euro"),
            ("£20 was taken from my card", "20 pound"),
            ("I paid USD 20 yesterday", "20 dollar"),
            ("you charged me $1,299.99", "1299.99 dollar"),
            ("i lost 2 hundred dollars", "200 dollar"),
            ("two hundred and fifty dollars", "250 dollar"),
            ("about 20€ per month", "20 euro"),
            ("$2.5k was debited", "2500 dollar"),
            ("سفارش ۱۲۳۴۵ ۵۰۰ هزار تومان شد", "500000 toman"),
            ("۲۰ دلار و ۵ روز گذشته", "20 dollar"),
            ("bisto panj hezar tomanam raft", "25000 toman"),
            ("مبلغ ۵۰ هزار تومان ۲ بار کم شد", "50000 toman"),
            ("من ۵ تا خریدم هر کدوم ۲۰ دلار", "20 dollar"),
            ("a payment of 20 dollars", "20 dollar"),
            ("شصت و پنج یورو", "65 euro"),
            ("۳میلیون‌و۲۰۰هزار تومان", "3200000 toman"),
            ("سه هزار میلیارد تومان", "3000000000000 toman"),
        ],
    )
    def test_are_read_as_a_whole(self, finder, text, amount) -> None:
        assert values(finder, "amount", text) == [amount]

    @pytest.mark.parametrize(
        "text",
        [
            "دو سه میلیون تومن خرج کردم",
            "۲۰۰ تا ۳۰۰ هزار تومان",
            "یا ۲۰ یا ۳۰ دلار",
            "چند صد هزار تومان",
            "صدها هزار تومان ضرر کردم",
            "میلیون تومن پول دادم",
            "دو میلیون و پونصد تومن",
            "۲ میلیون تومان و ۵۰۰ هزار تومان",
            "between 20 and 30 dollars",
            "20-30 dollars",
            "$20-30",
            "a couple of hundred dollars",
            "1.299,99.5 €",
            "450.5.1 تومان",
            "۲/۵ تومان",
            "20.000 euro",
            "۲۰ دلار کانادا",
            "CA$20",
            "the box weighs 5 pounds",
            "20 dollars and 50 cents",
            "0 dollars",
            "از ۲۰۰ هزار تومن تا ۳۰۰ هزار تومن",
            "چهارصد، پانصد هزار تومن",
            "دو دلار و نیم",
            "siso panjah hezar toman",
            "² دلار",
            "تومان",
            "$",
            "what do dollars do",
        ],
    )
    def test_are_left_out_where_they_can_be_read_in_two_ways(self, finder, text) -> None:
        assert values(finder, "amount", text) == []

    def test_stand_where_they_were_written(self, finder) -> None:
        text = "دیروز سیصدوپنجاه هزارتومان دادم"

        (found,) = finder.find(text)

        assert text[found.start : found.end] == "سیصدوپنجاه هزارتومان"

    @pytest.mark.parametrize("text", ["۵ " * 1000 + "تومان", "دو و " * 500 + "دلار", "$" * 2000, "\ud800 20 تومان"])
    def test_survive_a_hostile_text(self, finder, text) -> None:
        assert len(values(finder, "amount", text)) <= 1
