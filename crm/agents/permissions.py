"""What each role may do: the one table."""

from enum import StrEnum

from core.errors import InvalidInput
from crm.enums import Role
from crm.models import Agent


class HandlesNoConversations(InvalidInput):
    """This person cannot open conversations and tickets, and so cannot be given them."""

    code = "handles_no_conversations"


class Permission(StrEnum):
    """Something that not everybody may do."""

    handle_conversations = "handle_conversations"
    edit_knowledge = "edit_knowledge"
    manage_agents = "manage_agents"
    keep_turns = "keep_turns"
    edit_handoff_policy = "edit_handoff_policy"
    set_up_widget = "set_up_widget"
    set_up_telegram = "set_up_telegram"
    set_operating_point = "set_operating_point"
    teach_bot = "teach_bot"


_P = Permission

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.agent: frozenset({_P.handle_conversations}),
    Role.supervisor: frozenset({_P.handle_conversations, _P.edit_knowledge}),
    Role.editor: frozenset({_P.edit_knowledge}),
    Role.admin: frozenset(Permission),
}


def may(role: Role, permission: Permission) -> bool:
    """Whether people in this role may do this."""
    return permission in PERMISSIONS[role]


def handles_conversations(agent: Agent) -> bool:
    """Whether this person can open conversations and tickets."""
    return agent.is_active and may(agent.role, Permission.handle_conversations)


def require_handles_conversations(agent: Agent) -> None:
    """Refuse to give work to whom it would be out of sight.

    Raises:
        HandlesNoConversations
    """
    if not handles_conversations(agent):
        raise HandlesNoConversations
