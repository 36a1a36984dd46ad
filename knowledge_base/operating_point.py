"""From which confidence on to answer, read off what the calibration saw of questions that it had not learned from."""

from collections.abc import Sequence

from pydantic import BaseModel, Field

Share = float


class Reached(BaseModel):
    """What comes of answering from a confidence on."""

    confidence: Share = Field(ge=0, le=1)
    # Of the answers given.
    wrong: Share = Field(ge=0, le=1)
    # Of all questions, those without an article among them.
    answered: Share = Field(ge=0, le=1)


class Reliability(BaseModel):
    """What became of the answers of about one confidence."""

    said: Share = Field(ge=0, le=1)
    right: Share = Field(ge=0, le=1)
    # Of all questions.
    share: Share = Field(ge=0, le=1)


class CalibrationData(BaseModel):
    """How confidence and truth went together when the ranker was trained."""

    # What was trained for, where nobody wants something else.
    wrong_wanted: Share = Field(ge=0, le=1)
    # From the surest on.
    points: list[Reached] = Field(min_length=1)
    reliability: list[Reliability]

    def reached(self, confidence: float) -> Reached | None:
        """What comes of answering from this confidence on; none where nothing was as sure."""
        return _last([one for one in self.points if one.confidence >= confidence])

    def lowest(self, *, wrong: float) -> Reached | None:
        """The lowest confidence from which at most this share of the answers is wrong; none where there is none."""
        return _last([one for one in self.points if one.wrong <= wrong])


def _last(points: Sequence[Reached]) -> Reached | None:
    return points[-1] if points else None
