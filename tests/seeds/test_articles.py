"""The demo knowledge base: complete in both languages, consistent, and written as Persian is written."""

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from knowledge_base.article_files import ArticleFile, read_articles, read_categories

FOLDER = Path(__file__).parents[2] / "seeds" / "articles"
PAIRS_AT_LEAST = 62
WORDS_AT_LEAST, WORDS_AT_MOST = 120, 350

ARABIC_FORMS = re.compile("[يىكةإ٠-٩]")
SEPARATED_PREFIX = re.compile(r"(?<!\w)ن?می (?=[آ-ی])")
SEPARATED_PLURAL = re.compile(r"(?<=[آ-ی]) ها(ی|یی)?(?!\w)")
CODE = re.compile(r"`[^`]*`")
LIST_MARKER = re.compile(r"^\d+\. ", re.MULTILINE)
MONEY = {"fa": re.compile("[۰-۹]+(?:٬[۰-۹]{3})+"), "en": re.compile(r"\d+(?:,\d{3})+")}
SHARE = {"fa": re.compile("[۰-۹]+(?=٪)"), "en": re.compile(r"\d+(?=%)")}
TO_ASCII = str.maketrans("۰۱۲۳۴۵۶۷۸۹٬", "0123456789,")


@cache
def articles() -> dict[tuple[str, str], ArticleFile]:
    found = list(read_articles(FOLDER))
    by_name = {(one.front.slug, one.front.language): one for one in found}
    assert len(by_name) == len(found), "two files share a slug and a language"
    return by_name


def in_language(language: str) -> list[ArticleFile]:
    found = [one for one in articles().values() if one.front.language == language]
    assert len(found) >= PAIRS_AT_LEAST
    return found


def prose(article: ArticleFile) -> str:
    """All that a reader reads, without codes, addresses and the marks of numbered lists."""
    text = "\n".join([article.front.title, article.front.summary, article.body])
    return LIST_MARKER.sub("", CODE.sub("", text))


def offenders(articles_of_one_language: list[ArticleFile], pattern: re.Pattern[str]) -> dict[str, list[str]]:
    found = {one.front.slug: [hit[0] for hit in pattern.finditer(prose(one))] for one in articles_of_one_language}
    return {slug: hits for slug, hits in found.items() if hits}


def repeated(values: list[str]) -> list[str]:
    return [value for value, times in Counter(values).items() if times > 1]


class TestPairs:
    def test_every_article_exists_in_both_languages(self):
        persian = {one.front.slug for one in in_language("fa")}
        english = {one.front.slug for one in in_language("en")}

        assert persian == english

    def test_both_halves_of_a_pair_are_in_the_same_category(self):
        for persian in in_language("fa"):
            assert articles()[persian.front.slug, "en"].front.category == persian.front.category

    @pytest.mark.parametrize("figures", [MONEY, SHARE], ids=["amounts", "percentages"])
    def test_both_halves_of_a_pair_state_the_same_figures(self, figures):
        for persian in in_language("fa"):
            english = articles()[persian.front.slug, "en"]
            in_persian = {figure.translate(TO_ASCII) for figure in figures["fa"].findall(prose(persian))}

            assert in_persian == set(figures["en"].findall(prose(english))), persian.front.slug


class TestFrontMatter:
    def test_every_category_is_listed_and_used(self):
        listed = [category.slug for category in read_categories(FOLDER)]

        assert not repeated(listed)
        assert {one.front.category for one in in_language("fa")} == set(listed)

    def test_a_file_lies_where_its_front_matter_says(self):
        for one in articles().values():
            front = one.front
            assert (FOLDER / front.category / f"{front.slug}.{front.language}.md").is_file()

    def test_every_article_has_a_summary_and_a_date_of_review(self):
        assert articles()
        for one in articles().values():
            assert one.front.summary
            assert one.front.reviewed

    def test_every_article_has_three_to_six_question_variants(self):
        assert articles()
        for one in articles().values():
            assert 3 <= len(one.front.questions) <= 6, one.front.slug

    @pytest.mark.parametrize("language", ["fa", "en"])
    def test_titles_and_variants_lead_to_one_article_only(self, language):
        found = in_language(language)

        assert not repeated([one.front.title for one in found])
        assert not repeated([variant.casefold() for one in found for variant in one.front.questions])

    def test_every_persian_article_is_also_asked_for_in_finglish(self):
        for one in in_language("fa"):
            assert any(variant.isascii() for variant in one.front.questions), one.front.slug


class TestBodies:
    @pytest.mark.parametrize("language", ["fa", "en"])
    def test_a_body_is_neither_a_stub_nor_a_treatise(self, language):
        for one in in_language(language):
            words = re.findall(r"[^\W_][\w\u200c]*", one.body)
            assert WORDS_AT_LEAST <= len(words) <= WORDS_AT_MOST, (one.front.slug, len(words))

    @pytest.mark.parametrize("language", ["fa", "en"])
    def test_a_body_is_divided_by_headings(self, language):
        for one in in_language(language):
            assert one.body.count("## ") >= 2, one.front.slug

    def test_numbered_lists_are_markdown_lists(self):
        """A Persian digit makes no list item in Markdown; the page shows Persian digits by its style sheet."""
        assert not offenders(in_language("fa"), re.compile(r"^[۰-۹]+\. ", re.MULTILINE))


class TestDates:
    @pytest.mark.parametrize("language", ["fa", "en"])
    def test_no_article_names_a_year_that_will_have_passed(self, language):
        """The demo is opened in any year; a season comes again."""
        assert not offenders(in_language(language), re.compile(r"(?<![۰-۹])۱۴[۰-۹]{2}(?![۰-۹٬])|\b20[2-9]\d\b"))


class TestPersianSpelling:
    def test_letters_and_digits_are_persian_not_arabic(self):
        found = offenders(in_language("fa"), ARABIC_FORMS)

        assert not found

    def test_digits_and_punctuation_in_prose_are_persian(self):
        assert not offenders(in_language("fa"), re.compile("[0-9?;,%]"))

    def test_prefixes_and_plurals_are_joined_by_a_half_space(self):
        assert not offenders(in_language("fa"), SEPARATED_PREFIX)
        assert not offenders(in_language("fa"), SEPARATED_PLURAL)

    def test_no_half_space_stands_beside_a_space(self):
        assert not offenders(in_language("fa"), re.compile("\u200c[\\s،؛.؟]|\\s\u200c"))
