"""Telegram inboxes and their bots as admins keep them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.telegram.bots import BotIdentity
from connectors.telegram.pairing import Pairing
from connectors.telegram.tokens import Seal, number_of
from core.clock import Clock
from core.config import Settings
from core.errors import Conflict, NotFound
from core.unit_of_work import announce
from crm.enums import Channel, DeliveryState
from crm.models import Agent, HandoffAlert, Inbox, TelegramBot, TelegramGroup
from language.normalise import safe_text

# The inbox of TELEGRAM_BOT_TOKEN.
ENVIRONMENT_KEY = "telegram"
MAX_NAME_CHARACTERS = 120


class TelegramInboxNotFound(NotFound):
    """There is no Telegram inbox with this key."""

    code = "telegram_inbox_not_found"


class BotTaken(Conflict):
    """Another inbox has this bot already."""

    code = "telegram_bot_taken"


class TokenInEnvironment(Conflict):
    """This inbox's token is the setting TELEGRAM_BOT_TOKEN."""

    code = "telegram_token_in_environment"


@dataclass(frozen=True)
class TelegramInbox:
    """An inbox with all that was decided about it."""

    inbox: Inbox
    # Where its token comes from: `setting` or `desk`; `unreadable` where SECRET_KEY has changed since, `elsewhere`
    # where the settings name the same bot for the first inbox, and nothing where there is none.
    token: str
    username: str
    group: TelegramGroup | None
    # Whether the last alert could not be sent to the group.
    alert_failed: bool


class TelegramInboxes:
    """Within the caller's transaction."""

    def __init__(self, session: AsyncSession, *, settings: Settings, clock: Clock) -> None:
        self.session = session
        self.clock = clock
        self._seal = Seal(settings.secret_key.get_secret_value())
        token = settings.telegram_bot_token
        self._has_setting = token is not None
        self._set_number = number_of(token.get_secret_value()) if token else None

    async def all(self) -> list[TelegramInbox]:
        """Every Telegram inbox, oldest first."""
        statement = (
            select(Inbox, TelegramBot, TelegramGroup)
            .outerjoin(TelegramBot, TelegramBot.inbox_id == Inbox.id)
            .outerjoin(TelegramGroup, TelegramGroup.inbox_id == Inbox.id)
            .where(Inbox.channel == Channel.telegram)
            .order_by(Inbox.id)
        )
        failed = await self._failed_alerts()
        return [
            TelegramInbox(
                inbox=inbox,
                token=self._token_of(inbox, bot),
                username=bot.username if bot else "",
                group=group,
                alert_failed=inbox.id in failed,
            )
            for inbox, bot, group in await self.session.execute(statement)
        ]

    async def connected(self) -> Sequence[tuple[Inbox, str]]:
        """Inboxes whose bot was connected at the desk, with its token; what the settings say goes before that."""
        statement = select(Inbox, TelegramBot).join(TelegramBot, TelegramBot.inbox_id == Inbox.id).order_by(Inbox.id)
        found = []
        for inbox, bot in await self.session.execute(statement):
            if self._is_set(inbox) or bot.number == self._set_number:
                continue
            if token := self._seal.open(bot.sealed_token):
                found.append((inbox, token))
        return found

    async def by_key(self, key: str) -> Inbox:
        """An inbox that nobody else changes until the transaction ends.

        Raises:
            TelegramInboxNotFound
        """
        statement = select(Inbox).where(Inbox.key == key, Inbox.channel == Channel.telegram).with_for_update()
        inbox = (await self.session.scalars(statement)).one_or_none()
        if inbox is None:
            raise TelegramInboxNotFound
        return inbox

    async def add(self, identity: BotIdentity, token: str, *, name: str) -> Inbox:
        """Connect a bot as an inbox; one that was here before finds its inbox again, with its conversations.

        Raises:
            BotTaken
        """
        key = f"{ENVIRONMENT_KEY}-{identity.number}"
        inbox = (await self.session.scalars(select(Inbox).where(Inbox.key == key))).one_or_none()
        if inbox is None:
            inbox = Inbox(channel=Channel.telegram, name="", key=key, config={}, created_at=self.clock.now())
            self.session.add(inbox)
        inbox.name = _fit(name) or inbox.name or _fit(identity.name) or identity.username
        await self.session.flush()
        await self._connect(inbox, identity, token)
        return inbox

    async def replace_token(self, key: str, identity: BotIdentity, token: str) -> None:
        """Connect an inbox with another token.

        Raises:
            TelegramInboxNotFound, BotTaken, TokenInEnvironment
        """
        inbox = await self.by_key(key)
        if self._is_set(inbox):
            raise TokenInEnvironment
        await self._connect(inbox, identity, token)

    async def rename(self, key: str, name: str, *, shown: str) -> bool:
        """Call an inbox something else than what it was `shown` to be called; no name leaves it as it is.

        False where a colleague has called it something else meanwhile; then it stays so.

        Raises:
            TelegramInboxNotFound
        """
        inbox = await self.by_key(key)
        name = _fit(name) or shown
        if name == shown or name == inbox.name:
            return True
        if inbox.name != shown:
            return False
        inbox.name = name
        return True

    async def disconnect(self, key: str) -> None:
        """Forget an inbox's token; its conversations stay.

        Raises:
            TelegramInboxNotFound
        """
        inbox = await self.by_key(key)
        if bot := await self.session.get(TelegramBot, inbox.id):
            await self.session.delete(bot)
            self._changed(inbox)

    async def make_group_code(self, key: str, *, by: Agent) -> str:
        """A code that makes the group it is sent in this inbox's.

        Raises:
            TelegramInboxNotFound
        """
        return await Pairing(self.session, clock=self.clock).make_code(by, group_of=await self.by_key(key))

    async def let_group_hear(self, key: str, *, all_inboxes: bool) -> None:
        """Tell the group of every inbox's handoffs, or of its own inbox's alone.

        Raises:
            TelegramInboxNotFound
        """
        inbox = await self.by_key(key)
        if group := await self.session.get(TelegramGroup, inbox.id):
            group.hears_all = all_inboxes

    async def leave_group(self, key: str) -> None:
        """Tell the group nothing more, and take nothing from it.

        Raises:
            TelegramInboxNotFound
        """
        inbox = await self.by_key(key)
        if group := await self.session.get(TelegramGroup, inbox.id):
            await self.session.delete(group)
        unsent = (HandoffAlert.inbox_id == inbox.id, HandoffAlert.state == DeliveryState.pending)
        await self.session.execute(delete(HandoffAlert).where(*unsent))

    async def _failed_alerts(self) -> set[int]:
        """Inboxes whose last alert was refused."""
        last = select(func.max(HandoffAlert.id)).group_by(HandoffAlert.inbox_id)
        failed = (HandoffAlert.id.in_(last), HandoffAlert.state == DeliveryState.failed)
        return set(await self.session.scalars(select(HandoffAlert.inbox_id).where(*failed)))

    async def _connect(self, inbox: Inbox, identity: BotIdentity, token: str) -> None:
        statement = select(TelegramBot).where(TelegramBot.number == identity.number, TelegramBot.inbox_id != inbox.id)
        if identity.number == self._set_number or (await self.session.scalars(statement)).first():
            raise BotTaken
        await self.session.merge(
            TelegramBot(
                inbox_id=inbox.id,
                number=identity.number,
                username=identity.username,
                sealed_token=self._seal.seal(token),
            )
        )
        self._changed(inbox)

    def _changed(self, inbox: Inbox) -> None:
        announce(self.session, "channels", {"inbox_id": inbox.id})

    def _is_set(self, inbox: Inbox) -> bool:
        return self._has_setting and inbox.key == ENVIRONMENT_KEY

    def _token_of(self, inbox: Inbox, bot: TelegramBot | None) -> str:
        if self._is_set(inbox):
            return "setting"
        if bot is None:
            return ""
        if bot.number == self._set_number:
            return "elsewhere"
        return "desk" if self._seal.open(bot.sealed_token) else "unreadable"


def _fit(name: str) -> str:
    return safe_text(name).strip()[:MAX_NAME_CHARACTERS]
