"""The folders of articles, as editors keep them: new ones, other names, another order."""

from collections.abc import Sequence

from sqlalchemy.exc import IntegrityError

from core.errors import Conflict
from knowledge_base.models import Category
from knowledge_base.schemas import CategoryCreate, CategorySave
from knowledge_base.service import CategoryNotFound, KnowledgeService


class CategoryExists(Conflict):
    """There is a category with this address already."""

    code = "category_exists"


class Categories:
    """Changes categories within the caller's session."""

    def __init__(self, knowledge: KnowledgeService) -> None:
        self._session = knowledge.session
        self._categories = knowledge.categories

    async def add(self, wanted: CategoryCreate) -> Category:
        """A new category, shown after all the others.

        Raises:
            CategoryExists
        """
        others = await self._categories.all()
        category = Category(**wanted.model_dump())
        try:
            async with self._session.begin_nested():
                self._session.add(category)
        except IntegrityError as error:
            raise CategoryExists from error
        await self._put_in_order([*others, category])
        return category

    async def save(self, slug: str, wanted: CategorySave) -> Category:
        """Give a category these names and, where one is given, this place; its address stays, since files name it.

        Raises:
            CategoryNotFound
        """
        every = await self._categories.all()
        category = next((one for one in every if one.slug == slug), None)
        if category is None:
            raise CategoryNotFound
        category.name_fa, category.name_en = wanted.name_fa, wanted.name_en
        if wanted.position is not None:
            others = [one for one in every if one is not category]
            others.insert(wanted.position, category)
            await self._put_in_order(others)
        await self._session.flush()
        return category

    async def _put_in_order(self, categories: Sequence[Category]) -> None:
        for position, category in enumerate(categories):
            category.position = position
        await self._session.flush()
