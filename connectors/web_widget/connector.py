"""The web widget's connector: no outbox, since an open widget fetches what is new by its last sequence number."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from core.errors import NotAllowed, NotAuthenticated
from core.security import Signer, random_token
from crm.models import Inbox


class WidgetNotAllowed(NotAllowed):
    """This site may not show the widget."""

    code = "widget_not_allowed"


class VisitorUnknown(NotAuthenticated):
    """The visitor's token is not valid."""

    code = "visitor_unknown"


@dataclass(frozen=True)
class Visitor:
    """A browser that talks to one inbox."""

    inbox_id: int
    external_id: str
    language: str


class VisitorTokens:
    """Signed tokens that name a visitor; whoever has one is that visitor and sees only their conversation."""

    def __init__(self, secret_key: str) -> None:
        self._signer = Signer(secret_key, purpose="widget visitor")

    def issue(self, inbox: Inbox, *, language: str, former: str | None) -> tuple[str, Visitor]:
        """A token for whoever had the former one for this inbox, or for somebody new."""
        known = self._known(former, inbox) if former else None
        visitor = Visitor(inbox.id, known.external_id if known else random_token()[:32], language)
        value = {"inbox": visitor.inbox_id, "visitor": visitor.external_id, "language": language}
        return self._signer.sign(value), visitor

    def _known(self, token: str, inbox: Inbox) -> Visitor | None:
        try:
            visitor = self.read(token)
        except VisitorUnknown:
            return None
        return visitor if visitor.inbox_id == inbox.id else None

    def read(self, token: str) -> Visitor:
        """Whose token this is.

        Raises:
            VisitorUnknown
        """
        value = self._signer.read(token)
        if not value:
            raise VisitorUnknown
        return Visitor(int(value["inbox"]), str(value["visitor"]), str(value["language"]))


def check_origin(origin: str | None, *, host: str, allowed: list[str]) -> None:
    """Refuse a site that may not show the widget: browsers tell the truth about the page's origin.

    Raises:
        WidgetNotAllowed
    """
    if not allowed or origin is None or urlsplit(origin).netloc == host:
        return
    if origin.rstrip("/") not in (site.rstrip("/") for site in allowed):
        raise WidgetNotAllowed
