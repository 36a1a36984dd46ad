"""The handoff policy in force, read from the database at each use, so that every process follows a change at once."""

import logging

from pydantic import ValidationError
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import Clock
from crm.conversations.handoff_policy import HandoffPolicy
from crm.models import Agent, SavedHandoffPolicy

logger = logging.getLogger(__name__)

_SAVED_LAST = select(SavedHandoffPolicy.content).order_by(SavedHandoffPolicy.id.desc()).limit(1)


class HandoffPolicies:
    """What admins saved; `default` is what a new installation begins with."""

    def __init__(self, session: AsyncSession, *, default: HandoffPolicy, clock: Clock) -> None:
        self.session = session
        self.default = default
        self.clock = clock

    async def current(self) -> HandoffPolicy:
        """The policy that was saved last, or the default where none was or this version cannot read it."""
        content = await self.session.scalar(_SAVED_LAST)
        try:
            return self.default.changed(content) if content else self.default
        except ValidationError as error:
            # Turns read it before they begin: an error here would leave every contact without an answer.
            logger.error("the saved handoff policy is not readable, the default is in force: %s", error)
            return self.default

    async def revision(self) -> int:
        """The number of the policy that was saved last; 0 where none was."""
        return await self.session.scalar(select(func.max(SavedHandoffPolicy.id))) or 0

    async def save(self, policy: HandoffPolicy, *, by: Agent) -> None:
        """Put a policy in force from the next message on."""
        self.session.add(
            SavedHandoffPolicy(content=policy.model_dump(mode="json"), agent_id=by.id, created_at=self.clock.now())
        )
        await self.session.flush()
