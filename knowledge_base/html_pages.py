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
# The sanitiser takes time by the square of the depth; people's pages stay far below this.
_MOST_DEPTH = 500
_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)\b[^<>]*>", re.IGNORECASE)
# HTML ends these without being told.
_END_THEMSELVES = {
    *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"),
    *("p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot", "colgroup", "option", "optgroup"),
    *("html", "head", "body", "rt", "rp"),
}
_CODE = {"script", "style"}
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
    if _is_deep(html):
        raise PageUnfit
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


def _is_deep(html: str) -> bool:
    depth = position = 0
    while tag := _TAG.search(html, position):
        position, name = tag.end(), tag[2].lower()
        if name in _CODE and not tag[1]:
            position = _end_of(name, html, position)
        elif name not in _END_THEMSELVES and not tag[0].endswith("/>"):
            depth = max(0, depth - 1) if tag[1] else depth + 1
        if depth > _MOST_DEPTH:
            return True
    return False


def _end_of(name: str, html: str, position: int) -> int:
    """Where the code that begins here ends; what looks like a tag in it is none."""
    end = re.compile(f"</{name}", re.IGNORECASE).search(html, position)
    return end.end() if end else len(html)


def _text(element: Tag | None) -> str:
    return " ".join(element.get_text(" ").split()) if element else ""
