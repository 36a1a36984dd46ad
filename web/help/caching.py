"""Pages that are the same for everybody, and may be kept for a short while on their way."""

import hashlib

from fastapi import Request
from fastapi.responses import Response

# Short, since an editor who publishes or archives wants to see it.
KEPT_SECONDS = 60
# The page is another one as soon as its reader has voted, also to a browser that has just kept it.
_VARIES_WITH = "Cookie"


def shared(request: Request, response: Response) -> Response:
    """This answer for caches to keep, or word that the copy which is asked about is still good.

    Only for what shows nothing of the reader and sets no cookie.
    """
    # Weak, since it is compressed after this.
    tag = f'W/"{hashlib.sha256(response.body).hexdigest()[:32]}"'
    headers = {"cache-control": f"public, max-age={KEPT_SECONDS}", "etag": tag, "vary": _VARIES_WITH}
    if _knows(request, tag):
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return response


def private(response: Response) -> Response:
    """This answer for its reader alone, to be asked for anew each time."""
    response.headers["cache-control"] = "private, no-cache"
    return response


def _knows(request: Request, tag: str) -> bool:
    known = request.headers.get("if-none-match", "")
    opaque = tag.removeprefix("W/")
    return known.strip() == "*" or opaque in (one.strip().removeprefix("W/") for one in known.split(","))
