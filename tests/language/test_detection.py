from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from language.detection import Language, detect

FINGLISH_SENTENCES = [
    written for written, _ in yaml.safe_load(Path(__file__).with_name("finglish_cases.yml").read_text(encoding="utf-8"))
]


class TestDetect:
    @pytest.mark.parametrize(
        "text",
        [
            "سلام",
            "سفارشم کجاست؟",
            "سلام، CRM چیه و چه فرقی با excel داره؟",
            "نمی‌تونم login کنم",
            "كي مي رسد",
            "کی؟",
            "‏‎سلام",
            "من 3 بار به https://example.com رفتم",
        ],
    )
    def test_knows_persian(self, text):
        assert detect(text).language is Language.fa

    @pytest.mark.parametrize(
        "text",
        [
            "hello",
            "bye",
            "Where is my order?",
            "i want to talk to a human",
            "refund",
            "I can't sign in, what's wrong?",
            "This is the WORST service!!!",
            "how much is the course",
            "are you a bot or a man",
            "in which city is your office",
            "reserve a taxi to the cinema",
            "how do I restart the upload",
            "back pain",
            "shops nearby",
            "warranty on size change",
            "any upcoming events",
        ],
    )
    def test_knows_english(self, text):
        assert detect(text).language is Language.en

    def test_knows_finglish(self):
        assert len(FINGLISH_SENTENCES) >= 60
        assert [text for text in FINGLISH_SENTENCES if detect(text).language is not Language.finglish] == []

    @pytest.mark.parametrize(
        "text",
        ["login nemishe", "CRM chie", "to koja hasti", "slm", "MERSI", "poool mikhaaam", "baby check cheghadr mishe"],
    )
    def test_knows_finglish_in_short_and_mixed_messages(self, text):
        assert detect(text).language is Language.finglish

    @pytest.mark.parametrize(
        "text",
        ["", "   ", "12345", "۱۲۳۴۵", "😀😀", "ali@example.com", "https://example.ir/سلام", "TKT-1023", "?!", "\0"],
    )
    def test_is_not_sure_of_a_text_without_words(self, text):
        assert detect(text) == (Language.other, 0.0)

    @pytest.mark.parametrize(
        "text",
        [
            "Привет, где мой заказ?",
            "你好,我的订单在哪里",
            "wo ist meine Bestellung bitte",
            "donde esta mi pedido por favor",
            "مرحبا كيف الحال أريد إلغاء الطلبية",
        ],
    )
    def test_knows_that_it_is_something_else(self, text):
        assert detect(text).language is Language.other

    @pytest.mark.parametrize("text", ["ok", "CRM", "login", "mrc"])
    def test_is_not_sure_of_a_word_that_both_languages_use(self, text):
        assert detect(text).confidence < 0.7

    @given(st.text(st.characters(exclude_categories=[])))
    def test_takes_anything(self, text):
        assert 0 <= detect(text).confidence <= 1

    def test_writes_its_language_as_a_plain_word(self):
        assert f"{detect('سلام').language}" == "fa"
        assert Language("en") is Language.en
