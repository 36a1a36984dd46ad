"""Where the site is, as everybody outside names it."""

from fastapi import Request


def site_of(request: Request) -> str:
    """The site's absolute address without a slash at its end: the public one, or else as the request came."""
    return (request.app.state.settings.public_url or str(request.base_url)).rstrip("/")
