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


class GapCause(StrEnum):
    """Why a question is kept."""

    # No answer was sure enough.
    declined = "declined"
    # It was answered, and then a person was brought in.
    handed_off = "handed_off"
    # A reader said that what they found did not help.
    voted_down = "voted_down"


class UseKind(StrEnum):
    """How an article came before a contact."""

    answered = "answered"
    offered = "offered"
    chosen = "chosen"


class Verdict(StrEnum):
    """What became of a question of the regression set."""

    # By the article that should answer, in whichever language.
    answered = "answered"
    # Its title was among those offered.
    offered = "offered"
    # Another article answered.
    another = "another"
    # Nothing of it was shown.
    missed = "missed"


class RunCause(StrEnum):
    """Why the regression set is asked."""

    published = "published"
    # Somebody wanted it.
    wanted = "wanted"


class ImportState(StrEnum):
    """How far an import has come."""

    # What it would change is known, and nothing is changed.
    checked = "checked"
    running = "running"
    done = "done"


class Change(StrEnum):
    """What an import does to one article."""

    new = "new"
    changed = "changed"
    same = "same"
    refused = "refused"


class Reason(StrEnum):
    """Why a row or a file of an import is refused."""

    columns_missing = "columns_missing"
    article_unknown = "article_unknown"
    question_unfit = "question_unfit"
    row_unreadable = "row_unreadable"
    cells_too_many = "cells_too_many"
    too_many_rows = "too_many_rows"
    not_text = "not_text"
    file_too_large = "file_too_large"
    kind_unknown = "kind_unknown"
    zip_broken = "zip_broken"
    zip_too_large = "zip_too_large"
    # Of imports from before there were words for what follows.
    article_unreadable = "article_unreadable"
    front_missing = "front_missing"
    front_unreadable = "front_unreadable"
    categories_unreadable = "categories_unreadable"
    page_unfit = "page_unfit"
    field_missing = "field_missing"
    field_unfit = "field_unfit"
    category_unknown = "category_unknown"
    repeated = "repeated"
    status_refused = "status_refused"
    changed_meanwhile = "changed_meanwhile"
    nothing_found = "nothing_found"
    failed = "failed"
