from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import FixedClock
from core.database import Database
from core.events import LocalEventBus
from core.unit_of_work import UnitOfWork
from crm.agents.permissions import PERMISSIONS, Permission, may
from crm.agents.reset_password import reset_password
from crm.agents.service import (
    SESSION_LENGTH,
    AgentNotFound,
    AgentService,
    EmailTaken,
    LastAdmin,
    PasswordUnfit,
    SignInFailed,
)
from crm.conversations.handling import Handling
from crm.conversations.intake import Intake
from crm.conversations.news import CHANGED, topic_of_contact
from crm.conversations.service import OpenService
from crm.enums import HandoffReason, Role
from crm.models import Agent, AgentSession, Conversation, Inbox, Ticket
from tests.conftest import message

MakeAgent = Callable[..., Awaitable[Agent]]
PASSWORD = "correct horse battery"


@pytest.fixture
def agents(session: AsyncSession, clock: FixedClock) -> AgentService:
    return AgentService(session, clock=clock)


@dataclass
class AtWork:
    """Somebody who has a conversation and its ticket."""

    work: UnitOfWork
    agent: Agent
    inbox_id: int
    conversation_id: str
    ticket_id: int

    async def assignees(self) -> tuple[int | None, int | None]:
        """Who has the conversation and the ticket."""
        async with self.work.reading() as session:
            conversation = await session.get_one(Conversation, self.conversation_id)
            ticket = await session.get_one(Ticket, self.ticket_id)
            return conversation.assignee_id, ticket.assignee_id


@pytest.fixture
async def at_work(
    work: UnitOfWork, intake: Intake, inbox: Inbox, make_agent: MakeAgent, open_service: OpenService
) -> AtWork:
    agent = await make_agent("Sara")
    received = await intake.receive(message(inbox, "hello"))
    async with work.begin() as session:
        service = open_service(session)
        conversation = await service.lock(received.conversation.id)
        ticket = await service.hand_off(conversation, HandoffReason.contact_asked)
        await Handling(service).reply(conversation, "I am here", by=agent)
    return AtWork(work, agent, inbox.id, conversation.id, ticket.id)


async def create(agents: AgentService, email: str = "sara@example.com", role: Role = Role.agent) -> Agent:
    return await agents.create(name="Sara", email=email, password=PASSWORD, role=role)


async def sign_in(agents: AgentService, email: str, password: str) -> str:
    return await agents.open_session(await agents.verify(email, password))


class TestSignIn:
    async def test_the_right_password_opens_a_session(self, agents: AgentService) -> None:
        agent = await create(agents)

        token = await sign_in(agents, "Sara@Example.com ", PASSWORD)

        assert (await agents.signed_in(token)) is agent

    @pytest.mark.parametrize(
        ("email", "password"),
        [("sara@example.com", "wrong"), ("nobody@example.com", PASSWORD), ("sara@example.com", "x" * 5000)],
        ids=["wrong password", "unknown address", "endless password"],
    )
    async def test_anything_else_fails_alike(self, agents: AgentService, email: str, password: str) -> None:
        await create(agents)

        with pytest.raises(SignInFailed):
            await sign_in(agents, email, password)

    async def test_a_session_ends_by_itself(self, agents: AgentService, clock: FixedClock) -> None:
        await create(agents)
        token = await sign_in(agents, "sara@example.com", PASSWORD)

        clock.advance(SESSION_LENGTH + timedelta(seconds=1))

        assert await agents.signed_in(token) is None

    async def test_those_that_ended_are_forgotten_with_the_next_one(
        self, agents: AgentService, session: AsyncSession, clock: FixedClock
    ) -> None:
        await create(agents)
        await sign_in(agents, "sara@example.com", PASSWORD)
        clock.advance(SESSION_LENGTH + timedelta(seconds=1))

        await sign_in(agents, "sara@example.com", PASSWORD)

        assert len((await session.scalars(select(AgentSession))).all()) == 1

    async def test_signing_out_ends_it(self, agents: AgentService) -> None:
        await create(agents)
        token = await sign_in(agents, "sara@example.com", PASSWORD)

        await agents.sign_out(token)

        assert await agents.signed_in(token) is None


class TestChange:
    async def test_a_switched_off_account_is_out_at_once(self, agents: AgentService) -> None:
        agent = await create(agents)
        token = await sign_in(agents, agent.email, PASSWORD)

        await agents.change(agent.id, is_active=False)

        assert await agents.signed_in(token) is None
        with pytest.raises(SignInFailed):
            await sign_in(agents, agent.email, PASSWORD)

    async def test_a_new_password_signs_out_everywhere(self, agents: AgentService) -> None:
        agent = await create(agents)
        token = await sign_in(agents, agent.email, PASSWORD)

        await agents.change(agent.id, password="another long one")

        assert await agents.signed_in(token) is None

    async def test_the_last_admin_stays(self, agents: AgentService) -> None:
        admin = await create(agents, role=Role.admin)

        with pytest.raises(LastAdmin):
            await agents.change(admin.id, role=Role.agent)
        with pytest.raises(LastAdmin):
            await agents.change(admin.id, is_active=False)

    async def test_an_admin_who_was_switched_off_is_not_the_last_one(self, agents: AgentService) -> None:
        former = await create(agents, role=Role.admin)
        await create(agents, email="omid@example.com", role=Role.admin)
        await agents.change(former.id, is_active=False)

        changed = await agents.change(former.id, name="Sarah", role=Role.agent, is_active=False)

        assert (changed.name, changed.role) == ("Sarah", Role.agent)

    @pytest.mark.parametrize("change", [{"is_active": False}, {"role": Role.editor}], ids=["switched off", "demoted"])
    async def test_leaves_the_work_of_whoever_handles_no_conversations_any_more_to_everybody(
        self, work: UnitOfWork, clock: FixedClock, at_work: AtWork, change: dict[str, Any], events: LocalEventBus
    ) -> None:
        async with events.listen("desk", topic_of_contact(at_work.inbox_id, "visitor")) as heard:
            async with work.begin() as session:
                await AgentService(session, clock=clock).change(at_work.agent.id, **change)
            told = [heard.get_nowait() for _ in range(heard.qsize())]

        assert await at_work.assignees() == (None, None)
        assert {"type": "conversation", "conversation_id": at_work.conversation_id} in told
        assert {"type": "ticket", "ticket_id": at_work.ticket_id} in told
        assert CHANGED in told

    @pytest.mark.parametrize("change", [{"role": Role.supervisor, "is_active": True}, {"name": "Sarah"}])
    async def test_leaves_the_work_of_others_where_it_is(
        self, work: UnitOfWork, clock: FixedClock, at_work: AtWork, change: dict[str, Any]
    ) -> None:
        async with work.begin() as session:
            await AgentService(session, clock=clock).change(at_work.agent.id, **change)

        assert await at_work.assignees() == (at_work.agent.id, at_work.agent.id)

    async def test_the_next_who_replies_has_what_was_left(
        self, work: UnitOfWork, clock: FixedClock, at_work: AtWork, make_agent: MakeAgent, open_service: OpenService
    ) -> None:
        colleague = await make_agent("Omid")
        async with work.begin() as session:
            await AgentService(session, clock=clock).change(at_work.agent.id, is_active=False)

        async with work.begin() as session:
            service = open_service(session)
            await Handling(service).reply(await service.lock(at_work.conversation_id), "I go on", by=colleague)

        assert await at_work.assignees() == (colleague.id, colleague.id)


class TestCreate:
    async def test_one_account_for_each_address(self, agents: AgentService) -> None:
        await create(agents)

        with pytest.raises(EmailTaken):
            await create(agents, email="SARA@example.com")

    @pytest.mark.parametrize("password", ["short", "x" * 300])
    async def test_refuses_an_unfit_password(self, agents: AgentService, password: str) -> None:
        with pytest.raises(PasswordUnfit):
            await agents.create(name="Sara", email="s@example.com", password=password, role=Role.agent)

    async def test_keeps_no_password(self, agents: AgentService) -> None:
        agent = await create(agents)

        assert agent.password_hash.startswith("$argon2id$")
        assert PASSWORD not in agent.password_hash


class TestPermissions:
    def test_every_role_is_in_the_table(self) -> None:
        assert set(PERMISSIONS) == set(Role)

    def test_an_editor_does_not_read_conversations(self) -> None:
        assert not may(Role.editor, Permission.handle_conversations)

    def test_an_agent_does_not_manage_people(self) -> None:
        assert not may(Role.agent, Permission.manage_agents)


class TestResetPassword:
    async def test_the_new_password_opens_a_session_and_the_old_one_does_not(
        self, work: UnitOfWork, database: Database, clock: FixedClock
    ) -> None:
        async with work.begin() as session:
            await create(AgentService(session, clock=clock))

        password = await reset_password(database, "sara@example.com")

        async with work.reading() as session:
            agents = AgentService(session, clock=clock)
            assert (await agents.verify("sara@example.com", password)).name == "Sara"
            with pytest.raises(SignInFailed):
                await agents.verify("sara@example.com", PASSWORD)

    async def test_an_unknown_address_is_refused(self, database: Database) -> None:
        with pytest.raises(AgentNotFound):
            await reset_password(database, "nobody@example.com")
