"""What became of every message: the database's word against what the contacts sent and were sent.

Each message asks for a ticket of its own number, and the bot's answer names that number; so an answer tells which turn
made it, and a turn that ran twice, or before another one, shows.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any


@dataclass(frozen=True)
class Told:
    """One message of ours, and how far its delivery came where the channel has to be called."""

    sequence: int
    text: str
    # The number that it names; `None` where the contact was told that the bot failed.
    number: str | None
    delivery: str | None = None
    # The chat's own id of it.
    external_id: str | None = None


@dataclass
class Transcript:
    """A conversation as the database has it: the numbers asked for, in order, and what was said to them."""

    asked: list[str] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    asides: list[Told] = field(default_factory=list)
    handed_off: Told | None = None
    last_sequence: int = 0

    @property
    def outgoing(self) -> list[Told]:
        person = [self.handed_off] if self.handed_off else []
        return sorted([*self.told, *self.asides, *person], key=lambda told: told.sequence)


@dataclass
class Verdict:
    """Counts; all but the last five must be nought."""

    lost: int = 0
    stored_twice: int = 0
    unanswered: int = 0
    doubled_turns: int = 0
    inverted: int = 0
    parked: int = 0
    replies_lost: int = 0
    replies_doubled: int = 0
    replies_inverted: int = 0
    sent: int = 0
    answered_by_bot: int = 0
    told_that_bot_failed: int = 0
    maybe_sent: int = 0
    handed_off: int = 0

    @property
    def is_clean(self) -> bool:
        """Whether nothing was lost, doubled or inverted."""
        faults = list(asdict(self).values())[:-5]
        return not any(faults)


def judge_storing(
    bursts: Iterable[Sequence[Sequence[str]]], transcripts: Sequence[Transcript], verdict: Verdict
) -> None:
    """Each contact's bursts: a burst is sent in any order at once, the next one when all of it was accepted."""
    stored = Counter(number for transcript in transcripts for number in transcript.asked)
    place = {number: index for transcript in transcripts for index, number in enumerate(transcript.asked)}
    for contact in bursts:
        numbers = [number for burst in contact for number in burst]
        verdict.sent += len(numbers)
        verdict.lost += sum(stored[number] == 0 for number in numbers)
        verdict.stored_twice += sum(stored[number] > 1 for number in numbers)
        before = -1
        for burst in contact:
            places = [place[number] for number in burst if number in place]
            verdict.inverted += sum(here <= before for here in places)
            before = max([before, *places])


def judge_turns(transcript: Transcript, verdict: Verdict) -> None:
    """Each message has one answer, and the answers stand in the messages' order."""
    named = Counter(told.number for told in transcript.told if told.number)
    verdict.answered_by_bot += len(named)
    verdict.told_that_bot_failed += sum(told.number is None for told in transcript.told)
    verdict.doubled_turns += sum(times - 1 for times in named.values())
    if handed_off := transcript.handed_off:
        # Whoever talks over the person counts as a second answer.
        verdict.handed_off += 1
        verdict.doubled_turns += sum(told.sequence > handed_off.sequence for told in transcript.told)
    else:
        verdict.unanswered += max(0, len(transcript.asked) - len(transcript.told))
    verdict.doubled_turns += max(0, len(transcript.told) - len(transcript.asked))
    pairs = zip(transcript.asked, transcript.told, strict=False)
    verdict.inverted += sum(told.number not in (None, asked) for asked, told in pairs)


def judge_deliveries(
    outgoing: Sequence[Told], arrived: Sequence[Mapping[str, Any]], chat: str, verdict: Verdict
) -> None:
    """What a chat shows against the outbox: each reply once, or not at all or once where it may have been sent."""
    shown = {f"{chat}:{message['message_id']}": (place, message["text"]) for place, message in enumerate(arrived)}
    unclaimed = dict(shown)
    before = -1
    doubtful: list[Told] = []
    for told in outgoing:
        if told.delivery == "maybe_sent":
            doubtful.append(told)
            continue
        if told.delivery != "sent" or told.external_id not in unclaimed:
            verdict.replies_lost += 1
            continue
        place, _text = unclaimed.pop(told.external_id)
        verdict.replies_inverted += place < before
        before = max(before, place)
    verdict.maybe_sent += len(doubtful)
    places = {told.sequence: shown[told.external_id][0] for told in outgoing if told.external_id in shown}
    for place, text in sorted(unclaimed.values()):
        owners = [told for told in doubtful if told.text == text]
        fitting = [told for told in owners if _fits(told.sequence, place, places)]
        if not owners:
            verdict.replies_doubled += 1
            continue
        verdict.replies_inverted += not fitting
        owner = (fitting or owners)[0]
        doubtful.remove(owner)
        places[owner.sequence] = place


def _fits(sequence: int, place: int, places: Mapping[int, int]) -> bool:
    """Whether a message shown at this place stands between those that were said before and after it."""
    return all((there < place) == (other < sequence) for other, there in places.items())


def judge_screen(sequences: Sequence[int], transcript: Transcript, verdict: Verdict) -> None:
    """What one open widget was sent over all its connections: each message once, in order."""
    verdict.replies_doubled += len(sequences) - len(set(sequences))
    verdict.replies_inverted += sum(later < earlier for earlier, later in pairwise(sequences))
    verdict.replies_lost += transcript.last_sequence - len(set(sequences))
