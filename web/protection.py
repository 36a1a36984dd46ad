"""What every answer and every changing request has to go through, whatever its route."""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crm.conversations.files import MAX_FILE_BYTES

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
# The widget stands on other people's sites, so their pages may ask for these; without cookies, so no session helps.
OPEN_TO_SITES = ("/widget", "/static/vendor/vazirmatn")
SITE_HEADERS = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET, POST"),
    (b"access-control-allow-headers", b"authorization, content-type"),
    (b"access-control-expose-headers", b"retry-after"),
    (b"access-control-max-age", b"86400"),
    (b"cross-origin-resource-policy", b"cross-origin"),
)
# Half a year, of this very host: its subdomains may be other people's business.
HTTPS_ONLY = (b"strict-transport-security", b"max-age=15552000")
# What agents see is no business of whoever uses the browser after them.
NOT_KEPT = (b"cache-control", b"no-store")
PRIVATE = ("/desk", "/api/v1")
# The longest article, with every letter escaped, is well below this.
MAX_BODY_BYTES = 2_000_000
# A file and the words that go with it.
MAX_FILE_BODY_BYTES = MAX_FILE_BYTES + MAX_BODY_BYTES
_TAKES_FILES = re.compile(
    r"/desk/conversations/[^/]+/messages|/widget/files|/desk/knowledge/files|/api/v1/knowledge/imports"
)
Headers = Sequence[tuple[bytes, bytes]]
REFUSAL = b'{"error":{"code":"cross_site_request","message":"This request came from another site."}}'


class Protection:
    """Adds the security headers, and refuses endless bodies and changing requests that another site sends.

    Such a request needs no cookie to do harm: a foreign form could sign a person in as somebody else. Browsers say
    where a request comes from (`Sec-Fetch-Site`, `Origin`), which makes forms' tokens needless:
    https://owasp.org/www-community/attacks/csrf, "Fetch Metadata".
    """

    def __init__(self, app: ASGIApp, *, is_https: bool = False) -> None:
        self.app = app
        self._of_site = (HTTPS_ONLY,) if is_https else ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and _is_foreign_desk_socket(scope):
            await send({"type": "websocket.close", "code": 4403})
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["method"] == "OPTIONS" and scope["path"].startswith(OPEN_TO_SITES):
            await send({"type": "http.response.start", "status": 204, "headers": list(SITE_HEADERS)})
            await send({"type": "http.response.body", "body": b""})
            return
        if scope["method"] not in SAFE_METHODS and not _is_welcome(scope):
            await send(
                {"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"application/json")]}
            )
            await send({"type": "http.response.body", "body": REFUSAL})
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message.get("headers", [])
                message["headers"] = [*headers, *self._of_site, *headers_for(scope["path"], given=headers)]
            await send(message)

        await self.app(_without_nul(scope), _limited(receive, _longest_body(scope["path"])), send_with_headers)


def _without_nul(scope: Scope) -> Scope:
    """The same request for something that PostgreSQL can look for, and not find."""
    path, query = scope["path"].replace("\0", "\ufffd"), scope["query_string"].replace(b"%00", b"%EF%BF%BD")
    return {**scope, "path": path, "query_string": query}


def _longest_body(path: str) -> int:
    return MAX_FILE_BODY_BYTES if _TAKES_FILES.fullmatch(path) else MAX_BODY_BYTES


def _limited(receive: Receive, longest: int) -> Receive:
    """The request's body as far as it may go."""
    received = 0

    async def receive_some() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > longest:
            raise HTTPException(413, "The request is too large.")
        return message

    return receive_some


def headers_for(path: str, *, given: Headers = ()) -> Headers:
    """The headers that every answer at this path carries besides those that it was given."""
    may_be_kept = not path.startswith(PRIVATE) or any(name.lower() == NOT_KEPT[0] for name, _value in given)
    headers = HEADERS if may_be_kept else (*HEADERS, NOT_KEPT)
    return (*headers, *SITE_HEADERS) if path.startswith(OPEN_TO_SITES) else headers


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def _is_welcome(scope: Scope) -> bool:
    return scope["path"].startswith(OPEN_TO_SITES) or _from_our_site(scope)


def _from_our_site(scope: Scope) -> bool:
    fetch_site = _header(scope, b"sec-fetch-site")
    if fetch_site:
        return fetch_site in ("same-origin", "none")
    origin = _header(scope, b"origin")
    return not origin or urlsplit(origin).netloc == _header(scope, b"host")


def _is_foreign_desk_socket(scope: Scope) -> bool:
    """A WebSocket is not bound by CORS: without this, any site could read the desk through an agent's browser."""
    origin = _header(scope, b"origin")
    return scope["path"].startswith("/desk") and bool(origin) and urlsplit(origin).netloc != _header(scope, b"host")
