"""Rendering pages: Jinja2 with autoescape, the reader's language, and nothing that a strict CSP would refuse."""

from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.requests import HTTPConnection
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from core.config import Settings
from core.digits import digits
from web.dates import city_of, decimal, show_date, show_moment, show_time
from web.direction import direction_of
from web.translation import translate

TEMPLATES_FOLDER = Path(__file__).parent / "templates"
LANGUAGE_COOKIE = "hamyar_language"
# Of the page that asks for a part of itself.
LANGUAGE_HEADER = "hamyar-language"
LANGUAGES = ("fa", "en")


@cache
def create_templates() -> Jinja2Templates:
    """The template environment of all apps of this process, so that a template is compiled once."""
    return Jinja2Templates(
        env=Environment(
            loader=FileSystemLoader(TEMPLATES_FOLDER),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
    )


def language_of(request: HTTPConnection) -> str:
    """The language of the page: asked for in the address, chosen before, or the browser's; Persian by default."""
    asked_in = (request.query_params.get("lang"), request.headers.get(LANGUAGE_HEADER))
    for asked in (*asked_in, request.cookies.get(LANGUAGE_COOKIE)):
        if asked in LANGUAGES:
            return asked
    preferred = request.headers.get("accept-language", "")[:2].lower()
    return preferred if preferred in LANGUAGES else LANGUAGES[0]


def words_for(language: str, zone: ZoneInfo) -> dict[str, Any]:
    """What every template can use: `_`, directions, and the filters bound to the language and the firm's clock."""
    return {
        "lang": language,
        "dir": "rtl" if language == "fa" else "ltr",
        "_": partial(_translate, language),
        "direction_of": direction_of,
        "number": partial(digits, language=language),
        "decimal": partial(decimal, language=language),
        "show_date": partial(show_date, language=language, zone=zone),
        "show_time": partial(show_time, language=language, zone=zone),
        "show_moment": partial(show_moment, language=language, zone=zone),
        "clock_of": partial(city_of, zone, language),
    }


def zone_of(connection: HTTPConnection) -> ZoneInfo:
    """The firm's own time zone."""
    settings: Settings = connection.app.state.settings
    return settings.time_zone


def _translate(language: str, text: str, **values: object) -> str:
    return translate(text, language, **values)


def render(request: Request, template: str, context: Mapping[str, Any], *, language: str | None = None) -> HTMLResponse:
    """A page in the reader's language."""
    templates: Jinja2Templates = request.app.state.templates
    known = words_for(language or language_of(request), zone_of(request))
    return templates.TemplateResponse(request, template, {**known, **context})
