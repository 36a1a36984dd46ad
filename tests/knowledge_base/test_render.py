import pytest

from knowledge_base.render import to_html


class TestToHtml:
    def test_renders_headings_tables_and_links(self):
        html = to_html("## H\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n[x](https://a.example) **b**")

        assert "<h2>H</h2>" in html
        assert "<td>2</td>" in html
        assert 'href="https://a.example"' in html
        assert "nofollow" in html

    def test_sets_code_from_left_to_right_in_a_persian_sentence(self):
        assert '<code dir="ltr">.env</code>' in to_html("کلید را در `.env` بگذارید.")

    @pytest.mark.parametrize(
        "markdown",
        [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "[x](javascript:alert(1))",
            "[x](JaVaScRiPt:alert(1))",
            "![x](data:image/svg+xml;base64,PHN2Zz4=)",
            "<form action=/x><input></form>",
            "<a href='javascript:alert(1)'>x</a>",
            '[x](https://a.example "y" onclick=alert(1))',
            "[x]: javascript:alert(1)\n\n[x]",
        ],
    )
    def test_shows_hostile_markup_as_harmless_text(self, markdown):
        html = to_html(markdown).lower()

        assert not any(bad in html for bad in ("<script", "<form", "<input", "<img", 'href="javascript', "<svg"))
        assert "<a href='j" not in html
