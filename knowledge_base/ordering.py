"""The orders in which articles can be listed, in SQL."""

from collections.abc import Callable
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select

from knowledge_base.enums import UseKind
from knowledge_base.models import Article, ArticleUse, ArticleVote, QuestionVariant

# Letters whose code points are not where the Persian alphabet has them, each as one that is, and what comes after it.
_AFTER = "\u06ff"
_PLACES = {
    **{"پ": "ب" + _AFTER, "چ": "ج" + _AFTER, "ژ": "ز" + _AFTER},
    **{"ک": "ك", "گ": "ك" + _AFTER, "ه": "و" + _AFTER, "ی": "ي"},
    # A word is where it would be without its joiners.
    "\u200c": "",
}


class Order(Enum):
    """By what articles are listed. No `StrEnum`, since `title` is a method of texts."""

    updated = "updated"
    title = "title"
    questions = "questions"
    shown = "shown"
    chosen = "chosen"
    helpful = "helpful"
    handed_off = "handed_off"


def alphabetical(text: Any) -> ColumnElement[str]:
    """What texts are sorted by to stand as in a dictionary, Persian and English ones."""
    key: ColumnElement[str] = func.lower(text)
    for letter, place in _PLACES.items():
        key = func.replace(key, letter, place)
    return key


def ordered(statement: Select[Article], order: Order, *, descending: bool) -> Select[Article]:
    """Articles in this order; among equals the last changed first, and what has no value of its own at the end."""
    keys = _KEYS[order]()
    ranked = [key.desc() if descending else key.asc() for key in keys]
    # SQLite and PostgreSQL put nulls at different ends.
    unknown = [case((keys[0].is_(None), 1), else_=0)]
    return statement.order_by(*unknown, *ranked, Article.updated_at.desc(), Article.id.desc())


def use_count(*conditions: Any) -> ColumnElement[Any]:
    """How often an article came before a contact, of the times that meet these conditions."""
    uses = select(func.count()).select_from(ArticleUse)
    return uses.where(ArticleUse.article_id == Article.id, *conditions).correlate(Article).scalar_subquery()


def helpful_share() -> ColumnElement[Any]:
    """Of the readers who said whether an article helped, the share of those whom it did; null where nobody said."""
    return _votes()[0]


def _votes() -> list[ColumnElement[Any]]:
    """The share of the readers whom it helped, and how many said so; none for who was never asked."""
    votes = select(func.avg(case((ArticleVote.helpful, 1.0), else_=0.0))).where(ArticleVote.article_id == Article.id)
    count = select(func.count()).select_from(ArticleVote).where(ArticleVote.article_id == Article.id)
    return [one.correlate(Article).scalar_subquery() for one in (votes, count)]


def _questions() -> list[ColumnElement[Any]]:
    count = select(func.count()).select_from(QuestionVariant).where(QuestionVariant.article_id == Article.id)
    return [count.correlate(Article).scalar_subquery()]


_KEYS: dict[Order, Callable[[], list[Any]]] = {
    Order.updated: lambda: [Article.updated_at],
    Order.title: lambda: [alphabetical(Article.title)],
    Order.questions: _questions,
    Order.shown: lambda: [use_count(ArticleUse.kind != UseKind.chosen)],
    Order.chosen: lambda: [use_count(ArticleUse.kind == UseKind.chosen)],
    Order.helpful: _votes,
    Order.handed_off: lambda: [use_count(ArticleUse.led_to_handoff)],
}
