import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge_base.passages import MAX_CHARACTERS, MAX_TABLE_CHARACTERS, split


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

    def test_numbers_a_list_in_the_digits_of_its_language(self) -> None:
        (passage,) = split("1. وارد شوید\n2. بپردازید")

        assert passage.text == "۱. وارد شوید\n۲. بپردازید"

    def test_reads_a_table_row_by_row(self):
        (passage,) = split("| Time | Refund | Fee |\n|---|---|---|\n| before | 100% | 0 |\n| after | 70% | 5 |")

        assert passage.text == "before: Refund 100% · Fee 0\nafter: Refund 70% · Fee 5"

    @pytest.mark.parametrize(
        ("header", "said"),
        [("| Time | Refund |", "Time: Refund\n"), ("| | Refund |", "Refund\n"), ("| | |", "")],
    )
    def test_names_two_columns_once(self, header, said):
        assert split(f"{header}\n|---|---|\n| before | 100% |")[0].text == f"{said}before: 100%"

    def test_cuts_long_text_at_sentences(self):
        sentence = "این جمله برای آزمودن بریدن متن‌های بلند نوشته شده است. "
        passages = split(sentence * 60)

        assert len(passages) > 3
        assert all(len(one.text) <= MAX_CHARACTERS and one.text.endswith("است.") for one in passages)

    def test_keeps_a_table_of_sixty_short_rows_whole(self):
        rows = "\n".join(f"| بستهٔ {number} | {number}۰٬۰۰۰ تومان |" for number in range(60))

        (passage,) = split(f"| بسته | قیمت |\n|---|---|\n{rows}")

        assert passage.text.startswith("بسته: قیمت\nبستهٔ 0: 0۰٬۰۰۰ تومان\n")
        assert passage.text.count("\n") == 60

    def test_cuts_a_long_table_between_rows_and_says_in_each_part_what_the_columns_are(self):
        rows = "\n".join(f"| item number {number} | {number} toman |" for number in range(100))
        passages = split(f"| Item | Price |\n|---|---|\n{rows}")

        parts = [one.text.splitlines() for one in passages]
        assert len(parts) > 1
        assert {header for header, *_rows in parts} == {"Item: Price"}
        assert [line for _header, *rows in parts for line in rows] == [
            f"item number {number}: {number} toman" for number in range(100)
        ]
        assert all(len(one.text) <= MAX_CHARACTERS for one in passages)

    def test_a_header_as_long_as_a_text_is_said_once(self):
        rows = "\n".join(f"| item number {number} | {number} toman |" for number in range(100))

        passages = split(f"| {'long ' * 60} | b |\n|---|---|\n{rows}")

        assert sum("long" in one.text for one in passages) == 1

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
        longest = MAX_TABLE_CHARACTERS if "|" in body else MAX_CHARACTERS
        assert all(0 < len(one.text) <= longest for one in split(body))
