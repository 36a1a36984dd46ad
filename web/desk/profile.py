"""One's own account: its password, and for those who handle conversations the Telegram account known to be theirs."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from connectors.channels import Channels
from connectors.telegram.pairing import CODE_MINUTES, Pairing
from core.errors import TooManyRequests
from core.http import ClockDep, ReadingSessionDep, SessionDep
from crm.agents.auth import ConversationAgent, CurrentAgent
from crm.agents.endpoints import set_session_cookie
from crm.agents.permissions import Permission, may
from crm.agents.service import PasswordUnfit, SignInFailed
from crm.dependencies import AgentsDep, AgentsReadDep
from crm.models import Agent
from web.desk.pages import page

router = APIRouter(prefix="/desk", include_in_schema=False)

PATH = "/desk/profile"


async def get_pairing(session: SessionDep, clock: ClockDep) -> Pairing:
    return Pairing(session, clock=clock)


async def get_pairing_for_reading(session: ReadingSessionDep, clock: ClockDep) -> Pairing:
    return Pairing(session, clock=clock)


PairingDep = Annotated[Pairing, Depends(get_pairing)]
PairingReadDep = Annotated[Pairing, Depends(get_pairing_for_reading)]


@router.get("/profile")
async def show_profile(request: Request, agent: CurrentAgent, pairing: PairingReadDep, saved: bool = False) -> Response:
    """Who one is here, and on Telegram."""
    return await _page(request, agent, pairing, saved=saved)


@router.post("/profile/password")
async def change_password(
    request: Request,
    agent: CurrentAgent,
    known: AgentsReadDep,
    agents: AgentsDep,
    pairing: PairingReadDep,
    present: Annotated[str, Form()] = "",
    new: Annotated[str, Form()] = "",
) -> Response:
    """Another password for whoever knows the present one; every other browser of theirs is signed out."""
    try:
        with request.app.state.sign_in_limiter.trying(request, agent.email):
            await known.verify(agent.email, present)
        await agents.change(agent.id, password=new)
    except (SignInFailed, TooManyRequests, PasswordUnfit) as error:
        return await _page(request, agent, pairing, problem=error.code)
    response = RedirectResponse(f"{PATH}?saved=true", status_code=303)
    set_session_cookie(request, response, await agents.open_session(agent))
    return response


@router.post("/profile/telegram/code")
async def make_account_code(request: Request, agent: ConversationAgent, pairing: PairingDep) -> Response:
    """Show a code, this once, that links the Telegram account it is sent from."""
    return await _page(request, agent, pairing, code=await pairing.make_code(agent))


@router.post("/profile/telegram/unlink")
async def unlink_account(agent: ConversationAgent, pairing: PairingDep) -> Response:
    """Know the Telegram account no more."""
    await pairing.unlink(agent)
    return RedirectResponse(PATH, status_code=303)


async def _page(
    request: Request, agent: Agent, pairing: Pairing, *, saved: bool = False, problem: str = "", code: str = ""
) -> Response:
    channels: Channels = request.app.state.channels
    response = page(
        request,
        "desk/profile.html",
        agent,
        section="profile",
        status=422 if problem else 200,
        saved=saved,
        problem=problem,
        may_link=may(agent.role, Permission.handle_conversations),
        is_linked=await pairing.is_linked(agent),
        usernames=channels.telegram_usernames(),
        code=code,
        code_minutes=CODE_MINUTES,
    )
    # It may show a code.
    response.headers["Cache-Control"] = "no-store"
    return response
