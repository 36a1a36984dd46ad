"""Who is asking: a person by their session cookie, a program by its bearer token.

Every route depends on one of these, or says in its own words why it needs none.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends
from fastapi.requests import HTTPConnection

from core.clock import Clock
from core.errors import NotAllowed, NotAuthenticated
from core.http import host_of
from core.security import same_secret
from core.unit_of_work import UnitOfWork
from crm.agents.permissions import Permission, may
from crm.agents.service import AgentService
from crm.models import Agent

SESSION_COOKIE = "hamyar_session"
# Of one account: far more than a person clicks, and less than a script that runs wild.
REQUESTS_ALLOWED = "600/minute"
# From one network address. The right token is not counted: each call of the bot's answers a message that was.
WRONG_TOKENS_ALLOWED = "20/minute"


async def signed_in_agent(connection: HTTPConnection) -> Agent | None:
    """The person whose cookie this is, or `None`; in a short session of its own, so that a socket keeps none open."""
    token = connection.cookies.get(SESSION_COOKIE)
    if not token:
        return None
    work: UnitOfWork = connection.app.state.work
    clock: Clock = connection.app.state.clock
    async with work.reading() as session:
        return await AgentService(session, clock=clock).signed_in(token)


async def current_agent(connection: HTTPConnection, agent: Annotated[Agent | None, Depends(signed_in_agent)]) -> Agent:
    """The person who is asking.

    Raises:
        NotAuthenticated, TooManyRequests
    """
    if agent is None:
        raise NotAuthenticated
    connection.app.state.account_limit.hit(str(agent.id))
    return agent


def agent_who_may(permission: Permission) -> Callable[[Agent], Awaitable[Agent]]:
    """A dependency giving the person who is asking, who must have the permission."""

    async def check(agent: Annotated[Agent, Depends(current_agent)]) -> Agent:
        if not may(agent.role, permission):
            raise NotAllowed
        return agent

    return check


def is_program(connection: HTTPConnection) -> bool:
    """Whether the request carries the service token.

    Raises:
        TooManyRequests: too many wrong ones came from there.
    """
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    expected: str = connection.app.state.settings.service_token.get_secret_value()
    if scheme.lower() != "bearer":
        return False
    if same_secret(token.strip(), expected):
        return True
    connection.app.state.wrong_token_limit.hit(host_of(connection))
    return False


async def program(connection: HTTPConnection) -> None:
    """Let programs in alone.

    Raises:
        NotAuthenticated
    """
    if not is_program(connection):
        raise NotAuthenticated


def program_or_agent_who_may(permission: Permission) -> Callable[..., Awaitable[Agent | None]]:
    """A dependency that lets in a program (giving `None`) or a person with the permission."""

    async def check(
        connection: HTTPConnection, agent: Annotated[Agent | None, Depends(signed_in_agent)]
    ) -> Agent | None:
        if is_program(connection):
            return None
        return await agent_who_may(permission)(await current_agent(connection, agent))

    return check


CurrentAgent = Annotated[Agent, Depends(current_agent)]
ConversationAgent = Annotated[Agent, Depends(agent_who_may(Permission.handle_conversations))]
KnowledgeEditor = Annotated[Agent, Depends(agent_who_may(Permission.edit_knowledge))]
AgentManager = Annotated[Agent, Depends(agent_who_may(Permission.manage_agents))]
TurnKeeper = Annotated[Agent, Depends(agent_who_may(Permission.keep_turns))]
WidgetKeeper = Annotated[Agent, Depends(agent_who_may(Permission.set_up_widget))]
TelegramKeeper = Annotated[Agent, Depends(agent_who_may(Permission.set_up_telegram))]
BotTeacher = Annotated[Agent, Depends(agent_who_may(Permission.teach_bot))]
PolicyEditor = Annotated[Agent, Depends(agent_who_may(Permission.edit_handoff_policy))]
PrecisionKeeper = Annotated[Agent, Depends(agent_who_may(Permission.set_operating_point))]
