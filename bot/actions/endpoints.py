"""Rasa's action-server endpoint as a FastAPI router."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException

from bot.actions.backend import Backend
from bot.actions.handoff import ActionHandOff
from bot.actions.knowledge import (
    ActionAnswerFromKnowledgeBase,
    ActionOwnUp,
    ActionReadArticle,
    ActionSwitchLanguage,
)
from bot.actions.rating import ActionRateConversation
from bot.actions.ticket_changes import (
    ActionAcceptNo,
    ActionAddToTicket,
    ActionAgree,
    ActionChooseTicket,
    ActionCloseTicket,
    ActionTakeDetail,
    ValidateNoteForm,
)
from bot.actions.tickets import (
    ActionBeginTicket,
    ActionGoBack,
    ActionOpenTicket,
    ActionShowTicketStatus,
    ValidateTicketForm,
)
from core.errors import TooManyRequests
from core.http import host_of
from core.json import dumps, loads
from core.rate_limit import RateLimit
from core.security import same_secret

PATH = "/actions/webhook"
# From one network address, as of the API's token; the right one is not counted.
WRONG_TOKENS_ALLOWED = "20/minute"


def create_executor(backend: Backend) -> ActionExecutor:
    """An executor that knows our actions and no others."""
    executor = ActionExecutor()
    actions = [
        ActionAnswerFromKnowledgeBase(backend),
        ActionReadArticle(backend),
        ValidateTicketForm(),
        ActionBeginTicket(),
        ActionGoBack(),
        ActionOpenTicket(backend),
        ActionShowTicketStatus(backend),
        ActionChooseTicket(backend),
        ValidateNoteForm(),
        ActionAddToTicket(backend),
        ActionCloseTicket(backend),
        ActionAgree(backend),
        ActionAcceptNo(backend),
        ActionTakeDetail(backend),
        ActionOwnUp(backend),
        ActionSwitchLanguage(backend),
        ActionHandOff(backend),
        ActionRateConversation(backend),
    ]
    for action in actions:
        executor.register_action(action)
    return executor


def create_actions_router(backend: Backend, token: str) -> APIRouter:
    """`POST /actions/webhook` for Rasa alone: a Bearer token has to match, and nothing is read before it does.

    Answers as rasa-sdk's own server does: 400 for a rejected execution, 404 for an unknown action. Any other exception
    is left to the app's handler: its 500 makes our channel fail the turn.
    """
    router = APIRouter(include_in_schema=False)
    executor = create_executor(backend)
    wrong_tokens = RateLimit(WRONG_TOKENS_ALLOWED)

    @router.post(PATH)
    async def run_action(request: Request) -> Response:
        if not same_secret(_bearer(request), token):
            return _unauthorized(request, wrong_tokens)
        call = await _call_of(request)
        if call is None:
            return _error(422, "this is no call")
        try:
            # Rasa leaves the domain out for actions that do not ask for it; the executor wants one all the same.
            result = await executor.run({**call, "domain": call.get("domain") or {}})
        except ActionExecutionRejection as rejection:
            return _error(400, rejection.message, action_name=rejection.action_name)
        except ActionNotFoundException as unknown:
            return _error(404, unknown.message, action_name=unknown.action_name)
        answer = result.model_dump() if result else {"events": [], "responses": []}
        return Response(dumps(answer), media_type="application/json")

    return router


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _unauthorized(request: Request, wrong_tokens: RateLimit) -> JSONResponse:
    """The refusal, which says to wait once too many wrong tokens came from there."""
    try:
        wrong_tokens.hit(host_of(request))
    except TooManyRequests as error:
        answer = _error(error.status_code, error.code)
        answer.headers["Retry-After"] = str(error.retry_after_seconds)
        return answer
    return _error(401, "unauthorized")


async def _call_of(request: Request) -> dict[str, Any] | None:
    """What Rasa asks for; `None` where the body is no JSON object."""
    try:
        call = loads(await request.body())
    except (ValueError, RecursionError):
        return None
    return call if isinstance(call, dict) else None


def _error(status_code: int, error: str, *, action_name: str | None = None) -> JSONResponse:
    return JSONResponse({"error": error, "action_name": action_name}, status_code=status_code)
