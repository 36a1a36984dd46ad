"""How much may come in by the widget's doors: from one visitor, and from one network address."""

from core.config import Settings
from core.rate_limit import RateLimit

# Of one network address, which a household, an office or a mobile network may share.
SHARERS = 10
# Typing signs, ratings and the rest cost less than an answer, but not nothing.
FRAMES_PER_MESSAGE = 5
# A conversation with many pictures asks for all of them at once.
FILES_GIVEN = "600/minute"


class WidgetLimits:
    """Counts what comes in; each method raises `TooManyRequests` when that is too much."""

    def __init__(self, settings: Settings) -> None:
        messages = settings.widget_messages_per_minute
        self._messages = RateLimit(f"{messages}/minute")
        self._messages_of_host = RateLimit(f"{messages * SHARERS}/minute")
        self._frames = RateLimit(f"{messages * FRAMES_PER_MESSAGE}/minute")
        self._sessions_of_host = RateLimit(f"{settings.widget_sessions_per_minute}/minute")
        # Everybody's widget comes back at once when we start again, and some have several tabs.
        self._sockets_of_host = RateLimit(f"{settings.widget_sessions_per_minute * SHARERS}/minute")
        self._files_of_host = RateLimit(f"{settings.files_per_day * SHARERS}/day")
        self._given_to_host = RateLimit(FILES_GIVEN)

    def session(self, *, host: str) -> None:
        """A visitor comes, or comes back."""
        self._sessions_of_host.hit(host)

    def socket(self, *, host: str) -> None:
        """A widget connects."""
        self._sockets_of_host.hit(host)

    def frame(self, visitor: str) -> None:
        """Something comes over a socket."""
        self._frames.hit(visitor)

    def message(self, visitor: str, *, host: str) -> None:
        """A visitor writes, or fills in the form before they can."""
        self._messages.hit(visitor)
        self._messages_of_host.hit(host)

    def file(self, *, host: str) -> None:
        """A visitor sends a file; how many they have sent is counted in the database."""
        self._files_of_host.hit(host)

    def given(self, *, host: str) -> None:
        """Somebody asks for a file."""
        self._given_to_host.hit(host)
