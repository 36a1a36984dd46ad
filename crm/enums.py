"""The fixed sets of the CRM; stored as their values."""

from enum import StrEnum


class Channel(StrEnum):
    """The medium over which a contact writes."""

    web_widget = "web_widget"
    telegram = "telegram"
    email = "email"


class ConversationStatus(StrEnum):
    """Who has the conversation; `transitions.py` says which changes there are."""

    with_bot = "with_bot"
    waiting = "waiting"
    open = "open"
    resolved = "resolved"


class Author(StrEnum):
    """Who wrote a message."""

    contact = "contact"
    bot = "bot"
    agent = "agent"
    system = "system"


class MessageKind(StrEnum):
    """What a message is for; only a `text` of an agent or contact is speech."""

    text = "text"
    internal_note = "internal_note"
    rating_request = "rating_request"


class TurnState(StrEnum):
    """How far the answer to a contact's message has come."""

    pending = "pending"
    done = "done"
    parked = "parked"


class ParkedReason(StrEnum):
    """Why something that came in was set aside before it was anybody's message."""

    failed = "failed"
    # No person seems to have written it.
    automatic = "automatic"


class Outcome(StrEnum):
    """What the bot could do with a contact's message."""

    answered = "answered"
    offered = "offered"
    # For what a form needs.
    asked = "asked"
    not_understood = "not_understood"
    failed = "failed"


class DeliveryState(StrEnum):
    """How far an outgoing message has come; `maybe_sent` is a time-out after which nobody can know."""

    pending = "pending"
    sending = "sending"
    sent = "sent"
    maybe_sent = "maybe_sent"
    failed = "failed"


class AttachmentKind(StrEnum):
    """What a file is to those who look at it."""

    photo = "photo"
    video = "video"
    voice = "voice"
    audio = "audio"
    document = "document"


class AttachmentState(StrEnum):
    """Where a file is: still with the channel, stored here, or not to be had any more."""

    waiting = "waiting"
    stored = "stored"
    lost = "lost"


class HandoffReason(StrEnum):
    """Why a person was brought in."""

    contact_asked = "contact_asked"
    negative_sentiment = "negative_sentiment"
    # Of the same names as the signals that they answer.
    vulnerable = "vulnerable"
    legal_threat = "legal_threat"
    churn_threat = "churn_threat"
    not_understood = "not_understood"
    bot_failed = "bot_failed"


class TicketStatus(StrEnum):
    """The state of promised work."""

    new = "new"
    open = "open"
    pending = "pending"
    on_hold = "on_hold"
    solved = "solved"
    closed = "closed"


class Priority(StrEnum):
    """How soon a ticket wants a person; sets its SLA targets."""

    low = "low"
    normal = "normal"
    high = "high"
    urgent = "urgent"

    def exceeds(self, other: "Priority") -> bool:
        """Whether this is the more urgent of two."""
        ascending = list(Priority)
        return ascending.index(self) > ascending.index(other)


class Role(StrEnum):
    """What a person who works here may do; `crm/agents/permissions.py` says what that is."""

    agent = "agent"
    supervisor = "supervisor"
    editor = "editor"
    admin = "admin"
