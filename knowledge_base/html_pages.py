"""A web page as Markdown: what its reader came for, without scripts, forms and the frame of its site."""

import re
from dataclasses import dataclass

import nh3
from bs4 import BeautifulSoup, Tag
from markdownify import markdownify

from knowledge_base.render import ATTRIBUTES, TAGS, URL_SCHEMES
from language.detection import detect

# What says where the text is and where its parts end; Markdown has other means.
_FRAME = {
    *("title", "main", "article", "section", "header", "div", "figure", "figcaption", "caption", "tfoot"),
    *("b", "i", "del", "dl", "dt", "dd"),
}
_WITH_THEIR_CONTENT = {
    *("script", "style", "noscript", "template", "iframe", "svg", "nav", "footer", "aside", "form", "button", "select"),
}
_LANGUAGE = re.compile(r"<html[^>]{0,1000}?\blang\s*=\s*[\"']?(fa|en)\b", re.IGNORECASE)
_BLANK_LINES = re.compile(r"\n{3,}")


class PageUnfit(Exception):
    """The page has no text, or is nested too deeply to be read."""


@dataclass(frozen=True)
class WebPage:
    """A page's title, its text as Markdown and its language, `fa` or `en`."""

    title: str
    body: str
    language: str


def read_page(html: str) -> WebPage:
    """Read a page.

    Raises:
        PageUnfit
    """
    # Sanitised before anything else sees it: what follows reads well-formed HTML of known elements alone.
    clean = nh3.clean(
        html,
        tags=TAGS | _FRAME,
        clean_content_tags=_WITH_THEIR_CONTENT,
        attributes=ATTRIBUTES,
        url_schemes=URL_SCHEMES,
        link_rel=None,
    )
    try:
        soup = BeautifulSoup(clean, "html.parser")
        title = _text(soup.title) or _text(soup.h1)
        if soup.title:
            soup.title.decompose()
        text = markdownify(str(soup.main or soup.article or soup), heading_style="ATX", bullets="-").strip()
    except RecursionError as error:
        raise PageUnfit from error
    body = _BLANK_LINES.sub("\n\n", "\n".join(line.rstrip() for line in text.splitlines()))
    if not body:
        raise PageUnfit
    named = _LANGUAGE.search(html)
    language = named[1].lower() if named else "en" if detect(body).language.value == "en" else "fa"
    return WebPage(title, body, language)


def _text(element: Tag | None) -> str:
    return " ".join(element.get_text(" ").split()) if element else ""
