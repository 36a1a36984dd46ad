"""Articles as files: Markdown with front matter, and `categories.yml` beside them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, Field, ValidationError

from knowledge_base.enums import ArticleStatus, Reason, Visibility
from knowledge_base.schemas import Day, Moment, Prose

CATEGORIES_FILE = "categories.yml"
FENCE = "---"
_ARTICLE = re.compile(r"\s*^---[ \t]*\n(?P<front>.*?)^---[ \t]*(?:\n|\Z)(?P<body>.*)", re.DOTALL | re.MULTILINE)
WIDEST = 1_000_000


class ArticleFileBroken(Exception):
    """A file is not an article; the message names it and says why, for those who run programs."""

    def __init__(self, message: str, *, reason: Reason, line: int = 0) -> None:
        super().__init__(message)
        self.reason = reason
        # Where in the file, where that is known.
        self.line = line


class CategoryFile(BaseModel):
    """A folder of articles, as `categories.yml` lists it."""

    slug: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=120)
    name_fa: str = Field(min_length=1, max_length=200)
    name_en: str = Field(min_length=1, max_length=200)
    position: int = Field(default=0, ge=-1_000_000, le=1_000_000)


class FrontMatter(BaseModel):
    """What stands above an article's text; what is left out says nothing of it."""

    title: Prose = Field(min_length=1, max_length=300)
    # Which categories there are is for the import to know.
    category: Prose | None = None
    slug: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=120)
    language: Literal["fa", "en"]
    summary: Prose = Field(default="", max_length=1_000)
    questions: list[Prose] = Field(default_factory=list)
    visibility: Visibility | None = None
    status: ArticleStatus | None = None
    reviewed: Day | None = None
    review_due: Day | None = None
    # When it was first published; of a draft or an article in review, when it is to be.
    published_at: Moment | None = None
    created_at: Moment | None = None
    updated_at: Moment | None = None


@dataclass(frozen=True)
class ArticleFile:
    """An article as it stands in a file."""

    front: FrontMatter
    body: str
    # False for a row of a table that has no column for it.
    says_body: bool = True


class _PlainLoader(yaml.SafeLoader):
    """YAML without aliases: a few lines of them can stand for gigabytes."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            alias = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="aliases are not read", problem_mark=alias.start_mark)
        return super().compose_node(parent, index)


def read_articles(folder: Path) -> Iterator[ArticleFile]:
    """Every article under a folder, in the order of the paths."""
    for path in sorted(folder.rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        if text.startswith(FENCE):
            yield parse_article(text, name=path.name)


def parse_article(text: str, *, name: str) -> ArticleFile:
    """Read one article; `name` is for the message of a refusal."""
    found = _ARTICLE.match(text)
    if found is None:
        raise ArticleFileBroken(
            f"{name}: no front matter between two lines of {FENCE}", reason=Reason.front_missing, line=1
        )
    first = text.count("\n", 0, found.start("front")) + 1
    try:
        return ArticleFile(FrontMatter.model_validate(_mapping(found["front"])), as_body(found["body"]))
    except ValidationError as error:
        reason, detail = field_problem(error)
        line = first + _line_of(detail.partition(":")[0], found["front"])
        raise ArticleFileBroken(f"{name}: {detail}", reason=reason, line=line) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        message = getattr(error, "problem", None) or "this is no YAML"
        line = first + (mark.line if mark else 0)
        raise ArticleFileBroken(f"{name}: {message}", reason=Reason.front_unreadable, line=line) from error


def field_problem(error: ValidationError) -> tuple[Reason, str]:
    """Why the first field that does not fit is refused, and the detail: the field and, in English, what is wrong."""
    problem = error.errors(include_input=False)[0]
    reason = Reason.field_missing if problem["type"] == "missing" else Reason.field_unfit
    field = str(problem["loc"][0]) if problem["loc"] else ""
    return reason, f"{field}: {problem['msg']}"


def write_article(file: ArticleFile) -> str:
    """The file that `parse_article` reads again."""
    front = file.front.model_dump(mode="json", exclude_unset=True)
    text = yaml.safe_dump(front, allow_unicode=True, sort_keys=False, width=WIDEST)
    return f"{FENCE}\n{text}{FENCE}\n{file.body}\n"


def as_body(text: str) -> str:
    """An article's text as a file holds it: blank lines around it are no part of it."""
    return text.strip("\n").rstrip()


def read_categories(folder: Path) -> list[CategoryFile]:
    """The categories of a folder of articles; none where there is no list."""
    path = folder / CATEGORIES_FILE
    return parse_categories(path.read_text(encoding="utf-8"), name=path.name) if path.is_file() else []


def parse_categories(text: str, *, name: str) -> list[CategoryFile]:
    """Read a list of categories; `name` is for the message of a refusal."""
    try:
        found = yaml.load(text, _PlainLoader) or []  # noqa: S506 - a safe loader
        return [CategoryFile.model_validate(one) for one in (found if isinstance(found, list) else [found])]
    except (yaml.YAMLError, ValidationError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        message, line = f"{name}: this is no list of categories", mark.line + 1 if mark else 0
        raise ArticleFileBroken(message, reason=Reason.categories_unreadable, line=line) from error


def write_categories(categories: Sequence[CategoryFile]) -> str:
    """The list that `parse_categories` reads again."""
    lines = [one.model_dump() for one in categories]
    return yaml.safe_dump(lines, allow_unicode=True, sort_keys=False, width=WIDEST)


def _mapping(text: str) -> dict[str, Any]:
    found = yaml.load(text, _PlainLoader)  # noqa: S506 - a safe loader
    return found if isinstance(found, dict) else {}


def _line_of(field: str, front: str) -> int:
    """On which line of the front matter a field stands, from 0; 0 where it is not there."""
    lines = front.splitlines()
    return next((number for number, line in enumerate(lines) if line.startswith(f"{field}:")), 0)
