"""`./hamyar reset-password EMAIL`: a new random password for somebody who cannot sign in, printed this once."""

import argparse
import asyncio
import secrets
import sys
from collections.abc import Sequence

from core.clock import SystemClock
from core.config import Settings
from core.database import Database
from crm.agents.service import AgentNotFound, AgentService

PASSWORD_BYTES = 12


async def reset_password(database: Database, email: str) -> str:
    """The new password of an account, which is signed out everywhere; raises AgentNotFound."""
    async with database.session() as session:
        service = AgentService(session, clock=SystemClock())
        agent = await service.agents.by_email(email)
        if agent is None:
            raise AgentNotFound
        password = secrets.token_urlsafe(PASSWORD_BYTES)
        await service.change(agent.id, password=password)
        return password


async def _run(email: str) -> int:
    database = Database(Settings().database_url)
    try:
        password = await reset_password(database, email)
        print(f"The new password of {email}, shown this once and kept nowhere: {password}")
    except AgentNotFound:
        print(f"Nobody has an account with the address {email}.", file=sys.stderr)
        return 2
    finally:
        await database.close()
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Reset a password; the exit code."""
    parser = argparse.ArgumentParser(prog="./hamyar reset-password", description=__doc__)
    parser.add_argument("email", help="the address with which the person signs in")
    return asyncio.run(_run(parser.parse_args(arguments).email))


if __name__ == "__main__":
    sys.exit(main())
