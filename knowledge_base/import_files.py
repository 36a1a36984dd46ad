"""Files that articles come in: a zip or folder of Markdown, a table, a web page. Nothing is unpacked onto the disk."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import ValidationError

from knowledge_base.article_files import (
    CATEGORIES_FILE,
    FENCE,
    ArticleFile,
    ArticleFileBroken,
    CategoryFile,
    FrontMatter,
    as_body,
    field_problem,
    parse_article,
    parse_categories,
)
from knowledge_base.csv_files import ImportRefused, Refused, decoded, read_rows
from knowledge_base.enums import Reason
from knowledge_base.html_pages import PageUnfit, read_page
from language.normalise import safe_text

MAX_IMPORT_BYTES = 20_000_000
# What a zip holds once it is unpacked, and one file of it.
MAX_UNPACKED_BYTES = 60_000_000
MAX_MEMBER_BYTES = 2_000_000
MOST_MEMBERS = 10_000
# Of the other ways, one step unpacks as much as the zip's maker likes, whatever is asked for.
_WAYS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# A bit of a member's flags.
_SAYS_UTF_8 = 0x800
MOST_ARTICLES = 5_000
COLUMNS = (*FrontMatter.model_fields, "body")
# What stands in an export beside the articles and says what became of them: nothing to bring in.
GAPS_FILE, MOVES_FILE, USAGE_FILE, VERSIONS_FILE = "gaps.csv", "moves.csv", "usage.csv", "versions.csv"
REQUIRED = ("slug", "language", "title")
# Cells that say nothing when they are empty, since they have no empty value.
_ABSENT_WHEN_EMPTY = {"visibility", "status", "published_at", "created_at", "updated_at"}
_NONE_WHEN_EMPTY = {"category", "reviewed", "review_due"}
_HTML = (".html", ".htm", ".xhtml")


@dataclass(frozen=True)
class Found:
    """An article of a file, and where it stands."""

    file: str
    line: int
    article: ArticleFile


@dataclass
class FileRead:
    """What a file holds: articles, categories, and what is neither."""

    articles: list[Found | Refused] = field(default_factory=list)
    categories: list[CategoryFile] = field(default_factory=list)


def take_up(path: Path) -> tuple[bytes, str]:
    """What `read_file` takes of a path: a file's content, as far as one may be read, or a folder as a zip; and a name.

    Of a folder, Markdown and lists of categories are taken, as deep as they lie.

    Raises:
        ImportRefused, OSError
    """
    if path.is_dir():
        name = f"{path.resolve().name}.zip"
        return _zip_of(path, name), name
    with path.open("rb") as file:
        # One byte more than fits tells that it is too large.
        return file.read(MAX_IMPORT_BYTES + 1), path.name


def _zip_of(folder: Path, name: str) -> bytes:
    files = {safe_text(one.relative_to(folder).as_posix()): one for one in sorted(folder.rglob("*")) if _is_taken(one)}
    files = {place: one for place, one in files.items() if not _is_passed_over(place)}
    if len(files) > MOST_MEMBERS or sum(one.stat().st_size for one in files.values()) > MAX_UNPACKED_BYTES:
        raise ImportRefused(Refused(Reason.zip_too_large, name))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, one in files.items():
            # A file may be older than what a zip can say of it.
            archive.writestr(zipfile.ZipInfo(place), one.read_bytes(), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _is_taken(path: Path) -> bool:
    return (path.suffix.lower() == ".md" or path.name == CATEGORIES_FILE) and path.is_file()


def read_file(content: bytes, *, name: str) -> FileRead:
    """Read a file by the end of its name; one that is bad in part is read but for that part.

    Raises:
        ImportRefused: nothing of it can be used.
    """
    if len(content) > MAX_IMPORT_BYTES:
        raise ImportRefused(Refused(Reason.file_too_large, name))
    read = FileRead()
    if name.lower().endswith(".zip"):
        _read_zip(content, name, read)
    elif not _is_record(name):
        read.articles += _read_one(content, name)
    if not read.articles and not read.categories:
        raise ImportRefused(Refused(Reason.nothing_found, name))
    return read


def _read_zip(content: bytes, name: str, read: FileRead) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in sorted(_members(archive, name), key=lambda one: one.filename):
                _read_member(archive, member, read)
    # What a broken archive raises beside BadZipFile depends on where it is broken.
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError) as error:
        raise ImportRefused(Refused(Reason.zip_broken, name, detail=str(error)[:200])) from error


def _members(archive: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    """What to read of a zip, without what makers of zips add by themselves and what an export tells besides."""
    members = [one for one in archive.infolist() if not one.is_dir() and not _is_passed_over(one.filename)]
    if len(members) > MOST_MEMBERS or sum(one.file_size for one in members) > MAX_UNPACKED_BYTES:
        raise ImportRefused(Refused(Reason.zip_too_large, name))
    if other := [one.filename for one in members if one.compress_type not in _WAYS]:
        raise ImportRefused(Refused(Reason.zip_broken, name, detail=f"neither stored nor deflated: {other[0][:150]}"))
    return members


def _is_passed_over(path: str) -> bool:
    return _is_record(path) or any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(path).parts)


def _is_record(path: str) -> bool:
    """Whether it is a table of an export that is not of articles; the one of versions looks like one that is."""
    return PurePosixPath(path).name in (GAPS_FILE, MOVES_FILE, USAGE_FILE, VERSIONS_FILE)


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, read: FileRead) -> None:
    name = _name_of(member)
    with archive.open(member) as stream:
        # Never more than may be: what the zip says of its sizes need not be so.
        content = stream.read(MAX_MEMBER_BYTES + 1)
    if len(content) > MAX_MEMBER_BYTES:
        read.articles.append(Refused(Reason.file_too_large, name))
        return
    try:
        if PurePosixPath(name).name == CATEGORIES_FILE:
            read.categories += _categories(content, name)
        else:
            read.articles += _read_one(content, name, is_in_folder=True)
    except ImportRefused as refusal:
        read.articles.append(refusal.refused)


def _name_of(member: zipfile.ZipInfo) -> str:
    """The name as it was written: a Mac writes UTF-8 without saying so, which reads as letters of an old PC."""
    try:
        return member.filename if member.flag_bits & _SAYS_UTF_8 else member.filename.encode("cp437").decode()
    except UnicodeError:
        return member.filename


def _categories(content: bytes, name: str) -> list[CategoryFile]:
    try:
        return parse_categories(decoded(content, file=name), name=name)
    except ArticleFileBroken as error:
        raise ImportRefused(Refused(error.reason, name, error.line, str(error)[:500])) from error


def _read_one(content: bytes, name: str, *, is_in_folder: bool = False) -> list[Found | Refused]:
    """The articles of a file; a folder may hold notes beside them, which are passed over."""
    ending = PurePosixPath(name.lower()).suffix
    if ending == ".csv":
        return list(_read_table(decoded(content, file=name), name))
    if ending in _HTML:
        return [_read_html(decoded(content, file=name), name)]
    if ending != ".md":
        if is_in_folder:
            return []
        raise ImportRefused(Refused(Reason.kind_unknown, name))
    text = decoded(content, file=name)
    if is_in_folder and not text.lstrip().startswith(FENCE):
        return []
    try:
        return [Found(name, 1, parse_article(text, name=name))]
    except ArticleFileBroken as error:
        detail = str(error).removeprefix(f"{name}: ")[:500]
        return [Refused(error.reason, name, error.line, detail)]


def _read_html(text: str, name: str) -> Found | Refused:
    try:
        page = read_page(text)
    except PageUnfit:
        return Refused(Reason.page_unfit, name)
    stem = PurePosixPath(name).stem
    front = {"title": (page.title or stem)[:300], "slug": slug_of(stem), "language": page.language}
    return Found(name, 1, ArticleFile(FrontMatter.model_validate(front), page.body))


def slug_of(stem: str) -> str:
    """An address for a file's name; the same for the same name, whatever its letters."""
    words = re.findall(r"[a-z0-9]+", stem.lower())
    return "-".join(words)[:120].strip("-") or f"page-{zlib.crc32(stem.encode()):08x}"


def _read_table(text: str, name: str) -> Iterator[Found | Refused]:
    for row in read_rows(text, required=REQUIRED, file=name):
        if isinstance(row, Refused):
            yield row
            continue
        try:
            yield Found(name, row.line, _article_of(dict(row.cells)))
        except ValidationError as error:
            reason, detail = field_problem(error)
            yield Refused(reason, name, row.line, detail[:500])


def _article_of(cells: dict[str, str]) -> ArticleFile:
    front: dict[str, Any] = {}
    for column in FrontMatter.model_fields.keys() & cells.keys():
        text = cells[column].strip()
        if column == "questions":
            front[column] = [line.strip() for line in text.splitlines() if line.strip()]
        elif text or column not in _ABSENT_WHEN_EMPTY:
            front[column] = None if not text and column in _NONE_WHEN_EMPTY else text
    return ArticleFile(FrontMatter.model_validate(front), as_body(cells.get("body", "")), says_body="body" in cells)
