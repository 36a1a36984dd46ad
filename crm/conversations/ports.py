"""What conversations need of the world outside: someone who reads a text, the bot, and the channels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from crm.conversations.files import File
from crm.enums import AttachmentKind, Channel, MessageKind, Outcome


@dataclass(frozen=True, kw_only=True)
class IncomingFile:
    """A file that came with a message and is still with the channel, which gives it out for `source`."""

    source: str
    kind: AttachmentKind
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class IncomingMessage:
    """What a contact sent, as a connector understood it.

    `external_id` is the channel's own id of the message and unique within the inbox; the same one twice is one message.
    """

    inbox_id: int
    contact_external_id: str
    external_id: str
    text: str
    payload: str | None = None
    contact_name: str = ""
    # The language the contact's screen is in, where the channel knows it.
    language: str | None = None
    file: IncomingFile | None = None
    # A file that came along with the message itself.
    upload: File | None = None
    # The name of the response whose words stand for a message without words.
    response: str | None = None
    # False for what only people should see: what a machine wrote, or more files of a message that has its turn.
    wants_answer: bool = True

    @property
    def has_file(self) -> bool:
        return self.file is not None or self.upload is not None


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What was understood of one text before anybody answers: `vector` is float32, little-endian.

    `encoder` is the fingerprint of what made the vector.
    """

    vector: bytes
    encoder: str = ""
    language: str
    sentiment: str
    sentiment_score: float
    signals: tuple[str, ...] = ()
    # What the message is about, where it is one of the problems that we have an apology for.
    problem: str | None = None
    # Whether it plainly asks for a person; the bot understands less plain ways.
    asked_for_person: bool = False
    # `fa` or `en`, where it asks to be answered in it from now on.
    wanted_language: str | None = None
    # The rating, 1 to 5, that it names in plain words; whether one was asked for is another matter.
    rating: int | None = None


@dataclass(frozen=True, kw_only=True)
class ReadTurn:
    """An earlier message of the contact as frustration sees it."""

    sequence: int
    text: str
    sentiment_score: float
    signals: tuple[str, ...]
    vector: bytes | None
    outcome: Outcome | None
    encoder: str = ""
    asked_for_person: bool = False
    # For a person, when the contact wrote this.
    waited_minutes: float = 0.0
    # What the contact had last rated, 1 to 5, where this is their first message since or the conversation's first.
    rating: int | None = None
    rated_days_ago: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One thing that raised frustration: its code, how much it weighed, and the message it came from."""

    code: str
    weight: float
    sequence: int | None = None


@dataclass(frozen=True, kw_only=True)
class Mood:
    """A conversation's frustration, 0 to 1, and what it comes from, heaviest first."""

    frustration: float
    causes: tuple[Cause, ...] = ()


class Reader(Protocol):
    """Understands texts: one encoding of each, shared by all that follows."""

    async def read(self, text: str, *, expected_language: str) -> Reading:
        """Read one text; short or mixed ones keep the expected language."""
        ...

    def mood(self, turns: Sequence[ReadTurn], weights: Mapping[str, float]) -> Mood:
        """The mood after these messages of the contact, oldest first; `weights` go before the reader's own."""
        ...


@dataclass(frozen=True, kw_only=True)
class BotTurn:
    """One message for the bot to answer, with all that it needs to know: the bot itself keeps nothing."""

    conversation_id: str
    message_id: str
    text: str
    reading: Reading
    language: str
    frustration: float
    # Whether we could reach the contact if they left; the bot then need not ask.
    contact_known: bool
    # Whether an apology goes before the answer; the bot then need not make another.
    apologised: bool
    state: list[Any] | None


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One message of the bot's answer."""

    text: str
    buttons: list[dict[str, str]] = field(default_factory=list)
    articles: list[dict[str, Any]] = field(default_factory=list)
    # The name of the product's response, where the words are its own.
    response: str | None = None


@dataclass(frozen=True, kw_only=True)
class BotAnswer:
    """The bot's replies, and the state to hand back with the contact's next message."""

    replies: list[Reply]
    state: list[Any]
    outcome: Outcome | None = None
    intent: str | None = None
    # What it would have been where the bot was too unsure of it; how sure it was is of this one.
    likeliest_intent: str | None = None
    intent_confidence: float | None = None


class BotFailed(Exception):
    """The bot did not answer, in time or at all; the contact must still get an answer."""


class Bot(Protocol):
    """Answers while no person has the conversation."""

    async def answer(self, turn: BotTurn) -> BotAnswer:
        """Answer one message.

        Raises:
            BotFailed: whatever went wrong; nothing is kept of the turn, so it may be tried again.
        """
        ...

    async def is_ready(self) -> bool:
        """Whether it would answer now."""
        ...


@dataclass(frozen=True, kw_only=True)
class OutgoingMessage:
    """A message on its way to a channel."""

    message_id: int
    # Its number within the conversation.
    sequence: int
    conversation_id: str
    inbox_id: int
    contact_external_id: str
    language: str
    text: str
    kind: MessageKind
    buttons: list[dict[str, str]]
    articles: list[dict[str, Any]]
    agent_name: str | None
    file: File | None = None
    # How many of its parts arrived at an earlier attempt, as its `SendLater` said.
    parts_sent: int = 0


class SendLater(Exception):
    """The channel asks to wait, or was not reached at all; of the message only its first `parts_sent` parts arrived."""

    def __init__(self, reason: str, *, after_seconds: float | None = None, parts_sent: int = 0) -> None:
        super().__init__(reason)
        self.after_seconds = after_seconds
        self.parts_sent = parts_sent


class SendRefused(Exception):
    """The channel will never take this message (blocked by the contact, chat gone)."""


class SendUncertain(Exception):
    """The line broke after the message left: it may have arrived, so it must not be sent again unasked.

    Of a message in parts, where some are left, `parts_sent` counts those behind us with the one in doubt; 0 otherwise.
    """

    def __init__(self, reason: str, *, parts_sent: int = 0) -> None:
        super().__init__(reason)
        self.parts_sent = parts_sent


class ChannelSender(Protocol):
    """Carries messages to contacts on one channel."""

    channel: Channel

    async def send(self, message: OutgoingMessage) -> str | None:
        """Send one message; returns the channel's id of it. Whatever else it raises, it raises before the message left.

        Raises:
            SendLater, SendRefused, SendUncertain
        """
        ...


class HandoffListener(Protocol):
    """Wants to know that a person was brought in."""

    async def handed_off(self, conversation_id: str) -> None:
        """Hear of it, within the transaction of the handoff."""
        ...


class FetchLater(Exception):
    """The file is not to be had now; it may be in a while."""

    def __init__(self, reason: str, *, after_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.after_seconds = after_seconds


class FetchRefused(Exception):
    """The channel will never give this file out (too large, gone)."""


class FileSource(Protocol):
    """Gives out files that contacts sent on one channel."""

    async def fetch(self, source: str) -> bytes:
        """The bytes of one file, no more than `MAX_FILE_BYTES`; may be asked again.

        Raises:
            FetchLater, FetchRefused
        """
        ...
