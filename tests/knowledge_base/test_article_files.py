import pytest

from knowledge_base.article_files import ArticleFileBroken, parse_article, read_articles, read_categories

TEXT = """---
title: Refunds
category: refunds
slug: refund-rules
language: en
questions:
  - my money back?
reviewed: 2026-11-01
---
## How much

| a | b |
|---|---|
| 1 | 2 |
"""


class TestParseArticle:
    def test_reads_front_matter_and_body(self):
        file = parse_article(TEXT, name="a.md")

        assert file.front.title == "Refunds"
        assert file.front.questions == ["my money back?"]
        assert file.body.startswith("## How much")
        assert file.body.endswith("| 1 | 2 |")

    @pytest.mark.parametrize(
        "text",
        ["no front matter", "---\ntitle: x\n", "---\ntitle: x\n---\nbody", "---\n: [\n---\nx", "---\n- a\n---\n"],
    )
    def test_names_the_broken_file(self, text):
        with pytest.raises(ArticleFileBroken, match=r"a\.md"):
            parse_article(text, name="a.md")


class TestReadFolder:
    def test_reads_articles_and_categories_and_skips_other_markdown(self, tmp_path):
        (tmp_path / "refunds").mkdir()
        (tmp_path / "refunds/a.en.md").write_text(TEXT, encoding="utf-8")
        (tmp_path / "NOTES.md").write_text("# Notes", encoding="utf-8")
        (tmp_path / "categories.yml").write_text("- {slug: refunds, name_fa: ب, name_en: R, position: 2}", "utf-8")

        assert [file.front.slug for file in read_articles(tmp_path)] == ["refund-rules"]
        assert [one.position for one in read_categories(tmp_path)] == [2]
