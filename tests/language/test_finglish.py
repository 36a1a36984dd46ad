import re
from collections import Counter
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from language.detection import Language
from language.finglish import to_persian
from language.normalise import normalise
from language.reading import text_for_encoder
from language.vocabulary import consonants_of

CASES = yaml.safe_load(Path(__file__).with_name("finglish_cases.yml").read_text(encoding="utf-8"))


def _words(text):
    return re.sub(r"[^\w ]", "", normalise(text)).split()


class Names:
    """Words that are in no list, as a knowledge base has them."""

    def sounding(self, consonants):
        return [(word, 1) for word in ("بارسلونا", "آداک‌پرو", "اصفهان") if consonants_of(word) == consonants]

    def count(self, word):
        return 0


class TestToPersian:
    def test_gets_at_least_nine_words_of_ten_right(self):
        assert len(CASES) >= 60
        right = sum(
            (Counter(_words(to_persian(finglish))) & Counter(_words(persian))).total() for finglish, persian in CASES
        )
        wanted = sum(len(_words(persian)) for _, persian in CASES)

        assert right / wanted >= 0.9

    @pytest.mark.parametrize(
        ("spellings", "persian"),
        [
            (["khoob", "khub", "khob", "xub", "Khoob"], "خوب"),
            (["dore", "doreh"], "دوره"),
            (["mikham", "mi kham", "mi-kham"], "می‌خوام"),
            (["gheymat", "qeymat", "gheimat"], "قیمت"),
            (["shoroo", "shoru", "shoroe", "shorue"], "شروع"),
        ],
    )
    def test_knows_the_ways_to_spell_a_word(self, spellings, persian):
        assert {to_persian(spelling) for spelling in spellings} == {persian}

    @pytest.mark.parametrize(
        ("written", "persian"),
        [
            ("sefaresham", "سفارشم"),
            ("doreha", "دوره‌ها"),
            ("dore ha", "دوره‌ها"),
            ("hazineye dore", "هزینه‌ی دوره"),
            ("ramz e oboor", "رمز عبور"),
            ("poolamo", "پولم رو"),
            ("site kharabe", "site خرابه"),
            ("ramzesho", "رمزش رو"),
            ("hazineast", "هزینه است"),
            ("packageha", "پکیج‌ها"),
            ("siteha", "site‌ها"),
        ],
    )
    def test_knows_suffixes(self, written, persian):
        assert to_persian(written) == persian

    @pytest.mark.parametrize(
        ("written", "persian"),
        [
            ("gheymat o hazine", "قیمت و هزینه"),
            ("kelas sheshom e", "کلاس ششم است"),
            ("age k nashe", "اگه که نشه"),
            ("hamun ro mikham", "همون رو می‌خوام"),
            ("vpn kharabe", "vpn خرابه"),
            ("mri lazem dare", "mri لازم داره"),
            ("upload nemishe", "آپلود نمی‌شه"),
        ],
    )
    def test_knows_single_letters_short_forms_and_loanwords(self, written, persian):
        assert to_persian(written) == persian

    def test_knows_the_names_that_it_is_told(self):
        assert "بارسلونا" not in to_persian("tim bareselona")
        assert to_persian("tim bareselona", Names()) == "تیم بارسلونا"

    def test_knows_them_with_suffixes(self):
        assert to_persian("shoobeye esfahanetun", Names()).endswith("اصفهانتون")

    @pytest.mark.parametrize("text", ["login", "CRM", "slm@example.com"])
    def test_takes_nothing_else_for_a_name(self, text):
        assert to_persian(text, Names()) == text

    @pytest.mark.parametrize(
        "text", ["سلام، خوبی؟", "ali@example.com", "https://example.com/salam", "TKT-12", "CRM", "", "\0\ud800😀"]
    )
    def test_leaves_alone_what_is_not_finglish(self, text):
        assert to_persian(text) == text

    @given(st.text(st.characters(exclude_categories=[])))
    def test_takes_anything(self, text):
        to_persian(text)


class TestTextForEncoder:
    def test_reads_finglish_in_persian_letters(self):
        assert text_for_encoder("sefaresham koja ast?", Language.finglish) == "سفارشم کجا است?"

    @pytest.mark.parametrize("language", [Language.fa, Language.en, Language.other])
    def test_reads_everything_else_as_written(self, language):
        assert text_for_encoder("man to in", language) == "man to in"
