"""Which inboxes are to be open and how: a table of channels, so that a channel is one entry and no `if`."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from connectors.email.connector import EmailConnector
from connectors.email.message_ids import MessageIds
from connectors.email.outgoing import Server
from connectors.email.threads import StoredThreads as StoredEmailThreads
from connectors.lease import Lease
from connectors.parking import StoredParking
from connectors.ports import Connector
from connectors.telegram.colleagues import StoredColleagues
from connectors.telegram.connector import TelegramConnector
from connectors.telegram.inboxes import ENVIRONMENT_KEY, TelegramInboxes
from connectors.telegram.notices import StoredNotices
from connectors.telegram.offsets import StoredOffsets
from connectors.telegram.threads import StoredThreads
from connectors.telegram.tokens import number_of
from connectors.telegram.webhook import secret_for
from core.clock import Clock
from core.config import Settings
from core.security import hash_token
from core.unit_of_work import UnitOfWork
from crm.conversations.intake import Intake
from crm.conversations.repository import ConversationRepository
from crm.enums import Channel
from crm.models import Inbox
from crm.wording import Wording


@dataclass(frozen=True)
class Doors:
    """What connectors are joined to."""

    settings: Settings
    work: UnitOfWork
    wording: Wording
    intake: Intake
    clock: Clock
    # This process among those that share the database.
    process: str


@dataclass(frozen=True)
class Wanted:
    """An inbox that is to be open: as soon as its `stamp` is another one, it is to be opened anew."""

    inbox: Inbox
    stamp: str
    open: Callable[[], Connector]


async def _telegram(doors: Doors) -> Sequence[Wanted]:
    """The bot of the settings, and those that admins connected."""
    tokens: list[tuple[Inbox, str]] = []
    if setting := doors.settings.telegram_bot_token:
        own = await _inbox(doors, Channel.telegram, key=ENVIRONMENT_KEY, name="Telegram")
        tokens.append((own, setting.get_secret_value()))
    async with doors.work.reading() as session:
        inboxes = TelegramInboxes(session, settings=doors.settings, clock=doors.clock)
        tokens += await inboxes.connected()
    return [Wanted(inbox, hash_token(token), partial(_open_telegram, doors, inbox, token)) for inbox, token in tokens]


def _open_telegram(doors: Doors, inbox: Inbox, token: str) -> Connector:
    settings = doors.settings
    lease = Lease(doors.work, doors.clock, inbox_id=inbox.id, owner=doors.process)
    number = number_of(token) or 0
    return TelegramConnector(
        token=token,
        inbox_id=inbox.id,
        inbox_key=inbox.key,
        receive=doors.intake.receive,
        rate=doors.intake.rate,
        threads=StoredThreads(doors.work, doors.intake),
        colleagues=StoredColleagues(doors.work, doors.clock, doors.intake.open_service, inbox.id),
        words=doors.wording.say,
        lease=lease,
        offsets=StoredOffsets(doors.work, doors.clock, lease=lease, inbox_id=inbox.id, bot_number=number),
        parking=StoredParking(doors.work, doors.clock, inbox.id),
        notices=StoredNotices(doors.work, doors.clock, inbox_id=inbox.id),
        updates_per_minute=settings.telegram_updates_per_minute,
        webhook=settings.telegram_webhook,
        secret=secret_for(settings.secret_key.get_secret_value(), inbox.key),
        public_url=settings.public_url,
        api_url=settings.telegram_api_url,
        proxy_url=settings.telegram_proxy_url,
    )


async def _email(doors: Doors) -> Sequence[Wanted]:
    """The mailbox of the settings."""
    if not doors.settings.email_address:
        return []
    inbox = await _inbox(doors, Channel.email, key="email", name="E-mail")
    return [Wanted(inbox, "", partial(_open_email, doors, inbox))]


def _open_email(doors: Doors, inbox: Inbox) -> Connector:
    settings = doors.settings
    assert settings.email_password  # noqa: S101 - the settings were checked
    user, password = settings.email_user or settings.email_address, settings.email_password.get_secret_value()
    domain = settings.email_address.rpartition("@")[2]
    ids = MessageIds(settings.secret_key.get_secret_value(), inbox_id=inbox.id, domain=domain)
    return EmailConnector(
        inbox_id=inbox.id,
        since=inbox.created_at,
        address=settings.email_address,
        name=settings.email_name,
        imap=Server(
            host=settings.email_imap_host,
            port=settings.email_imap_port,
            security=settings.email_imap_security,
            user=user,
            password=password,
        ),
        smtp=Server(
            host=settings.email_smtp_host,
            port=settings.email_smtp_port,
            security=settings.email_smtp_security,
            user=user,
            password=password,
        ),
        receive=doors.intake.receive,
        rate=doors.intake.rate,
        threads=StoredEmailThreads(doors.work, doors.clock, ids),
        ids=ids,
        words=doors.wording.say,
        lease=Lease(doors.work, doors.clock, inbox_id=inbox.id, owner=doors.process),
        parking=StoredParking(doors.work, doors.clock, inbox.id),
        clock=doors.clock,
        public_url=settings.public_url,
        replies_per_hour=settings.email_replies_per_hour,
        new_addresses_per_hour=settings.email_new_addresses_per_hour,
        files_per_day=settings.files_per_day,
    )


CHANNELS: dict[Channel, Callable[[Doors], Awaitable[Sequence[Wanted]]]] = {
    Channel.telegram: _telegram,
    Channel.email: _email,
}


async def wanted_inboxes(doors: Doors) -> dict[int, Wanted]:
    """All inboxes that are to be open now, by id."""
    return {wanted.inbox.id: wanted for find in CHANNELS.values() for wanted in await find(doors)}


async def _inbox(doors: Doors, channel: Channel, *, key: str, name: str) -> Inbox:
    """The inbox that the settings ask for, made on its first use."""
    async with doors.work.reading() as session:
        known = await ConversationRepository(session).inbox_by_key(key)
    if known:
        return known
    async with doors.work.begin() as session:
        inbox = Inbox(channel=channel, name=name, key=key, config={}, created_at=doors.clock.now())
        session.add(inbox)
    return inbox
