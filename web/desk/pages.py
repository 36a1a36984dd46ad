"""Pages for people who are signed in: the frame with the navigation they may use."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Query, Request
from fastapi.requests import HTTPConnection
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

from crm.agents.permissions import Permission, may
from crm.enums import Role
from crm.models import Agent
from web.desk import words
from web.desk.presenter import is_safe_url
from web.desk.words import _
from web.templating import language_of, render, words_for, zone_of

# Which page of a list is asked for; one beyond the last is the last.
PageNumber = Annotated[int, Query(ge=1, alias="page")]


@dataclass(frozen=True)
class Section:
    """One place of the navigation, and what it takes to see it, if anything; `text` is translated where it is shown."""

    section: str
    text: str
    href: str
    icon: str
    permission: Permission | None

    def is_open_to(self, role: Role) -> bool:
        return self.permission is None or may(role, self.permission)


SECTIONS = (
    Section("conversations", _("Inbox"), "/desk", "chat", Permission.handle_conversations),
    Section("tickets", _("Tickets"), "/desk/tickets", "ticket", Permission.handle_conversations),
    Section("knowledge", _("Knowledge base"), "/desk/knowledge", "book", Permission.edit_knowledge),
    Section("parked", _("Set aside"), "/desk/parked", "alert", Permission.keep_turns),
    Section("handoffs", _("Handoffs"), "/desk/handoffs", "hand", Permission.edit_handoff_policy),
    Section("intents", _("Intents"), "/desk/intents", "tag", Permission.teach_bot),
    Section("models", _("Models"), "/desk/models", "bot", Permission.teach_bot),
    Section("widget", _("Website chat"), "/desk/widget", "web", Permission.set_up_widget),
    Section("telegram", _("Telegram"), "/desk/telegram", "telegram", Permission.set_up_telegram),
    Section("people", _("People"), "/desk/people", "people", Permission.manage_agents),
    Section("profile", _("My account"), "/desk/profile", "person", None),
)


def page(
    request: Request, template: str, agent: Agent, *, section: str, status: int = 200, **context: Any
) -> HTMLResponse:
    """A page within the desk's frame, for this person."""
    navigation = [place for place in SECTIONS if place.is_open_to(agent.role)]
    frame = {"agent": agent, "section": section, "navigation": navigation, "words": words, "is_safe_url": is_safe_url}
    response = render(request, template, frame | context)
    response.status_code = status
    return response


def fragment(connection: HTTPConnection, template: str, **context: Any) -> str:
    """A part of a page, for htmx or for a socket."""
    templates: Jinja2Templates = connection.app.state.templates
    known = {**words_for(language_of(connection), zone_of(connection)), "words": words, "is_safe_url": is_safe_url}
    return templates.get_template(template).render({**known, **context})


def pages_of(count: int, *, length: int) -> int:
    """How many pages a list of so many takes; an empty one is a page too."""
    return max(1, -(-count // length))


def is_htmx(request: Request) -> bool:
    """Whether htmx asks, and wants fragments instead of a page."""
    return "hx-request" in request.headers


def home_of(role: Role) -> str:
    """Where people in this role begin."""
    return next(place.href for place in SECTIONS if place.is_open_to(role))
