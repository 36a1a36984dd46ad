"""The widget's side of the conversation: what travels over its session request and its socket."""

import json
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from connectors.web_widget.config import Form
from core.events import Event
from crm.conversations.contents import MAX_MESSAGE_CHARACTERS
from crm.conversations.news import as_seen
from crm.conversations.repository import Glance
from crm.enums import AttachmentState
from crm.models import Attachment, Message
from language.normalise import safe_text

# A message's number; no more than every database can compare.
Sequence = Annotated[int, Field(ge=0, le=2**31 - 1)]
ClientId = Annotated[str, Field(pattern=r"^[0-9a-zA-Z_-]{8,64}$")]
# A character outside of the first 65,536 is twelve where it is escaped; then there is what stands around the text.
MAX_FRAME_CHARACTERS = 12 * MAX_MESSAGE_CHARACTERS + 4_000


# What cannot be stored, or has no place in a line of text.
NO_CONTROLS = r"^[^\x00-\x1f\x7f]*$"
Line = Annotated[str, Field(pattern=NO_CONTROLS, max_length=200)]


class KnownUser(BaseModel):
    """A user of the site that shows the widget; `hash` is an HMAC-SHA256 with the inbox's secret, of all or the id."""

    id: Annotated[str, Field(pattern=NO_CONTROLS, min_length=1, max_length=100)]
    hash: Annotated[str, Field(max_length=200)]
    name: Line = ""
    email: Line = ""

    @property
    def all_of_it(self) -> str:
        """What is signed where a site vouches for all of it: in lines, which none of them can break."""
        return f"{self.id}\n{self.name}\n{self.email}"


class SessionRequest(BaseModel):
    inbox: Annotated[str, Field(pattern=r"^[^\x00]+$", max_length=64)]
    language: Annotated[str, Field(max_length=8)] = "fa"
    # The visitor's former token, if there is one.
    token: Annotated[str, Field(max_length=2000)] | None = None
    # Who it is, where their site says so.
    user: KnownUser | None = None


class IntroductionRequest(BaseModel):
    """What a visitor filled in; `consent` is the sentence that they agreed to, as it was shown."""

    name: Line = ""
    address: Line = ""
    consent: Annotated[str, Field(max_length=1000)] = ""


class Greeting(BaseModel):
    text: str
    buttons: list[dict[str, str]]


class SessionRead(BaseModel):
    token: str
    # Whose conversation this browser shows: what it remembers of another's counts for nothing. A token is another one
    # each time, even of the same visitor.
    visitor: str
    conversation_id: str | None
    language: str
    firm: dict[str, str]
    greeting: Greeting
    # To be filled in before the first message.
    form: Form | None


class _Frame(BaseModel):
    model_config = ConfigDict(extra="ignore")


class Hello(_Frame):
    """The first frame: who is there, and up to where they have read."""

    type: Literal["hello"]
    token: Annotated[str, Field(max_length=2000)]
    after: Sequence = 0


class SentMessage(_Frame):
    """A message; the same `client_id` again is the same message."""

    type: Literal["message"]
    client_id: ClientId
    text: str
    payload: str | None = None


class SentRating(_Frame):
    """A rating; a page that was opened before an update does not say which request's it is."""

    type: Literal["rating"]
    client_id: ClientId | None = None
    # The request's.
    sequence: Sequence | None = None
    score: Annotated[int, Field(ge=1, le=5)]
    # Cut to what is kept rather than refused: the score would be lost with it.
    comment: Annotated[str, Field(max_length=20_000)] = ""


class SentTyping(_Frame):
    type: Literal["typing"]
    on: bool


class SentSeen(_Frame):
    type: Literal["seen"]
    sequence: Sequence


class SentGot(_Frame):
    """What has reached the browser, though nobody looks at it."""

    type: Literal["got"]
    sequence: Sequence


class Ping(_Frame):
    type: Literal["ping"]


class Pong(_Frame):
    type: Literal["pong"]


Frame = Annotated[
    SentMessage | SentRating | SentTyping | SentSeen | SentGot | Ping | Pong | Hello, Field(discriminator="type")
]
FRAME: TypeAdapter[Any] = TypeAdapter(Frame)


def fields_of(raw: str) -> Any:
    """What a frame holds, in texts that can be stored; `None` for one that is no JSON, or longer than any of ours.

    Browsers send half a character (a lone surrogate) as an escape, which pydantic's own parser refuses.
    """
    if len(raw) > MAX_FRAME_CHARACTERS:
        return None
    try:
        fields = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict):
        return None
    return {name: safe_text(value) if isinstance(value, str) else value for name, value in fields.items()}


def status_frame(conversation: Glance | None) -> dict[str, Any]:
    """Who has the conversation, as the widget shows it."""
    if conversation is None:
        return {"status": "with_bot", "agent": None, "read": 0}
    return {
        "status": conversation.status.value,
        "agent": conversation.agent_name,
        "read": conversation.read_sequence,
    }


def marks_of(conversation: Glance | None) -> dict[str, int]:
    """How far a conversation goes, and up to where the contact's screens have shown and got it as far as we were told.

    A widget that knows of more messages speaks of another database and starts afresh; later marks it tells us again.
    """
    if conversation is None:
        return {"sequence": 0, "seen": 0, "got": 0}
    return {
        "sequence": conversation.last_sequence,
        "seen": conversation.seen_sequence,
        "got": conversation.got_sequence,
    }


def message_frame(
    message: Message, *, device: str, base_url: str, link_to: Callable[[Attachment], str]
) -> dict[str, Any]:
    """One message as the contact may see it."""
    frame = frame_of(as_seen(message), device=device, base_url=base_url)
    if file := message.attachment:
        frame["file"] = _file_of(file, link_to)
        if message.response:
            # Words that only stand for a file are for those who do not see it.
            frame["text"] = ""
    return frame


def frame_of(seen: Event, *, device: str, base_url: str) -> dict[str, Any]:
    """The same of a message without a file."""
    return {
        "type": "message",
        "sequence": seen["sequence"],
        "author": seen["author"],
        "agent_name": seen["agent_name"],
        "client_id": client_id_of(seen["external_id"], device),
        "text": seen["text"],
        "file": None,
        "buttons": seen["buttons"],
        "articles": [{**article, "url": absolute(article["url"], base_url)} for article in seen["articles"]],
        "kind": "rating_request" if seen["kind"] == "rating_request" else "text",
        "created_at": seen["created_at"],
    }


def _file_of(file: Attachment, link_to: Callable[[Attachment], str]) -> dict[str, Any]:
    """A file as the widget shows it: as a picture only where the bytes are those of one."""
    return {
        "name": file.name,
        "size": file.size,
        "is_picture": (file.content_type or "").startswith("image/"),
        "url": link_to(file) if file.state is AttachmentState.stored else None,
    }


def external_id_of(client_id: str, device: str) -> str:
    """A widget message's id within its inbox: visitors choose client ids, so two may choose the same."""
    return f"{device}:{client_id}"


def client_id_of(external_id: str | None, device: str) -> str | None:
    """The browser's own id of a message, or `None` for others' messages."""
    prefix = f"{device}:"
    return external_id.removeprefix(prefix) if external_id and external_id.startswith(prefix) else None


def absolute(url: str, base_url: str) -> str:
    """A link that works on whichever site the widget stands."""
    return f"{base_url}{url}" if url.startswith("/") else url
