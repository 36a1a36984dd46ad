"""One's own account: the Telegram account that is known to be one's own."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from connectors.channels import Channels
from connectors.telegram.pairing import CODE_MINUTES, Pairing
from core.http import ClockDep, ReadingSessionDep, SessionDep
from crm.agents.auth import ConversationAgent
from crm.models import Agent
from web.desk.pages import page

router = APIRouter(prefix="/desk", include_in_schema=False)

PATH = "/desk/profile"


def get_pairing(session: SessionDep, clock: ClockDep) -> Pairing:
    return Pairing(session, clock=clock)


def get_pairing_for_reading(session: ReadingSessionDep, clock: ClockDep) -> Pairing:
    return Pairing(session, clock=clock)


PairingDep = Annotated[Pairing, Depends(get_pairing)]
PairingReadDep = Annotated[Pairing, Depends(get_pairing_for_reading)]


@router.get("/profile")
async def show_profile(request: Request, agent: ConversationAgent, pairing: PairingReadDep) -> Response:
    """Who one is here, and on Telegram."""
    return await _page(request, agent, pairing)


@router.post("/profile/telegram/code")
async def make_account_code(request: Request, agent: ConversationAgent, pairing: PairingDep) -> Response:
    """Show a code, this once, that links the Telegram account it is sent from."""
    return await _page(request, agent, pairing, code=await pairing.make_code(agent))


@router.post("/profile/telegram/unlink")
async def unlink_account(agent: ConversationAgent, pairing: PairingDep) -> Response:
    """Know the Telegram account no more."""
    await pairing.unlink(agent)
    return RedirectResponse(PATH, status_code=303)


async def _page(request: Request, agent: Agent, pairing: Pairing, *, code: str = "") -> Response:
    channels: Channels = request.app.state.channels
    response = page(
        request,
        "desk/profile.html",
        agent,
        section="profile",
        is_linked=await pairing.is_linked(agent),
        usernames=channels.telegram_usernames(),
        code=code,
        code_minutes=CODE_MINUTES,
    )
    # It may show a code.
    response.headers["Cache-Control"] = "no-store"
    return response
