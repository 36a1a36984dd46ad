"""An article's HTML made ready for its page: places to jump to, and tables that scroll by themselves."""

import asyncio
import re
from dataclasses import dataclass
from functools import lru_cache

import nh3
from markupsafe import Markup

from knowledge_base.render import to_html

# A shorter article needs no table of contents.
FEWEST_HEADINGS = 3
# Articles that are read again and again are rendered once.
MOST_KEPT = 200
# Where no letter comes before it, as in a table, a Persian percentage has its sign on the wrong side without this mark.
_ARABIC_LETTER_MARK = "\u061c"
_PERCENTAGE = re.compile("(?<![۰-۹٫٬])[۰-۹][۰-۹٫٬]*٪")
# The sanitiser leaves headings and tables without attributes.
_HEADING = re.compile(r"<h2>(.*?)</h2>", re.DOTALL)


@dataclass(frozen=True)
class Heading:
    """A place of the page and what it is called."""

    anchor: str
    text: Markup


@dataclass(frozen=True)
class ArticleHtml:
    """What a page shows of an article; safe, since it was sanitised."""

    html: Markup
    # Empty where the article is short.
    headings: list[Heading]


async def rendered(markdown: str) -> ArticleHtml:
    """An article for its page, away from the event loop: the longest take a second or two."""
    return await asyncio.to_thread(article_html, markdown)


@lru_cache(MOST_KEPT)
def article_html(markdown: str) -> ArticleHtml:
    """Render an article for its page."""
    headings: list[Heading] = []

    def anchored(match: re.Match[str]) -> str:
        heading = Heading(f"part-{len(headings) + 1}", Markup(nh3.clean(match[1], tags=set())))  # noqa: S704
        headings.append(heading)
        return f'<h2 id="{heading.anchor}">{match[1]}</h2>'

    html = _HEADING.sub(anchored, to_html(markdown))
    html = _PERCENTAGE.sub(rf"{_ARABIC_LETTER_MARK}\g<0>", html)
    html = html.replace("<table>", '<div class="scrolls" tabindex="0"><table>').replace("</table>", "</table></div>")
    return ArticleHtml(Markup(html), headings if len(headings) >= FEWEST_HEADINGS else [])  # noqa: S704
