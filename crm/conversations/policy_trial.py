"""Trying a handoff policy on conversations that are over: the rules that serve, run again over what was read then."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from crm.conversations.contact_turns import as_read, with_ratings
from crm.conversations.handoff_policy import REMEMBERED_TURNS, Decision, HandoffPolicy
from crm.conversations.ports import Mood, Reader, ReadTurn
from crm.conversations.repository import ConversationRepository, Stretch
from crm.enums import HandoffReason

LOOKED_AT = 200
_NO_MOOD = Mood(frustration=0.0)


@dataclass(frozen=True)
class Handed:
    """Where a policy brings in a person: the place of the contact's message, from 0, and why."""

    place: int
    decision: Decision


@dataclass(frozen=True)
class Difference:
    """A conversation that two policies treat otherwise, and what one of them hands off there."""

    conversation_id: str
    contact_id: int
    contact_name: str
    text: str
    sequence: int
    reason: HandoffReason


@dataclass(frozen=True)
class Trial:
    """What a draft would have done with past conversations, beside the policy in force."""

    conversations: int
    handed_off: int
    handed_off_now: int
    new: list[Difference]
    gone: list[Difference]


def replay(turns: Sequence[ReadTurn], policy: HandoffPolicy, reader: Reader) -> Handed | None:
    """The first message of the contact at which the policy brings in a person; `None` leaves all to the bot."""
    for place, turn in enumerate(turns):
        earlier = turns[max(0, place - REMEMBERED_TURNS) : place]
        if decision := _decision(turn, earlier, policy, reader):
            return Handed(place, decision)
    return None


async def try_policy(
    draft: HandoffPolicy, current: HandoffPolicy, *, conversations: ConversationRepository, reader: Reader
) -> Trial:
    """Run both policies over the last conversations, each up to where a person had it in truth."""
    stretches = await conversations.last_stretches(limit=LOOKED_AT)
    # A second of arithmetic for 200 conversations: not in the loop that answers contacts.
    return await asyncio.to_thread(_compare, stretches, draft, current, reader)


def _decision(turn: ReadTurn, earlier: Sequence[ReadTurn], policy: HandoffPolicy, reader: Reader) -> Decision | None:
    """What one turn comes to; a pressed button has no vector and tells nothing of a mood."""
    mood = _NO_MOOD
    if turn.vector:
        mood = reader.mood([*earlier, replace(turn, outcome=None, asked_for_person=False)], policy.weights)
    if decision := policy.before_answer(mood, turn.signals, sequence=turn.sequence):
        return decision
    if turn.asked_for_person:
        return Decision(HandoffReason.contact_asked, mood.causes)
    return policy.after_answer([*(one.outcome for one in earlier), turn.outcome], mood)


def _compare(stretches: Sequence[Stretch], draft: HandoffPolicy, current: HandoffPolicy, reader: Reader) -> Trial:
    would: dict[str, Difference] = {}
    does: dict[str, Difference] = {}
    for stretch in stretches:
        read = [as_read(message, None) for message in stretch.messages]
        turns = with_ratings(read, stretch.messages, stretch.ratings)
        for policy, found in ((draft, would), (current, does)):
            if handed := replay(turns, policy, reader):
                found[stretch.conversation.id] = _difference(stretch, handed)
    return Trial(
        conversations=len(stretches),
        handed_off=len(would),
        handed_off_now=len(does),
        new=[one for key, one in would.items() if key not in does],
        gone=[one for key, one in does.items() if key not in would],
    )


def _difference(stretch: Stretch, handed: Handed) -> Difference:
    message = stretch.messages[handed.place]
    return Difference(
        conversation_id=stretch.conversation.id,
        contact_id=stretch.conversation.contact_id,
        contact_name=stretch.conversation.contact.name,
        text=message.text,
        sequence=message.sequence,
        reason=handed.decision.reason,
    )
