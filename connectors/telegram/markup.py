"""Our light Markdown in Telegram's terms: `**bold**`, `- ` lists and `[title](https://...)`; all else is plain text."""

import html
import itertools
import re

# Telegram takes 4096 characters after entities are parsed; an agent's name goes on top of a part.
# https://core.telegram.org/bots/api#sendmessage
MAX_PART_UNITS = 3800

_MARKUP = re.compile(r"\[(?P<title>[^\[\]\n]+)\]\((?P<url>https?://[^\s()<>]+)\)|\*\*(?P<bold>\S|\S.{0,500}?\S)\*\*")
_LIST_ITEM = re.compile(r"^([ \t]*)[-*] ", re.MULTILINE)
# Where a long text may be cut, the best place first: after a paragraph, a sentence or line, a word.
_CUTS = (
    re.compile(r"\n[ \t]*\n\s*"),
    re.compile(r"[.!?؟…][»\"')\]]*\s+|\n\s*"),
    re.compile(r"\s+"),
)


def to_html(text: str) -> str:
    """The text as HTML that Telegram accepts; nothing that a person wrote becomes a tag."""
    return _inline(_LIST_ITEM.sub(r"\1• ", text))


def _inline(text: str) -> str:
    """Escape the text and render what is marked in it; tags never cross, since each match is rendered whole."""
    rendered, end = [], 0
    for match in _MARKUP.finditer(text):
        rendered += [html.escape(text[end : match.start()], quote=False), _tag(match)]
        end = match.end()
    rendered.append(html.escape(text[end:], quote=False))
    return "".join(rendered)


def _tag(match: re.Match[str]) -> str:
    if match["bold"] is not None:
        return f"<b>{_inline(match['bold'])}</b>"
    return f'<a href="{html.escape(match["url"])}">{_inline(match["title"])}</a>'


def split(text: str, limit: int = MAX_PART_UNITS) -> list[str]:
    """Cut a long text into parts of at most `limit` UTF-16 units, at sentences where there are any.

    Telegram counts characters; a UTF-16 unit is never more than one, so this errs on the safe side. Always at least
    one part.
    """
    parts, rest = [], text.strip()
    while len(head := _fitting(rest, limit)) < len(rest):
        cut = _best_cut(rest, len(head))
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*parts, rest]


def units(text: str) -> int:
    """A text's length in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _fitting(text: str, limit: int) -> str:
    """The longest beginning of a text within so many UTF-16 units."""
    if len(text) * 2 <= limit:
        return text
    return text.encode("utf-16-le", "surrogatepass")[: limit * 2].decode("utf-16-le", "ignore")


def _best_cut(text: str, limit: int) -> int:
    """Where to cut a text of more than `limit` characters: late, at a good place, and never inside a link or bold."""
    marked = [match.span() for match in _MARKUP.finditer(text)]
    # A part that ends early is better than one that ends badly.
    for earliest, pattern in itertools.product((limit // 3, 0), _CUTS):
        ends = [match.end() for match in pattern.finditer(text, earliest, limit)]
        outside = [end for end in ends if not any(start < end < stop for start, stop in marked)]
        if outside:
            return outside[-1]
    return limit
