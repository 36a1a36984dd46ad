"""What was set aside, for admins: messages whose turns failed too often, and what came in and is nobody's message. Each
is tried again or left as it is.
"""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from connectors.parking import ParkedUpdates
from core.http import ReadingSessionDep, RowId, SessionDep
from crm.agents.auth import TurnKeeper
from crm.conversations.parked import ParkedTurns
from crm.dependencies import ConversationsDep, ConversationsReadDep
from web.desk.pages import page

router = APIRouter(prefix="/desk", include_in_schema=False)

PATH = "/desk/parked"
LIST_LENGTH = 200


@router.get("/parked")
async def list_parked(
    request: Request, agent: TurnKeeper, conversations: ConversationsReadDep, session: ReadingSessionDep
) -> Response:
    """The latest of them, with their errors."""
    parked = await conversations.conversations.parked(limit=LIST_LENGTH)
    updates = await ParkedUpdates(session).latest(limit=LIST_LENGTH)
    return page(request, "desk/parked.html", agent, section="parked", parked=parked, updates=updates)


@router.post("/parked/{message_id}/try-again")
async def try_again(message_id: RowId, _agent: TurnKeeper, conversations: ConversationsDep) -> Response:
    """Give a message another turn; the worker finds it when it next looks around."""
    await ParkedTurns(conversations).try_again(message_id)
    return RedirectResponse(PATH, status_code=303)


@router.post("/parked/{message_id}/dismiss")
async def dismiss(message_id: RowId, _agent: TurnKeeper, conversations: ConversationsDep) -> Response:
    """Take a message off the list."""
    await ParkedTurns(conversations).dismiss(message_id)
    return RedirectResponse(PATH, status_code=303)


@router.post("/parked/updates/{parked_id}/try-again")
async def try_update_again(parked_id: RowId, _agent: TurnKeeper, session: SessionDep) -> Response:
    """Have something that came in dealt with once more; it leaves the list when that went well."""
    await ParkedUpdates(session).try_again(parked_id)
    return RedirectResponse(PATH, status_code=303)


@router.post("/parked/updates/{parked_id}/dismiss")
async def dismiss_update(parked_id: RowId, _agent: TurnKeeper, session: SessionDep) -> Response:
    """Forget something that came in."""
    await ParkedUpdates(session).dismiss(parked_id)
    return RedirectResponse(PATH, status_code=303)
