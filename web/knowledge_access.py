"""The knowledge base's service as endpoints get it."""

from typing import Annotated

from fastapi import Depends
from fastapi.requests import HTTPConnection

from core.http import ReadingSessionDep, SessionDep
from knowledge_base.service import KnowledgeService


def get_knowledge(connection: HTTPConnection, session: SessionDep) -> KnowledgeService:
    """Within the request's transaction."""
    service: KnowledgeService = connection.app.state.open_knowledge(session)
    return service


def get_knowledge_for_reading(connection: HTTPConnection, session: ReadingSessionDep) -> KnowledgeService:
    """In a session that only reads."""
    service: KnowledgeService = connection.app.state.open_knowledge(session)
    return service


KnowledgeDep = Annotated[KnowledgeService, Depends(get_knowledge)]
KnowledgeReadDep = Annotated[KnowledgeService, Depends(get_knowledge_for_reading)]
