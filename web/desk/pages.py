"""Pages for people who are signed in: the frame with the navigation they may use."""

from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from crm.agents.permissions import Permission, may
from crm.enums import Role
from crm.models import Agent
from web.desk.words import _
from web.templating import render


@dataclass(frozen=True)
class Section:
    """One place of the navigation, and what it takes to see it; `text` is translated where it is shown."""

    section: str
    text: str
    href: str
    icon: str
    permission: Permission


SECTIONS = (
    Section("conversations", _("Inbox"), "/desk", "chat", Permission.handle_conversations),
    Section("tickets", _("Tickets"), "/desk/tickets", "ticket", Permission.handle_conversations),
    Section("knowledge", _("Knowledge base"), "/desk/knowledge", "book", Permission.edit_knowledge),
    Section("people", _("People"), "/desk/people", "people", Permission.manage_agents),
)


def page(
    request: Request, template: str, agent: Agent, *, section: str, status: int = 200, **context: Any
) -> HTMLResponse:
    """A page within the desk's frame, for this person."""
    response = render(request, template, frame(agent, section) | context)
    response.status_code = status
    return response


def frame(agent: Agent, section: str) -> dict[str, Any]:
    """What the frame itself needs."""
    navigation = [place for place in SECTIONS if may(agent.role, place.permission)]
    return {"agent": agent, "section": section, "navigation": navigation}


def home_of(role: Role) -> str:
    """Where people in this role begin."""
    return next(place.href for place in SECTIONS if may(role, place.permission))
