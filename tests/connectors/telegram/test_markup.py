import html

from hypothesis import given
from hypothesis import strategies as st

from connectors.telegram.markup import split, to_html
from tests.connectors.telegram.emulator import _read_text

MARKED = st.lists(
    st.sampled_from(
        ["**", "[", "]", "(", ")", "https://a.ir", "](https://a.ir/", "<", ">", "&", '"', "- ", "\n", " ", "سلام", "x"]
    )
).map("".join)


class TestToHtml:
    def test_renders_what_is_marked(self):
        assert to_html("**a** [b](https://c.ir)") == '<b>a</b> <a href="https://c.ir">b</a>'

    def test_lets_bold_hold_a_link_and_a_link_hold_bold(self):
        assert to_html("**[a](https://c.ir)**") == '<b><a href="https://c.ir">a</a></b>'
        assert to_html("[**a**](https://c.ir)") == '<a href="https://c.ir"><b>a</b></a>'

    def test_leaves_other_marks_as_they_are(self):
        text = "2 * 3 * 4 = 24 _x_ `y` # z 5 ** 2 ** 1 [a](javascript:alert) [b](/c)"

        assert to_html(text) == text

    @given(MARKED)
    def test_is_always_something_that_telegram_takes(self, text: str):
        rendered = to_html(f"x{text}")

        shown, _entities = _read_text({"text": rendered, "parse_mode": "HTML"})

        assert len(shown) <= len(text) + 1

    @given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="*[]-\r\0")))
    def test_changes_nothing_in_a_text_without_marks(self, text: str):
        assert to_html(text) == html.escape(text, quote=False)


class TestSplit:
    def test_keeps_a_short_text_whole(self):
        assert split("سلام. خوبید؟") == ["سلام. خوبید؟"]
        assert split("") == [""]

    def test_prefers_paragraphs_then_sentences_then_words(self):
        assert split("aaaa. bbbb\n\ncccc dddd", 16) == ["aaaa. bbbb", "cccc dddd"]
        assert split("aaaa bbbb. cccc dddd", 16) == ["aaaa bbbb.", "cccc dddd"]
        assert split("aaaa bbbb cccc dddd", 16) == ["aaaa bbbb cccc", "dddd"]

    def test_knows_the_persian_question_mark(self):
        assert split("یک دو سه؟ چهار پنج", 14) == ["یک دو سه؟", "چهار پنج"]

    def test_cuts_a_word_that_has_no_end(self):
        assert split("x" * 25, 10) == ["x" * 10, "x" * 10, "x" * 5]

    def test_counts_emoji_as_telegram_may(self):
        assert split("🙂" * 6, 10) == ["🙂" * 5, "🙂"]

    def test_cuts_no_link_in_two(self):
        link = "[راهنمای کامل. همهٔ بخش‌ها](https://a.ir/help)"

        assert split(f"aaaa bbbb {link} cccc", 55) == ["aaaa bbbb", f"{link} cccc"]

    @given(st.text(max_size=300), st.integers(min_value=2, max_value=50))
    def test_loses_nothing_but_space_at_the_cuts(self, text: str, limit: int):
        parts = split(text, limit)

        assert "".join("".join(parts).split()) == "".join(text.split())
        assert all(len(part.encode("utf-16-le", "surrogatepass")) // 2 <= limit for part in parts)
