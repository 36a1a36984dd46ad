"""Signing in and out of the desk, and the language of its pages."""

from typing import Annotated
from urllib.parse import parse_qsl, urlencode, urlsplit

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from core.errors import AppError, TooManyRequests
from crm.agents.auth import SESSION_COOKIE, signed_in_agent
from crm.agents.endpoints import set_session_cookie
from crm.agents.service import SESSION_LENGTH, SignInFailed
from crm.dependencies import AgentsDep, AgentsReadDep
from crm.models import Agent
from web.desk.pages import home_of
from web.templating import LANGUAGE_COOKIE, LANGUAGES, render

router = APIRouter(prefix="/desk", include_in_schema=False)

SignedIn = Annotated[Agent | None, Depends(signed_in_agent)]


@router.get("/sign-in")
async def show_sign_in(request: Request, agent: SignedIn, next: str = "") -> Response:
    """The form; open to everybody."""
    if agent:
        return _to(_way_on(next, agent))
    return render(request, "desk/sign_in.html", {"next": next, "email": "", "problem": ""})


@router.post("/sign-in")
async def sign_in(
    request: Request,
    known: AgentsReadDep,
    agents: AgentsDep,
    email: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "",
) -> Response:
    """Sign in and go on to where the person wanted to go; open to everybody, and limited in its rate."""
    try:
        with request.app.state.sign_in_limiter.trying(request, email):
            agent = await known.verify(email, password)
    except (SignInFailed, TooManyRequests) as problem:
        return _refused(request, problem, email=email, next=next)
    token = await agents.open_session(agent)
    response = _to(_way_on(next, agent))
    set_session_cookie(request, response, token)
    _remember_language(request, response, agent.locale)
    return response


@router.post("/sign-out")
async def sign_out(request: Request, agents: AgentsDep) -> Response:
    """End this browser's session; open to everybody, since there is nothing to lose."""
    if token := request.cookies.get(SESSION_COOKIE):
        await agents.sign_out(token)
    response = _to("/desk/sign-in")
    response.delete_cookie(SESSION_COOKIE, path="/")
    return response


@router.post("/language")
async def choose_language(
    request: Request, agent: SignedIn, agents: AgentsDep, language: Annotated[str, Form()]
) -> Response:
    """Show the pages in this language from now on; open to everybody."""
    response = _to(_page_before(request))
    if language in LANGUAGES:
        _remember_language(request, response, language)
        if agent:
            await agents.change(agent.id, locale=language)
    return response


def local_path(path: str) -> str:
    """The path if it stays on this site, or else nothing; browsers take `//` and `/\\` for another host."""
    is_local = path.startswith("/") and not path.startswith(("//", "/\\"))
    return path if is_local and path.isprintable() and "\\" not in path else ""


def _way_on(next: str, agent: Agent) -> str:
    """Where somebody who is signed in wanted to go; who only wanted to the desk begins where their own work does."""
    return home_of(agent.role) if next == "/desk" else local_path(next) or home_of(agent.role)


def _page_before(request: Request) -> str:
    """Where the person was, without what the address said about the language."""
    before = urlsplit(request.headers.get("referer", ""))
    if before.netloc != request.url.netloc or not before.path:
        return "/desk/sign-in"
    asked = urlencode([(name, value) for name, value in parse_qsl(before.query) if name != "lang"])
    return local_path(f"{before.path}?{asked}" if asked else before.path)


def _refused(request: Request, problem: AppError, *, email: str, next: str) -> Response:
    response = render(request, "desk/sign_in.html", {"next": next, "email": email, "problem": problem.code})
    response.status_code = problem.status_code
    if isinstance(problem, TooManyRequests):
        response.headers["Retry-After"] = str(problem.retry_after_seconds)
    return response


def _remember_language(request: Request, response: Response, language: str) -> None:
    response.set_cookie(
        LANGUAGE_COOKIE,
        language,
        max_age=int(SESSION_LENGTH.total_seconds()) * 26,
        samesite="lax",
        secure=request.app.state.settings.secure_cookies,
        path="/",
    )


def _to(path: str) -> RedirectResponse:
    return RedirectResponse(path or "/desk/sign-in", status_code=303)
