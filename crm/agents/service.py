"""Signing in and keeping the accounts of the people who work here."""

import asyncio
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import Clock
from core.errors import Conflict, InvalidInput, NotAuthenticated, NotFound
from core.security import hash_password, hash_token, password_matches, random_token
from core.unit_of_work import announce
from crm.agents.permissions import handles_conversations
from crm.agents.repository import AgentRepository
from crm.conversations.news import CHANGED, contact_topic
from crm.enums import Role
from crm.models import Agent, AgentSession

SESSION_LENGTH = timedelta(days=14)
MIN_PASSWORD_CHARACTERS = 10
# Argon2 works on all of it; more is only a way to keep the machine busy.
MAX_PASSWORD_CHARACTERS = 256


class SignInFailed(NotAuthenticated):
    """The e-mail address or the password is wrong."""

    code = "sign_in_failed"


class AgentNotFound(NotFound):
    """There is no such account."""

    code = "agent_not_found"


class EmailTaken(Conflict):
    """Somebody has an account with this e-mail address already."""

    code = "email_taken"


class PasswordUnfit(InvalidInput):
    """A password needs 10 to 256 characters."""

    code = "password_unfit"


class LastAdmin(Conflict):
    """The last admin cannot be switched off or given another role."""

    code = "last_admin"


class AgentService:
    def __init__(self, session: AsyncSession, *, clock: Clock) -> None:
        self.session = session
        self.clock = clock
        self.agents = AgentRepository(session)

    async def verify(self, email: str, password: str) -> Agent:
        """Whose e-mail address and password these are; call it in a session that only reads, since hashing takes long.

        Raises:
            SignInFailed: the same for a wrong password, an unknown address and a switched-off account.
        """
        agent = await self.agents.by_email(email.replace("\0", ""))
        usable = agent if agent and agent.is_active and len(password) <= MAX_PASSWORD_CHARACTERS else None
        known_hash = usable.password_hash if usable else None
        matches = await asyncio.to_thread(password_matches, password[:MAX_PASSWORD_CHARACTERS], known_hash)
        if usable is None or not matches:
            raise SignInFailed
        return usable

    async def open_session(self, agent: Agent) -> str:
        """Sign a verified person in; the token of the new session."""
        token = random_token()
        now = self.clock.now()
        await self.agents.forget_expired_sessions(now)
        self.session.add(
            AgentSession(
                token_hash=hash_token(token), agent_id=agent.id, created_at=now, expires_at=now + SESSION_LENGTH
            )
        )
        await self.session.flush()
        return token

    async def signed_in(self, token: str) -> Agent | None:
        """Whose session this token is."""
        return await self.agents.by_session(hash_token(token), self.clock.now())

    async def sign_out(self, token: str) -> None:
        """End one session; what the browser still shows of the desk goes too."""
        await self.agents.end_sessions(token_hash=hash_token(token))
        self._let_the_desk_look()

    async def create(self, *, name: str, email: str, password: str, role: Role, locale: str = "fa") -> Agent:
        """Make an account.

        Raises:
            EmailTaken, PasswordUnfit
        """
        if await self.agents.by_email(email):
            raise EmailTaken
        agent = Agent(
            name=name.strip(),
            email=email.strip().lower(),
            password_hash=_checked_hash(password),
            role=role,
            locale=locale,
            is_active=True,
            created_at=self.clock.now(),
        )
        self.session.add(agent)
        await self.session.flush()
        return agent

    async def change(
        self,
        agent_id: int,
        *,
        name: str | None = None,
        role: Role | None = None,
        is_active: bool | None = None,
        password: str | None = None,
        locale: str | None = None,
    ) -> Agent:
        """Change all that is given, or nothing; a new password or switching off signs the person out everywhere.

        What somebody has who can handle no conversations any more is then nobody's.

        Raises:
            AgentNotFound, PasswordUnfit, LastAdmin
        """
        agent = await self.agents.get(agent_id)
        if agent is None:
            raise AgentNotFound
        is_admin = agent.is_active and agent.role is Role.admin
        if is_admin and (is_active is False or role not in (None, Role.admin)):
            await self._keep_one_admin()
        # Before anything changes, since it may be refused.
        password_hash = _checked_hash(password) if password is not None else agent.password_hash
        agent.name = name.strip() if name is not None else agent.name
        agent.role = role if role is not None else agent.role
        agent.locale = locale if locale is not None else agent.locale
        agent.is_active = is_active if is_active is not None else agent.is_active
        agent.password_hash = password_hash
        if password is not None or is_active is False:
            await self.agents.end_sessions(agent_id=agent.id)
        if password is not None or is_active is False or role is not None:
            self._let_the_desk_look()
        if not handles_conversations(agent):
            await self._take_work_from(agent)
        await self.session.flush()
        return agent

    async def _take_work_from(self, agent: Agent) -> None:
        """Leave what somebody has with nobody in particular, and tell every screen that shows it."""
        now = self.clock.now()
        for conversation in await self.agents.conversations_of(agent.id):
            conversation.assignee_id = None
            conversation.updated_at = now
            announce(self.session, contact_topic(conversation), CHANGED)
            announce(self.session, "desk", {"type": "conversation", "conversation_id": conversation.id})
        for ticket in await self.agents.tickets_of(agent.id):
            ticket.assignee_id = None
            ticket.updated_at = now
            announce(self.session, "desk", {"type": "ticket", "ticket_id": ticket.id})

    def _let_the_desk_look(self) -> None:
        """Each open desk sees at once whether it is still somebody's, and not at the next message."""
        announce(self.session, "desk", {"type": "access"})

    async def _keep_one_admin(self) -> None:
        if await self.agents.count_active(Role.admin) <= 1:
            raise LastAdmin


def _checked_hash(password: str) -> str:
    if not MIN_PASSWORD_CHARACTERS <= len(password) <= MAX_PASSWORD_CHARACTERS:
        raise PasswordUnfit
    return hash_password(password)
