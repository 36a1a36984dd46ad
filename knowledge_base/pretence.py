"""Searching as if some articles were other than they are."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from knowledge_base.search import SearchableArticle, SearchIndex


@contextmanager
def instead(
    search: SearchIndex, *, of: Sequence[SearchableArticle], put: Sequence[SearchableArticle]
) -> Iterator[None]:
    """Search some articles in place of others within the block, which must not await: nobody else may see it.

    The very index is used, since confidence depends on everything in it. `of` are stored articles: one that is not
    searched just so is left alone.
    """
    searched = [one for one in of if (entry := search.entry(one.id)) and entry.version == one.version]
    try:
        for article in searched:
            search.remove(article.id)
        for article in put:
            search.put(article)
        yield
    finally:
        for article in put:
            search.remove(article.id)
        for article in searched:
            search.put(article)
