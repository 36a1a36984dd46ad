"""Fixed sets of the knowledge base."""

from enum import StrEnum


class ArticleStatus(StrEnum):
    """Only published articles are searched, and shown to those who may see them."""

    draft = "draft"
    in_review = "in_review"
    published = "published"
    archived = "archived"


class Visibility(StrEnum):
    """Who may see an article once it is published."""

    public = "public"
    # Never given to a contact, but suggested to agents.
    agents = "agents"


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
