"""Tables as files: read row by row, each with its line, and written so that no spreadsheet runs a cell."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from knowledge_base.enums import Reason

# A spreadsheet takes a cell that begins so for a formula, and what tells it not to is an apostrophe before it:
# https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_DEFUSED = re.compile(r"'+[=+\-@\t\r]")
# In Persian and in many other places, Excel writes semicolons.
DELIMITERS = ",;\t"
LONGEST_CELL = 1_000_000


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
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=max(DELIMITERS, key=head.count))
    names = _names(rows)
    if missing := [name for name in required if name not in names]:
        raise ImportRefused(Refused(Reason.columns_missing, file, 1, ", ".join(missing)))
    while True:
        line = rows.line_num + 1
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield Refused(Reason.row_unreadable, file, line, str(error))
            continue
        if any(cell.strip() for cell in cells):
            yield Row(line, {name: _undo(cell) for name, cell in zip(names, cells, strict=False)})


def write_rows(names: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A table with these columns; Excel sees by the mark at its beginning that it is UTF-8."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(names)
    writer.writerows([_defused(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def _names(rows: Iterator[list[str]]) -> list[str]:
    try:
        return [name.strip().lower() for name in next(rows, [])]
    except csv.Error:
        return []


def _defused(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _undo(cell: str) -> str:
    return cell[1:] if _DEFUSED.match(cell) else cell
