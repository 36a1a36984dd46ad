"""When a ticket is due: a pure rule over an SLA policy."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from crm.enums import Priority
from crm.models import SlaPolicy


@dataclass(frozen=True)
class Targets:
    """Until when a ticket is to be answered by a person and to be solved."""

    first_response_due_at: datetime | None
    resolution_due_at: datetime | None


def targets(policy: SlaPolicy | None, *, opened_at: datetime) -> Targets:
    """The targets of a ticket opened then; none where no policy speaks for its priority."""
    if policy is None:
        return Targets(None, None)
    return Targets(
        opened_at + timedelta(minutes=policy.first_response_minutes),
        opened_at + timedelta(minutes=policy.resolution_minutes),
    )


async def policy_for(session: AsyncSession, priority: Priority) -> SlaPolicy | None:
    """The policy for a priority, if the business has one."""
    return await session.get(SlaPolicy, priority)
