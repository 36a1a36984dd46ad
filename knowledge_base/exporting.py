"""Everything that editors see of the articles, as files that can be imported again without loss."""

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence

from knowledge_base.article_files import (
    CATEGORIES_FILE,
    ArticleFile,
    CategoryFile,
    FrontMatter,
    write_article,
    write_categories,
)
from knowledge_base.csv_files import write_rows
from knowledge_base.import_files import COLUMNS
from knowledge_base.models import Article, Category

WITHOUT_CATEGORY = "other"


def as_file(article: Article) -> ArticleFile:
    """A stored article as it stands in a file, its category and variants loaded."""
    front = FrontMatter.model_construct(
        title=article.title,
        category=article.category.slug if article.category else None,
        slug=article.slug,
        language="fa" if article.language == "fa" else "en",
        summary=article.summary,
        questions=article.questions,
        visibility=article.visibility,
        status=article.status,
        reviewed=article.reviewed_on,
        review_due=article.review_due_on,
        published_at=article.published_at,
        created_at=article.created_at,
        updated_at=article.updated_at,
    )
    return ArticleFile(front, article.body)


def write_zip(files: Iterable[ArticleFile], categories: Sequence[Category], *, tables: Mapping[str, bytes]) -> bytes:
    """A folder of Markdown, with the list of categories and these tables by the names of their files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        listed = [CategoryFile.model_validate(one, from_attributes=True) for one in categories]
        _write(archive, CATEGORIES_FILE, write_categories(listed))
        for file in files:
            front = file.front
            path = f"{front.category or WITHOUT_CATEGORY}/{front.slug}.{front.language}.md"
            _write(archive, path, write_article(file))
        for name, table in tables.items():
            _write(archive, name, table)
    return out.getvalue()


def _write(archive: zipfile.ZipFile, path: str, content: str | bytes) -> None:
    """Without the time of writing: the same articles are the same file."""
    archive.writestr(zipfile.ZipInfo(path), content, zipfile.ZIP_DEFLATED)


def write_table(files: Iterable[ArticleFile]) -> bytes:
    """A table with a row per article."""
    return write_rows(COLUMNS, (_cells(file) for file in files))


def _cells(file: ArticleFile) -> list[str]:
    front = file.front.model_dump(mode="json") | {"questions": "\n".join(file.front.questions), "body": file.body}
    return ["" if front[column] is None else front[column] for column in COLUMNS]
