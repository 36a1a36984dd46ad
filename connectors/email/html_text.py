"""HTML mails as plain text, without what they quote. Nothing of them is ever shown as HTML."""

import lxml.html
from inscriptis.html_engine import Inscriptis
from inscriptis.model.config import ParserConfig
from lxml.etree import ParserError
from lxml.html import HtmlElement

MAX_HTML_CHARACTERS = 200_000
# Where Gmail, Yahoo, Outlook, Thunderbird and Apple Mail keep what they quote, and signatures.
_QUOTES = (
    "//div[contains(concat(' ', @class, ' '), ' gmail_quote ')]"
    "|//blockquote[@type='cite']"
    "|//div[contains(@class, 'yahoo_quoted')]"
    "|//div[contains(@class, 'moz-cite-prefix')]"
)
_SIGNATURES = "//div[contains(@class, 'gmail_signature')]|//*[@id='Signature']|//*[contains(@class, 'moz-signature')]"
# Outlook marks only where the quote begins: all that follows belongs to it.
_QUOTE_BEGINS = "//*[@id='appendonsend' or @id='divRplyFwdMsg' or @id='x_divRplyFwdMsg']"
_UNSEEN = "//script|//style|//head|//template"
_FORWARDED = ("Forwarded message", "Begin forwarded message", "فوروارد", "هدایت شده", "هدایت‌شده")


def to_text(html: str, *, with_quotes: bool = False) -> str:
    """The words of an HTML mail, as they stand below each other; empty where it cannot be read."""
    tree = _parsed(html)
    if tree is None:
        return ""
    _drop(tree, _UNSEEN)
    if not with_quotes:
        _drop(tree, _SIGNATURES)
        _drop(tree, _QUOTES, unless=_is_forwarded)
        for mark in tree.xpath(_QUOTE_BEGINS):
            _drop_from(mark)
    lines = Inscriptis(tree, ParserConfig()).get_text().splitlines()
    return "\n".join(line.strip() for line in lines).strip()


def _parsed(html: str) -> HtmlElement | None:
    # As bytes: lxml refuses a str that declares an encoding.
    content = html[:MAX_HTML_CHARACTERS].replace("\0", "").encode("utf-8", "replace")
    try:
        return lxml.html.document_fromstring(content, parser=lxml.html.HTMLParser(encoding="utf-8"))
    except (ParserError, ValueError):
        return None


def _drop(tree: HtmlElement, path: str, unless: object = None) -> None:
    for element in tree.xpath(path):
        if element.getparent() is not None and not (callable(unless) and unless(element)):
            element.drop_tree()


def _drop_from(mark: HtmlElement) -> None:
    """Take an element away, and all that stands after it beside it."""
    if mark.getparent() is None:
        return
    for sibling in list(mark.itersiblings()):
        mark.getparent().remove(sibling)
    mark.drop_tree()


def _is_forwarded(element: HtmlElement) -> bool:
    beginning = element.text_content()[:300]
    return any(words in beginning for words in _FORWARDED)
