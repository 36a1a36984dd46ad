"""The widget's side of the conversation: what travels over its session request and its socket."""

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from crm.conversations.repository import Glance
from crm.models import Message
from language.normalise import safe_text

# A message's number; no more than every database can compare.
Sequence = Annotated[int, Field(ge=0, le=2**31 - 1)]
MAX_FRAME_CHARACTERS = 200_000


class SessionRequest(BaseModel):
    inbox: Annotated[str, Field(pattern=r"^[^\x00]+$", max_length=64)]
    language: Annotated[str, Field(max_length=8)] = "fa"
    # The visitor's former token, if there is one.
    token: Annotated[str, Field(max_length=2000)] | None = None


class Greeting(BaseModel):
    text: str
    buttons: list[dict[str, str]]


class SessionRead(BaseModel):
    token: str
    conversation_id: str | None
    language: str
    firm: dict[str, str]
    greeting: Greeting


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
    client_id: Annotated[str, Field(pattern=r"^[0-9a-zA-Z_-]{8,64}$")]
    text: str
    payload: str | None = None


class SentRating(_Frame):
    type: Literal["rating"]
    score: Annotated[int, Field(ge=1, le=5)]
    comment: Annotated[str, Field(max_length=2000)] = ""


class SentTyping(_Frame):
    type: Literal["typing"]
    on: bool


class SentSeen(_Frame):
    type: Literal["seen"]
    sequence: Sequence


class Ping(_Frame):
    type: Literal["ping"]


class Pong(_Frame):
    type: Literal["pong"]


Frame = Annotated[SentMessage | SentRating | SentTyping | SentSeen | Ping | Pong | Hello, Field(discriminator="type")]
FRAME: TypeAdapter[Any] = TypeAdapter(Frame)


def fields_of(raw: str) -> Any:
    """What a frame holds, in texts that can be stored; `None` for one that is no JSON.

    Browsers send half a character (a lone surrogate) as an escape, which pydantic's own parser refuses.
    """
    try:
        fields = json.loads(raw[:MAX_FRAME_CHARACTERS])
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict):
        return None
    return {name: safe_text(value) if isinstance(value, str) else value for name, value in fields.items()}


def status_frame(conversation: Glance | None) -> dict[str, Any]:
    """Who has the conversation, as the widget shows it."""
    if conversation is None:
        return {"status": "with_bot", "agent": None}
    return {"status": conversation.status.value, "agent": conversation.agent_name}


def message_frame(message: Message, *, visitor: str, base_url: str) -> dict[str, Any]:
    """One message as the contact may see it."""
    return {
        "type": "message",
        "sequence": message.sequence,
        "author": message.author.value,
        "agent_name": message.agent.name if message.agent else None,
        "client_id": client_id_of(message.external_id, visitor),
        "text": message.text,
        "buttons": message.buttons,
        "articles": [{**article, "url": absolute(article["url"], base_url)} for article in message.articles],
        "kind": "rating_request" if message.kind.value == "rating_request" else "text",
        "created_at": message.created_at.isoformat(),
    }


def external_id_of(client_id: str, visitor: str) -> str:
    """A widget message's id within its inbox: visitors choose client ids, so two may choose the same."""
    return f"{visitor}:{client_id}"


def client_id_of(external_id: str | None, visitor: str) -> str | None:
    """The visitor's own id of a message, or `None` for others' messages."""
    prefix = f"{visitor}:"
    return external_id.removeprefix(prefix) if external_id and external_id.startswith(prefix) else None


def absolute(url: str, base_url: str) -> str:
    """A link that works on whichever site the widget stands."""
    return f"{base_url}{url}" if url.startswith("/") else url
