"""Articles to edit, and a browser that somebody has signed in with."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from core.unit_of_work import UnitOfWork
from crm.enums import Role
from crm.models import Agent
from knowledge_base.models import Article, Category
from knowledge_base.schemas import ArticleCreate
from web.parts import Parts

WriteArticle = Callable[..., Awaitable[Article]]


@pytest.fixture
async def category(work: UnitOfWork) -> Category:
    async with work.begin() as session:
        category = Category(slug="payments", name_fa="پرداخت", name_en="Payments")
        session.add(category)
    return category


@pytest.fixture
def write(parts: Parts) -> WriteArticle:
    """Write an article; published unless said otherwise."""

    async def write(title: str, *, slug: str, language: str = "en", published: bool = True, **content: Any) -> Article:
        draft = ArticleCreate.model_validate({"title": title, "slug": slug, "language": language, **content})
        async with parts.work.begin() as session:
            knowledge = parts.open_knowledge(session)
            article = await knowledge.create(draft, by="Kaveh")
            return await knowledge.publish(article.id) if published else article

    return write


@pytest.fixture
async def editor(client: httpx.AsyncClient, sign_in: Callable[[Role], Awaitable[Agent]]) -> httpx.AsyncClient:
    """An editor's browser, in English."""
    await sign_in(Role.editor)
    client.headers["accept-language"] = "en"
    return client
