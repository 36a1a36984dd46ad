"""One Markdown parser for all that reads an article: passages and pages see the same structure."""

from functools import cache

from markdown_it import MarkdownIt


@cache
def parser() -> MarkdownIt:
    """CommonMark with tables and strikethrough; HTML in the text stays text."""
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
