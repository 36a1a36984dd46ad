"""Who may look after articles."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from crm.agents.permissions import Permission, may
from crm.agents.repository import AgentRepository
from crm.models import Agent


async def people_who_edit(session: AsyncSession, *, besides: int | None = None) -> Sequence[Agent]:
    """Those who may edit articles, and whoever has this id."""
    everybody = await AgentRepository(session).all()
    return [
        one for one in everybody if one.id == besides or (one.is_active and may(one.role, Permission.edit_knowledge))
    ]
