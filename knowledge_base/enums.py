"""Fixed sets of the knowledge base."""

from enum import StrEnum


class ArticleStatus(StrEnum):
    """Only published articles are searched and shown to contacts."""

    draft = "draft"
    published = "published"
    archived = "archived"


class Band(StrEnum):
    """What we do with a question, by our answer confidence."""

    answer = "answer"
    offer = "offer"
    decline = "decline"


class GapState(StrEnum):
    """What editors have done about a question that had no sure answer."""

    open = "open"
    answered = "answered"
    dismissed = "dismissed"
