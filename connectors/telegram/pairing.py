"""Codes that are shown at the desk and sent to a bot, to pair a group or an agent's own account."""

import secrets
from datetime import timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import Clock
from core.security import hash_token
from crm.models import Agent, Inbox, PairingCode, TelegramAccount

CODE_MINUTES = 15
# 60 random bits in letters and digits that nobody mistakes for each other.
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_LENGTH = 12


class Pairing:
    """Within the caller's transaction."""

    def __init__(self, session: AsyncSession, *, clock: Clock) -> None:
        self.session = session
        self.clock = clock

    async def make_code(self, by: Agent, *, group_of: Inbox | None = None) -> str:
        """A code for the group of an inbox, or for the agent's own account; it counts once, and their last one alone.

        Only its digest is kept.
        """
        now = self.clock.now()
        inbox_id = group_of.id if group_of else None
        same = (PairingCode.agent_id == by.id) & (PairingCode.inbox_id.is_not_distinct_from(inbox_id))
        await self.session.execute(delete(PairingCode).where(or_(PairingCode.expires_at <= now, same)))
        code = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
        expires_at = now + timedelta(minutes=CODE_MINUTES)
        self.session.add(
            PairingCode(code_hash=hash_token(code), agent_id=by.id, inbox_id=inbox_id, expires_at=expires_at)
        )
        await self.session.flush()
        return code

    async def find(self, code: str, *, message: str) -> PairingCode | None:
        """What a code stands for, unless it is too old or was used by another message than this one."""
        statement = (
            select(PairingCode)
            .where(
                PairingCode.code_hash == hash_token(code.strip().upper()),
                PairingCode.expires_at > self.clock.now(),
                or_(PairingCode.used_in.is_(None), PairingCode.used_in == message),
            )
            .with_for_update()
        )
        return (await self.session.scalars(statement)).one_or_none()

    async def link(self, agent_id: int, user_id: int) -> None:
        """A Telegram account is this agent's from now on, and nobody else's."""
        mine_or_it = or_(TelegramAccount.agent_id == agent_id, TelegramAccount.user_id == user_id)
        await self.session.execute(delete(TelegramAccount).where(mine_or_it))
        self.session.add(TelegramAccount(agent_id=agent_id, user_id=user_id, linked_at=self.clock.now()))
        await self.session.flush()

    async def unlink(self, agent: Agent) -> None:
        """An agent's account is nobody's any more."""
        await self.session.execute(delete(TelegramAccount).where(TelegramAccount.agent_id == agent.id))

    async def is_linked(self, agent: Agent) -> bool:
        """Whether an agent's account is known."""
        return await self.session.get(TelegramAccount, agent.id) is not None
