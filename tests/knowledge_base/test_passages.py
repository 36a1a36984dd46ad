import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge_base.passages import MAX_CHARACTERS, split


class TestSplit:
    def test_keeps_each_section_with_its_title_path(self):
        passages = split("intro\n\n# A\n\nfirst\n\n## B\n\nsecond\n\n# C\n\nthird")

        assert [(one.headings, one.text) for one in passages] == [
            ((), "intro"),
            (("A",), "first"),
            (("A", "B"), "second"),
            (("C",), "third"),
        ]

    def test_keeps_a_list_whole_with_what_introduces_it(self):
        (passage,) = split("You need:\n\n- a passport\n- a **photo**\n\n1. come\n2. pay")

        assert passage.text == "You need:\n• a passport\n• a photo\n1. come\n2. pay"

    def test_reads_a_table_row_by_row(self):
        (passage,) = split("| Time | Refund | Fee |\n|---|---|---|\n| before | 100% | 0 |\n| after | 70% | 5 |")

        assert passage.text == "before: Refund 100% · Fee 0\nafter: Refund 70% · Fee 5"

    def test_names_no_column_where_a_table_has_only_two(self):
        assert split("| Time | Refund |\n|---|---|\n| before | 100% |")[0].text == "before: 100%"

    def test_cuts_long_text_at_sentences(self):
        sentence = "این جمله برای آزمودن بریدن متن‌های بلند نوشته شده است. "
        passages = split(sentence * 60)

        assert len(passages) > 3
        assert all(len(one.text) <= MAX_CHARACTERS and one.text.endswith("است.") for one in passages)

    def test_cuts_a_long_table_between_rows(self):
        rows = "\n".join(f"| item number {number} | {number} toman |" for number in range(100))
        passages = split(f"| a | b |\n|---|---|\n{rows}")

        assert len(passages) > 1
        assert all(line.endswith("toman") for one in passages for line in one.text.splitlines())

    def test_shows_where_a_link_leads_and_no_markdown(self):
        assert split("See [the panel](https://panel.example).")[0].text == "See the panel (https://panel.example)."

    def test_never_shows_a_dangerous_address(self):
        assert "javascript" not in split("[click](<javascript:alert(1)>) [data](data:text/html,x)")[0].text.replace(
            "[click](<javascript:alert(1)>)", ""
        )

    @pytest.mark.parametrize("body", ["", "\n\n", "# only a heading", "---", "\x00"])
    def test_gives_nothing_where_there_are_no_words(self, body):
        assert split(body) == []

    @given(st.text(max_size=3000))
    def test_takes_any_text_and_bounds_its_passages(self, body):
        assert all(0 < len(one.text) <= MAX_CHARACTERS for one in split(body))
