"""A contact's messages as frustration sees them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from crm.conversations.claims import Claim
from crm.conversations.commands import TALK_TO_PERSON
from crm.conversations.ports import Reading, ReadTurn
from crm.models import Message, Rating


def turns_of(claim: Claim, reading: Reading) -> list[ReadTurn]:
    """What frustration looks at: the history and the message that was just read."""
    waiting_since = claim.conversation.waiting_since
    turns = [as_read(message, waiting_since) for message in claim.history]
    return with_ratings(
        [*turns, _current(claim, reading, waiting_since)], [*claim.history, claim.message], claim.ratings
    )


def with_ratings(turns: Sequence[ReadTurn], messages: Sequence[Message], ratings: Sequence[Rating]) -> list[ReadTurn]:
    """The turns of these messages, each with the last of the ratings that it is the first message to follow."""
    rated = list(turns)
    for rating in ratings:
        place = next((place for place, one in enumerate(messages) if one.created_at > rating.created_at), None)
        if place is not None:
            days_ago = (messages[place].created_at - rating.created_at) / timedelta(days=1)
            rated[place] = replace(rated[place], rating=rating.score, rated_days_ago=days_ago)
    return rated


def as_read(message: Message, waiting_since: datetime | None) -> ReadTurn:
    """A contact's message as frustration sees it, once its turn is over."""
    return ReadTurn(
        sequence=message.sequence,
        text=message.text,
        sentiment_score=message.sentiment_score or 0.0,
        signals=tuple(message.signals),
        vector=message.vector,
        encoder=message.encoder or "",
        outcome=message.outcome,
        asked_for_person=TALK_TO_PERSON.removeprefix("/") in (message.intent, (message.payload or "")[1:]),
        waited_minutes=_waited_minutes(message, waiting_since),
    )


def _current(claim: Claim, reading: Reading, waiting_since: datetime | None) -> ReadTurn:
    message = claim.message
    return ReadTurn(
        sequence=message.sequence,
        text=message.latest_text if len(claim.messages) == 1 else claim.words,
        sentiment_score=reading.sentiment_score,
        signals=reading.signals,
        vector=reading.vector,
        encoder=reading.encoder,
        outcome=None,
        waited_minutes=_waited_minutes(message, waiting_since),
    )


def _waited_minutes(message: Message, waiting_since: datetime | None) -> float:
    """How long the contact had been waiting for a person when they wrote this."""
    return max(0.0, (message.created_at - waiting_since) / timedelta(minutes=1)) if waiting_since else 0.0
