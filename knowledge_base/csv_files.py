"""Tables as files: read row by row, each with its line, and written so that no spreadsheet runs a cell."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from knowledge_base.enums import Reason

# A spreadsheet takes a cell that begins so for a formula, and what tells it not to is an apostrophe before it:
# https://owasp.org/www-community/attacks/CSV_Injection
# One that separates by semicolons also begins a cell after those that stand inside ours, and a row after a line break,
# since for it our quotation marks stand amid its cells.
_BLANKS = r'(?:[^\S\t\n\r]|")*+'
# An item of a list stays as people wrote it where there is nothing in its line that calls, runs or looks elsewhere.
_LIST_ITEM = r"[+\-] [^(|!\n\r]*+(?:[\n\r]|\Z)"
_FORMULA = re.compile(
    rf"\A{_BLANKS}'*+(?=[=+\-@\t\r])"
    rf"|[;,\t]{_BLANKS}'*+(?=[=+\-@])"
    rf"|[\n\r]{_BLANKS}'*+(?=[=+\-@])(?!{_LIST_ITEM})"
)
# In Persian and in many other places, Excel writes semicolons.
DELIMITERS = ",;\t"
LONGEST_CELL = 1_000_000
# Characters after rows that could not be read: without an end, a file made for it would keep us busy for hours.
MOST_READ_AGAIN = 100_000_000


@dataclass(frozen=True)
class Refused:
    """What of an import was refused, where it stands, and why."""

    reason: Reason
    file: str = ""
    # 0 where the file as a whole is meant.
    line: int = 0
    detail: str = ""


class ImportRefused(Exception):
    """A file cannot be used at all."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused)
        self.refused = refused


@dataclass(frozen=True)
class Row:
    """A row's cells by the names of their columns, in small letters, and the line on which it begins."""

    line: int
    cells: Mapping[str, str]


def decoded(content: bytes, *, file: str = "") -> str:
    """The text of a file in UTF-8, its lines ended by a line feed.

    Raises:
        ImportRefused: it is no text.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ImportRefused(Refused(Reason.not_text, file)) from error
    if "\0" in text:
        raise ImportRefused(Refused(Reason.not_text, file))
    return text.replace("\r\n", "\n")


def read_rows(text: str, *, required: Sequence[str], file: str = "") -> Iterator[Row | Refused]:
    """Every row that has a cell, and what cannot be read; the first row names the columns.

    Raises:
        ImportRefused: a required column is missing.
    """
    csv.field_size_limit(LONGEST_CELL)
    head = text.partition("\n")[0]
    records = _records(io.StringIO(text, newline="").readlines(), delimiter=max(DELIMITERS, key=head.count))
    first = next(records, None)
    names = [name.strip().lower() for name in first.cells] if isinstance(first, _Record) else []
    if missing := [name for name in required if name not in names]:
        raise ImportRefused(Refused(Reason.columns_missing, file, 1, ", ".join(missing)))
    for one in records:
        if isinstance(one, Refused):
            yield replace(one, file=file)
        # Spreadsheets end rows with empty cells that nobody wrote.
        elif any(cell.strip() for cell in one.cells[len(names) :]):
            yield Refused(Reason.cells_too_many, file, one.line)
        elif any(cell.strip() for cell in one.cells):
            yield Row(one.line, {name: _undo(cell) for name, cell in zip(names, one.cells, strict=False)})


def write_rows(names: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A table with these columns; Excel sees by the mark at its beginning that it is UTF-8."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(names)
    writer.writerows([_defused(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


@dataclass(frozen=True)
class _Record:
    line: int
    cells: list[str]


def _records(lines: Sequence[str], *, delimiter: str) -> Iterator[_Record | Refused]:
    """Each record with the line on which it begins.

    Of one that cannot be read its first line alone is refused: what its open quotation mark swallowed is read again.
    """
    start = read_again = 0
    while start < len(lines):
        begins = start
        reader = csv.reader(map(lines.__getitem__, range(start, len(lines))), delimiter=delimiter, strict=True)
        try:
            for cells in reader:
                yield _Record(begins + 1, cells)
                begins = start + reader.line_num
            return
        except csv.Error as error:
            yield Refused(Reason.row_unreadable, line=begins + 1, detail=str(error))
            read_again += sum(map(len, lines[begins + 1 : start + reader.line_num]))
        start = begins + 1
        if read_again > MOST_READ_AGAIN:
            yield Refused(Reason.too_many_rows, line=start + 1)
            return


def _defused(cell: str) -> str:
    return _FORMULA.sub(lambda found: f"{found[0]}'", cell)


def _undo(cell: str) -> str:
    return _FORMULA.sub(lambda found: found[0].removesuffix("'"), cell)
