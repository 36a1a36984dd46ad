"""Tables: what is wrong in one row costs no other row, and nothing goes in unsaid."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge_base import csv_files
from knowledge_base.csv_files import Refused, Row, decoded, read_rows, write_rows
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


def written(cell):
    """A cell as a program reads it that knows nothing of our apostrophes."""
    _names, row = csv.reader(io.StringIO(decoded(write_rows(["body"], [[cell]])), newline=""))
    return row[0]


class TestWriteRows:
    @pytest.mark.parametrize(
        ("cell", "defused"),
        [
            ("=1+1", "'=1+1"),
            (" =1+1", " '=1+1"),
            ("\t=1", "'\t'=1"),
            ("- item", "'- item"),
            ("hello;=1+1", "hello;'=1+1"),
            ("hello; @SUM(A1)", "hello; '@SUM(A1)"),
            ('hello;"=1+1"', 'hello;"\'=1+1"'),
            ("one\n=1\n\n+1", "one\n'=1\n\n'+1"),
            ("one\t-1", "one\t'-1"),
            ("one\n- cmd|'/c calc'!A0", "one\n'- cmd|'/c calc'!A0"),
        ],
    )
    def test_lets_no_spreadsheet_run_what_follows_any_separator(self, cell, defused):
        assert written(cell) == defused

    @pytest.mark.parametrize("cell", ["2 - 1 = 1", "a@b.example; more", "Bring:\n- a card\n- a photo", "it's; so"])
    def test_leaves_what_no_spreadsheet_runs(self, cell):
        assert written(cell) == cell

    @given(st.text(alphabet="=+-@'\"\t\n ;,(a", max_size=12))
    def test_is_undone_when_the_table_is_read(self, cell):
        table = decoded(write_rows(["slug", "body"], [["a", cell]]))

        (row,) = read_rows(table, required=("slug",))

        assert row.cells["body"] == cell

    @pytest.mark.parametrize("cell", ["\n" * 300_000 + " " * 300_000, "'" * 600_000, "\n- a" * 150_000])
    def test_takes_no_longer_for_what_is_made_to_keep_it_busy(self, cell):
        assert written(cell) == cell
