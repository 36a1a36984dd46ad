"""How many of the given answers may be wrong: chosen by an admin, read off what the calibration saw."""

from dataclasses import dataclass

from core.errors import Conflict, InvalidInput
from knowledge_base.confidence import Thresholds
from knowledge_base.models import OperatingPointChoice
from knowledge_base.operating_point import CalibrationData, Reached
from knowledge_base.service import KnowledgeService

# Beyond it a bot does more harm than good; and of a few thousand questions, fewer wrong ones than this say nothing.
MOST_WRONG = 0.5
LEAST_WRONG = 0.005


class ShareUnfit(InvalidInput):
    """From 0.5 to 50 percent of the given answers may be wrong."""

    code = "share_unfit"


class NotCalibrated(Conflict):
    """The ranker's weights do not say how often they are right; train the ranker again."""

    code = "not_calibrated"


@dataclass(frozen=True)
class OperatingPointNow:
    """Where we answer, and what comes of it."""

    # As it was chosen; none for what the ranker was trained for.
    wrong_wanted: float | None
    thresholds: Thresholds
    # None where nothing is known of it, or nothing is as sure.
    reached: Reached | None


class Precision:
    """The operating point within the caller's session."""

    def __init__(self, knowledge: KnowledgeService) -> None:
        self._knowledge = knowledge
        self._weights = knowledge.live.weights

    @property
    def held_out(self) -> CalibrationData | None:
        """What the calibration saw; none in weights that were trained before it was kept."""
        return self._weights.held_out

    def now(self) -> OperatingPointNow:
        """Where we answer now."""
        return self.at(self._knowledge.live.wrong_wanted)

    def at(self, wrong: float | None) -> OperatingPointNow:
        """Where we would answer, so that at most this share of the answers is wrong."""
        thresholds = self._weights.calibration(wrong=wrong).thresholds
        reached = self.held_out.reached(thresholds.answer) if self.held_out else None
        return OperatingPointNow(wrong, thresholds, reached)

    async def choose(self, wrong: float | None, *, by: str) -> None:
        """Answer so that at most this share is wrong as soon as this transaction has committed; none as it was trained.

        Raises:
            ShareUnfit, NotCalibrated
        """
        if wrong is not None and not LEAST_WRONG <= wrong <= MOST_WRONG:
            raise ShareUnfit
        if wrong is not None and self.held_out is None:
            raise NotCalibrated
        choice = OperatingPointChoice(wrong_wanted=wrong, saved_by=by, saved_at=self._knowledge.clock.now())
        self._knowledge.session.add(choice)
        await self._knowledge.session.flush()
        self._knowledge.live.follow_choice(self._knowledge.session, wrong)
