"""The one place where errors become answers: `{"error": {"code", "message"}}` for programs, a page for people."""

import logging
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit

from fastapi import FastAPI, Request, WebSocket
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft
from starlette.datastructures import URL
from starlette.exceptions import HTTPException
from starlette.status import WS_1013_TRY_AGAIN_LATER

from core.database import is_away, is_disk_full
from core.errors import AppError, NotAuthenticated, StorageFull, TooManyRequests, Unavailable
from web.protection import headers_for
from web.templating import render

logger = logging.getLogger(__name__)

# Paths that programs use; all others are pages, and their errors too.
PROGRAM_PATHS = ("/api/", "/widget", "/telegram/", "/actions/", "/health")

# Who has something to be stored on a full disk may try again after so long.
FULL_RETRY_SECONDS = 30
# A database that has gone for a moment is mostly back by then.
AWAY_RETRY_SECONDS = 2


def add_error_handlers(app: FastAPI) -> None:
    """Render every error in the uniform body."""
    app.add_exception_handler(AppError, _app_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    # The last one's are the temporary files of uploads. Starlette's type knows handlers of requests or of sockets.
    app.add_exception_handler(DBAPIError, _failure_of_storage)  # type: ignore[arg-type]
    app.add_exception_handler(NoConnectionLeft, _failure_of_storage)  # type: ignore[arg-type]
    app.add_exception_handler(OSError, _failure_of_storage)  # type: ignore[arg-type]
    app.add_exception_handler(Exception, _unexpected_error)


async def _app_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, AppError)  # noqa: S101 - registered for nothing else
    headers = {"Retry-After": str(error.retry_after_seconds)} if isinstance(error, TooManyRequests) else {}
    if isinstance(error, NotAuthenticated) and _is_page(request) and request.method == "GET":
        sign_in = f"/desk/sign-in?next={quote(_page_of(request))}"
        if "hx-request" not in request.headers:
            return RedirectResponse(sign_in, status_code=HTTPStatus.SEE_OTHER)
        # htmx would follow a redirect by itself, and look in vain for its part in the form.
        headers["HX-Redirect"] = sign_in
    return answer(request, error.status_code, error.code, error.message, headers=headers)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
    return answer(request, error.status_code, code, str(error.detail), headers=dict(error.headers or {}))


async def _validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for nothing else
    # The input itself is left out: it may hold a password.
    details = [
        {"field": ".".join(str(part) for part in item["loc"]), "message": item["msg"]} for item in error.errors()
    ]
    return answer(request, 422, "invalid_input", "The request does not have the expected form.", details=details)


async def _failure_of_storage(connection: Request | WebSocket, error: Exception) -> Response | None:
    """Tell whoever met a full disk, or a database that is away, that what they asked for may be done later.

    On a full disk nothing was stored; of a line that was cut nobody can know.
    """
    failure: AppError
    if is_disk_full(error):
        logger.critical("%s: nothing can be stored, the disk is full", connection.url.path)
        failure, retry_seconds = StorageFull(), FULL_RETRY_SECONDS
    elif is_away(error):
        logger.error("%s: the database is away", connection.url.path, exc_info=error)
        failure, retry_seconds = Unavailable(), AWAY_RETRY_SECONDS
    else:
        raise error
    if isinstance(connection, WebSocket):
        # Unless the other side is gone too.
        with suppress(RuntimeError):
            await connection.close(WS_1013_TRY_AGAIN_LATER)
        return None
    headers = {"Retry-After": str(retry_seconds)}
    return answer(connection, failure.status_code, failure.code, failure.message, headers=headers)


async def _unexpected_error(request: Request, error: Exception) -> Response:
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    # Starlette answers this one outside every middleware.
    headers = {name.decode(): value.decode() for name, value in headers_for(request.url.path)}
    return answer(request, 500, "internal_error", "Something went wrong on our side.", headers=headers)


def answer(
    request: Request,
    status: int,
    code: str,
    message: str,
    *,
    details: list[dict[str, str]] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """An error in the form that suits who asked."""
    if _is_page(request):
        context = {"status": status, "code": code, "message": message, "came_from": _came_from(request)}
        response = render(request, "error.html", context)
        response.status_code = status
        response.headers.update(headers or {})
        return response
    body: dict[str, Any] = {"code": code, "message": message}
    if details:
        body["details"] = details
    return JSONResponse({"error": body}, status_code=status, headers=headers)


def _came_from(request: Request) -> str:
    """The page of ours that the person was at, or else the one that they asked for."""
    before = urlsplit(request.headers.get("referer", ""))
    return _local(before if before.netloc == request.url.netloc and before.path else request.url)


def _page_of(request: Request) -> str:
    """The page that was asked for; a part of one is asked for by the page that the person is at."""
    is_part = request.headers.get("hx-request-type") == "partial"
    return _came_from(request) if is_part else _local(request.url)


def _local(address: SplitResult | URL) -> str:
    return f"{address.path}?{address.query}" if address.query else address.path


def _is_page(request: Request) -> bool:
    return not request.url.path.startswith(PROGRAM_PATHS)
