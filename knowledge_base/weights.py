"""The learned numbers of ranking and confidence, in one JSON file that `knowledge_base.train` writes."""

from pathlib import Path

from pydantic import BaseModel, Field

from knowledge_base.confidence import SIGNALS, Calibration, Thresholds
from knowledge_base.ranking import FEATURES, Ranker

WEIGHTS_FILE = Path(__file__).parent / "weights" / "ranker.json"


class OperatingPoint(BaseModel):
    """From which confidence on to answer, and from which on to offer titles."""

    answer: float = Field(ge=0, le=1)
    offer: float = Field(ge=0, le=1)


class RankerWeights(BaseModel):
    """Everything that was learned, and with which encoder."""

    encoder: str
    ranking: dict[str, float]
    confidence: dict[str, float]
    bias: float
    thresholds: OperatingPoint

    @classmethod
    def load(cls, path: Path = WEIGHTS_FILE) -> "RankerWeights":
        """Read the file; raises where a feature or a signal of this version of the code is missing."""
        weights = cls.model_validate_json(path.read_text(encoding="utf-8"))
        missing = [*(set(FEATURES) - set(weights.ranking)), *(set(SIGNALS) - set(weights.confidence))]
        if missing:
            raise ValueError(f"{path.name} knows nothing of {', '.join(sorted(missing))}; train the ranker again")
        return weights

    def ranker(self) -> Ranker:
        return Ranker(self.ranking)

    def calibration(self) -> Calibration:
        thresholds = Thresholds(self.thresholds.answer, self.thresholds.offer)
        return Calibration(self.confidence, self.bias, thresholds)
