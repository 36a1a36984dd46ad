"""Our light Markdown in mails: as plain text, and as simple HTML that sets each paragraph's direction itself."""

import html
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from connectors.telegram.markup import to_html as inline_html

_LINK = re.compile(r"\[([^\[\]\n]+)\]\((https?://[^\s()<>]+)\)")
_BOLD = re.compile(r"\*\*(\S|\S.{0,500}?\S)\*\*")
_PARAGRAPHS = re.compile(r"\n[ \t]*\n\s*")
_STYLE = "font-family:Tahoma,Vazirmatn,Arial,sans-serif;font-size:15px;line-height:1.8"


@dataclass(frozen=True)
class Link:
    """A title that leads somewhere."""

    title: str
    url: str
    note: str = ""


def to_plain(paragraphs: Sequence[str], links: Sequence[Link]) -> str:
    """The plain text of a mail: links are written out."""
    texts = [_BOLD.sub(r"\1", _LINK.sub(r"\1 (\2)", paragraph)).strip() for paragraph in paragraphs]
    texts += ["\n".join(line for line in (link.title, link.note, link.url) if line) for link in links]
    return "\n\n".join(text for text in texts if text) + "\n"


def to_page(paragraphs: Sequence[str], links: Sequence[Link], *, language: str) -> str:
    """The HTML of a mail; nothing that a person wrote becomes a tag.

    Mail programs know no `dir=auto`, or only some do; so the direction comes from each paragraph's first letter.
    """
    own = "rtl" if language == "fa" else "ltr"
    pieces = [piece for paragraph in paragraphs for piece in _PARAGRAPHS.split(paragraph.strip()) if piece]
    blocks = [_block(inline_html(piece).replace("\n", "<br>\n"), direction_of(piece, own)) for piece in pieces]
    blocks += [
        _block(
            f'<a href="{html.escape(link.url)}">{html.escape(link.title, quote=False)}</a>{_small(link.note)}',
            direction_of(link.title, own),
        )
        for link in links
    ]
    body = "\n".join(blocks)
    return (
        f'<!doctype html>\n<html lang="{language}" dir="{own}"><head><meta charset="utf-8"></head>\n'
        f'<body dir="{own}"><div dir="{own}" style="{_STYLE}">\n{body}\n</div></body></html>\n'
    )


def direction_of(text: str, default: str) -> str:
    """`rtl` or `ltr`, by the first letter that has a direction."""
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in ("R", "AL"):
            return "rtl"
        if kind == "L":
            return "ltr"
    return default


def _small(note: str) -> str:
    return f"<br>\n<small>{html.escape(note, quote=False)}</small>" if note else ""


def _block(content: str, direction: str) -> str:
    side = "right" if direction == "rtl" else "left"
    return f'<p dir="{direction}" style="text-align:{side};margin:0 0 12px">{content}</p>'
