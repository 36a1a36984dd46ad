"""When the bot brings in a person by itself, and when it apologises first: pure rules over what was counted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from crm.conversations.ports import Cause, Mood
from crm.enums import HandoffReason, Outcome, Priority, Role

# The reasons that answer a signal of the same name, gravest first.
SIGNAL_REASONS = (HandoffReason.vulnerable, HandoffReason.legal_threat, HandoffReason.churn_threat)
# Not for a policy to weigh: somebody's life may be at stake.
IN_DANGER = "danger"
# Signals for which a person can be brought in whatever the frustration.
AtOnce = Literal["vulnerable", "legal_threat", "churn_threat"]
# Causes by which one message shows displeasure of its own.
DISPLEASED = frozenset({"displeasure", "churn_threat"})
# Causes from before the conversation: they bring a person sooner to whoever is displeased, to a calm contact none.
FROM_BEFORE = frozenset({"rated_1", "rated_2"})

Share = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
# How many earlier messages a turn looks back on.
REMEMBERED_TURNS = 8
# A turn sees its own outcome too, and so no row as long as this: with it, a rule never acts.
NEVER_IN_A_ROW = REMEMBERED_TURNS + 2
InARow = Annotated[int, Field(ge=1, le=NEVER_IN_A_ROW)]
_ROWS = ("not_understood_in_a_row", "failed_in_a_row")


class PolicyUnreadable(Exception):
    """A policy's file cannot be used; the message says why in one line."""


@dataclass(frozen=True)
class Decision:
    """That a person is needed: why, and the causes for the agent to read, heaviest first."""

    reason: HandoffReason
    causes: tuple[Cause, ...] = ()


class HandoffPolicy(BaseModel):
    """The thresholds, rules and priorities of `handoff_policy.yml`, where each is explained."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    frustration: Share
    apology: Share
    not_understood_in_a_row: InARow
    failed_in_a_row: InARow
    at_once: list[AtOnce]
    priorities: dict[HandoffReason, Priority]
    tell: dict[HandoffReason, list[Role]]
    # What differs from `sentiment/frustration.yml`, by name.
    weights: dict[str, Annotated[float, Field(allow_inf_nan=False)]] = {}

    @classmethod
    def load(cls, file: Path) -> "HandoffPolicy":
        """Read and check the policy file; raises PolicyUnreadable."""
        try:
            return cls.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise PolicyUnreadable(f"{file}: {place + ': ' if place else ''}{first['msg']}.") from error
        except OSError as error:
            raise PolicyUnreadable(f"{file}: {error.strerror}.") from error
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise PolicyUnreadable(f"{file}: not YAML ({' '.join(str(error).split())}).") from error

    def changed(self, content: dict[str, Any]) -> "HandoffPolicy":
        """The policy with what was saved of it.

        What an older version saved may lack some, have others, and have rows that were longer.
        """
        known = {name: value for name, value in content.items() if name in type(self).model_fields}
        shortened = {name: min(known[name], NEVER_IN_A_ROW) for name in _ROWS if isinstance(known.get(name), int)}
        return type(self).model_validate(self.model_dump() | known | shortened)

    def before_answer(self, mood: Mood, signals: Sequence[str], *, sequence: int) -> Decision | None:
        """Whether a person is needed before the bot says anything to the message with these signals."""
        at_once = next((reason for reason in SIGNAL_REASONS if reason in signals and reason in self.at_once), None)
        if IN_DANGER in signals:
            # Said in so many words: whoever takes it up must not read it as illness or grief.
            return Decision(
                HandoffReason.vulnerable, (Cause(code=IN_DANGER, weight=0.0, sequence=sequence), *mood.causes)
            )
        if at_once:
            return Decision(at_once, _naming(at_once, mood.causes, sequence))
        if mood.frustration < self.frustration:
            return None
        weighing = {cause.code for cause in mood.causes}
        if weighing and weighing <= FROM_BEFORE:
            return None
        reason = next((reason for reason in SIGNAL_REASONS if reason in weighing), HandoffReason.negative_sentiment)
        return Decision(reason, mood.causes)

    def after_answer(self, outcomes: Sequence[Outcome | None], mood: Mood) -> Decision | None:
        """Whether a person is needed after the bot's answers so far, oldest first."""
        if _trailing(outcomes, Outcome.failed) >= self.failed_in_a_row:
            return Decision(HandoffReason.bot_failed, mood.causes)
        if _trailing(outcomes, Outcome.not_understood) >= self.not_understood_in_a_row:
            return Decision(HandoffReason.not_understood, mood.causes)
        return None

    def wants_apology(self, mood: Mood, *, sequence: int) -> bool:
        """Whether this message shows displeasure for which the bot should apologise before it answers."""
        shown = (cause for cause in mood.causes if cause.sequence == sequence and cause.code in DISPLEASED)
        return any(cause.weight >= self.apology for cause in shown)

    def priority(self, reason: HandoffReason) -> Priority:
        """The ticket's priority for a reason."""
        return self.priorities.get(reason, Priority.normal)

    def told(self, reason: HandoffReason) -> list[Role]:
        """Who is told of a handoff for this reason besides everybody who sees the queue."""
        return self.tell.get(reason, [])


def gravity(reason: HandoffReason, causes: Iterable[str]) -> int:
    """How grave a handoff for this reason and of these causes is, for calling people once more; 0 is the least."""
    grave = (*SIGNAL_REASONS, HandoffReason.negative_sentiment)
    rank = len(grave) - grave.index(reason) if reason in grave else 0
    return rank + (IN_DANGER in causes)


def _naming(reason: HandoffReason, causes: tuple[Cause, ...], sequence: int) -> tuple[Cause, ...]:
    """The causes with the reason's own signal among them; one that does not weigh on frustration comes first."""
    if any(cause.code == reason and cause.sequence == sequence for cause in causes):
        return causes
    return (Cause(code=reason.value, weight=0.0, sequence=sequence), *causes)


def _trailing(outcomes: Sequence[Outcome | None], wanted: Outcome) -> int:
    """How many of the last outcomes are the wanted one; turns without an outcome, such as a greeting, break the row."""
    count = 0
    for outcome in reversed(outcomes):
        if outcome is not wanted:
            break
        count += 1
    return count
