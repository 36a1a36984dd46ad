"""Markdown to HTML that is safe to show, whatever an editor or an import put into it."""

import nh3

from knowledge_base.markdown import parser

TAGS = {
    *("h1", "h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "blockquote", "pre", "code", "em", "strong", "s"),
    *("ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "a", "img"),
}
ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "ol": {"start"}}
URL_SCHEMES = {"http", "https", "mailto", "tel"}
# What is code reads from left to right in a Persian sentence too: there `.env` would become "env.".
FROM_LEFT = {"code": {"dir": "ltr"}}


def to_html(markdown: str) -> str:
    """Render an article; scripts, event handlers, forms and `javascript:` links do not survive.

    The parser already escapes HTML and refuses dangerous links; the sanitiser holds even if the parser errs.
    """
    html = parser().render(markdown.replace("\x00", ""))
    return nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        set_tag_attribute_values=FROM_LEFT,
        url_schemes=URL_SCHEMES,
        link_rel="noopener nofollow",
    )
