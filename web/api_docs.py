"""The API's documentation, from our own files: nothing is fetched from elsewhere. Open to everybody, as the code is."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from web.templating import render

router = APIRouter(include_in_schema=False)


@router.get("/api/docs")
async def api_docs(request: Request) -> HTMLResponse:
    """Every route of the REST API, to read and to try."""
    return render(request, "api_docs.html", {})
