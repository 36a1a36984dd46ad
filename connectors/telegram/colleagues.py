"""The agents' group and its members as the database has them."""

import re
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.telegram.pairing import Pairing
from connectors.telegram.ports import Answer, Answered, Linked
from core.clock import Clock
from core.errors import AppError
from core.unit_of_work import UnitOfWork
from crm.agents.permissions import Permission, may
from crm.conversations.handling import Handling
from crm.conversations.service import OpenService
from crm.models import Agent, Handoff, HandoffAlert, PairingCode, TelegramAccount, TelegramGroup, Ticket
from crm.models.ticket import NUMBER_PREFIX
from language.normalise import safe_text

_TICKET_NUMBER = re.compile(rf"\b{NUMBER_PREFIX}[0-9]+\b")


@dataclass(frozen=True)
class StoredColleagues:
    """The `Colleagues` of the connector of one inbox, each question in a transaction of its own."""

    work: UnitOfWork
    clock: Clock
    open_service: OpenService
    inbox_id: int

    async def language_of(self, chat: int) -> str | None:
        """The language of the inbox's group; `None` for every other chat."""
        async with self.work.reading() as session:
            group = await session.get(TelegramGroup, self.inbox_id)
        return group.language if group and group.chat_id == chat else None

    async def pair(self, code: str, *, chat: int, title: str, message: str) -> Linked | None:
        """Make a chat the inbox's group, where the code is for that."""
        async with self.work.begin() as session:
            found = await Pairing(session, clock=self.clock).find(code, message=message)
            if found is None or found.inbox_id != self.inbox_id:
                return None
            admin = await self._active(session, found, Permission.set_up_telegram)
            if admin is None:
                return None
            found.used_in = message
            known = await session.get(TelegramGroup, self.inbox_id)
            await session.merge(
                TelegramGroup(
                    inbox_id=self.inbox_id,
                    chat_id=chat,
                    title=safe_text(title)[:200],
                    language=admin.locale,
                    hears_all=known.hears_all if known else True,
                    paired_at=self.clock.now(),
                )
            )
        return Linked.group

    async def link(self, code: str, *, user_id: int, message: str) -> Linked | None:
        """Make an account an agent's, where the code is for that."""
        async with self.work.begin() as session:
            pairing = Pairing(session, clock=self.clock)
            found = await pairing.find(code, message=message)
            if found is None or found.inbox_id is not None:
                return None
            agent = await self._active(session, found, Permission.handle_conversations)
            if agent is None:
                return None
            found.used_in = message
            await pairing.link(agent.id, user_id)
        return Linked.account

    async def answer(self, text: str, *, alert: Answered, user_id: int, message: str) -> Answer:
        """Send an agent's words to the contact whose handoff the alert told of, once, as the desk would."""
        async with self.work.begin() as session:
            conversation_id = await self._conversation(session, alert)
            if conversation_id is None:
                return Answer.alert_unknown
            agent = await self._agent(session, user_id)
            if agent is None:
                return Answer.account_unknown
            if not agent.is_active or not may(agent.role, Permission.handle_conversations):
                return Answer.not_allowed
            service = self.open_service(session)
            try:
                await Handling(service).reply(
                    await service.lock(conversation_id),
                    text,
                    by=agent,
                    external_id=f"telegram-group:{self.inbox_id}:{message}",
                )
            except AppError:
                # Refused before anything was changed.
                return Answer.refused
        return Answer.stored

    async def move(self, chat: int, *, to: int) -> None:
        """Telegram has given the group another number."""
        async with self.work.begin() as session:
            await move_group(session, self.inbox_id, chat, to=to)

    async def _active(self, session: AsyncSession, code: PairingCode, permission: Permission) -> Agent | None:
        """Who made a code, if they may still do what it is for."""
        agent = await session.get_one(Agent, code.agent_id)
        return agent if agent.is_active and may(agent.role, permission) else None

    async def _agent(self, session: AsyncSession, user_id: int) -> Agent | None:
        statement = (
            select(Agent)
            .join(TelegramAccount, TelegramAccount.agent_id == Agent.id)
            .where(TelegramAccount.user_id == user_id)
        )
        return (await session.scalars(statement)).one_or_none()

    async def _conversation(self, session: AsyncSession, alert: Answered) -> str | None:
        """The conversation that an alert told of.

        A group that was made a supergroup has another number and counts its messages anew, and the alerts from before
        are still shown there. So one that is known under another number of the group must say its ticket's as well.
        """
        told = (
            select(Handoff.conversation_id, Ticket)
            .join(HandoffAlert, HandoffAlert.handoff_id == Handoff.id)
            .join(Ticket, Ticket.id == Handoff.ticket_id)
            .where(HandoffAlert.inbox_id == self.inbox_id)
        )
        here = told.where(HandoffAlert.external_id == f"{alert.chat}:{alert.message}")
        if known := (await session.execute(here)).one_or_none():
            return known.conversation_id  # type: ignore[no-any-return]
        before = told.where(HandoffAlert.external_id.endswith(f":{alert.message}", autoescape=True))
        number = number_in_alert(alert.text)
        return next((one.conversation_id for one in await session.execute(before) if one.Ticket.number == number), None)


def number_in_alert(text: str) -> str | None:
    """The number of the ticket that an alert is about: in its first line, since the contact's words may name others."""
    found = _TICKET_NUMBER.search(text.partition("\n")[0])
    return found[0] if found else None


async def move_group(session: AsyncSession, inbox_id: int, chat: int, *, to: int) -> None:
    """Write to the group under its new number from now on."""
    its = (TelegramGroup.inbox_id == inbox_id, TelegramGroup.chat_id == chat)
    await session.execute(update(TelegramGroup).where(*its).values(chat_id=to))
