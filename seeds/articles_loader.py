"""Puts a folder of Markdown articles into the knowledge base."""

from pathlib import Path

from knowledge_base.article_files import ArticleFile, read_articles, read_categories
from knowledge_base.enums import ArticleStatus
from knowledge_base.models import Article, Category
from knowledge_base.schemas import ArticleCreate
from knowledge_base.service import KnowledgeService, as_draft

SAVED_BY = "seeds"


async def load_articles(knowledge: KnowledgeService, folder: Path) -> int:
    """Create or update every article of the folder, published, within the service's transaction.

    Returns how many were new or changed; loading the same folder again changes nothing.
    """
    await _load_categories(knowledge, folder)
    changed = [await _load(knowledge, file) for file in read_articles(folder)]
    return sum(changed)


async def _load_categories(knowledge: KnowledgeService, folder: Path) -> None:
    for file in read_categories(folder):
        category = await knowledge.categories.by_slug(file.slug)
        if category is None:
            knowledge.session.add(Category(**file.model_dump()))
        else:
            category.name_fa, category.name_en, category.position = file.name_fa, file.name_en, file.position
    await knowledge.session.flush()


async def _load(knowledge: KnowledgeService, file: ArticleFile) -> bool:
    draft = _draft(file)
    article = await knowledge.articles.by_address(draft.slug, draft.language)
    if article is None:
        created = await knowledge.create(draft, by=SAVED_BY)
        await knowledge.publish(created.id)
        return True
    if _is_the_same(article, draft):
        return False
    await knowledge.save(article.id, draft, version=article.version, by=SAVED_BY)
    await knowledge.publish(article.id)
    return True


def _draft(file: ArticleFile) -> ArticleCreate:
    front = file.front
    return ArticleCreate(
        slug=front.slug,
        language=front.language,
        title=front.title,
        summary=front.summary,
        body=file.body,
        category=front.category,
        questions=front.questions,
        reviewed_on=front.reviewed,
    )


def _is_the_same(article: Article, draft: ArticleCreate) -> bool:
    stored = as_draft(article).model_dump()
    wanted = draft.model_dump(exclude={"slug", "language"}, exclude_unset=True)
    return article.status is ArticleStatus.published and wanted.items() <= stored.items()
