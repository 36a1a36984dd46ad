"""When the bot brings in a person by itself: a pure rule over what was counted, read from a file an admin can edit."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field

from crm.conversations.ports import Mood
from crm.enums import HandoffReason, Outcome, Priority


class HandoffPolicy(BaseModel):
    """The thresholds and the priorities of `handoff_policy.yml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    frustration: Annotated[float, Field(gt=0, le=1)]
    not_understood_in_a_row: Annotated[int, Field(ge=1)]
    failed_in_a_row: Annotated[int, Field(ge=1)]
    priorities: dict[HandoffReason, Priority]

    @classmethod
    def load(cls, file: Path) -> "HandoffPolicy":
        """Read and check the policy file."""
        return cls.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))

    def reason_before_answer(self, mood: Mood) -> HandoffReason | None:
        """Why a person is needed before the bot says anything; `None` lets the bot answer."""
        return HandoffReason.negative_sentiment if mood.frustration >= self.frustration else None

    def reason_after_answer(self, outcomes: Sequence[Outcome | None]) -> HandoffReason | None:
        """Why a person is needed after the bot's answers so far, oldest first."""
        if _trailing(outcomes, Outcome.failed) >= self.failed_in_a_row:
            return HandoffReason.bot_failed
        if _trailing(outcomes, Outcome.not_understood) >= self.not_understood_in_a_row:
            return HandoffReason.not_understood
        return None

    def priority(self, reason: HandoffReason) -> Priority:
        """The ticket's priority for a reason."""
        return self.priorities.get(reason, Priority.normal)


def _trailing(outcomes: Sequence[Outcome | None], wanted: Outcome) -> int:
    """How many of the last outcomes are the wanted one; turns without an outcome, such as a greeting, break the row."""
    count = 0
    for outcome in reversed(outcomes):
        if outcome is not wanted:
            break
        count += 1
    return count
