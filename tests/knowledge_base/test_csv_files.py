"""Tables: what is wrong in one row costs no other row, and nothing goes in unsaid."""

import pytest

from knowledge_base import csv_files
from knowledge_base.csv_files import Refused, Row, read_rows
from knowledge_base.enums import Reason

HEAD = "slug,language,title,body\n"


def read(text):
    """What a table comes to: slug and body of each row, line and reason of each refusal."""
    return [
        (one.line, one.reason) if isinstance(one, Refused) else (one.cells["slug"], one.cells["body"])
        for one in read_rows(HEAD + text, required=("slug",))
    ]


class TestReadRows:
    @pytest.mark.parametrize("quoted", ['"C"', "C", '"C, ""so to say"""'])
    @pytest.mark.parametrize("broken", ['b,en,B,"no end', 'b,en,"B,no end', 'b,en,B,"an end" and more'])
    def test_an_open_quotation_mark_costs_its_own_line_alone(self, broken, quoted):
        text = f"a,en,A,one\n{broken}\nc,en,{quoted},three\nd,en,D,four\n"

        assert read(text) == [("a", "one"), (3, Reason.row_unreadable), ("c", "three"), ("d", "four")]

    def test_a_text_of_several_lines_is_one_cell(self):
        assert read('a,en,A,"one\n\n""two"", three"\nb,en,B,four\n') == [("a", 'one\n\n"two", three'), ("b", "four")]

    def test_a_row_names_the_line_on_which_it_begins(self):
        rows = list(read_rows(HEAD + 'a,en,A,"one\ntwo"\n\nb,en,B,three\n', required=()))

        assert [row.line for row in rows if isinstance(row, Row)] == [2, 5]

    def test_more_cells_than_columns_are_refused_and_empty_ones_are_none(self):
        assert read("a,en,A,one, two\nb,en,B,three,,\nc,en,C,\n") == [
            (2, Reason.cells_too_many),
            ("b", "three"),
            ("c", ""),
        ]

    def test_a_table_made_to_be_read_for_hours_ends(self, monkeypatch):
        monkeypatch.setattr(csv_files, "MOST_READ_AGAIN", 400)

        found = read('a","b\n' * 30)

        assert found[-1] == (5, Reason.too_many_rows)
        assert {reason for _line, reason in found[:-1]} == {Reason.row_unreadable}
