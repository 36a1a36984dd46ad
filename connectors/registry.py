"""Which connectors there are and how each is opened: a table, so that a channel is one entry and no `if`."""

from collections.abc import Callable
from dataclasses import dataclass

from connectors.email.connector import EmailConnector
from connectors.email.message_ids import MessageIds
from connectors.email.outgoing import Server
from connectors.email.threads import StoredThreads as StoredEmailThreads
from connectors.lease import Lease
from connectors.ports import Connector
from connectors.telegram.connector import TelegramConnector
from connectors.telegram.threads import StoredThreads
from connectors.telegram.webhook import secret_for
from core.clock import Clock
from core.config import Settings
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
class Opener:
    """How one channel is opened: its inbox, whether the settings ask for it, and its connector."""

    key: str
    name: str
    is_wanted: Callable[[Settings], bool]
    open: Callable[[Doors, Inbox], Connector]


def _open_telegram(doors: Doors, inbox: Inbox) -> Connector:
    settings = doors.settings
    assert settings.telegram_bot_token  # noqa: S101 - `is_wanted` asked
    return TelegramConnector(
        token=settings.telegram_bot_token.get_secret_value(),
        inbox_id=inbox.id,
        inbox_key=inbox.key,
        receive=doors.intake.receive,
        rate=doors.intake.rate,
        threads=StoredThreads(doors.work, doors.intake),
        words=doors.wording.say,
        webhook=settings.telegram_webhook,
        secret=secret_for(settings.secret_key.get_secret_value(), inbox.key),
        public_url=settings.public_url,
        api_url=settings.telegram_api_url,
        proxy_url=settings.telegram_proxy_url,
    )


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
        clock=doors.clock,
        public_url=settings.public_url,
        replies_per_hour=settings.email_replies_per_hour,
    )


OPENERS: dict[Channel, Opener] = {
    Channel.telegram: Opener(
        key="telegram",
        name="Telegram",
        is_wanted=lambda settings: settings.telegram_bot_token is not None,
        open=_open_telegram,
    ),
    Channel.email: Opener(
        key="email",
        name="E-mail",
        is_wanted=lambda settings: bool(settings.email_address),
        open=_open_email,
    ),
}


async def open_connectors(doors: Doors) -> dict[Channel, Connector]:
    """The connectors that the settings ask for, each with its inbox; none is started yet."""
    wanted = {channel: opener for channel, opener in OPENERS.items() if opener.is_wanted(doors.settings)}
    return {
        channel: opener.open(doors, await _inbox(doors.work, doors.clock, channel, opener))
        for channel, opener in wanted.items()
    }


async def _inbox(work: UnitOfWork, clock: Clock, channel: Channel, opener: Opener) -> Inbox:
    """The channel's inbox, made on its first use."""
    async with work.begin() as session:
        inbox = await ConversationRepository(session).inbox_by_key(opener.key)
        if inbox is None:
            inbox = Inbox(channel=channel, name=opener.name, key=opener.key, config={}, created_at=clock.now())
            session.add(inbox)
    return inbox
