"""People for benchmarks of many: conversations that exist already and agents who are signed in.

Written into the database of the stack, since a thousand first messages would be a benchmark of their own.
"""

from collections.abc import Sequence

from sqlalchemy import select, update

from core.clock import SystemClock
from core.database import Database
from crm.agents.service import AgentService
from crm.conversations.repository import ConversationRepository
from crm.enums import Channel, ConversationStatus, Role
from crm.models import Agent, Contact, ContactIdentity, Conversation, Inbox

PASSWORD = "a-benchmark-for-an-hour"  # noqa: S105 - of a database that is thrown away


async def add_inbox(database: Database, channel: Channel, key: str) -> None:
    """An inbox with this key, unless there is one."""
    async with database.session() as session:
        if await ConversationRepository(session).inbox_by_key(key) is None:
            session.add(Inbox(channel=channel, name="Bench", key=key, config={}, created_at=SystemClock().now()))


async def add_conversations(database: Database, inbox_key: str, addresses: Sequence[str]) -> list[str]:
    """A conversation with each address, open with the first agent; their ids in the same order."""
    now = SystemClock().now()
    async with database.session() as session:
        inbox = await ConversationRepository(session).inbox_by_key(inbox_key)
        assert inbox
        agent_id = (await session.scalars(select(Agent.id).limit(1))).one()
        identities = [
            ContactIdentity(
                contact=Contact(name="", created_at=now), inbox_id=inbox.id, external_id=address, created_at=now
            )
            for address in addresses
        ]
        session.add_all(identities)
        await session.flush()
        conversations = [
            Conversation(
                id=f"{number:032x}",
                inbox_id=inbox.id,
                contact_id=identity.contact_id,
                identity_id=identity.id,
                status=ConversationStatus.open,
                assignee_id=agent_id,
                language="fa",
                created_at=now,
                updated_at=now,
            )
            for number, identity in enumerate(identities)
        ]
        session.add_all(conversations)
    return [conversation.id for conversation in conversations]


async def give_to_bot(database: Database) -> None:
    """Let the bot have every conversation."""
    async with database.session() as session:
        await session.execute(update(Conversation).values(status=ConversationStatus.with_bot, assignee_id=None))


async def sign_in_agents(database: Database, count: int) -> list[str]:
    """So many agents; what each one's session cookie holds."""
    tokens = []
    async with database.session() as session:
        service = AgentService(session, clock=SystemClock())
        for number in range(count):
            agent = await service.create(
                name=f"Agent {number}", email=f"agent{number}@bench.example", password=PASSWORD, role=Role.agent
            )
            tokens.append(await service.open_session(agent))
    return tokens
