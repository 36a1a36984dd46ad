"""What the desk shows, worked out of what is stored: pure functions and small records, no words of their own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from crm.conversations.files import ENDINGS
from crm.conversations.transitions import TRANSITIONS
from crm.enums import AttachmentState, Author, ConversationStatus, MessageKind
from crm.models import Agent, Attachment, Conversation, Delivery, Handoff, Message, Ticket
from crm.tickets.repository import PAUSED
from web.desk.found import Piece, excerpt, marked
from web.desk.words import CAUSES, UNKNOWN_CAUSE

# Levels of frustration at which a mood changes its colour; the handoff policy has its own threshold.
TENSE_FROM = 0.3
UPSET_FROM = 0.6
# A target counts as near when this share of its time is left.
NEAR_SHARE = 0.25


class Tab(StrEnum):
    """One list of the inbox."""

    waiting = "waiting"
    mine = "mine"
    open = "open"
    with_bot = "with_bot"
    resolved = "resolved"

    @property
    def statuses(self) -> tuple[ConversationStatus, ...]:
        """Whose conversations the list holds."""
        return (ConversationStatus.open,) if self is Tab.mine else (ConversationStatus(self.value),)


def tab_of(conversation: Conversation, agent: Agent) -> Tab:
    """The list where this agent finds a conversation."""
    if conversation.status is ConversationStatus.open and conversation.assignee_id == agent.id:
        return Tab.mine
    return Tab(conversation.status.value)


def mood_of(frustration: float) -> str:
    """`calm`, `tense` or `upset`."""
    if frustration >= UPSET_FROM:
        return "upset"
    return "tense" if frustration >= TENSE_FROM else "calm"


@dataclass(frozen=True)
class Span:
    """A length of time in the one unit that people would say: `minutes`, `hours` or `days`."""

    count: int
    unit: str


def span(start: datetime, end: datetime) -> Span:
    """How long it is between two moments, in either order."""
    minutes = int(abs((end - start).total_seconds()) // 60)
    if minutes < 60:
        return Span(minutes, "minutes")
    return Span(minutes // 60, "hours") if minutes < 48 * 60 else Span(minutes // (24 * 60), "days")


@dataclass(frozen=True)
class Due:
    """The next target of a ticket: `state` is `later`, `near` or `over`."""

    target: str
    at: datetime
    state: str
    distance: Span


def due_of(ticket: Ticket, now: datetime) -> Due | None:
    """The target that comes next: the first response, then the resolution; none when both are met or not set, or while
    somebody else has to do something first.
    """
    if ticket.solved_at or ticket.status in PAUSED:
        return None
    if ticket.first_responded_at is None and ticket.first_response_due_at:
        return _due("first_response", ticket.first_response_due_at, ticket.created_at, now)
    if ticket.resolution_due_at:
        return _due("resolution", ticket.resolution_due_at, ticket.created_at, now)
    return None


def _due(target: str, at: datetime, opened_at: datetime, now: datetime) -> Due:
    is_near = at - now <= (at - opened_at) * NEAR_SHARE
    state = "over" if now > at else "near" if is_near else "later"
    return Due(target, at, state, span(now, at))


@dataclass(frozen=True)
class Found:
    """Where in a conversation the words are that somebody looked for; what has none of them is empty.

    `excerpt` is of the message, or else of the contact's address.
    """

    name: list[Piece]
    excerpt: list[Piece]
    # The message's sequence number.
    sequence: int | None


@dataclass(frozen=True)
class Row:
    """One line of the inbox."""

    conversation: Conversation
    last: Message | None
    # Of the last message, where it had to be sent to a channel.
    delivery: Delivery | None
    ticket: Ticket | None
    due: Due | None
    waited: Span
    mood: str
    found: Found | None = None

    @property
    def percent(self) -> int:
        """Frustration as people read it."""
        return round(self.conversation.frustration * 100)

    @property
    def wants_answer(self) -> bool:
        """Whether the contact has the last word and a person should have it."""
        with_people = self.conversation.status in (ConversationStatus.waiting, ConversationStatus.open)
        return with_people and self.last is not None and self.last.author is Author.contact


def found_in(conversation: Conversation, message: Message | None, parts: Sequence[str]) -> Found:
    """Where these normalised parts of words are; the message is the one that has them, if any has."""
    contact = conversation.contact
    said = [message.latest_text, message.text] if message else []
    excerpts = (excerpt(text, parts) for text in (*said, contact.email, contact.phone))
    return Found(marked(contact.name, parts), next(filter(None, excerpts), []), message.sequence if message else None)


def row_of(
    conversation: Conversation,
    last: Message | None,
    delivery: Delivery | None,
    ticket: Ticket | None,
    now: datetime,
    found: Found | None = None,
) -> Row:
    """A line of the inbox as of now."""
    since = conversation.waiting_since or (last.created_at if last else conversation.updated_at)
    due = due_of(ticket, now) if ticket else None
    return Row(conversation, last, delivery, ticket, due, span(since, now), mood_of(conversation.frustration), found)


@dataclass(frozen=True)
class Size:
    """How much a file holds, in the unit that people would say: `KB` or `MB`."""

    count: int
    unit: str


def size_of(byte_count: int) -> Size:
    """A file's size, rounded up: nobody says that a file holds nothing."""
    if byte_count < 1_000_000:
        return Size(-(-byte_count // 1_000), "KB")
    return Size(-(-byte_count // 1_000_000), "MB")


@dataclass(frozen=True)
class ShownFile:
    """A message's file as the thread shows it: `look` is `picture`, `sound`, `file`, `waiting` or `lost`."""

    id: int
    look: str
    name: str
    size: Size | None


def shown_file(attachment: Attachment) -> ShownFile:
    """How a file is shown: what its bytes are counts, and not its name."""
    if attachment.state is not AttachmentState.stored:
        return ShownFile(attachment.id, attachment.state.value, attachment.name, None)
    group = (attachment.content_type or "").partition("/")[0]
    look = {"image": "picture", "audio": "sound"}.get(group, "file")
    return ShownFile(attachment.id, look, file_name_of(attachment), size_of(attachment.size or 0))


def file_name_of(attachment: Attachment) -> str:
    """Its own name, or one made of what it is and its number."""
    ending = ENDINGS.get(attachment.content_type or "", "")
    return attachment.name or f"{attachment.kind.value}-{attachment.id}{ending}"


@dataclass(frozen=True)
class Entry:
    """One message as the thread shows it: `look` is `contact`, `bot`, `agent`, `note` or `line`."""

    message: Message
    look: str
    delivery: Delivery | None
    seen: bool
    got: bool
    file: ShownFile | None


def entries_of(
    messages: Sequence[Message],
    deliveries: Mapping[int, Delivery],
    *,
    seen_sequence: int,
    got_sequence: int = 0,
) -> list[Entry]:
    """The messages of a thread; marked are the last one of ours that the contact has seen, and those that came later
    and have reached their device.
    """
    seen = max((m.sequence for m in messages if _is_ours(m) and m.sequence <= seen_sequence), default=None)
    return [
        Entry(
            m,
            _look(m),
            deliveries.get(m.id),
            m.sequence == seen,
            _is_ours(m) and seen_sequence < m.sequence <= got_sequence,
            shown_file(m.attachment) if m.attachment else None,
        )
        for m in messages
    ]


def _is_ours(message: Message) -> bool:
    return message.author is not Author.contact and message.kind is not MessageKind.internal_note


def _look(message: Message) -> str:
    if message.author is Author.system:
        return "line"
    return "note" if message.kind is MessageKind.internal_note else message.author.value


@dataclass(frozen=True)
class WrittenCause:
    """One reason for a handoff: English words to translate, and the message it stems from."""

    text: str
    sequence: int | None


def causes_of(handoff: Handoff) -> list[WrittenCause]:
    """The causes of a handoff, each kind once with its latest message, heaviest first."""
    found: dict[str, WrittenCause] = {}
    for cause in handoff.causes:
        text = CAUSES.get(str(cause.get("code")), UNKNOWN_CAUSE)
        earlier = found.get(text)
        sequence = max(cause.get("sequence") or 0, (earlier.sequence or 0) if earlier else 0) or None
        found[text] = WrittenCause(text, sequence)
    return list(found.values())


@dataclass(frozen=True)
class Actions:
    """What this agent may do with a conversation now, by the table of transitions."""

    take: bool
    resolve: bool
    give_back: bool
    assign: bool


def actions_of(conversation: Conversation) -> Actions:
    """The actions that would be accepted."""
    allowed = TRANSITIONS[conversation.status]
    is_open = conversation.status is ConversationStatus.open
    return Actions(
        take=ConversationStatus.open in allowed or (is_open and conversation.assignee_id is None),
        resolve=ConversationStatus.resolved in allowed,
        # A resolved conversation goes back to the bot by itself when the contact writes.
        give_back=ConversationStatus.with_bot in allowed and conversation.status is not ConversationStatus.resolved,
        assign=is_open,
    )


def is_safe_url(url: str) -> bool:
    """Whether a link from a stored message may be shown as one."""
    return url.startswith(("https://", "http://")) or (url.startswith("/") and not url.startswith("//"))
