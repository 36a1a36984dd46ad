"""The knowledge base's service as endpoints get it."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.requests import HTTPConnection

from core.http import ReadingSessionDep, SessionDep
from crm.agents.auth import KnowledgeEditor
from crm.agents.repository import AgentRepository
from knowledge_base.service import KnowledgeService
from knowledge_base.uploads import Upload, read_upload


async def get_knowledge(connection: HTTPConnection, session: SessionDep) -> KnowledgeService:
    """Within the request's transaction."""
    service: KnowledgeService = connection.app.state.open_knowledge(session)
    return service


async def get_knowledge_for_reading(connection: HTTPConnection, session: ReadingSessionDep) -> KnowledgeService:
    """In a session that only reads."""
    service: KnowledgeService = connection.app.state.open_knowledge(session)
    return service


async def get_names(session: ReadingSessionDep) -> dict[int, str]:
    """The name of everybody who works here or did, by their id."""
    return {one.id: one.name for one in await AgentRepository(session).all()}


async def get_upload(request: Request, _agent: KnowledgeEditor) -> Upload:
    """An editor's file; it stands before the service in an endpoint, so that no transaction waits for it."""
    return await read_upload(request)


KnowledgeDep = Annotated[KnowledgeService, Depends(get_knowledge)]
NamesDep = Annotated[dict[int, str], Depends(get_names)]
KnowledgeReadDep = Annotated[KnowledgeService, Depends(get_knowledge_for_reading)]
UploadDep = Annotated[Upload, Depends(get_upload)]
