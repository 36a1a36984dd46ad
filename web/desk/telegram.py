"""The Telegram bots, for admins: each is an inbox with a token of its own, which is never shown again, and perhaps with
an agents' group.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.channels import Channels
from connectors.telegram.bots import BotIdentity, TelegramUnreachable, TokenRefused, identify
from connectors.telegram.connector import TelegramConnector
from connectors.telegram.inboxes import BotTaken, TelegramInboxes, TokenInEnvironment
from connectors.telegram.pairing import CODE_MINUTES
from core.config import Settings
from core.http import ReadingSessionDep, SessionDep
from crm.agents.auth import TelegramKeeper
from crm.models import Agent
from web.desk.pages import page

router = APIRouter(prefix="/desk", include_in_schema=False)

PATH = "/desk/telegram"
Name = Annotated[str, Form(max_length=500)]
Token = Annotated[str, Form(max_length=500)]
REFUSALS = (TokenRefused, TelegramUnreachable, BotTaken, TokenInEnvironment)


def _inboxes(request: Request, session: AsyncSession) -> TelegramInboxes:
    return TelegramInboxes(session, settings=request.app.state.settings, clock=request.app.state.clock)


async def get_inboxes(request: Request, session: SessionDep) -> TelegramInboxes:
    return _inboxes(request, session)


InboxesDep = Annotated[TelegramInboxes, Depends(get_inboxes)]


@router.get("/telegram")
async def show_bots(
    request: Request, agent: TelegramKeeper, session: ReadingSessionDep, saved: bool = False
) -> Response:
    """Every bot with how it stands."""
    return await _page(request, agent, session, saved=saved)


@router.post("/telegram")
async def add_bot(request: Request, agent: TelegramKeeper, name: Name = "", token: Token = "") -> Response:
    """Connect one more bot; it takes messages at once."""
    try:
        identity = await _identity(request, token)
        # Here and not for the request as a whole: while Telegram is asked, others must be able to write.
        async with request.app.state.work.begin() as session:
            await _inboxes(request, session).add(identity, token.strip(), name=name)
    except REFUSALS as error:
        return await _page_again(request, agent, problem=error.code, name=name)
    return RedirectResponse(f"{PATH}?saved=true", status_code=303)


@router.post("/telegram/{key}")
async def change_bot(
    request: Request, key: str, agent: TelegramKeeper, name: Name = "", shown_name: Name = "", token: Token = ""
) -> Response:
    """Call an inbox something else, or connect it with another token; an empty one leaves the old one.

    Where a colleague has given it another name meanwhile, what was typed is shown beside that; a token counts at once.
    """
    try:
        identity = await _identity(request, token) if token.strip() else None
        async with request.app.state.work.begin() as session:
            inboxes = _inboxes(request, session)
            is_renamed = await inboxes.rename(key, name, shown=shown_name)
            if identity:
                await inboxes.replace_token(key, identity, token.strip())
    except REFUSALS as error:
        return await _page_again(request, agent, problem=error.code, names={key: name}, shown_names={key: shown_name})
    if not is_renamed:
        return await _page_again(request, agent, renamed_meanwhile=key, names={key: name})
    return RedirectResponse(f"{PATH}?saved=true", status_code=303)


@router.post("/telegram/{key}/disconnect")
async def disconnect_bot(key: str, _agent: TelegramKeeper, inboxes: InboxesDep) -> Response:
    """Forget a bot's token; its conversations stay, and it finds them again when it is connected anew."""
    await inboxes.disconnect(key)
    return RedirectResponse(f"{PATH}?saved=true", status_code=303)


@router.post("/telegram/{key}/code")
async def make_group_code(request: Request, key: str, agent: TelegramKeeper, inboxes: InboxesDep) -> Response:
    """Show a code, this once, that pairs the group it is sent in."""
    code = await inboxes.make_group_code(key, by=agent)
    return await _page(request, agent, inboxes.session, codes={key: code})


@router.post("/telegram/{key}/group")
async def change_group(
    key: str, _agent: TelegramKeeper, inboxes: InboxesDep, hears_all: Annotated[bool, Form()] = False
) -> Response:
    """Choose whose handoffs the group is told of."""
    await inboxes.let_group_hear(key, all_inboxes=hears_all)
    return RedirectResponse(f"{PATH}?saved=true", status_code=303)


@router.post("/telegram/{key}/group/leave")
async def leave_group(key: str, _agent: TelegramKeeper, inboxes: InboxesDep) -> Response:
    """Tell a group nothing more."""
    await inboxes.leave_group(key)
    return RedirectResponse(f"{PATH}?saved=true", status_code=303)


async def _identity(request: Request, token: str) -> BotIdentity:
    settings: Settings = request.app.state.settings
    return await identify(token.strip(), api_url=settings.telegram_api_url, proxy_url=settings.telegram_proxy_url)


async def _page_again(request: Request, agent: Agent, **context: Any) -> Response:
    """The page with what was typed in vain."""
    async with request.app.state.work.reading() as session:
        return await _page(request, agent, session, **context)


async def _page(
    request: Request,
    agent: Agent,
    session: AsyncSession,
    *,
    saved: bool = False,
    problem: str = "",
    renamed_meanwhile: str = "",
    name: str = "",
    names: Mapping[str, str] | None = None,
    shown_names: Mapping[str, str] | None = None,
    codes: Mapping[str, str] | None = None,
) -> Response:
    channels: Channels = request.app.state.channels
    bots = await _inboxes(request, session).all()
    response = page(
        request,
        "desk/telegram.html",
        agent,
        section="telegram",
        status=422 if problem else 409 if renamed_meanwhile else 200,
        bots=bots,
        bot_states={bot.inbox.id: _state(bot.token, channels.telegram(bot.inbox.id)) for bot in bots},
        usernames={bot.inbox.id: _username(bot.username, channels.telegram(bot.inbox.id)) for bot in bots},
        saved=saved,
        problem=problem,
        renamed_meanwhile=renamed_meanwhile,
        name=name,
        names={bot.inbox.key: bot.inbox.name for bot in bots} | dict(names or {}),
        shown_names={bot.inbox.key: bot.inbox.name for bot in bots} | dict(shown_names or {}),
        codes=codes or {},
        code_minutes=CODE_MINUTES,
    )
    # It may show a code.
    response.headers["Cache-Control"] = "no-store"
    return response


def _state(token: str, bot: TelegramConnector | None) -> str:
    """How a bot stands: what its token lacks, or its trouble, or `connected`, or that it is about to be."""
    if token not in ("setting", "desk"):
        return token or "no_token"
    if bot and bot.trouble:
        return bot.trouble.value
    return "connected" if bot and bot.username else "connecting"


def _username(known: str, bot: TelegramConnector | None) -> str:
    return (bot.username if bot else None) or known
