"""What each role may do: the one table."""

from enum import StrEnum

from crm.enums import Role


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
