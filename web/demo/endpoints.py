"""The demo business's site, with the widget on it. Open to everybody."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from seeds.business import WIDGET_KEY
from web.templating import render

router = APIRouter(include_in_schema=False)


@router.get("/")
async def home() -> RedirectResponse:
    """Whoever comes to the bare address sees the demo."""
    return RedirectResponse("/demo")


@router.get("/demo")
async def demo(request: Request) -> HTMLResponse:
    """A small firm's page that carries the widget."""
    return render(request, "demo.html", {"inbox_key": WIDGET_KEY})
