"""Order numbers, amounts and dates in what customers write."""

from pathlib import Path

import pytest
import yaml

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
            ("۱۲۰۰۰۰ ﷼", "120000 rial"),
            ("120,000 IRR", "120000 rial"),
            ("IRR 120,000", "120000 rial"),
            ("1.299,99 €", "1299.99 euro"),
            ("خریدم ۴۵۰ هزار تومن بود و تخفیف نخورد", "450000 toman"),
            ("خرید ۵۰۰ هزار تومان", "500000 toman"),
            ("خرید ۵۰۰ هزارتومان", "500000 toman"),
            ("order 300 dollars", "300 dollar"),
            ("سفارش ۲۰۰ دلاری", "200 dollar"),
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
            "دو تومن شارژ کردم غیب شد",
            "۵۰ تومن کم شده",
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

    @pytest.mark.parametrize("text", ["۵۰۰ تومان", "۵۰۰ ریال", "5 dollars", "€5", "£5"])
    def test_have_words_for_the_ticket_in_every_currency(self, finder, text) -> None:
        (amount,) = values(finder, "amount", text)
        responses = yaml.safe_load(Path("domain.yml").read_text(encoding="utf-8"))["responses"]

        assert f"utter_detail_amount_{amount.split()[1]}" in responses

    def test_stand_where_they_were_written(self, finder) -> None:
        text = "دیروز سیصدوپنجاه هزارتومان دادم"

        (found,) = finder.find(text)

        assert text[found.start : found.end] == "سیصدوپنجاه هزارتومان"

    @pytest.mark.parametrize("text", ["۵ " * 1000 + "تومان", "دو و " * 500 + "دلار", "$" * 2000, "\ud800 20 تومان"])
    def test_survive_a_hostile_text(self, finder, text) -> None:
        assert len(values(finder, "amount", text)) <= 1


class TestDates:
    @pytest.mark.parametrize(
        ("text", "date"),
        [
            ("پنجم مهر خریدم", "5 مهر"),
            ("5 مهرماه پرداخت کردم", "5 مهر"),
            ("۵ مهر‌ماه ۱۴۰۴", "1404/07/05"),
            ("بیست و سوم آبان", "23 آبان"),
            ("روز سی و یکم خرداد سال ۱۴۰۳", "1403/03/31"),
            ("اول فروردین سفارش دادم", "1 فروردین"),
            ("سی‌ام دی ماه", "30 دی"),
            ("بیست و سه آبان پول دادم", "23 آبان"),
            ("۱۲ام مهر ماه سال ۱۴۰۴", "1404/07/12"),
            ("1404.07.12 واریز شد", "1404/07/12"),
            ("۱۲/۰۷/۱۴۰۴ واریز شد", "1404/07/12"),
            ("30 اسفند 1403", "1403/12/30"),
            ("12 mehr kharidam", "12 مهر"),
            ("paid on 10/25/2025", "2025-10-25"),
            ("paid on 25/10/2025", "2025-10-25"),
            ("bought 2025-10-04", "2025-10-04"),
            ("on 29 Feb 2024", "2024-02-29"),
            ("on the 4th of October, 2025", "2025-10-04"),
            ("Oct. 4, 2025 was it", "2025-10-04"),
            ("on May 5 I paid", "5 May"),
            ("5th of may", "5 May"),
            ("ordered May 5.", "5 May"),
            ("the twenty-third of november", "23 November"),
            ("۵ مهر ۲۰۰۰ تومان دادم", "5 مهر"),
            ("بیست‌و‌سوم آبان", "23 آبان"),
            ("panj mehr kharidam", "5 مهر"),
            ("bist o sevom aban", "23 آبان"),
            ("پنجشنبه ۱۴ تیر ساعت ۵", "14 تیر"),
            ("یازدهم ماه مهر", "11 مهر"),
            ("4.10.2025", "2025-10-04"),
            ("«۱۴۰۴ / ۰۷ / ۱۲»", "1404/07/12"),
            ("1404 /07/12", "1404/07/12"),
            ("سفارش ۱۴۰۴ / ۰۷ / ۱۲", "1404/07/12"),
        ],
    )
    def test_are_read(self, finder, text, date) -> None:
        assert values(finder, "date", text) == [date]

    @pytest.mark.parametrize(
        "text",
        [
            "31 Feb 2025",
            "29 Feb 2025",
            "30 اسفند 1404",
            "۳۱ مهر",
            "1404/07/31",
            "31/04/2025",
            "10/12/2025",
            "I may 5 times try again",
            "the other 5 may come later",
            "they march 5 miles",
            "۵ می کنم",
            "in may 20 orders came",
            "version 1.2.3",
            "192.168.1.1",
            "از ۱ تا ۵ مهر",
            "۲ مهر و امضا",
            "0 مهر",
            "مهر",
            "october",
            "at october 4:30",
            "14 04/07/12",
            "1404 / 13 / 12",
            "1404 / 07",
        ],
    )
    def test_are_left_out_where_they_are_none(self, finder, text) -> None:
        assert values(finder, "date", text) == []

    @pytest.mark.parametrize("text", ["۵ مهر " * 400, "may " * 600, "و سوم آبان " * 200])
    def test_survive_a_hostile_text(self, finder, text) -> None:
        list(finder.find(text))


class TestOrderNumbers:
    @pytest.mark.parametrize(
        ("text", "number"),
        [
            ("order AB1234 is late", "AB1234"),
            ("سفارش ab-1234 کجاست", "AB-1234"),
            ("my order number is 77341", "77341"),
            ("ORD-1042", "1042"),
            ("سفارش شماره ۷۷۳۴۱", "77341"),
            ("orders 12345,12346", "12345"),
            ("سفارش‌ ۱۲۳۴۵", "12345"),
            ("سفارش‌م ۱۲۳۴۵", "12345"),
            ("سفارشِ ۱۲۳۴۵", "12345"),
            ("سفارش (۱۲۳۴۵)", "12345"),
            ("سفارش «۱۲۳۴۵»", "12345"),
            ("سفارش من ۱۲۳۴۵", "12345"),
            ("سفارش شماره‌ی «۱۲۳۴۵»", "12345"),
            ("شمارهٔ سفارش: ۱۲۳۴۵", "12345"),
            ("order (12345)", "12345"),
            ("sefareshe 12345", "12345"),
            ("سفارش ۱۲۳۴۵ تا الان نیومده", "12345"),
            ("سفارش ۱۲۳۴ تا امروز نرسیده", "1234"),
            ("سفارش ۱۲۳۴۵ ۵۰۰ هزار تومان شد", "12345"),
            ("سفارش شمارهٔ ۴۵۰ هزار بار پیگیری شد", "450"),
            ("خرید شماره ۲۰۲۵", "2025"),
            ("سفارش ۲۰۲۵", "2025"),
        ],
    )
    def test_are_read(self, finder, text, number) -> None:
        assert values(finder, "order_number", text) == [number]

    @pytest.mark.parametrize(
        "text",
        [
            "order 12",
            "order for 3 people in room B1234",
            "AB1234",
            "سفارش دادم",
            "خریدم ۴۵۰ هزار تومن بود و تخفیف نخورد",
            "خرید ۵۰۰ هزار تومان",
            "خرید ۵۰۰ هزارتومانی",
            "سفارش (۵۰۰ هزار تومان)",
            "order 300 dollars",
            "order 300$",
            "سفارش ۲۰۰ دلاری",
            "سفارش ۱۰۰ عددی",
            "سفارش ۱۰۰ تا خودکار",
            "خرید ۱۰۰ نفره",
            "order 100 units",
            "order 100 boxes",
            "order 100 pcs",
            "خرید ۲۰۲۵",
            "خرید ۱۴۰۴",
            "سفارش ۱۴۰۴ / ۰۷ / ۱۲",
        ],
    )
    def test_are_left_out_where_they_are_none(self, finder, text) -> None:
        assert values(finder, "order_number", text) == []
