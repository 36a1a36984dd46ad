"""The web widget's connector: no outbox, since an open widget fetches what is new by its last sequence number."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from connectors.web_widget.config import config_of
from core.errors import InvalidInput, NotAllowed, NotAuthenticated
from core.security import Signer, random_token
from crm.models import Inbox

# Each session gets a new token, so that only a browser that has not come for so long loses its conversation.
TOKEN_SECONDS = 180 * 24 * 3600


class WidgetNotAllowed(NotAllowed):
    """This site may not show the widget."""

    code = "widget_not_allowed"


class VisitorUnknown(NotAuthenticated):
    """The visitor's token is not valid."""

    code = "visitor_unknown"


class IdentityWrong(NotAuthenticated):
    """The site has not signed this user's id; see the inbox's secret in the desk."""

    code = "identity_wrong"


class IntroductionNeeded(NotAllowed):
    """The form before the first message is not filled in."""

    code = "introduction_needed"


class IntroductionIncomplete(InvalidInput):
    """Something in the form is missing, or the form has changed since it was shown."""

    code = "introduction_incomplete"


@dataclass(frozen=True)
class Visitor:
    """A browser that talks to one inbox: for somebody whom the site knows, or for nobody known."""

    inbox_id: int
    # Of this browser alone, and of one user at the most: messages' ids and what was written before begin with it.
    device: str
    language: str
    # The address of a user that the site has signed.
    user: str | None = None
    # Which of the inbox's secrets that was signed with.
    secret_version: int | None = None

    @property
    def external_id(self) -> str:
        """The address whose conversation this browser shows."""
        return self.user or self.device

    def check_secret(self, inbox: Inbox) -> None:
        """Refuse a user who was signed with a secret that the inbox has no more.

        Raises:
            VisitorUnknown
        """
        if self.user and self.secret_version != config_of(inbox).secret_version:
            raise VisitorUnknown


def address_of_user(user_id: str) -> str:
    """A known user's address in an inbox; no browser's looks like it."""
    return f"user:{user_id}"


def topic_of_users(inbox_id: int) -> str:
    """Where all known users' widgets of an inbox hear that they have to look again whether they still are."""
    return f"widget users:{inbox_id}"


class VisitorTokens:
    """Signed tokens that name a visitor; whoever has one is that visitor and sees only their conversation."""

    def __init__(self, secret_key: str) -> None:
        self._signer = Signer(secret_key, purpose="widget visitor")

    def issue(self, inbox: Inbox, *, language: str, former: str | None, user: str | None = None) -> tuple[str, Visitor]:
        """A token for whoever had the former one for this inbox, or for somebody new.

        For a signed user, another user's former token counts for nothing: two people share the browser.
        """
        known = self._known(former, inbox) if former else None
        if known and user and known.user not in (None, user):
            known = None
        device = known.device if known else random_token()[:32]
        user = user or (known.user if known else None)
        visitor = Visitor(inbox.id, device, language, user, config_of(inbox).secret_version if user else None)
        value = {"inbox": inbox.id, "visitor": device, "language": language, "user": user}
        if user:
            value["secret"] = visitor.secret_version
        return self._signer.sign(value), visitor

    def _known(self, token: str, inbox: Inbox) -> Visitor | None:
        try:
            visitor = self.read(token)
            visitor.check_secret(inbox)
        except VisitorUnknown:
            return None
        return visitor if visitor.inbox_id == inbox.id else None

    def read(self, token: str) -> Visitor:
        """Whose token this is; whether the inbox still has the secret of a user in it is another question.

        Raises:
            VisitorUnknown: it is not ours, or too old.
        """
        value = self._signer.read(token, max_age_seconds=TOKEN_SECONDS)
        if not value:
            raise VisitorUnknown
        user = value.get("user")
        # Tokens from before the version stood in them were signed with the first one, if they are good for anything.
        version = int(value.get("secret", 1)) if user else None
        return Visitor(int(value["inbox"]), str(value["visitor"]), str(value["language"]), user, version)


def check_origin(origin: str | None, *, host: str, allowed: list[str]) -> None:
    """Refuse a site that may not show the widget: browsers tell the truth about the page's origin.

    Raises:
        WidgetNotAllowed
    """
    if not allowed or origin is None or urlsplit(origin).netloc == host:
        return
    if origin.rstrip("/") not in (site.rstrip("/") for site in allowed):
        raise WidgetNotAllowed
