"""`python -m seeds.admin`: gives a new installation its first admin, and prints the password this once."""

import asyncio
import secrets

from sqlalchemy import select

from core.clock import SystemClock
from core.config import Settings
from core.database import Database
from crm.agents.service import AgentService
from crm.enums import Role
from crm.models import Agent

EMAIL = "admin@hamyar.example"
PASSWORD_BYTES = 12


async def create_first_admin(database: Database) -> str | None:
    """The new admin's password; `None` where an active admin has an account already."""
    async with database.session() as session:
        if await session.scalar(select(Agent.id).where(Agent.role == Role.admin, Agent.is_active).limit(1)):
            return None
        password = secrets.token_urlsafe(PASSWORD_BYTES)
        service = AgentService(session, clock=SystemClock())
        await service.create(name="مدیر", email=EMAIL, password=password, role=Role.admin)
        return password


async def main() -> None:
    """Print nothing when there was nothing to do."""
    database = Database(Settings().database_url)
    password = await create_first_admin(database)
    if password:
        print(f"ADMIN_EMAIL={EMAIL} ADMIN_PASSWORD={password}")
    await database.close()


if __name__ == "__main__":
    asyncio.run(main())
