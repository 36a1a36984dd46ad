"""Rasa's action-server endpoint as a FastAPI router."""

import hmac
from typing import Any

from fastapi import APIRouter, Body, Header, Query
from fastapi.responses import JSONResponse
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException

from bot.actions.backend import Backend
from bot.actions.handoff import ActionHandOff
from bot.actions.knowledge import ActionAnswerFromKnowledgeBase, ActionOwnUp, ActionReadArticle
from bot.actions.rating import ActionRateConversation
from bot.actions.ticket_changes import (
    ActionAddToTicket,
    ActionAgree,
    ActionChooseTicket,
    ActionCloseTicket,
    ValidateNoteForm,
)
from bot.actions.tickets import (
    ActionBeginTicket,
    ActionGoBack,
    ActionOpenTicket,
    ActionShowTicketStatus,
    ValidateTicketForm,
)

PATH = "/actions/webhook"


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
        ActionOwnUp(backend),
        ActionHandOff(backend),
        ActionRateConversation(backend),
    ]
    for action in actions:
        executor.register_action(action)
    return executor


def create_actions_router(backend: Backend, token: str) -> APIRouter:
    """`POST /actions/webhook` for Rasa alone: a Bearer token, or the query parameter `token`, has to match.

    Answers as rasa-sdk's own server does: 400 for a rejected execution, 404 for an unknown action. Any other exception
    is left to the app's handler: its 500 makes our channel fail the turn.
    """
    router = APIRouter(include_in_schema=False)
    executor = create_executor(backend)

    @router.post(PATH)
    async def run_action(
        call: dict[str, Any] = Body(), authorization: str = Header(""), token_parameter: str = Query("", alias="token")
    ) -> JSONResponse:
        given = token_parameter or authorization.removeprefix("Bearer ").strip()
        if not hmac.compare_digest(given.encode(), token.encode()):
            return _error(401, "unauthorized")
        try:
            # Rasa leaves the domain out for actions that do not ask for it; the executor wants one all the same.
            result = await executor.run({**call, "domain": call.get("domain") or {}})
        except ActionExecutionRejection as rejection:
            return _error(400, rejection.message, action_name=rejection.action_name)
        except ActionNotFoundException as unknown:
            return _error(404, unknown.message, action_name=unknown.action_name)
        return JSONResponse(result.model_dump() if result else {"events": [], "responses": []})

    return router


def _error(status_code: int, error: str, *, action_name: str | None = None) -> JSONResponse:
    return JSONResponse({"error": error, "action_name": action_name}, status_code=status_code)
