"""Questions grouped by meaning, so that an editor sees what is missing and not a thousand ways to say it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

# From which likeness on two questions mean the same. On the demo business's variants of 88 articles in each language,
# which were written to differ, 0.55 puts together one in eight of the Persian pairs that belong together, and six in
# ten of what it puts together do; in English one in twenty, and four in ten.
SAME_PROJECTED = 0.55
# Without a projection unlike questions come near, too: only what is nearly the same is put together.
SAME_RAW = 0.9
# How many questions are compared with all leaders at once.
BLOCK = 256
WEEK = timedelta(days=7)

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class KeptQuestion:
    """A question as grouping needs it."""

    id: int
    language: str
    # Its matching form: equal ones belong together, whatever their vectors.
    matching: str
    # Names the encoder of the vector; vectors of different ones are never compared.
    encoder: str | None
    vector: Floats | None
    asked_at: datetime


@dataclass(frozen=True)
class QuestionGroup:
    """Questions that mean the same."""

    # Latest first.
    questions: Sequence[KeptQuestion]
    # The one that is nearest to all the others.
    typical: KeptQuestion
    this_week: int
    week_before: int

    @property
    def count(self) -> int:
        return len(self.questions)


def group_questions(
    questions: Sequence[KeptQuestion], *, now: datetime, project: Callable[[str, Floats], Floats | None]
) -> list[QuestionGroup]:
    """Groups of one language and one encoder each, those asked most this week first.

    `project` gives an encoder's vectors as they are compared, or none where they are compared as they are. The same
    questions always give the same groups: each joins the nearest earlier one that leads a group, or leads a new one.
    """
    parts: dict[tuple[str, str | None], list[KeptQuestion]] = {}
    for one in sorted(questions, key=lambda each: each.id):
        parts.setdefault((one.language, one.encoder if one.vector is not None else None), []).append(one)
    groups = [
        _group(members, now=now)
        for (_language, encoder), part in parts.items()
        for members in _together(part, encoder, project)
    ]
    return sorted(groups, key=lambda one: (-one.this_week, -one.count, -one.questions[0].id))


def _together(
    part: Sequence[KeptQuestion], encoder: str | None, project: Callable[[str, Floats], Floats | None]
) -> list[tuple[list[KeptQuestion], Floats | None]]:
    """Each group's questions with their vectors as compared."""
    equal: dict[str, list[KeptQuestion]] = {}
    for one in part:
        equal.setdefault(one.matching, []).append(one)
    firsts = [same[0] for same in equal.values()]
    if encoder is None:
        return [(same, None) for same in equal.values()]
    raw = np.stack([one.vector for one in firsts if one.vector is not None])
    projected = project(encoder, raw)
    vectors = raw if projected is None else projected
    leaders = _leaders(vectors, SAME_RAW if projected is None else SAME_PROJECTED)
    groups: dict[int, list[int]] = {}
    for place, leader in enumerate(leaders):
        groups.setdefault(leader, []).append(place)
    return [
        ([one for place in places for one in equal[firsts[place].matching]], vectors[_repeated(places, firsts, equal)])
        for places in groups.values()
    ]


def _repeated(places: Sequence[int], firsts: Sequence[KeptQuestion], equal: dict[str, list[KeptQuestion]]) -> list[int]:
    """The place of each question of a group, equal ones at the same."""
    return [place for place in places for _one in equal[firsts[place].matching]]


def _leaders(vectors: Floats, same: float) -> list[int]:
    """For each row the earlier row whose group it joins, or itself."""
    leaders: list[int] = []
    joined: list[int] = []
    for start in range(0, len(vectors), BLOCK):
        block = vectors[start : start + BLOCK]
        known = len(leaders)
        to_known = block @ vectors[leaders].T if known else np.zeros((len(block), 0), np.float32)
        within = block @ block.T
        for row in range(len(block)):
            new = leaders[known:]
            likeness = np.concatenate([to_known[row], within[row, [one - start for one in new]]])
            best = int(likeness.argmax()) if len(likeness) else -1
            if best >= 0 and likeness[best] >= same:
                joined.append(leaders[best])
            else:
                leaders.append(start + row)
                joined.append(start + row)
    return joined


def _group(members: tuple[list[KeptQuestion], Floats | None], *, now: datetime) -> QuestionGroup:
    questions, vectors = members
    typical = questions[0] if vectors is None else questions[int((vectors @ vectors.sum(axis=0)).argmax())]
    ages = [now - one.asked_at for one in questions]
    return QuestionGroup(
        sorted(questions, key=lambda one: -one.id),
        typical,
        this_week=sum(age < WEEK for age in ages),
        week_before=sum(WEEK <= age < 2 * WEEK for age in ages),
    )
