"""What may become of an article next: the one table of status changes."""

from core.errors import Conflict
from knowledge_base.enums import ArticleStatus

_S = ArticleStatus

TRANSITIONS: dict[ArticleStatus, frozenset[ArticleStatus]] = {
    _S.draft: frozenset({_S.in_review, _S.published, _S.archived}),
    _S.in_review: frozenset({_S.draft, _S.published, _S.archived}),
    # A change of what contacts read is saved right into it; to take it away is to archive it.
    _S.published: frozenset({_S.archived}),
    _S.archived: frozenset({_S.draft, _S.published}),
}


class StatusChangeRefused(Conflict):
    """The article cannot go from its present status to that one."""

    code = "status_change_refused"


def check(current: ArticleStatus, new: ArticleStatus) -> None:
    """Refuse a change that the table does not have; to stay as it is is none.

    Raises:
        StatusChangeRefused: naming both.
    """
    if new is not current and new not in TRANSITIONS[current]:
        raise StatusChangeRefused(f"An article that is {current.value} cannot become {new.value}.")
