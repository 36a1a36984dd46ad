"""Articles as files: Markdown with front matter, and `categories.yml` beside them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, Field, ValidationError

CATEGORIES_FILE = "categories.yml"
FENCE = "---"


class ArticleFileBroken(Exception):
    """A file is not an article; the message names it and says why."""


class CategoryFile(BaseModel):
    """A folder of articles, as `categories.yml` lists it."""

    slug: str
    name_fa: str
    name_en: str
    position: int = 0


class FrontMatter(BaseModel):
    """What stands above an article's text."""

    title: str = Field(min_length=1, max_length=300)
    category: str
    slug: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=120)
    language: Literal["fa", "en"]
    summary: str = ""
    questions: list[str] = Field(default_factory=list)
    reviewed: date | None = None


@dataclass(frozen=True)
class ArticleFile:
    """An article as it stands in a file."""

    front: FrontMatter
    body: str


def read_articles(folder: Path) -> Iterator[ArticleFile]:
    """Every article under a folder, in the order of the paths."""
    for path in sorted(folder.rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        if text.startswith(FENCE):
            yield parse_article(text, name=path.name)


def parse_article(text: str, *, name: str) -> ArticleFile:
    """Read one article; `name` is for the message of a refusal."""
    parts = text.split(f"{FENCE}\n", 2)
    if len(parts) != 3 or parts[0].strip():
        raise ArticleFileBroken(f"{name}: no front matter between two lines of {FENCE}")
    try:
        return ArticleFile(FrontMatter.model_validate(_mapping(parts[1])), parts[2].strip())
    except (yaml.YAMLError, ValidationError) as error:
        raise ArticleFileBroken(f"{name}: {error}") from error


def read_categories(folder: Path) -> list[CategoryFile]:
    """The categories of a folder of articles; none where there is no list."""
    path = folder / CATEGORIES_FILE
    if not path.is_file():
        return []
    try:
        return [CategoryFile.model_validate(one) for one in yaml.safe_load(path.read_text(encoding="utf-8")) or []]
    except (yaml.YAMLError, ValidationError) as error:
        raise ArticleFileBroken(f"{path.name}: {error}") from error


def _mapping(text: str) -> dict[str, Any]:
    found = yaml.safe_load(text)
    return found if isinstance(found, dict) else {}
