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
    searched just so is left alone, and nothing is put in the place of what somebody saved meanwhile.
    """
    searched = [one for one in of if (entry := search.entry(one.id)) and entry.version == one.version]
    added: list[SearchableArticle] = []
    try:
        for article in searched:
            search.remove(article.id)
        for article in put:
            if search.entry(article.id) is None and not search.is_taken(article.slug, article.language):
                added.append(article)
                search.put(article)
        yield
    finally:
        for article in added:
            search.remove(article.id)
        for article in searched:
            search.put(article)
