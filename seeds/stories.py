"""The demo's conversations as files: a story is a list of acts, each of one kind, in the order in which they happened.

Numbers of tickets, words of the system, statuses and due times are not written down; they follow from the acts.
"""

import re
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter

from crm.enums import Channel, HandoffReason, Priority, TicketStatus
from knowledge_base.enums import GapState
from seeds.hours import TEHRAN, whole_working_day

_DURATION = re.compile(r"(?:(\d+)d)? ?(?:(\d+)h)? ?(?:(\d+)m)? ?(?:(\d+)s)?")
_DAY_AND_HOUR = re.compile(r"-(\d+)d (\d{2}):(\d{2})")


def duration(text: object) -> object:
    """`1h 20m` as a timedelta; anything else is left for validation to refuse."""
    match = _DURATION.fullmatch(text) if isinstance(text, str) and text else None
    if match is None:
        return text
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


Duration = Annotated[timedelta, BeforeValidator(duration)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Mood(_Strict):
    """What would have been read from a message."""

    label: Literal["negative", "neutral", "positive"]
    score: float
    signals: tuple[str, ...] = ()


MOODS = {
    "calm": Mood(label="neutral", score=-0.04),
    "pleased": Mood(label="positive", score=0.71),
    "grateful": Mood(label="positive", score=0.9),
    "worried": Mood(label="negative", score=-0.38),
    "displeased": Mood(label="negative", score=-0.66),
    "angry": Mood(label="negative", score=-0.93, signals=("anger",)),
    "leaving": Mood(label="negative", score=-0.84, signals=("churn_threat",)),
    "distressed": Mood(label="neutral", score=-0.22, signals=("vulnerable",)),
    "furious": Mood(label="negative", score=-0.97, signals=("anger", "legal_threat")),
}


class _Act(_Strict):
    # How long after the act before it; where nothing is said, as long as reading and typing take.
    after: Duration | None = None

    @property
    def slugs(self) -> list[str]:
        """The articles that it speaks of."""
        return []

    @property
    def people(self) -> list[str]:
        """Who of the team is named."""
        return []


class Says(_Act):
    """The contact writes. `causes` are what frustrates them about it, by code and weight; `payload` is a button's."""

    contact: str
    mood: Literal[
        "calm", "pleased", "grateful", "worried", "displeased", "angry", "leaving", "distressed", "furious"
    ] = "calm"
    causes: dict[str, float] = {}
    intent: str | None = None
    payload: str | None = None


class Picks(_Act):
    """The contact chooses an article that the bot offered."""

    picks: str

    @property
    def slugs(self) -> list[str]:
        return [self.picks]


class Answers(_Act):
    """The bot answers with a part of an article, counted from 1."""

    answer: str
    part: int = Field(default=1, ge=1)

    @property
    def slugs(self) -> list[str]:
        return [self.answer]


class Offers(_Act):
    """The bot is not sure and offers articles; the question is kept as a gap."""

    offer: list[str]
    confidence: float = 0.46
    gap: GapState = GapState.open

    @property
    def slugs(self) -> list[str]:
        return self.offer


class DoesNotKnow(_Act):
    """The bot has no answer; the question is kept as a gap, with the answer confidence and the nearest article."""

    dont_know: float
    nearest: str | None = None
    gap: GapState = GapState.open

    @property
    def slugs(self) -> list[str]:
        return [self.nearest] if self.nearest else []


class Fails(_Act):
    """The bot cannot answer for a technical reason."""

    fails: Literal[True]


class Utters(_Act):
    """The bot says a response of the domain file."""

    utter: str


class OpensTicket(_Act):
    """The bot opens the ticket that the contact described, and tells its number."""

    ticket: str
    description: str
    priority: Priority = Priority.normal


class TellsTicketStatus(_Act):
    """The bot tells how the contact's latest ticket stands."""

    tell_status: Literal[True]


class HandsOff(_Act):
    """A person is called in."""

    hand_off: HandoffReason
    detail: str = ""


class AgentReplies(_Act):
    """An agent writes; the first time the conversation becomes theirs."""

    agent: str
    by: str | None = None

    @property
    def people(self) -> list[str]:
        return [self.by] if self.by else []


class AgentNotes(_Act):
    """An agent leaves a note that the contact never sees."""

    note: str
    by: str | None = None

    @property
    def people(self) -> list[str]:
        return [self.by] if self.by else []


class ChangesTicket(_Act):
    """The conversation's latest ticket is worked on."""

    change_ticket: dict[Literal["status", "priority", "assignee"], str]

    @property
    def people(self) -> list[str]:
        return [self.change_ticket["assignee"]] if "assignee" in self.change_ticket else []

    @property
    def status(self) -> TicketStatus | None:
        return TicketStatus(self.change_ticket["status"]) if "status" in self.change_ticket else None

    @property
    def priority(self) -> Priority | None:
        return Priority(self.change_ticket["priority"]) if "priority" in self.change_ticket else None


class Resolves(_Act):
    """The matter is closed, and the contact asked for a rating."""

    resolve: Literal[True]


class Rates(_Act):
    """The contact rates."""

    rating: int = Field(ge=1, le=5)
    comment: str = ""


class ReturnsToBot(_Act):
    """The agent gives the conversation back."""

    return_to_bot: Literal[True]


Act = (
    Says
    | Picks
    | Answers
    | Offers
    | DoesNotKnow
    | Fails
    | Utters
    | OpensTicket
    | TellsTicketStatus
    | HandsOff
    | AgentReplies
    | AgentNotes
    | ChangesTicket
    | Resolves
    | Rates
    | ReturnsToBot
)


# What the people who work there do, and only then.
BY_PEOPLE = (AgentReplies, AgentNotes, ChangesTicket, Resolves, ReturnsToBot)


class Person(_Strict):
    """What is known of a contact."""

    name: str = ""
    email: str = ""
    phone: str = ""


class Story(_Strict):
    """One conversation. `starts` is `-2d 10:15` (two days ago, Tehran's clock) or `-1h 20m` (before now).

    One with people in it happened on a working day: where two days ago was none, on the one before.
    """

    contact: Person = Person()
    channel: Channel = Channel.web_widget
    # A Telegram chat's number; a visitor of the site gets a random name.
    chat: str | None = None
    language: Literal["fa", "en"] = "fa"
    starts: str
    messages: list[Act]

    @property
    def articles(self) -> set[tuple[str, str]]:
        """The articles that it speaks of, by slug and language."""
        return {(slug, self.language) for act in self.messages for slug in act.slugs}

    @property
    def people(self) -> set[str]:
        """Who of the team takes part in it."""
        return {name for act in self.messages for name in act.people}

    def started_at(self, now: datetime) -> datetime:
        """The moment of the first act, seen from now.

        Raises:
            ValueError: `starts` is neither form.
        """
        if match := _DAY_AND_HOUR.fullmatch(self.starts):
            days, hour, minute = map(int, match.groups())
            day = (now.astimezone(TEHRAN) - timedelta(days=days)).date()
            if any(isinstance(act, BY_PEOPLE) for act in self.messages):
                day = whole_working_day(day)
            return datetime.combine(day, time(hour, minute), TEHRAN)
        before = duration(self.starts.removeprefix("-"))
        if not isinstance(before, timedelta):
            raise ValueError(f"starts: {self.starts!r} is neither '-2d 10:15' nor '-1h 20m'")
        return now - before


_Stories = TypeAdapter(list[Story])


def read_stories(folder: Path) -> Iterator[Story]:
    """Every story of the folder's files.

    Raises:
        ValidationError: naming the place that is wrong.
    """
    for path in sorted(folder.glob("*.yml")):
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        yield from _Stories.validate_python(content)
