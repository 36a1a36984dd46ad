"""A web page as Markdown: what its reader came for, without scripts, forms and the frame of its site."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

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
# Where a page says from where its links go out, or what its own address is.
_SAYING = {"base": {"href"}, "link": {"href", "rel"}, "meta": {"property", "content"}}
# What browsers keep beside a page that is saved with its pictures.
_SAVED_WITH_IT = re.compile(r"(?:\./)?[^/?#]+_files/")
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
        _lead_out(soup, from_address=_address_of(html))
        text = markdownify(str(soup.main or soup.article or soup), heading_style="ATX", bullets="-").strip()
    except RecursionError as error:
        raise PageUnfit from error
    body = _BLANK_LINES.sub("\n\n", "\n".join(line.rstrip() for line in text.splitlines()))
    if not body:
        raise PageUnfit
    named = _LANGUAGE.search(html)
    language = named[1].lower() if named else "en" if detect(body).language.value == "en" else "fa"
    return WebPage(title, body, language)


def _address_of(html: str) -> str:
    """The address from which the page's links go out; empty where the page names none on the web."""
    clean = nh3.clean(
        html,
        tags=set(_SAYING),
        clean_content_tags=_WITH_THEIR_CONTENT,
        attributes=_SAYING,
        url_schemes=URL_SCHEMES,
        link_rel=None,
    )
    head = BeautifulSoup(clean, "html.parser")
    own = next((one for one in _own_addresses(head) if _is_on_the_web(one)), "")
    base = head.find("base", href=True)
    address = _joined(own, str(base["href"])) if base else own
    return address if _is_on_the_web(address) else own


def _own_addresses(head: BeautifulSoup) -> Iterator[str]:
    for link in head.find_all("link", href=True):
        # HTML knows them as several words, whatever their case.
        if "canonical" in str(link.get_attribute_list("rel")).lower():
            yield str(link["href"])
    for meta in head.find_all("meta", property="og:url", content=True):
        yield str(meta["content"])


def _lead_out(soup: BeautifulSoup, *, from_address: str) -> None:
    """Make links and pictures lead where they led in their site.

    Where that is not known, and where a link led to a part of the page itself, its words stay and pictures go.
    """
    for link in soup.find_all("a"):
        written = str(link.get("href", ""))
        address = "" if written.startswith("#") else _joined(from_address, written)
        if _is_on_the_web(address) or address.startswith(("mailto:", "tel:")):
            link["href"] = address
        else:
            link.unwrap()
    for picture in soup.find_all("img"):
        written = str(picture.get("src", ""))
        address = "" if _SAVED_WITH_IT.match(written) else _joined(from_address, written)
        if _is_on_the_web(address):
            picture["src"] = address
        else:
            picture.decompose()


def _joined(address: str, written: str) -> str:
    """A link as it leads from this address; empty where it is none."""
    try:
        return urljoin(address or "https:", written) if written else ""
    except ValueError:
        return ""


def _is_on_the_web(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


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
