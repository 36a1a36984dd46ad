"""Who comes in by the widget's doors: a browser on an allowed site, with a token of ours."""

from dataclasses import dataclass

from fastapi.requests import HTTPConnection
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.web_widget.config import Form, config_of, form_for, identity_secret
from connectors.web_widget.connector import (
    IdentityWrong,
    IntroductionNeeded,
    Visitor,
    VisitorTokens,
    VisitorUnknown,
    WidgetNotAllowed,
    check_origin,
)
from connectors.web_widget.schemas import KnownUser
from core.config import Settings
from core.security import is_signed_by
from core.unit_of_work import UnitOfWork
from crm.contacts.service import latest_consent
from crm.conversations.repository import ConversationRepository
from crm.models import Inbox


@dataclass(frozen=True)
class Entrance:
    """Checks that all doors share."""

    settings: Settings
    work: UnitOfWork
    tokens: VisitorTokens

    async def inbox(self, session: AsyncSession, connection: HTTPConnection, key: str) -> Inbox:
        """The inbox with this public name, for a page that may show it.

        Raises:
            WidgetNotAllowed
        """
        inbox = await ConversationRepository(session).inbox_by_key(key)
        return self._checked(inbox, connection)

    async def visitor(self, connection: HTTPConnection, token: str | None = None) -> Visitor:
        """Whose token this is, or the one that the request carries, on a page that may show the widget.

        Raises:
            VisitorUnknown, WidgetNotAllowed
        """
        visitor = self.tokens.read(_bearer(connection) if token is None else token)
        async with self.work.reading() as session:
            visitor.check_secret(self._checked(await session.get(Inbox, visitor.inbox_id), connection))
        return visitor

    def vouches(self, inbox: Inbox, user: KnownUser) -> bool:
        """Whether the inbox's site has signed the user's name and e-mail address too, and not the id alone.

        Raises:
            IdentityWrong: it has signed neither.
        """
        secret = identity_secret(inbox, secret_key=self.settings.secret_key.get_secret_value())
        if is_signed_by(secret, user.all_of_it, user.hash):
            return True
        if not is_signed_by(secret, user.id, user.hash):
            raise IdentityWrong
        return False

    async def form(self, visitor: Visitor) -> Form | None:
        """What this visitor has to fill in before they can write."""
        async with self.work.reading() as session:
            inbox = await session.get_one(Inbox, visitor.inbox_id)
            identity = await ConversationRepository(session).identity(visitor.inbox_id, visitor.external_id)
            agreed_to = await latest_consent(session, identity.contact_id) if identity else ""
            return form_for(config_of(inbox), identity, agreed_to=agreed_to, language=visitor.language)

    async def check_introduced(self, visitor: Visitor) -> None:
        """Refuse who has not filled in the form yet.

        Raises:
            IntroductionNeeded
        """
        if await self.form(visitor):
            raise IntroductionNeeded

    def _checked(self, inbox: Inbox | None, connection: HTTPConnection) -> Inbox:
        if inbox is None:
            raise WidgetNotAllowed("There is no widget with this key.")
        check_origin(
            connection.headers.get("origin"),
            host=connection.headers.get("host", ""),
            allowed=config_of(inbox).origins or self.settings.widget_origins,
        )
        return inbox


def _bearer(connection: HTTPConnection) -> str:
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise VisitorUnknown
    return token.strip()
