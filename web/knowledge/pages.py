"""The frame of the knowledge base's pages: the desk's, with the words and the tabs of this section."""

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from crm.agents.permissions import Permission, may
from crm.models import Agent
from web.desk.pages import page
from web.knowledge import words

HOME = "/desk/knowledge"


def knowledge_page(request: Request, template: str, agent: Agent, *, status: int = 200, **context: Any) -> HTMLResponse:
    """A page of the knowledge base for this person."""
    return page(
        request,
        f"knowledge/{template}",
        agent,
        section="knowledge",
        status=status,
        terms=words,
        may_set_precision=may(agent.role, Permission.set_operating_point),
        may_see_conversations=may(agent.role, Permission.handle_conversations),
        **context,
    )
