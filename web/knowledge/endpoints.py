"""`/desk/knowledge`: the pages of the people who keep the knowledge base."""

from fastapi import APIRouter

from web.knowledge import (
    articles,
    categories,
    editor,
    files,
    from_conversation,
    gaps,
    precision,
    reading,
    regression,
    trial,
    versions,
)
from web.knowledge.pages import HOME

router = APIRouter(include_in_schema=False)
for part in (articles, categories, gaps, trial, regression, files, precision, editor, versions):
    router.include_router(part.router, prefix=HOME)
router.include_router(reading.router)
router.include_router(from_conversation.router)
