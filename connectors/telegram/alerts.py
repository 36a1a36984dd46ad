"""Telling agents' groups of handoffs: written with the handoff, sent from an outbox of their own."""

import html
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from sqlalchemy import Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.telegram.colleagues import move_group
from connectors.telegram.markup import to_html
from connectors.telegram.outgoing import GroupMoved
from connectors.telegram.ports import Say
from connectors.telegram.responses import ALERT
from core.clock import Clock
from core.unit_of_work import UnitOfWork, announce
from crm.contacts.names import names_of_contact
from crm.conversations.ports import SendLater, SendRefused
from crm.conversations.repository import ConversationRepository
from crm.conversations.sending import UNSENT, Call, SendingQueue
from crm.enums import DeliveryState
from crm.models import Conversation, Handoff, HandoffAlert, TelegramGroup, Ticket
from knowledge_base.personal import Personal, without_personal

# Why a person was brought in, in the words of the desk and in this language.
DescribeReasons = Callable[[Handoff, str], Sequence[str]]

_MOST_WORDS = 300
# What tells who the contact is stays at the desk.
_HIDDEN = dict.fromkeys(Personal, "…")
_PLACEHOLDER = re.compile(r"{(\w+)}")


class AlertSender(Protocol):
    """Writes to a group."""

    async def send_alert(self, chat: int, text: str) -> str:
        """Send a text in Telegram's HTML; returns the message's id.

        Raises:
            SendLater, SendRefused, SendUncertain, GroupMoved
        """
        ...


class HandoffAlerts:
    """The listener that queues an alert for every group that is to hear of a handoff, in the handoff's transaction."""

    def __init__(self, session: AsyncSession, clock: Clock) -> None:
        self.session = session
        self.clock = clock

    async def handed_off(self, conversation_id: str) -> None:
        inbox = select(Conversation.inbox_id).where(Conversation.id == conversation_id).scalar_subquery()
        groups = select(TelegramGroup.inbox_id).where(or_(TelegramGroup.hears_all, TelegramGroup.inbox_id == inbox))
        inbox_ids = (await self.session.scalars(groups)).all()
        if not inbox_ids:
            return
        latest = select(func.max(Handoff.id)).where(Handoff.conversation_id == conversation_id)
        handoff_id = (await self.session.scalars(latest)).one()
        for inbox_id in inbox_ids:
            self.session.add(
                HandoffAlert(
                    inbox_id=inbox_id,
                    handoff_id=handoff_id,
                    state=DeliveryState.pending,
                    next_attempt_at=self.clock.now(),
                )
            )
            announce(self.session, "alerts", {"inbox_id": inbox_id})


class AlertOutbox(SendingQueue[HandoffAlert]):
    """Sends alerts that are due, in order to each group; `bots` knows those that are open, by inbox."""

    row = HandoffAlert

    def __init__(
        self,
        work: UnitOfWork,
        *,
        bots: Callable[[int], AlertSender | None],
        clock: Clock,
        say: Say,
        describe: DescribeReasons,
        public_url: str,
    ) -> None:
        super().__init__(work, clock=clock)
        self._bots = bots
        self._say = say
        self._describe = describe
        self._public_url = public_url.rstrip("/")

    async def due(self) -> Sequence[str]:
        """Inboxes whose group can be written to now."""
        statement = (
            select(HandoffAlert.inbox_id)
            .where(HandoffAlert.id.in_(_first_unsent()), HandoffAlert.next_attempt_at <= self.clock.now())
            .order_by(HandoffAlert.id)
        )
        async with self.work.reading() as session:
            return [str(inbox_id) for inbox_id in await session.scalars(statement)]

    async def _next(self, session: AsyncSession, key: str) -> HandoffAlert | None:
        statement = (
            select(HandoffAlert)
            .where(HandoffAlert.inbox_id == int(key), HandoffAlert.state.in_(UNSENT))
            .order_by(HandoffAlert.id)
            .limit(1)
        )
        return (await session.scalars(statement)).one_or_none()

    async def _call_for(self, session: AsyncSession, row: HandoffAlert) -> Call | None:
        bot = self._bots(row.inbox_id)
        group = await session.get(TelegramGroup, row.inbox_id)
        if group is None:
            raise SendRefused("the inbox has no group any more")
        if bot is None:
            return None
        return Call(partial(self._tell, bot, row.inbox_id, group.chat_id, await self._text(session, row, group)))

    async def _tell(self, bot: AlertSender, inbox_id: int, chat: int, text: Callable[[], str]) -> str:
        try:
            return await bot.send_alert(chat, text())
        except GroupMoved as moved:
            async with self.work.begin() as session:
                await move_group(session, inbox_id, chat, to=moved.chat)
            raise SendLater("the group has another number now", after_seconds=1) from moved

    async def _text(self, session: AsyncSession, row: HandoffAlert, group: TelegramGroup) -> Callable[[], str]:
        """What writes the alert: what agents need in order to decide who goes, and no more of the contact than that.

        The contact's words are read when it is called: nobody who writes is to wait for that.
        """
        repository = ConversationRepository(session)
        handoff = await session.get_one(Handoff, row.handoff_id)
        ticket = await session.get_one(Ticket, handoff.ticket_id)
        conversation = await repository.get(handoff.conversation_id)
        assert conversation  # noqa: S101 - the handoff refers to it
        last = await repository.last_typed_by_contact(conversation.id)
        known = names_of_contact(conversation)
        link = f"{self._public_url}/desk/conversations/{conversation.id}" if self._public_url else ""
        write = partial(
            alert_html,
            self._say(ALERT, group.language).text,
            ticket_number=ticket.number,
            inbox=conversation.inbox.name,
            reasons=self._describe(handoff, group.language),
            link=link,
        )
        words = last.latest_text if last else ""
        return lambda: write(words=without_personal(words, known=known, placeholders=_HIDDEN))


def alert_html(template: str, *, ticket_number: str, inbox: str, reasons: Sequence[str], words: str, link: str) -> str:
    """An alert in Telegram's HTML; nothing that a contact wrote is markup in it."""
    shown = words if len(words) <= _MOST_WORDS else f"{words[:_MOST_WORDS].rstrip()}…"
    values = {
        "ticket_number": html.escape(ticket_number, quote=False),
        "inbox": html.escape(inbox, quote=False),
        "reasons": "\n".join(f"• {html.escape(reason, quote=False)}" for reason in reasons),
        "words": f"<blockquote>{html.escape(shown, quote=False)}</blockquote>" if shown.strip() else "",
        "link": html.escape(link, quote=False),
    }
    filled = _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), to_html(template))
    return re.sub(r"\n{3,}", "\n\n", filled)


def _first_unsent() -> Select[int]:
    """The oldest unsent alert of each group: what follows waits for it."""
    return select(func.min(HandoffAlert.id)).where(HandoffAlert.state.in_(UNSENT)).group_by(HandoffAlert.inbox_id)
