"""A small knowledge base over the model-free encoder."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from core.clock import FixedClock
from core.unit_of_work import UnitOfWork
from knowledge_base.answering import Found
from knowledge_base.embedder import Embedder
from knowledge_base.live_index import LiveIndex
from knowledge_base.models import Article, Category
from knowledge_base.schemas import ArticleCreate
from knowledge_base.service import KnowledgeService
from knowledge_base.weights import RankerWeights
from language.hashing_encoder import HashingEncoder

REFUND = {
    "title": "How much is refunded",
    "summary": "What comes back.",
    "body": "## Before the start\n\nAll of the fee comes back.\n\n## Later\n\nAfter session one 70% comes back.",
    "questions": ["do I get my money back?"],
}


@pytest.fixture
def embedder() -> Embedder:
    return Embedder(HashingEncoder())


@pytest.fixture
async def live(work: UnitOfWork, embedder: Embedder) -> LiveIndex:
    """The search index of one process, over an empty database."""
    live = LiveIndex(work, embedder, weights=RankerWeights.load(), projection=None)
    await live.start()
    return live


@pytest.fixture
def open_knowledge(live: LiveIndex, clock: FixedClock) -> Callable[..., KnowledgeService]:
    return lambda session, live=live: KnowledgeService(session, live=live, clock=clock)


@pytest.fixture
async def category(work: UnitOfWork) -> str:
    async with work.begin() as session:
        session.add(Category(slug="refunds", name_fa="بازگشت وجه", name_en="Refunds", position=1))
    return "refunds"


@pytest.fixture
def make_article(
    work: UnitOfWork, open_knowledge: Callable[..., KnowledgeService]
) -> Callable[..., Awaitable[Article]]:
    """Write an article and, unless told otherwise, publish it."""

    async def make(
        slug: str = "refunds", *, language: str = "en", title: str = "", publish: bool = True, **fields: object
    ) -> Article:
        draft = ArticleCreate.model_validate(
            {"slug": slug, "language": language, "title": title or slug.replace("-", " "), **fields}
        )
        async with work.begin() as session:
            article = await open_knowledge(session).create(draft, by="Sara")
            return await open_knowledge(session).publish(article.id) if publish else article

    return make


@pytest.fixture
def ask(work: UnitOfWork, open_knowledge: Callable[..., KnowledgeService]) -> Callable[..., Awaitable[Found]]:
    """Ask a question, of the index of one process or of another."""

    async def ask(question: str, *, live: LiveIndex | None = None, language: str = "en", **more: Any) -> Found:
        async with work.begin() as session:
            service = open_knowledge(session, live) if live else open_knowledge(session)
            return await service.answer(question, language=language, **more)

    return ask
