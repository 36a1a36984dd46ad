"""Was this helpful? One vote a reader and article, without an account and without a script."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from core.http import host_of
from core.rate_limit import RateLimit
from core.security import Signer, hash_token, random_token
from web.knowledge_access import KnowledgeDep

router = APIRouter(prefix="/help", include_in_schema=False)

READER_COOKIE = "hamyar_reader"
READER_COOKIE_SECONDS = 365 * 24 * 3600
# For each address: a whole office or a mobile network may share one.
VOTES_ALLOWED = "30/minute"


@router.post("/{language}/{slug}/vote")
async def vote(
    request: Request,
    language: str,
    slug: str,
    knowledge: KnowledgeDep,
    helpful: Annotated[bool, Form()],
    question: Annotated[str, Form()] = "",
) -> Response:
    """Keep what this reader says of an article, in place of what they said before."""
    limit: RateLimit = request.app.state.vote_limit
    limit.hit(host_of(request))
    token = _token(request) or random_token()
    article = await knowledge.vote(slug, language, reader=hash_token(token), helpful=helpful, question=question[:500])
    response = RedirectResponse(f"{article.url}#vote", status_code=303)
    response.set_cookie(
        READER_COOKIE,
        _signer(request).sign({"reader": token}),
        max_age=READER_COOKIE_SECONDS,
        path="/help",
        httponly=True,
        samesite="lax",
        secure=request.app.state.settings.secure_cookies,
    )
    return response


def reader_of(request: Request) -> str | None:
    """Who this is among those who voted; none for who never did."""
    token = _token(request)
    return hash_token(token) if token else None


def _token(request: Request) -> str | None:
    """What the cookie holds; none where we did not sign it."""
    signed = _signer(request).read(request.cookies.get(READER_COOKIE, ""))
    return str(signed["reader"]) if signed and "reader" in signed else None


def _signer(request: Request) -> Signer:
    return Signer(request.app.state.settings.secret_key.get_secret_value(), purpose="help reader")
