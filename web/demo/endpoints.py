"""The demo business's site, with the widget on it. Open to everybody, as long as it is the firm's site."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from connectors.web_widget.config import DEMO_SITE
from core.errors import NotFound
from web.firm import FirmDep
from web.templating import render

router = APIRouter(include_in_schema=False)


class DemoNotFound(NotFound):
    """The firm here is not the demo business."""

    code = "demo_not_found"


@router.get("/")
async def home(firm: FirmDep) -> RedirectResponse:
    """Whoever comes to the bare address sees the demo, or else the help centre."""
    return RedirectResponse(DEMO_SITE if firm.has_demo_site else "/help")


@router.get(DEMO_SITE)
async def demo(request: Request, firm: FirmDep) -> HTMLResponse:
    """A small firm's page that carries the widget."""
    if not firm.has_demo_site:
        raise DemoNotFound
    return render(request, "demo.html", {"inbox_key": firm.inbox_key})
