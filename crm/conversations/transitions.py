"""Who may have a conversation next: the one table of status changes."""

from core.errors import Conflict
from crm.enums import ConversationStatus

_S = ConversationStatus

TRANSITIONS: dict[ConversationStatus, frozenset[ConversationStatus]] = {
    # An agent may step in without being called.
    _S.with_bot: frozenset({_S.waiting, _S.open, _S.resolved}),
    _S.waiting: frozenset({_S.open, _S.with_bot, _S.resolved}),
    _S.open: frozenset({_S.waiting, _S.with_bot, _S.resolved}),
    # The contact writes again, or the agent has something to add.
    _S.resolved: frozenset({_S.with_bot, _S.open}),
}

# Those that people have, or are to have.
WITH_PEOPLE = (_S.waiting, _S.open)


class StatusChangeRefused(Conflict):
    """The conversation cannot go from its present status to that one."""

    code = "status_change_refused"


def check(current: ConversationStatus, new: ConversationStatus) -> None:
    """Refuse a change that the table does not have.

    Raises:
        StatusChangeRefused: naming both.
    """
    if new not in TRANSITIONS[current]:
        raise StatusChangeRefused(f"A conversation that is {current.value} cannot become {new.value}.")
