"""The widgets' settings, for admins: the line for the site, the firm, where it may stand, the form, users' secret."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.web_widget.config import WidgetConfig, config_of, identity_secret
from connectors.web_widget.connector import topic_of_users
from core.errors import NotFound
from core.http import ReadingSessionDep, SessionDep
from core.unit_of_work import announce
from crm.agents.auth import WidgetKeeper
from crm.conversations.news import CHANGED
from crm.enums import Channel
from crm.models import Agent, Inbox
from web.desk.pages import page

router = APIRouter(prefix="/desk", include_in_schema=False)

PATH = "/desk/widget"
Line = Annotated[str, Form(max_length=20_000)]
# Of settings that nobody has saved.
FIRST_REVISION = WidgetConfig().revision


class WidgetNotFound(NotFound):
    """There is no widget with this key."""

    code = "widget_not_found"


@router.get("/widget")
async def show_widgets(
    request: Request, agent: WidgetKeeper, session: ReadingSessionDep, saved: bool = False
) -> Response:
    """Every widget with its settings."""
    return await _page(request, agent, session, saved=saved)


@router.post("/widget/{key}")
async def change_widget(
    request: Request,
    key: str,
    agent: WidgetKeeper,
    session: SessionDep,
    firm_fa: Line = "",
    firm_en: Line = "",
    firm_site: Line = "",
    origins: Line = "",
    consent_fa: Line = "",
    consent_en: Line = "",
    privacy_url: Line = "",
    ask_name: Annotated[bool, Form()] = False,
    ask_address: Annotated[bool, Form()] = False,
    revision: Line = FIRST_REVISION,
) -> Response:
    """Put other settings in force, for every visitor who comes from now on, unless a colleague has saved meanwhile."""
    inbox = await _locked(session, key)
    typed = {
        "firm_fa": firm_fa,
        "firm_en": firm_en,
        "firm_site": firm_site,
        "origins": origins.replace(",", " ").split(),
        "ask_name": ask_name,
        "ask_address": ask_address,
        "consent_fa": consent_fa,
        "consent_en": consent_en,
        "privacy_url": privacy_url,
        "revision": revision,
    }
    try:
        config = WidgetConfig.model_validate({**inbox.config, **typed})
    except ValidationError as error:
        problem = str(error.errors()[0]["loc"][0])
        return await _page(request, agent, session, problem=problem, typed={key: typed})
    now = config_of(inbox).revision
    if now != revision:
        return await _page(request, agent, session, saved_meanwhile=key, typed={key: typed | {"revision": now}})
    inbox.config = {**inbox.config, **config.model_dump()}
    # What colleagues read beside a conversation.
    inbox.name = config.firm_fa or config.firm_en or inbox.name
    return RedirectResponse(f"{PATH}?saved=true", status_code=303)


@router.post("/widget/{key}/secret")
async def renew_secret(key: str, _agent: WidgetKeeper, session: SessionDep) -> Response:
    """Replace the secret; what was signed with the old one is refused from now on, open chats of such users too."""
    inbox = await _locked(session, key)
    inbox.config = {**inbox.config, "secret_version": config_of(inbox).secret_version + 1}
    announce(session, topic_of_users(inbox.id), CHANGED)
    return RedirectResponse(f"{PATH}?saved=true", status_code=303)


async def _locked(session: AsyncSession, key: str) -> Inbox:
    statement = select(Inbox).where(Inbox.key == key, Inbox.channel == Channel.web_widget).with_for_update()
    inbox = (await session.scalars(statement)).one_or_none()
    if inbox is None:
        raise WidgetNotFound
    return inbox


async def _page(
    request: Request,
    agent: Agent,
    session: AsyncSession,
    *,
    saved: bool = False,
    problem: str = "",
    saved_meanwhile: str = "",
    typed: dict[str, dict[str, Any]] | None = None,
) -> Response:
    settings = request.app.state.settings
    statement = select(Inbox).where(Inbox.channel == Channel.web_widget).order_by(Inbox.id)
    inboxes = (await session.scalars(statement)).all()
    secret_key = settings.secret_key.get_secret_value()
    response = page(
        request,
        "desk/widget.html",
        agent,
        section="widget",
        status=422 if problem else 409 if saved_meanwhile else 200,
        inboxes=inboxes,
        typed={inbox.key: _known(inbox) for inbox in inboxes} | (typed or {}),
        secrets={inbox.key: identity_secret(inbox, secret_key=secret_key) for inbox in inboxes},
        site=(settings.public_url or str(request.base_url)).rstrip("/"),
        common_origins=settings.widget_origins,
        saved=saved,
        problem=problem,
        saved_meanwhile=saved_meanwhile,
    )
    # It shows a secret.
    response.headers["Cache-Control"] = "no-store"
    return response


def _known(inbox: Inbox) -> dict[str, Any]:
    config = config_of(inbox)
    return {**config.model_dump(), "revision": config.revision}
