"""What tells who a text is about is taken out of it."""

import pytest

from knowledge_base.personal import Personal, without_personal

MARKS = {kind: f"[{kind}]" for kind in Personal}


def clean(text: str, *known: str) -> str:
    return without_personal(text, known=known, placeholders=MARKS)


class TestWithoutPersonal:
    @pytest.mark.parametrize(
        "address",
        [
            "ali.r+x@mail.example.ir",
            "ALI@EXAMPLE.COM",
            "ali @ example.com",
            "ali (at) example (dot) com",
            "ali\u200b@example.com",
            "علی@نمونه.ایران",
            "ali＠example.com",
            "ali\u200c@example.com",
        ],
    )
    def test_e_mail_addresses(self, address: str) -> None:
        assert clean(f"به {address} بفرستید", "Ali Rezaei") == "به [email] بفرستید"

    @pytest.mark.parametrize(
        "number",
        [
            "09121234567",
            "۰۹۱۲۱۲۳۴۵۶۷",
            "٠٩١٢١٢٣٤٥٦٧",
            "0912 123 45 67",
            "۰۹۱۲-۱۲۳-۴۵۶۷",
            "+98 912 123 4567",
            "00989121234567",
            "0912\u200b1234567",
            "0۹1۲1۲3۴5۶7",
            "(021) 8888 7777",
            "0912\u200c123\u200c4567",
        ],
    )
    def test_telephone_numbers(self, number: str) -> None:
        assert clean(f"تماس: {number}.") == "تماس: [phone]."

    @pytest.mark.parametrize("number", ["9121234567", "۹۱۲۱۲۳۴۵۶۷", "989121234567"])
    def test_a_telephone_number_before_the_word_for_money_is_no_price(self, number: str) -> None:
        assert clean(f"{number} toman, {number} تومان") == "[phone] toman, [phone] تومان"

    @pytest.mark.parametrize(
        ("number", "kind"),
        [
            ("6037-9912-3456-7890", "card"),
            ("۶۰۳۷ ۹۹۱۲ ۳۴۵۶ ۷۸۹۰", "card"),
            ("۶۰۳۷۹۹۱۲۳۴۵۶۷۸۹۰", "card"),
            ("6037\n9912\n3456\n7890", "card"),
            ("6037,9912,3456,7890", "card"),
            ("IR06 0170 0000 0010 1234 5678 90", "iban"),
            ("ir۰۶۰۱۷۰۰۰۰۰۰۰۱۰۱۲۳۴۵۶۷۸۹۰", "iban"),
            ("۰۶۰۱۷۰۰۰۰۰۰۰۱۰۱۲۳۴۵۶۷۸۹۰", "iban"),
            ("GB82 WEST 1234 5698 7654 32", "iban"),
            ("۰۰۱۲۳۴۵۶۷۹", "number"),
            ("48213", "number"),
            ("۴۸۲۱۳۹", "number"),
            ("HM-1042", "number"),
            ("ORD/2026-77", "number"),
            ("AB12CD3456", "number"),
        ],
    )
    def test_long_numbers(self, number: str, kind: str) -> None:
        assert clean(f"شماره {number} است") == f"شماره [{kind}] است"

    @pytest.mark.parametrize(
        "text",
        [
            "۲۵۰۰۰۰ تومان",
            "1,250,000 rial",
            "۲۵۰٬۰۰۰",
            "در سال ۱۴۰۵",
            "24/7",
            "ظرف ۱۰ روز",
            "گام ۱، ۲ و ۳",
            "UTF-16",
            "08:30-17:00",
        ],
    )
    def test_prices_years_and_counts_stay(self, text: str) -> None:
        assert clean(text) == text

    def test_what_only_looks_like_a_price_does_not(self) -> None:
        assert clean("0912:123:4567") == "[phone]"
        assert clean("(12345)") == "([number])"
        assert clean("603,799,123,456,789") == "[number]"
        assert clean("09121234567 تومان") == "[phone] تومان"

    @pytest.mark.parametrize(
        "link",
        [
            "https://site.example/reset?token=abc",
            "https://u:p@site.example/",
            "site.example/r?t=1",
            "www.site.example/#k",
            "https://site.example/i/Zk3xQ9aB",
            "https://site.example/orders/48213",
            "https://t.me/+AbCd",
        ],
    )
    def test_links_with_tokens(self, link: str) -> None:
        assert clean(f"Open {link} now") == "Open [link] now"

    @pytest.mark.parametrize(
        "link", ["https://site.example/help/fa/refund-rules", "site.example/docs", "www.site.example"]
    )
    def test_plain_links_stay_unless_they_name_the_person(self, link: str) -> None:
        assert clean(f"Open {link} now", "Ali") == f"Open {link} now"
        assert clean(f"Open {link}/ali now", "Ali") == "Open [link] now"

    @pytest.mark.parametrize(
        "written", ["علی رضایی", "علي رضايي", "علی\u200cرضایی", "عـلی رضایی", "رضایی", "علی", "عل\u200bی رضایی"]
    )
    def test_known_names_however_they_are_typed(self, written: str) -> None:
        assert clean(f"سلام {written}، خوش آمدید", "علی رضایی") == "سلام [name]، خوش آمدید"

    @pytest.mark.parametrize("written", ["سارای", "ساراي", "سارا\u200cی"])
    def test_a_name_that_is_joined_to_the_next_word(self, written: str) -> None:
        assert clean(f"ممنون {written} عزیز و سارایان", "سارا").startswith("ممنون [name]")
        assert "سارایان" in clean(f"ممنون {written} عزیز و سارایان", "سارا")

    def test_names_within_other_words_stay(self) -> None:
        assert clean("Finally, alignment of Sara", "Ali") == "Finally, alignment of Sara"

    def test_handles_and_known_identities(self) -> None:
        assert clean("I am @ali_r, or v-7f", "v-7f") == "I am [name], or [name]"

    @pytest.mark.parametrize(
        "address",
        [
            "خیابان ولیعصر، کوچه نسترن، پلاک ۱۲، واحد ۳",
            "خيابان وليعصر كوچهٔ نسترن",
            "خ. آزادی، پ. ۱۴",
            "خ آزادی ک نسترن پ ۱۴",
            "پلاک ۱۲",
            "پلاک شماره ١٢",
            "کوچه‌ی ۵ زنگ دوم",
            "کوچهٔ سوم",
            "خیابان شریعتی ۱۲۳",
            "بلوار کشاورز، شماره 7",
            "میدان ونک، خیابان ملاصدرا، طبقهٔ سوم",
            "طبقه ۲ واحد ۵",
            "خیابان آزادی، کد پستی ۱۲۳۴۵۶۷۸۹۰",
            "بلوار ارم، بن‌بست یاس",
        ],
    )
    def test_postal_addresses_in_persian_up_to_the_end_of_the_sentence(self, address: str) -> None:
        assert clean(f"بفرستید به تهران، {address}. ممنون") == "بفرستید به تهران، [address]. ممنون"
        assert clean(f"نشانی:\n{address}\nممنون") == "نشانی:\n[address]\nممنون"

    @pytest.mark.parametrize(
        "address",
        [
            "12 Baker Street",
            "12 baker street",
            "Flat 3, 12 King's Road",
            "221B Baker St.",
            "12 Baker Street, Apt 4",
            "12 Baker Street, London NW1 6XE",
            "1600 Pennsylvania Avenue, Washington, DC 20500",
            "Unit 5, No. 12, Valiasr Street",
            "Valiasr St., No. 12, Unit 3",
            "7 Green Lane",
            "45 Main st apt 4",
            "12 Nemooneh Street, 3rd floor",
            "P.O. Box 1234",
        ],
    )
    def test_postal_addresses_in_english(self, address: str) -> None:
        assert clean(f"Please send it to {address}, and call me") == "Please send it to [address], and call me"
        assert clean(f"I live at {address}") == "I live at [address]"

    def test_a_sentence_that_ends_with_a_road_keeps_its_end(self) -> None:
        assert clean("I live in Flat 3, 12 King's Road. Thanks") == "I live in [address]. Thanks"

    @pytest.mark.parametrize(
        "text",
        [
            "در میدان رقابت واحد فروش برنده است",
            "واحد مالی طبقه‌بندی را عوض کرد",
            "با واحد پشتیبانی در طبقه دوم حرف زدم",
            "پلاک خودرو را به واحد فروش دادم",
            "کد پستی ۱۰ رقمی را بنویسید",
            "هر واحد ۵۰۰ تومان است",
            "تا خیابان ۱۰ دقیقه راه است",
            "خیابان شلوغ بود و ۲ ساعت ماندم",
            "خیابان‌ها و کوچه‌ها بسته بود",
            "برای شهرک ما ارسال دارید؟",
            "The street is closed",
            "2 ways to cross the street",
            "3 people on the road",
            "Put the 5 Google Drive files in Place",
            "a flat 3 percent fee",
            "Unit 5 of the course",
            "Open 2 Places and go a long Way",
        ],
    )
    def test_words_that_only_stand_in_addresses_too_stay(self, text: str) -> None:
        assert clean(text) == text

    @pytest.mark.parametrize("name", ["", " ", ".*", "(", "\\", "a|b", "[name]", "\u200b"])
    def test_hostile_names_are_only_names(self, name: str) -> None:
        assert clean("Hello there (friend)", name) == "Hello there (friend)"

    @pytest.mark.parametrize(
        ("name", "text"),
        [("_ " * 40, "_" * 60 + "x"), ("ـ" * 40, "ـ" * 60 + "x"), ("a." * 99, "a." * 98)],
    )
    def test_names_of_what_only_parts_words_come_to_an_end(self, name: str, text: str) -> None:
        assert clean(text, name) == text

    @pytest.mark.parametrize("name", ["A.", "_", "- -", "ـــ"])
    def test_what_is_hardly_a_name_takes_nothing_out(self, name: str) -> None:
        assert clean("a - b _ ـــ. c", name) == "a - b _ ـــ. c"

    @pytest.mark.parametrize("written", ["Anne-Marie", "anne_marie", "Anne  Marie", "anne.marie", "AnneMarie"])
    def test_words_of_a_name_however_they_are_parted(self, written: str) -> None:
        assert clean(f"I am {written}!", "Anne-Marie") == "I am [name]!"

    @pytest.mark.parametrize(
        "piece",
        [
            *("a", "1", "1 ", "a@", "a.", "@", "IR", "http://", "a-1", "(at)", ".a/"),
            *(
                "خیابان ",
                "پلاک ۱ ",
                "خ.",
                "کوچه الف ",
                "کوچه\u200c",
                "12 Aa ",
                "Aa ",
                "1 a ",
                "Flat 3, ",
                "No. 1 ",
                "A St, ",
            ),
        ],
    )
    def test_endless_text_comes_to_an_end(self, piece: str) -> None:
        assert isinstance(clean(piece * 20_000, "Ali"), str)
